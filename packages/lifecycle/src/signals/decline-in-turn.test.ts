import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DAY, START } from '../../test/attributes.ts';
import { someContext, someFacts } from '../../test/histories.ts';
import { fold, momentOf } from '../engine/engine.ts';
import { compileJourney, rememberingFor } from '../rules/journey.ts';
import { signalBinder } from './signals.ts';
import { plain } from '../../test/plain.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
console.log(`decline in turn: seed ${seed}; replay with WAYMARK_SEED=${seed}`);

const names = ['engagement_drop', 'engagement_level', 'usage_level'] as const;

it('falls of many accounts that are asked in turn are those of each asked alone', () => {
  const journey = rememberingFor(compileJourney(plain), names);
  const bind = signalBinder(plain);
  const days = Array.from({ length: 20 }, (_, step) => START + (110 + step * 3) * DAY);
  let known = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(someContext, someFacts), { minLength: 7, maxLength: 7 }), (accounts) => {
      const moments = accounts.map(([context, facts]) =>
        momentOf(journey, context, fold(journey, context, facts, START + 200 * DAY)),
      );
      const told = (moment: (typeof moments)[number], at: number) => {
        moment.at = at;
        return names.map((name) => [bind(name).read(moment), bind(name).isUnder?.(moment, 4) ?? null]);
      };
      const inTurn = days.map((at) => moments.map((moment) => told(moment, at)));
      const alone = moments.map((moment) => days.map((at) => told({ ...moment }, at)));
      known += inTurn.flat(2).filter(([value]) => value !== null).length;
      expect(inTurn).toEqual(days.map((_, day) => alone.map((one) => one[day])));
    }),
    { seed, numRuns: 20 },
  );
  expect(known).toBeGreaterThan(0);
});
