import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, START } from '../../test/attributes.ts';
import { someContext, someDefinition, someFacts } from '../../test/histories.ts';
import { compareFacts } from '../tracks/fact.ts';
import { compileJourney, parseDefinition, templateFile } from '../index.ts';
import { openSimulation } from './simulation.ts';
import type { Course } from '../course/moment.ts';
import type { Fact } from '../course/state.ts';
import { emptyTracks } from '../tracks/tracks.ts';

const nineStages = parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml');
const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 30);
console.log(`simulation: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);
const HOUR = 3_600_000;

describe('between wakings', { timeout: 20_000 + runs * 1000 }, () => {
  it('no look at any hour finds a change: every turn was foreseen to the instant', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant(nineStages), someDefinition),
        someContext,
        someFacts,
        (definition, context, facts) => {
          const journey = compileJourney(definition);
          const course: Course = { stage: null, stageSince: null, periods: [], milestones: {}, rules: {}, flags: [] };
          const tracks = emptyTracks();
          const simulation = openSimulation(journey, context, tracks, course, Number.POSITIVE_INFINITY);
          const groups = Map.groupBy(facts.toSorted(compareFacts), (fact) => fact.occurredAt);
          let at = START - DAY;
          const lookUntil = (limit: number) => {
            for (at = Math.ceil((at + 1) / HOUR) * HOUR; at < limit; at += HOUR) {
              while (simulation.wakeAt <= at) simulation.settle(simulation.wakeAt, []);
              const before = JSON.stringify(course);
              // One that remembers nothing of what was looked at before, and so looks at everything.
              const again = openSimulation(journey, context, tracks, course, simulation.wakeAt);
              if (again.settle(at, []) || JSON.stringify(course) !== before) {
                throw new Error(`A change at ${new Date(at).toISOString()} was not foreseen (${simulation.wakeAt})`);
              }
              expect(again.wakeAt).toBeGreaterThan(at);
            }
            while (simulation.wakeAt < limit) simulation.settle(simulation.wakeAt, []);
          };
          let begun = false;
          for (const [instant, fresh] of groups) {
            if (begun) lookUntil(instant);
            begun = true;
            const told = (fresh as Fact[]).map((fact) => simulation.take(fact));
            simulation.settle(instant, told);
            at = instant;
          }
          lookUntil(at + 60 * DAY);
          expect(course.periods.length).toBeGreaterThan(0);
        },
      ),
      { seed, numRuns: runs },
    );
  });
});
