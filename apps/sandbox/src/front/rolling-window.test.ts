import { expect, test } from 'vitest';
import { RollingWindow } from './rolling-window.ts';

test('no rolling window holds more than the limit, and the wait is exact', () => {
  let now = 0;
  const windows = new RollingWindow({ now: () => now });
  expect(windows.take('a', 60, 100, 1000)).toEqual({ ok: true, retryAfterMs: 0 });
  now = 900;
  expect(windows.take('a', 40, 100, 1000).ok).toBe(true);
  expect(windows.take('a', 60, 100, 1000)).toEqual({ ok: false, retryAfterMs: 100 });
  expect(windows.take('a', 61, 100, 1000)).toEqual({ ok: false, retryAfterMs: 1000 });
  expect(windows.take('a', 101, 100, 1000).retryAfterMs).toBe(Number.POSITIVE_INFINITY);
  expect(windows.take('b', 100, 100, 1000).ok).toBe(true);
  now = 1000;
  expect(windows.take('a', 60, 100, 1000).ok).toBe(true);
  expect(windows.used('a', 1000)).toBe(100);
});

test('the peak counts refused calls too and sees windows that straddle a fixed one', () => {
  let now = 0;
  const windows = new RollingWindow({ now: () => now });
  for (now = 900; now < 1100; now += 20) windows.take('a', 1, 5, 1000);
  expect(windows.peak('a', 1000)).toBe(10);
  expect(windows.peak('a', 100)).toBe(5);
  expect(windows.totals()).toEqual([{ key: 'a', arrivals: 10, cost: 10, refused: 5 }]);
});

test('old arrivals are dropped without losing the running sum', () => {
  let now = 0;
  const windows = new RollingWindow({ now: () => now, retainMs: 2000 });
  for (let call = 0; call < 20_000; call += 1) {
    now += 1;
    windows.take('a', 1, 100, 1000);
  }
  expect(windows.used('a', 1000)).toBe(100);
  expect(windows.totals()[0]?.arrivals).toBeLessThan(20_000);
});
