/** Whether a call fits, and if not, after how many milliseconds it would. */
export interface Taken {
  readonly ok: boolean;
  /** 0 when the call fits; Infinity when its cost alone is above the limit. */
  readonly retryAfterMs: number;
}

interface Arrival {
  readonly at: number;
  readonly cost: number;
  readonly accepted: boolean;
}

interface Usage {
  /** Index of the first arrival inside the window. */
  head: number;
  /** Cost of the accepted arrivals from `head` on. */
  sum: number;
}

interface Log {
  arrivals: Arrival[];
  readonly usage: Map<number, Usage>;
}

export interface RollingWindowOptions {
  readonly now: () => number;
  /** How long arrivals are kept for `peak`, in milliseconds; an hour without it. Windows must not be longer. */
  readonly retainMs?: number;
}

/**
 * Exact rolling-window counters: at no instant does the accepted cost of the last `windowMs` exceed the limit.
 * Also the witness of the benchmark: `peak` counts every arrival, refused ones included, so that a client which runs
 * into the cap cannot hide behind the refusal. Lives outside the emulator's state: a restart starts with empty windows.
 */
export class RollingWindow {
  readonly #now: () => number;
  readonly #retainMs: number;
  readonly #logs = new Map<string, Log>();

  constructor(options: RollingWindowOptions) {
    this.#now = options.now;
    this.#retainMs = options.retainMs ?? 3_600_000;
  }

  /** Counts a call of `cost` against `limit` per `windowMs`. One key may be used with several windows' keys, not several limits. */
  take(key: string, cost: number, limit: number, windowMs: number): Taken {
    const now = this.#now();
    const log = this.#log(key);
    const usage = this.#advance(log, windowMs, now);
    const ok = usage.sum + cost <= limit;
    const retryAfterMs = ok ? 0 : waitFor(log.arrivals, usage, cost, limit, windowMs, now);
    log.arrivals.push({ at: now, cost, accepted: ok });
    if (ok) for (const each of log.usage.values()) each.sum += cost;
    this.#compact(log, now);
    return { ok, retryAfterMs };
  }

  /** Accepted cost inside the window that ends now. */
  used(key: string, windowMs: number): number {
    const log = this.#logs.get(key);
    return log ? this.#advance(log, windowMs, this.#now()).sum : 0;
  }

  /** The highest total cost that arrived in any window of `windowMs`, refused calls included. */
  peak(key: string, windowMs: number): number {
    const arrivals = this.#logs.get(key)?.arrivals ?? [];
    let highest = 0;
    let sum = 0;
    let head = 0;
    for (const arrival of arrivals) {
      sum += arrival.cost;
      for (let first = arrivals[head]; first && first.at <= arrival.at - windowMs; first = arrivals[head]) {
        sum -= first.cost;
        head += 1;
      }
      highest = Math.max(highest, sum);
    }
    return highest;
  }

  /** Every key that has seen a call, with its number of arrivals, total cost and refusals. */
  totals(): { key: string; arrivals: number; cost: number; refused: number }[] {
    return [...this.#logs].map(([key, { arrivals }]) => ({
      key,
      arrivals: arrivals.length,
      cost: arrivals.reduce((sum, arrival) => sum + arrival.cost, 0),
      refused: arrivals.filter((arrival) => !arrival.accepted).length,
    }));
  }

  /** Forgets all arrivals. */
  clear(): void {
    this.#logs.clear();
  }

  #log(key: string): Log {
    let log = this.#logs.get(key);
    if (!log) {
      log = { arrivals: [], usage: new Map() };
      this.#logs.set(key, log);
    }
    return log;
  }

  #advance(log: Log, windowMs: number, now: number): Usage {
    let usage = log.usage.get(windowMs);
    if (!usage) {
      usage = {
        head: 0,
        sum: log.arrivals.reduce((sum, each) => (each.accepted ? sum + each.cost : sum), 0),
      };
      log.usage.set(windowMs, usage);
    }
    for (let first = log.arrivals[usage.head]; first && first.at <= now - windowMs; first = log.arrivals[usage.head]) {
      if (first.accepted) usage.sum -= first.cost;
      usage.head += 1;
    }
    return usage;
  }

  #compact(log: Log, now: number): void {
    if (log.arrivals.length % 4096 !== 0) return;
    const cut = log.arrivals.findIndex((arrival) => arrival.at > now - this.#retainMs);
    if (cut <= 0) return;
    for (const windowMs of log.usage.keys()) this.#advance(log, windowMs, now);
    log.arrivals = log.arrivals.slice(cut);
    for (const usage of log.usage.values()) usage.head -= cut;
  }
}

const waitFor = (
  arrivals: readonly Arrival[],
  usage: Usage,
  cost: number,
  limit: number,
  windowMs: number,
  now: number,
): number => {
  let sum = usage.sum;
  for (let index = usage.head; index < arrivals.length; index += 1) {
    const arrival = arrivals[index];
    if (!arrival?.accepted) continue;
    sum -= arrival.cost;
    if (sum + cost <= limit) return arrival.at + windowMs - now;
  }
  return Number.POSITIVE_INFINITY;
};
