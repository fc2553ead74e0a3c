import { ConnectorFault, type Fault } from '@waymark/connector-kit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Limits, priority, queueOptions } from './limits.ts';
import { createSession, type SessionOptions } from './session.ts';

const bucket = { units: 1000, windowMs: 1000, concurrency: 10, source: 'https://example.com' };
const spec = { bucket: 'calls', idempotent: true, doc: 'https://example.com' };

function rig(more: Partial<SessionOptions> = {}) {
  const refreshed: number[] = [];
  const limits = new Limits('x', { calls: bucket, other: bucket }, { share: 1, scale: () => 1 });
  const session = createSession({
    limits,
    priority: priority.live,
    accessToken: () => Promise.resolve('t'),
    refreshToken: (usedAt) => {
      refreshed.push(usedAt);
      return Promise.resolve();
    },
    classify: () => ({ kind: 'transient', message: 'unknown', retryAfterMs: 1 }),
    baseUrls: {},
    settings: {},
    grantedScopes: [],
    signal: new AbortController().signal,
    now: () => 5,
    random: () => 0.5,
    ...more,
  });
  return { session, limits, refreshed };
}

/** Timers of this test pass when it says so: a busy machine may stop the process between any two of them. */
function onAClockOfItsOwn(): void {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
}

/** Fails with these faults in turn, then answers. */
function failing(...faults: readonly Fault[]) {
  let calls = 0;
  const work = () => {
    const fault = faults[calls];
    calls += 1;
    return fault ? Promise.reject(new ConnectorFault(fault)) : Promise.resolve('ok');
  };
  return { work, calls: () => calls };
}

describe('a vendor call', () => {
  it('waits as long as Retry-After says, and its whole bucket with it', async () => {
    onAClockOfItsOwn();
    const { session } = rig();
    const { work } = failing({ kind: 'rate-limited', message: '429', retryAfterMs: 300 });
    const from = Date.now();
    const answered: string[] = [];
    const tell = (name: string) => () => {
      answered.push(name);
      return Promise.resolve(Date.now() - from);
    };
    const first = session.call(spec, work);
    await vi.advanceTimersByTimeAsync(20);
    const other = session.call(spec, tell('other'));
    expect(await session.call({ ...spec, bucket: 'other' }, tell('free'))).toBe(20);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await other).toBeGreaterThanOrEqual(295);
    expect(await first).toBe('ok');
    // The other bucket did not wait.
    expect(answered).toEqual(['free', 'other']);
  });

  it('a short pause does not end a long one', async () => {
    onAClockOfItsOwn();
    const { limits } = rig();
    limits.pauseFor('calls', 300);
    limits.pauseFor('calls', 20);
    const from = Date.now();
    const begun = limits.run('calls', priority.live, () => Promise.resolve(Date.now() - from));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await begun).toBeGreaterThanOrEqual(295);
  });

  it('a pause beyond 15 minutes ends the call instead', async () => {
    const { session } = rig();
    const { work } = failing({ kind: 'rate-limited', message: '429', retryAfterMs: 3_600_000 });
    await expect(session.call(spec, work)).rejects.toMatchObject({
      fault: { kind: 'rate-limited', retryAfterMs: 3_600_000 },
    });
  });

  it('is repeated on a passing fault only where that is safe', async () => {
    const passing: Fault = { kind: 'transient', message: '500', retryAfterMs: 1 };
    const read = failing(passing, passing);
    await expect(rig().session.call(spec, read.work)).resolves.toBe('ok');
    expect(read.calls()).toBe(3);
    const write = failing(passing);
    await expect(rig().session.call({ ...spec, idempotent: false }, write.work)).rejects.toMatchObject({
      fault: passing,
    });
    expect(write.calls()).toBe(1);
  });

  it('gives up on a fault that stays, and never repeats a refusal', async () => {
    const dead = failing(
      ...Array.from({ length: 20 }, (): Fault => ({ kind: 'transient', message: '500', retryAfterMs: 1 })),
    );
    await expect(rig().session.call(spec, dead.work)).rejects.toMatchObject({ fault: { kind: 'transient' } });
    expect(dead.calls()).toBe(5);
    const refused = failing({ kind: 'rejected', message: '400' });
    await expect(rig().session.call(spec, refused.work)).rejects.toMatchObject({ fault: { kind: 'rejected' } });
    expect(refused.calls()).toBe(1);
  });

  it('renews the token once on a 401, and says since when it was used', async () => {
    const expired: Fault = { kind: 'token-expired', message: '401' };
    const one = rig();
    await expect(one.session.call(spec, failing(expired).work)).resolves.toBe('ok');
    expect(one.refreshed).toEqual([5]);
    const two = rig();
    await expect(two.session.call(spec, failing(expired, expired).work)).rejects.toMatchObject({ fault: expired });
    expect(two.refreshed).toHaveLength(1);
  });

  it('is bounded in time, also where the SDK ignores the signal', async () => {
    const { session } = rig({ timeoutMs: 40 });
    // Nothing else would ever end it.
    await expect(
      session.call({ ...spec, idempotent: false }, () => new Promise(() => undefined)),
    ).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });

  it('ends at once when the run is stopped: under way, in its pause, in the queue, and before it began', async () => {
    const stop = new AbortController();
    const limits = new Limits('x', { calls: { ...bucket, concurrency: 1 } }, { share: 1, scale: () => 1 });
    const { session } = rig({ signal: stop.signal, limits });
    let begun = 0;
    const hang = () => {
      begun += 1;
      return new Promise<never>(() => undefined);
    };
    const calls = [session.call(spec, hang), session.call(spec, hang)].map((call) => call.catch(() => 'stopped'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort(new Error('stop'));
    expect(await Promise.all(calls)).toEqual(['stopped', 'stopped']);
    expect(begun).toBe(1);
    await expect(session.call(spec, hang)).rejects.toThrow('stop');
    expect(begun).toBe(1);
  });
});

