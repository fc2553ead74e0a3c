import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { journeyDefinition } from '@waymark/journey';
import type { Condition, JourneyDefinition } from '@waymark/journey';
import { advance, compileJourney, fold, reduce, view } from '../src/index.ts';
import type { AccountContext, AccountJourney, CompiledJourney, Fact } from '../src/index.ts';
import { checkDefinition } from '../src/definition/definition-check.ts';
import { DAY, START } from './attributes.ts';
import { someContext, someDefinition, someFacts } from './histories.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 25);
console.log(`circling: seed ${seed}, ${runs} runs each; replay with WAYMARK_SEED=${seed}`);

const HOUR = 3_600_000;
const END = START + 125 * DAY;

const risky: Condition = { signal: 'open_risks', op: '>=', value: 1 };
const calm: Condition = { signal: 'open_risks', op: '<', value: 1 };

/** Definitions that lead round by stages and by flags, with all that a definition may say beside. */
const wide: fc.Arbitrary<JourneyDefinition> = fc
  .record({
    base: someDefinition,
    back: fc.constantFrom(risky, calm, null),
    on: fc.constantFrom(risky, calm, null),
    self: fc.boolean(),
    moves: fc.constantFrom([], [{ from: 's1', to: 's0', as: 'forbidden' as const }]),
  })
  .map(({ base, back, on, self, moves }) => {
    const [first, second, third] = base.stages;
    if (!first || !second || !third) throw new Error('three stages are generated');
    const when = second.enter[0]?.when;
    const ways = (condition: Condition | null) => (condition ? { when: condition } : when ? { when } : {});
    return journeyDefinition.parse({
      ...base,
      moves,
      crmStageMap: { lead: 's0', customer: 's1' },
      crmStagesIgnored: ['churned'],
      personas: [{ id: 'champion', crm: ['user'] }],
      outcomes: { churned: [{ type: 'account.churned' }], renewed: [{ type: 'account.renewed' }] },
      success: { version: 1, milestones: { weight: 1 }, outcome: { weight: 2 }, parts: base.health?.parts ?? [] },
      stages: [
        { ...first, enter: [...first.enter, { from: ['s1'], ...ways(back) }] },
        { ...second, enter: [...second.enter, { from: ['s0'], ...ways(on) }, { from: ['s2'], ...ways(back) }] },
        third,
      ],
      rules: base.rules.map((rule, index) => (index === 0 && self ? { ...rule, when: calm, suppressedBy: [] } : rule)),
    });
  })
  .filter((definition) => checkDefinition(definition).length === 0);

const someHistory = fc.record({ definition: wide, context: someContext, facts: someFacts });
const check = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, holds), { seed, numRuns: runs });

const told = (answer: AccountJourney) => ({
  periods: answer.periods.map(({ stage, enteredAt, exitedAt }) => ({ stage, enteredAt, exitedAt })),
  flags: answer.flags.map(({ rule, openedAt, clearedAt }) => ({ rule, openedAt, clearedAt })),
  milestones: answer.milestones.map(({ milestone, status, dueAt }) => ({ milestone, status, dueAt })),
  scores: [answer.health, answer.success].map((one) => one?.parts.map(({ part, score }) => ({ part, score }))),
  digest: answer.digest,
});

function look(
  journey: CompiledJourney,
  history: { readonly context: AccountContext; readonly facts: readonly Fact[] },
  every: number,
): AccountJourney {
  const { context } = history;
  const facts = history.facts.toSorted((a, b) => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1));
  let state = fold(journey, context, [], START - DAY);
  for (let at = START; at <= END; at += every) {
    const due = facts.filter((fact) => fact.occurredAt <= at && fact.occurredAt > at - every);
    const next = advance(journey, context, state, due, at);
    state =
      next.kind === 'advanced'
        ? next.state
        : fold(
            journey,
            context,
            facts.filter((fact) => fact.occurredAt <= at),
            at,
          );
    state = JSON.parse(JSON.stringify(state));
  }
  // What came in the last stretch.
  const left = facts.filter((fact) => fact.occurredAt > state.asOf);
  const last = advance(journey, context, state, left, END);
  if (last.kind === 'late') throw new Error('nothing is late here');
  return view(journey, context, last.state);
}

describe('definitions that lead round', { timeout: 60_000 + runs * 1000 }, () => {
  it('give one answer however often it is looked at, and never two flags of one id', () => {
    let circled = 0;
    check(fc.tuple(someHistory, fc.constantFrom(7 * HOUR, DAY, 9 * DAY)), ([history, every]) => {
      const journey = compileJourney(history.definition);
      const whole = reduce(journey, history.context, history.facts, END);
      expect(told(look(journey, history, every))).toEqual(told(whole));
      expect(new Set(whole.flags.map((flag) => flag.flagId)).size).toBe(whole.flags.length);
      if (whole.flags.some((flag) => flag.rule === 'going-round')) circled += 1;
    });
    if (runs >= 25) expect(circled).toBeGreaterThan(0);
  });

  it('change nothing between the instants that they name', () => {
    check(fc.tuple(someHistory, fc.integer({ min: 0, max: 120 * 24 })), ([{ definition, context, facts }, hours]) => {
      const journey = compileJourney(definition);
      const asOf = START + hours * HOUR;
      const known = facts.filter((fact) => fact.occurredAt <= asOf);
      const now = reduce(journey, context, known, asOf);
      const until = Math.min(now.nextChangeAt ?? END, END);
      if (until - 1 > asOf) expect(told(reduce(journey, context, known, until - 1))).toEqual(told(now));
    });
  });
});
