import fc from 'fast-check';
import { signalNames } from '@waymark/journey';
import { expect, it } from 'vitest';
import { someContext, someDefinition, someFacts } from '../../test/histories.ts';
import { paramsFor } from '../../test/signal-params.ts';
import { compareFacts } from './fact.ts';
import { compileJourney } from '../rules/journey.ts';
import { part, signalReads, touchedBy } from './reads.ts';
import { companyOf } from '../course/moment.ts';
import { takeFact } from './taking.ts';
import { signalBinder, type BoundSignal } from '../signals/signals.ts';
import { openSimulation } from '../engine/simulation.ts';
import { emptyTracks } from './tracks.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 80);
console.log(`reads: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);

it(
  'a fact that changes a signal, or when it turns, is said to have changed a part that the signal reads',
  { timeout: 20_000 + runs * 500 },
  () => {
    const someParams = signalNames.map((name) => fc.sample(paramsFor(name), { seed, numRuns: 30 }));
    fc.assert(
      fc.property(someDefinition, someContext, someFacts, fc.nat({ max: 29 }), (definition, context, facts, pick) => {
        const course = { stage: null, stageSince: null, periods: [], milestones: {}, rules: {}, flags: [] };
        const { moment } = openSimulation(
          compileJourney(definition),
          context,
          emptyTracks(),
          course,
          Number.POSITIVE_INFINITY,
        );
        const bind = signalBinder(definition);
        const signals = signalNames.map((name, index) => bind(name, someParams[index]?.[pick]));
        for (const fact of facts.toSorted(compareFacts)) {
          moment.at = fact.occurredAt;
          const told = (signal: BoundSignal) => {
            const value = signal.read(moment);
            const usual = typeof value === 'number' ? value : 1;
            const turns = [Number.NaN, usual, 2 * signal.scale].map((one) => signal.flip(moment, '>=', one));
            return [value, ...turns].join(' ');
          };
          const before = signals.map(told);
          const parts = takeFact(moment.tracks, fact, companyOf(moment));
          const changed = signals.filter((signal, index) => told(signal) !== before[index]);
          const unread = changed.filter(({ name }) => (signalReads[name] & parts) === 0);
          expect(unread.map(({ name }) => `${name} by ${fact.type}`)).toEqual([]);
          // What facts to come touch is what a copy of the tracks has of its own.
          expect(parts & ~(touchedBy(fact) | part.roster | part.terms)).toBe(0);
        }
      }),
      { seed, numRuns: runs },
    );
  },
);