describe('a bucket', () => {
  it('F1, D7: never holds more calls in any rolling window than its share, and serves what a person waits for first', async () => {
    onAClockOfItsOwn();
    const windowMs = 100;
    const limits = new Limits(
      'x',
      { calls: { units: 25, windowMs, concurrency: 50, source: '' } },
      { share: 0.8, scale: () => 1 },
    );
    const starts: number[] = [];
    const order: string[] = [];
    const call = (name: string, level: (typeof priority)[keyof typeof priority]) =>
      limits.run('calls', level, () => {
        starts.push(Date.now());
        order.push(name);
        return Promise.resolve();
      });
    const first = call('first', priority.live);
    // Late in the window of the first call: a window that starts anew with its end would let twice as many through.
    await vi.advanceTimersByTimeAsync(85);
    const all = [
      first,
      ...Array.from({ length: 60 }, () => call('backfill', priority.backfill)),
      ...Array.from({ length: 5 }, () => call('write', priority.write)),
    ];
    await vi.advanceTimersByTimeAsync(10 * windowMs);
    await Promise.all(all);
    const busiest = starts.map((from) => starts.filter((at) => at >= from && at < from + windowMs).length);
    expect(Math.max(...busiest)).toBe(20);
    expect(order.indexOf('write')).toBeLessThanOrEqual(20);
    expect(order.lastIndexOf('write')).toBeLessThan(30);
  });

  it('counts each call as its dearest, and never stands still', () => {
    expect(queueOptions({ ...bucket, units: 250, unitsPerCall: 5 }, 0.85, 1)).toMatchObject({
      intervalCap: 42,
      strict: true,
    });
    expect(queueOptions({ ...bucket, units: 1 }, 0.1, 1).intervalCap).toBe(1);
  });

  it('names a bucket that the manifest lacks', () => {
    expect(() => new Limits('x', {}, { share: 1, scale: () => 1 }).pauseFor('calls', 1)).toThrow(/calls/);
  });
});
