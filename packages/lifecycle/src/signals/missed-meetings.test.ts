import { expect, it } from 'vitest';
import { missedDeviation } from './missed-meetings.ts';

it('is the further off the more meetings in a row fall through, and the less that is usual with them', () => {
  const reliable = { held: 40, missed: 2 };
  const three = missedDeviation({ held: 0, missed: 3 }, reliable);
  expect(three).toBeGreaterThan(2.5);
  expect(missedDeviation({ held: 0, missed: 4 }, reliable)).toBeGreaterThan(three);
  expect(missedDeviation({ held: 0, missed: 3 }, { held: 20, missed: 20 })).toBeLessThan(three - 1);
  expect(missedDeviation({ held: 0, missed: 3 }, { held: 0, missed: 0 })).toBeLessThan(three);
});

it('is nothing where as many fall through as ever, and of one meeting alone', () => {
  expect(missedDeviation({ held: 8, missed: 1 }, { held: 32, missed: 8 })).toBe(0);
  expect(missedDeviation({ held: 0, missed: 1 }, { held: 40, missed: 0 })).toBe(0);
  expect(missedDeviation({ held: 0, missed: 0 }, { held: 40, missed: 0 })).toBe(0);
});
