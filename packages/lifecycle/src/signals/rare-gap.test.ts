import { describe, expect, it } from 'vitest';
import { rareGap } from './rare-gap.ts';
import { seededDraw } from '../backtest/seeded-draw.ts';

const seed = Number(process.env['WAYMARK_SEED'] ?? 5);

/** How often the next gap is longer than the one that is to be exceeded once in a thousand, over many accounts. */
function exceeded(known: number, gapOf: (draw: () => number) => number): number {
  const draw = seededDraw(seed);
  let longer = 0;
  const accounts = 40_000;
  for (let account = 0; account < accounts; account += 1) {
    const gaps = Float64Array.from({ length: known }, () => gapOf(draw)).sort();
    if (gapOf(draw) > rareGap(gaps, 0.001)) longer += 1;
  }
  return longer / accounts;
}

describe(`a gap that is rare with an account (seed ${seed})`, () => {
  const exponential = (draw: () => number) => -Math.log(1 - draw());

  it('is exceeded about as rarely as it says, however few gaps are known', () => {
    for (const known of [4, 8, 20, 80]) expect(exceeded(known, exponential)).toBeLessThan(0.002);
  });

  it('holds where words come in bursts with long pauses between them', () => {
    const bursty = (draw: () => number) => (draw() < 0.7 ? 1 + draw() : 10 * exponential(draw));
    for (const known of [20, 80]) expect(exceeded(known, bursty)).toBeLessThan(0.02);
  });

  it('is not so long that it says nothing of an account with steady habits', () => {
    const weekly = Float64Array.from({ length: 25 }, (_, index) => 6 + index / 12);
    expect(rareGap(weekly, 0.001)).toBeLessThan(25);
    expect(rareGap(weekly, 0.001)).toBeGreaterThan(8);
  });
});
