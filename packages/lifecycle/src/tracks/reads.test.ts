import fc from 'fast-check';
import { signalNames } from '@waymark/journey';
import { expect, it } from 'vitest';
import { someContext, someDefinition, someFacts } from '../../test/histories.ts';
import { paramsFor } from '../../test/signal-params.ts';
import { compareFacts } from './fact.ts';
import { compileJourney } from '../rules/journey.ts';
import { signalReads, touchedBy } from './reads.ts';
import { signalBinder } from '../signals/signals.ts';
import { openSimulation } from '../engine/simulation.ts';
import { emptyTracks } from './tracks.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 150);
console.log(`reads: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);

it(
  'a fact that changes a signal touches a part that the signal is said to read',
  { timeout: 20_000 + runs * 500 },
  () => {
    const someParams = signalNames.map((name) => fc.sample(paramsFor(name), { seed, numRuns: 30 }));
    fc.assert(
      fc.property(someDefinition, someContext, someFacts, fc.nat({ max: 29 }), (definition, context, facts, pick) => {
        const course = { stage: null, stageSince: null, periods: [], milestones: {}, rules: {}, flags: [] };
        const { moment, take } = openSimulation(
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
          const before = signals.map((signal) => signal.read(moment));
          take(fact);
          const changed = signals.filter((signal, index) => signal.read(moment) !== before[index]);
          const unread = changed.filter(({ name }) => (signalReads[name] & touchedBy(fact)) === 0);
          expect(unread.map(({ name }) => `${name} by ${fact.type}`)).toEqual([]);
        }
      }),
      { seed, numRuns: runs },
    );
  },
);
