import fc from 'fast-check';
import { signalNames } from '@waymark/journey';
import { expect, it } from 'vitest';
import { day, History } from '../../test/account.ts';
import { DAY, START } from '../../test/attributes.ts';
import { someContext, someDefinition, someFacts } from '../../test/histories.ts';
import { paramsFor } from '../../test/signal-params.ts';
import { advance, fold, momentOf, view } from '../engine/engine.ts';
import { compileJourney, rememberingFor } from '../rules/journey.ts';
import { signalBinder } from '../signals/signals.ts';
import { everyPart } from './reads.ts';
import { plain } from '../../test/plain.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 60);
console.log(`remembers: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);

const end = START + 125 * DAY;
const timeout = 20_000 + runs * 500;

it('a signal says and shows the same where only what it asks is remembered', { timeout }, () => {
  const someParams = signalNames.map((name) => fc.sample(paramsFor(name), { seed, numRuns: 30 }));
  const journey = compileJourney(plain);
  fc.assert(
    fc.property(someContext, someFacts, fc.nat({ max: 29 }), (context, facts, pick) => {
      const bind = signalBinder(plain);
      const whole = { ...journey, remembers: everyPart };
      const all = momentOf(whole, context, fold(whole, context, facts, end));
      for (const [index, name] of signalNames.entries()) {
        const signal = bind(name, someParams[index]?.[pick]);
        const own = rememberingFor(journey, [name]);
        const moment = momentOf(own, context, fold(own, context, facts, end));
        for (const at of [end, START + pick * 4 * DAY + DAY]) {
          const [some, every] = [moment, all].map((one) => {
            one.at = at;
            return [signal.read(one), signal.evidence(one), signal.since?.(one), signal.what?.(one)];
          });
          expect({ name, told: some }).toEqual({ name, told: every });
        }
      }
    }),
    { seed, numRuns: runs },
  );
});

it('the answer is the same where only what its definition asks is remembered', { timeout }, () => {
  fc.assert(
    fc.property(someDefinition, fc.boolean(), someContext, someFacts, (definition, isBare, context, facts) => {
      const { health, ...kept } = definition;
      const journey = compileJourney(isBare ? { ...kept, rules: [] } : { ...kept, ...(health && { health }) });
      const whole = { ...journey, remembers: everyPart };
      expect(view(journey, context, fold(journey, context, facts, end))).toEqual(
        view(whole, context, fold(whole, context, facts, end)),
      );
    }),
    { seed, numRuns: runs },
  );
});

it('who is known by earlier mail is known where nothing but what waits for an answer is asked', () => {
  const context = { accountId: '5d0f2a10-0000-8000-8000-000000000001', isCustomer: true, contacts: [], gaps: [] };
  const history = new History().from(1, 'ann@gmail.com').from(2, 'bob@gmail.com', 't2', {
    participants: [
      { role: 'from', address: 'bob@gmail.com' },
      { role: 'to', address: 'ann@gmail.com' },
    ],
  });
  const own = rememberingFor(compileJourney(plain), ['unanswered_mails']);
  const moment = momentOf(own, context, fold(own, context, history.facts, day(3)));
  // The second asks a colleague of theirs.
  expect(signalBinder(plain)('unanswered_mails').read(moment)).toBe(1);
});

it('a state that remembers less than is asked is not gone on from', () => {
  const context = { accountId: '5d0f2a10-0000-8000-8000-000000000001', isCustomer: true, contacts: [], gaps: [] };
  const journey = compileJourney(plain);
  const state = fold(journey, context, [], START);
  expect(advance(rememberingFor(journey, ['usage_trend']), context, state, [], end).kind).toBe('late');
  expect(advance(journey, context, state, [], end).kind).toBe('advanced');
});
