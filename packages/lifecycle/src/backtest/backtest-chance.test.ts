import { describe, expect, it } from 'vitest';
import { againstChance } from './backtest-chance.ts';
import { verdictOf, type OpenTime } from './backtest-verdict.ts';
import type { Outcome } from './outcome.ts';
import { seededDraw } from './seeded-draw.ts';
import { DAY } from '../time/zone.ts';

const first = Number(process.env['WAYMARK_SEED'] ?? 1);
const seeds = Array.from({ length: 20 }, (_, index) => first + index);
const horizonMs = 120 * DAY;

interface Made {
  readonly alerts: readonly OpenTime[];
  readonly outcomes: readonly Outcome[];
}

/** 300 accounts over 18 months, a fifth of which churns, with alerts before churns or at any time. */
function made(seed: number, tells: boolean): Made[] {
  const draw = seededDraw(seed);
  return Array.from({ length: 300 }, (_, account): Made => {
    const churnedAt = draw() < 0.2 ? (100 + draw() * 440) * DAY : null;
    const renewals = [draw() * 365, 365 + draw() * 175].map((day) => day * DAY);
    const end = churnedAt ?? 540 * DAY;
    const outcomes: Outcome[] = renewals
      .filter((at) => at < end - 90 * DAY)
      .map((at) => ({ kind: 'renewed', at, eventId: `r${at}`, sureAt: at }));
    if (churnedAt !== null)
      outcomes.push({ kind: 'churned', at: churnedAt, eventId: `c${account}`, sureAt: churnedAt });
    const alerts: OpenTime[] = [];
    if (tells && churnedAt !== null && draw() < 0.5) alerts.push({ at: churnedAt - 30 * DAY, endedAt: null });
    // Who churns writes no more: what is raised is raised before.
    for (let at = draw() * 900 * DAY; at < end; at += draw() * 900 * DAY) alerts.push({ at, endedAt: at + 20 * DAY });
    return { alerts: alerts.toSorted((a, b) => a.at - b.at), outcomes };
  });
}

describe(`alerts against outcomes dealt out by lot (seeds ${first} to ${first + 19})`, () => {
  it('claims nothing where alerts come at any time', () => {
    const found = seeds.map((seed) => againstChance(made(seed, false), { horizonMs, level: 0.01, seed }));
    expect(found.filter((one) => one.better).length, JSON.stringify(found)).toBeLessThanOrEqual(1);
    // Every p is as likely as any other, so that half of them lie above a half.
    expect(found.filter((one) => one.p > 0.5).length).toBeGreaterThanOrEqual(4);
  });

  it('says so where alerts come before churns', () => {
    for (const seed of seeds.slice(0, 5)) {
      const { better, p, precision } = againstChance(made(seed, true), { horizonMs, level: 0.01, seed });
      expect({ better, p }).toEqual({ better: true, p: 0.0005 });
      expect(precision).toBeLessThan(0.3);
    }
  });

  it('is the same for the same seed, and claims nothing beyond what is asked of it', () => {
    const accounts = made(first, true);
    const once = againstChance(accounts, { horizonMs, level: 0.01, seed: 3 });
    expect(againstChance(accounts, { horizonMs, level: 0.01, seed: 3 })).toEqual(once);
    expect(againstChance(accounts, { horizonMs, level: 0.0002, seed: 3 }).better).toBe(false);
  });

  it('says nothing where nothing can be judged', () => {
    const none = { precision: null, p: 1, better: false, deals: 0, seed: 1 };
    expect(againstChance([], { horizonMs, level: 0.01, seed: 1 })).toEqual(none);
    const open = [{ alerts: [{ at: 0, endedAt: null }], outcomes: [] }];
    expect(againstChance(open, { horizonMs, level: 0.01, seed: 1 })).toEqual(none);
  });
});

describe('how an alert turned out', () => {
  const churn: Outcome = { kind: 'churned', at: 300 * DAY, eventId: 'c', sureAt: 300 * DAY };

  it('is a hit within the horizon, or as long as it was open', () => {
    expect(verdictOf({ at: 200 * DAY, endedAt: 210 * DAY }, [churn], horizonMs).verdict).toBe('hit');
    expect(verdictOf({ at: 100 * DAY, endedAt: 210 * DAY }, [churn], horizonMs).verdict).toBe('false_alarm');
    expect(verdictOf({ at: 100 * DAY, endedAt: null }, [churn], horizonMs).verdict).toBe('hit');
  });

  it('is a false alarm before a renewal, and open where nothing follows', () => {
    const renewal: Outcome = { kind: 'renewed', at: 250 * DAY, eventId: 'r', sureAt: 250 * DAY };
    expect(verdictOf({ at: 200 * DAY, endedAt: null }, [renewal, churn], horizonMs).verdict).toBe('false_alarm');
    expect(verdictOf({ at: 300 * DAY, endedAt: null }, [churn], horizonMs).verdict).toBe('open');
  });
});
