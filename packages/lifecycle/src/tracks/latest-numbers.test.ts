import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LatestNumbers } from './latest-numbers.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
console.log(`latest numbers: seed ${seed}; replay with WAYMARK_SEED=${seed}`);

it('what came last and was not let go of is there, smallest first', () => {
  const step = fc.record({
    come: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }),
    kept: fc.nat({ max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const latest = new LatestNumbers();
      let expected: number[] = [];
      for (const { come, kept } of steps) {
        latest.keep(kept);
        for (const one of come) latest.add(one);
        expected = [...expected.slice(Math.max(0, expected.length - kept)), ...come];
        expect(latest.sorted).toEqual(expected.toSorted((a, b) => a - b));
      }
    }),
    { seed },
  );
});
