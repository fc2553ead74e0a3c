import PQueue from 'p-queue';
import type { RateBucket } from '@waymark/connector-kit';

/** What the operator allows. A tenant can set none of it. */
export interface LimitSettings {
  /** The part of a provider's cap that we use, 0 to 1. */
  readonly share: number;
  /** Multiplies a connector's caps, for a provider that has granted more; 1 by default. */
  readonly scale: (connectorId: string) => number;
}

/** Higher goes first: what a person waits for before what only history waits for. */
export const priority = { write: 30, hint: 20, live: 10, backfill: 0 } as const;
export type Priority = (typeof priority)[keyof typeof priority];

/**
 * The queues of one installation, one a bucket. A bucket holds as many calls in any rolling window as its share allows if each were
 * its dearest, so that the cap holds whatever the mixture (`strict` p-queue). One installation runs on one worker at a time, so no
 * counter is shared.
 */
export class Limits {
  readonly #queues = new Map<string, PQueue>();
  /** Bucket -> when its latest calls began, by the process's clock: one more than half of its window holds. */
  readonly #begun = new Map<string, number[]>();
  /** Bucket -> the calls that a window holds. */
  readonly #caps = new Map<string, number>();
  #calls = 0;
  /** Bucket -> the pause that ends last. */
  readonly #pauses = new Map<string, { readonly until: number; readonly timer: NodeJS.Timeout }>();
  readonly #settings: LimitSettings;
  readonly #connectorId: string;
  readonly #buckets: Readonly<Record<string, RateBucket>>;

  constructor(connectorId: string, buckets: Readonly<Record<string, RateBucket>>, settings: LimitSettings) {
    this.#connectorId = connectorId;
    this.#buckets = buckets;
    this.#settings = settings;
  }

  /** Runs a call of the bucket when its turn has come; an abort ends the wait at once. */
  run<T>(bucket: string, order: Priority, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const counted = () => {
      this.#calls += 1;
      const begun = this.#begun.get(bucket) ?? [];
      begun.push(performance.now());
      if (begun.length > this.#halfOf(bucket) + 1) begun.shift();
      this.#begun.set(bucket, begun);
      return work();
    };
    return this.#queue(bucket).add(counted, { priority: order, ...(signal && { signal }) });
  }

  /** Calls that were begun so far. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * How long to wait before some more calls that could as well be fewer and larger, ms: nothing while more than half of every bucket is
   * left, else as long as the cap allows each of them, so that a burst does not use up at once what the rest of it needs.
   */
  breather(calls: number): number {
    let longest = 0;
    for (const [bucket, begun] of this.#begun) {
      const declared = this.#buckets[bucket];
      const oldest = begun[0];
      if (!declared || oldest === undefined || begun.length <= this.#halfOf(bucket)) continue;
      if (oldest <= performance.now() - declared.windowMs) continue;
      longest = Math.max(longest, (calls * declared.windowMs) / (this.#caps.get(bucket) ?? 1));
    }
    return longest;
  }

  /** Half of the calls that a window of the bucket holds, rounded up. */
  #halfOf(bucket: string): number {
    return Math.ceil((this.#caps.get(bucket) ?? 1) / 2);
  }

  /** Stops a bucket for a while: the provider asked for it. Of several pauses the one that ends last counts. */
  pauseFor(bucket: string, ms: number): void {
    const queue = this.#queue(bucket);
    const until = performance.now() + ms;
    const former = this.#pauses.get(bucket);
    if (former && former.until >= until) return;
    clearTimeout(former?.timer);
    queue.pause();
    const timer = setTimeout(() => {
      this.#pauses.delete(bucket);
      queue.start();
    }, ms);
    this.#pauses.set(bucket, { until, timer: timer.unref() });
  }

  #queue(bucket: string): PQueue {
    const existing = this.#queues.get(bucket);
    if (existing) return existing;
    const declared = this.#buckets[bucket];
    if (!declared)
      throw new Error(`The connector ${this.#connectorId} names a bucket that its manifest lacks: ${bucket}.`);
    const options = queueOptions(declared, this.#settings.share, this.#settings.scale(this.#connectorId));
    const made = new PQueue(options);
    this.#queues.set(bucket, made);
    this.#caps.set(bucket, options.intervalCap);
    return made;
  }
}

/** The p-queue options of a bucket: calls a window, rounded down, at least one. */
export function queueOptions(bucket: RateBucket, share: number, scale: number) {
  const calls = Math.max(1, Math.floor((bucket.units * share * scale) / (bucket.unitsPerCall ?? 1)));
  return {
    concurrency: Math.max(1, Math.round(bucket.concurrency * Math.max(1, Math.min(scale, 4)))),
    intervalCap: calls,
    interval: bucket.windowMs,
    strict: true,
  };
}
