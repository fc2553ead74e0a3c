import fc from 'fast-check';
import { advance, compileJourney, fold, view } from '@waymark/lifecycle';
import type { AccountContext, CompiledJourney, Fact } from '@waymark/lifecycle';
import { DAY, START } from '../../packages/lifecycle/test/attributes.ts';
import { someContext, someDefinition, someFacts } from '../../packages/lifecycle/test/histories.ts';
import { randomOf } from '../bench/history.ts';

/**
 * Folds generated histories by generated definitions in so many orders, duplications and batches, and holds each to one digest.
 * `npm run orders [orders] [seed]`; a million by default. Ends with 1 and the seed where one differs.
 */
const [orders = 1_000_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
const ordersOfOne = 200;
const end = START + 125 * DAY;
const random = randomOf(seed);
console.log(`${orders} orders, seed ${seed}`);

let done = 0;
for (let round = 0; done < orders; round += 1) {
  const sample = <T>(arbitrary: fc.Arbitrary<T>): T => {
    const [value] = fc.sample(arbitrary, { numRuns: 1, seed: seed + round });
    if (value === undefined) throw new Error('Nothing was generated.');
    return value;
  };
  const journey = compileJourney(sample(someDefinition));
  const context = sample(someContext);
  const facts = sample(someFacts);
  const wanted = view(journey, context, fold(journey, context, facts, end)).digest;
  for (let turn = 0; turn < ordersOfOne && done < orders; turn += 1, done += 1) {
    const given = shuffled(facts.flatMap((fact) => (random() < 0.2 ? [fact, { ...fact }] : [fact])));
    const digest = turn % 4 === 0 ? inBatches(journey, context, given) : inOne(journey, context, given);
    if (digest === wanted) continue;
    console.error(
      `Order ${turn} of round ${round} gives another digest. Run again with: npm run orders ${orders} ${seed}`,
    );
    process.exit(1);
  }
  if (round % 50 === 49) console.log(`${done} orders, one digest each history`);
}
console.log(`${done} orders: one digest each history.`);

function inOne(journey: CompiledJourney, context: AccountContext, facts: readonly Fact[]): string {
  return view(journey, context, fold(journey, context, facts, end)).digest;
}

/** As a live account is kept up: by batches as they come, folded anew where one is late. */
function inBatches(journey: CompiledJourney, context: AccountContext, facts: readonly Fact[]): string {
  let state = fold(journey, context, [], START - DAY);
  for (let from = 0; from < facts.length;) {
    const to = Math.min(facts.length, from + 1 + Math.floor(random() * 12));
    const asOf = facts.slice(from, to).reduce((last, fact) => Math.max(last, fact.occurredAt), state.asOf);
    const next = advance(journey, context, state, facts.slice(from, to), asOf);
    state = next.kind === 'advanced' ? next.state : fold(journey, context, facts.slice(0, to), asOf);
    from = to;
  }
  const last = advance(journey, context, state, [], end);
  return last.kind === 'advanced' ? view(journey, context, last.state).digest : inOne(journey, context, facts);
}

/** Fisher and Yates. */
function shuffled(facts: readonly Fact[]): Fact[] {
  const moved = [...facts];
  for (let at = moved.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [one, two] = [moved[at], moved[other]];
    if (one && two) [moved[at], moved[other]] = [two, one];
  }
  return moved;
}
