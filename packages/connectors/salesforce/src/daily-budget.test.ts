import { describe, expect, it } from 'vitest';
import { DailyBudget } from './daily-budget.ts';

const HOUR = 3_600_000;
const start = Date.parse('2026-06-01T00:30:00Z');
const share = { share: 0.2, stopAbove: 0.8 };

describe('D10: the calls of a day', () => {
  it('end for us at our share of the org’s limit, until the oldest hour has passed', () => {
    const budget = new DailyBudget();
    for (let call = 0; call < 20; call += 1) budget.count(start);
    budget.learn('api-usage=30/100', start);
    expect(() => budget.holdBack(share, start)).toThrow(
      expect.objectContaining({
        fault: expect.objectContaining({ kind: 'quota-exhausted', resumeAt: start + 23.5 * HOUR }),
      }),
    );
    expect(() => budget.holdBack(share, start + 24 * HOUR)).not.toThrow();
  });

  it('end for reading where all users together come near the limit, until somebody has looked again', () => {
    const budget = new DailyBudget();
    budget.learn('api-usage=81001/100000; api-bursts=1/750', start);
    expect(() => budget.holdBack(share, start)).toThrow(/81001 of its 100000/);
    expect(() => budget.holdBack(share, start + HOUR / 2)).not.toThrow();
    budget.learn('api-usage=79000/100000', start + 1);
    expect(() => budget.holdBack(share, start + 2)).not.toThrow();
  });

  it('hold nobody back where the header is missing or odd', () => {
    const budget = new DailyBudget();
    for (const header of [undefined, '', 'api-usage=', 'per-app-api-usage=250/250(appName=x)', 'api-usage=1/0']) {
      budget.learn(header, start);
      expect(() => budget.holdBack(share, start)).not.toThrow();
    }
  });
});
