import { describe, expect, it } from 'vitest';
import type { Labelled } from './churn-model-sample.ts';
import { seededDraw } from './seeded-draw.ts';
import { chanceOfWarnings, falseDiscoveryRates } from './signal-chance.ts';
import { DAY } from '../time/zone.ts';

const first = Number(process.env['WAYMARK_SEED'] ?? 1);
const seeds = (count: number) => Array.from({ length: count }, (_, index) => first + index);

interface Shape {
  readonly accounts: number;
  readonly months: number;
  readonly churnShare: number;
  /** How much likelier a warning is before a churn. */
  readonly tells: number;
}

/** Monthly readings with sticky warnings, accounts that come later and leave, and months in which many churn and many warn. */
function made(seed: number, { accounts, months, churnShare, tells }: Shape): Labelled[] {
  const draw = seededDraw(seed);
  const rough = Array.from({ length: months }, () => draw() < 0.2);
  return Array.from({ length: accounts }, (_, index): Labelled[] => {
    const begins = draw() < 0.3 ? Math.floor(draw() * months) : 0;
    let churnedAt = draw() < churnShare ? Math.floor(draw() * (months + 2)) : Infinity;
    if (!rough[churnedAt] && draw() < 0.5) churnedAt += 1;
    let warns = draw() < 0.2;
    return Array.from({ length: Math.max(0, Math.min(months, churnedAt) - begins) }, (__, offset): Labelled => {
      const month = begins + offset;
      const churned = churnedAt - month <= 2;
      if (draw() < 0.4) warns = draw() < (rough[month] ? 0.4 : 0.15) + (churned ? tells : 0);
      return { account: `a${index}`, at: month * 30 * DAY, values: [warns ? 1 : 0], churned, leadDays: null };
    });
  }).flat();
}
const isWarning = ({ values }: Labelled) => values[0] === 1;
const few: Shape = { accounts: 200, months: 7, churnShare: 0.1, tells: 0 };

describe(`warnings against outcomes dealt out by lot (seeds from ${first})`, () => {
  it('are seldom thought to tell something where they do not', () => {
    const found = seeds(200).map((seed) => chanceOfWarnings(made(seed, few), isWarning, { deals: 199, seed }));
    // Of 200 that tell nothing 10 lie under a twentieth; more than 20 would come once in a thousand times.
    expect(found.filter((p) => p <= 0.05).length, JSON.stringify(found.filter((p) => p <= 0.05))).toBeLessThanOrEqual(
      20,
    );
    expect(found.filter((p) => p > 0.5).length).toBeGreaterThan(60);
  });

  it('are told from chance where they do', () => {
    for (const seed of seeds(5))
      expect(
        chanceOfWarnings(made(seed, { ...few, churnShare: 0.2, tells: 0.8 }), isWarning, { deals: 999, seed }),
      ).toBeLessThanOrEqual(0.002);
  });

  it('are chance where there are none, or all warn', () => {
    const rows = made(first, few);
    expect(chanceOfWarnings(rows, () => false, { deals: 99, seed: 1 })).toBe(1);
    expect(chanceOfWarnings([], () => true, { deals: 99, seed: 1 })).toBe(1);
  });
});

describe('the share of false ones', () => {
  it('is that of Benjamini and Hochberg, in whatever order', () => {
    // The example of their paper, with its 15 chances: at 0.05 four are kept.
    const chances = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
    ];
    const rates = falseDiscoveryRates(chances);
    expect(rates.filter((one) => one <= 0.05)).toHaveLength(4);
    expect(rates[3]).toBeCloseTo((0.0095 * 15) / 4, 10);
    expect(falseDiscoveryRates(chances.toReversed())).toEqual(rates.toReversed());
    expect(falseDiscoveryRates([])).toEqual([]);
  });

  it('lets none of many that tell nothing through, more than once in a hundred times', () => {
    const draw = seededDraw(first);
    const runs = Array.from({ length: 400 }, () => falseDiscoveryRates(Array.from({ length: 43 }, draw)));
    expect(runs.filter((rates) => rates.some((one) => one <= 0.01)).length).toBeLessThanOrEqual(12);
  });
});
