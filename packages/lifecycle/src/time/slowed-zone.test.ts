import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DAY, slowedZone, zoneOf } from './zone.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const start = Date.UTC(2026, 2, 1);

it(`names the very instant at which so much of a slowed time has passed (seed ${seed})`, () => {
  const stretch = fc.record({
    /** Below zero it overlaps with the one before. */
    gap: fc.integer({ min: -30, max: 9 }),
    days: fc.integer({ min: 1, max: 20 }),
    level: fc.constantFrom(0.05, 0.1, 0.3, 1 / 3, 0.72, 0.85, 0.97),
  });
  fc.assert(
    fc.property(
      fc.array(stretch, { maxLength: 4 }),
      fc.integer({ min: 0, max: 40 * DAY }),
      fc.oneof(
        fc.integer({ min: 1, max: 60 }).map((days) => days * DAY),
        fc.integer({ min: 1, max: 60 * DAY }),
      ),
      fc.constantFrom('UTC', 'Europe/Berlin'),
      (stretches, from, ms, name) => {
        let at = start;
        const slowed = stretches.map(({ gap, days, level }) => {
          const one = { from: at + gap * DAY, to: at + (gap + days) * DAY, level };
          at = one.to;
          return one;
        });
        const { awake } = slowedZone(zoneOf(name, [{ from: '03-20', to: '03-22' }]), slowed.toReversed());
        const reached = awake.after(start + from, ms);
        expect(awake.between(start + from, reached)).toBeGreaterThanOrEqual(ms);
        expect(awake.between(start + from, reached - 1)).toBeLessThan(ms);
      },
    ),
    { seed, numRuns: 2000 },
  );
});
