import { expect, it } from 'vitest';
import { dateFrom } from './date.ts';

it('reads dates and times, and nothing that only looks like one', () => {
  expect(dateFrom('2026-01-31')).toBe(Date.UTC(2026, 0, 31));
  expect(dateFrom('2026-01-31T12:00:00+02:00')).toBe(Date.UTC(2026, 0, 31, 10));
  for (const text of ['', '7', 'yesterday', '2026-02-31', '2026-13-01', '31.1.2026', '2026-01', '2026-01-31T12:00'])
    expect(dateFrom(text), text).toBeNull();
});
