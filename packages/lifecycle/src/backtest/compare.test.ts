import { describe, expect, it } from 'vitest';
import type { BacktestReport } from './backtest.ts';
import { compareBacktests, exactMcNemar, NotComparable } from './compare.ts';

const nothing = { value: null, low: null, high: null };

/** A report of accounts that churned with (`hit`) and without (`missed`) a warning, and of false alarms. */
function report(found: { hits?: string[]; missed?: string[]; falseAlarms?: string[] }, id = 'a'): BacktestReport {
  const one = (account: string, verdict: 'hit' | 'false_alarm') => ({
    account,
    rule: 'quiet',
    severity: 'high' as const,
    at: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    outcome: verdict === 'hit' ? ('churned' as const) : ('renewed' as const),
    outcomeAt: null,
    outcomeEvent: null,
    verdict,
    leadDays: null,
    reason: '',
    evidence: [],
    sources: [],
    withdrawn: false,
  });
  const missed = (found.missed ?? []).map((account) => ({
    account,
    at: '2026-02-01T00:00:00.000Z',
    outcomeEvent: 'e',
  }));
  return {
    definition: { id, version: 1, title: id, digest: id },
    from: '2025-01-01T00:00:00.000Z',
    to: '2026-06-01T00:00:00.000Z',
    accounts: 100,
    csms: 1,
    outcomes: { churned: 20, renewed: 20 },
    undeclared: [],
    undeclaredValues: [],
    unassigned: 0,
    sufficient: true,
    insufficientBecause: null,
    horizonDays: 120,
    claims: false,
    because: 'nothing is asked of it here',
    messagesPerCsmPerWeek: 0,
    overall: {
      alerts: 0,
      hits: 0,
      misses: 0,
      falseAlarms: 0,
      open: 0,
      precision: nothing,
      chance: { precision: null, p: 1, better: false, deals: 0, seed: 1 },
      recall: nothing,
      leadDays: { p25: null, p50: null, p75: null },
      alertsPerCsmPerWeek: 0,
      clearDays: { p50: null },
      flapping: 0,
      cases: [
        ...(found.hits ?? []).map((account) => one(account, 'hit')),
        ...(found.falseAlarms ?? []).map((account) => one(account, 'false_alarm')),
      ],
      missed,
    },
    rules: [],
  };
}

const accounts = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `a${from + index}`);

describe('the exact McNemar test', () => {
  it('gives twice the binomial tail, at most 1', () => {
    expect(exactMcNemar(0, 0)).toBe(1);
    expect(exactMcNemar(5, 5)).toBe(1);
    expect(exactMcNemar(0, 6)).toBeCloseTo(2 / 64, 12);
    // 2 × (1 + 10 + 45) / 1024
    expect(exactMcNemar(8, 2)).toBeCloseTo(112 / 1024, 12);
    expect(exactMcNemar(8, 2)).toBe(exactMcNemar(2, 8));
  });

  it('holds for more pairs than a power of two can count', () => {
    expect(exactMcNemar(1000, 1000)).toBe(1);
    expect(exactMcNemar(900, 1100)).toBeGreaterThan(0);
    expect(exactMcNemar(900, 1100)).toBeLessThan(1e-4);
  });
});

describe('two definitions on one history', () => {
  it('pairs churned accounts and says which warned of more', () => {
    const all = accounts(20);
    const { warned, sentence } = compareBacktests(
      report({ hits: all.slice(0, 4), missed: all.slice(4) }, 'a'),
      report({ hits: all.slice(0, 14), missed: all.slice(14) }, 'b'),
    );
    expect(warned).toMatchObject({ first: 0, second: 10, both: 4, neither: 6 });
    expect(warned.p).toBeCloseTo(2 / 1024, 12);
    expect(sentence).toContain(
      'b version 1 warned of more accounts than a version 1 (10 accounts against 0, p = 0.002)',
    );
  });

  it('claims nothing of a difference that chance explains', () => {
    const all = accounts(6);
    const { sentence } = compareBacktests(
      report({ hits: all.slice(0, 3), missed: all.slice(3), falseAlarms: ['x', 'y'] }, 'a'),
      report({ hits: all.slice(0, 5), missed: all.slice(5), falseAlarms: ['x'] }, 'b'),
    );
    expect(sentence).toContain('Warnings of churns: nobody can tell');
    expect(sentence).toContain('False alarms: nobody can tell');
  });

  it('says so where they differ in no account', () => {
    const { sentence } = compareBacktests(report({ hits: ['x'] }, 'a'), report({ hits: ['x'] }, 'b'));
    expect(sentence).toContain('Warnings of churns: a version 1 and b version 1 do alike in every account.');
    expect(sentence).toContain('False alarms: a version 1 and b version 1 do alike in every account.');
  });

  it('counts false alarms of each account against one another', () => {
    const { falseAlarms } = compareBacktests(
      report({ falseAlarms: ['x', 'x', 'y', 'z'] }),
      report({ falseAlarms: ['x', 'z', 'z'] }),
    );
    // x and y have fewer with the second, z with the first.
    expect(falseAlarms).toMatchObject({ first: 1, second: 2 });
  });

  it('refuses definitions that do not mean the same churns', () => {
    expect(() => compareBacktests(report({ hits: ['x'] }), report({ hits: ['y'] }))).toThrow(NotComparable);
    expect(() => compareBacktests(report({}), { ...report({}), horizonDays: 90 })).toThrow(
      'over the same time and with the same horizon',
    );
  });
});
