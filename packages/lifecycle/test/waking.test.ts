import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, compileJourney, fold, view } from '../src/index.ts';
import { DAY, START } from './attributes.ts';
import { someContext, someDefinition, someFacts } from './histories.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 12);
console.log(`waking: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);

const MINUTE = 60_000;
/**
 * Begins of stretches of 30 hours: clocks go forward, go back, a leap day, the turn of a year, the turn of a month; Cuba's midnight that is
 * none, and half an hour on Lord Howe.
 */
const stretches = [
  '2026-03-28T21:00Z',
  '2026-10-24T21:00Z',
  '2028-02-28T20:00Z',
  '2026-12-31T12:00Z',
  '2026-04-30T15:00Z',
  '2026-03-07T20:00Z',
  '2026-04-04T03:00Z',
];

describe('waking by time alone', { timeout: 20_000 + runs * 10_000 }, () => {
  it('a look at every minute tells the same history as waking at nextChangeAt and only then', () => {
    fc.assert(
      fc.property(
        someDefinition,
        someContext,
        someFacts,
        fc.constantFrom(...stretches),
        fc.integer({ min: 1, max: 119 }),
        (definition, context, facts, stretch, dayOfHistory) => {
          const journey = compileJourney(definition);
          const from = Date.parse(stretch);
          // The history is laid so that the stretch comes some days into it.
          const shift = from - (START + dayOfHistory * DAY);
          const moved = facts
            .map((fact) => ({ ...fact, occurredAt: fact.occurredAt + shift }))
            .filter((fact) => fact.occurredAt <= from);
          const { customerSince, renewalAt, ...rest } = context;
          const around = {
            ...rest,
            ...(customerSince === undefined ? {} : { customerSince: customerSince + shift }),
            ...(renewalAt === undefined ? {} : { renewalAt: renewalAt + shift }),
          };
          const state = fold(journey, around, moved, from);
          let woken = view(journey, around, state);
          for (let at = from; at <= from + 30 * 60 * MINUTE; at += MINUTE) {
            const looked = advance(journey, around, state, [], at);
            if (looked.kind === 'late') throw new Error('moving on in time is never late');
            const answer = view(journey, around, looked.state);
            while (woken.nextChangeAt !== null && woken.nextChangeAt <= at) {
              const wake = advance(journey, around, state, [], woken.nextChangeAt);
              if (wake.kind === 'late') throw new Error('moving on in time is never late');
              const next = view(journey, around, wake.state);
              expect(next.asOf).toBeGreaterThan(woken.asOf);
              woken = next;
            }
            if (answer.digest !== woken.digest) throw new Error(`Not foreseen: ${new Date(at).toISOString()}`);
          }
        },
      ),
      { seed, numRuns: runs },
    );
  });
});
