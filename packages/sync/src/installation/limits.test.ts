import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Limits, priority, queueOptions } from './limits.ts';

const bucketOf = (units: number, windowMs: number, concurrency: number) => ({
  units,
  windowMs,
  concurrency,
  source: '',
});
const levels = Object.values(priority);

describe('a bucket, on a clock of its own', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('F1: never holds more calls than its share in any rolling window, nor more at once, whatever comes when and however long it takes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          units: fc.integer({ min: 1, max: 20 }),
          windowMs: fc.integer({ min: 50, max: 2000 }),
          concurrency: fc.integer({ min: 1, max: 50 }),
          share: fc.double({ min: 0.1, max: 1, noNaN: true }),
        }),
        fc.array(
          fc.record({
            // In bursts, with rests between them about as long as a window.
            after: fc.oneof(
              { weight: 9, arbitrary: fc.constant(0) },
              { weight: 1, arbitrary: fc.integer({ min: 0, max: 2000 }) },
            ),
            takes: fc.oneof(
              { weight: 4, arbitrary: fc.constant(0) },
              { weight: 1, arbitrary: fc.integer({ min: 0, max: 900 }) },
            ),
            level: fc.constantFrom(...levels),
            pause: fc.option(fc.integer({ min: 1, max: 3000 }), { freq: 40 }),
          }),
          { minLength: 1, maxLength: 120 },
        ),
        async ({ units, windowMs, concurrency, share }, calls) => {
          const bucket = bucketOf(units, windowMs, concurrency);
          const limits = new Limits('x', { calls: bucket }, { share, scale: () => 1 });
          const starts: number[] = [];
          const pauses: { from: number; to: number }[] = [];
          let running = 0;
          let most = 0;
          const all: Promise<void>[] = [];
          for (const { after, takes, level, pause } of calls) {
            await vi.advanceTimersByTimeAsync(after);
            if (pause !== null) {
              limits.pauseFor('calls', pause);
              pauses.push({ from: Date.now(), to: Date.now() + pause });
            }
            all.push(
              limits.run('calls', level, async () => {
                starts.push(Date.now());
                running += 1;
                most = Math.max(most, running);
                await new Promise((resolve) => setTimeout(resolve, takes));
                running -= 1;
              }),
            );
          }
          await vi.runAllTimersAsync();
          await Promise.all(all);
          const { intervalCap } = queueOptions(bucket, share, 1);
          const busiest = Math.max(
            ...starts.map((from) => starts.filter((at) => at >= from && at < from + windowMs).length),
          );
          expect(starts).toHaveLength(calls.length);
          expect(busiest).toBeLessThanOrEqual(intervalCap);
          expect(most).toBeLessThanOrEqual(concurrency);
          // A pause that the provider asked for holds for what comes after it.
          for (const { from, to } of pauses) expect(starts.filter((at) => at > from && at < to)).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);

  it('serves what a person waits for before what only history waits for, in the order of write-back, hints, live, backfill', async () => {
    const limits = new Limits('x', { calls: bucketOf(5, 1000, 1) }, { share: 1, scale: () => 1 });
    const order: string[] = [];
    const ask = (name: keyof typeof priority, times: number) =>
      Array.from({ length: times }, () =>
        limits.run('calls', priority[name], () => {
          order.push(name);
          return Promise.resolve();
        }),
      );
    const all = [...ask('backfill', 30), ...ask('live', 3), ...ask('hint', 3), ...ask('write', 3)];
    await vi.runAllTimersAsync();
    await Promise.all(all);
    // The first call was under way when the others came.
    expect(order.slice(1, 10)).toEqual([...Array(3).fill('write'), ...Array(3).fill('hint'), ...Array(3).fill('live')]);
  });

  it('I10: is of one installation: the backlog of another does not hold it up', async () => {
    const full = new Limits('x', { calls: bucketOf(1, 60_000, 1) }, { share: 1, scale: () => 1 });
    const other = new Limits('x', { calls: bucketOf(1, 60_000, 1) }, { share: 1, scale: () => 1 });
    const waiting = Array.from({ length: 5 }, () => full.run('calls', priority.backfill, () => Promise.resolve()));
    const started = Date.now();
    await other.run('calls', priority.backfill, () => Promise.resolve());
    expect(Date.now() - started).toBe(0);
    await vi.runAllTimersAsync();
    await Promise.all(waiting);
  });

  it.each([
    [9, 5],
    [10, 5],
    [1, 1],
  ])('with a window of %i calls asks for a breather only while more than %i are used', async (units, half) => {
    const limits = new Limits('x', { calls: bucketOf(units, 10_000, 5) }, { share: 1, scale: () => 1 });
    const call = () => limits.run('calls', priority.hint, () => Promise.resolve());
    for (let made = 0; made < half; made += 1) await call();
    expect(limits.calls).toBe(half);
    expect(limits.breather(2)).toBe(0);
    if (units === 1) return;
    await call();
    expect(limits.breather(2)).toBe(20_000 / units);
    // Calls leave the window one after the other.
    await vi.advanceTimersByTimeAsync(9_999);
    expect(limits.breather(2)).toBe(20_000 / units);
    await vi.advanceTimersByTimeAsync(1);
    expect(limits.breather(2)).toBe(0);
    await call();
    expect(limits.breather(1)).toBe(0);
  });
});
