import type { RollingWindow } from '../front/rolling-window.ts';
import { throttled } from './graph-error.ts';

export type Caps = 'vendor' | 'generous';

const windowMs = 600_000;

/**
 * Outlook's limits for each app and mailbox: 10,000 requests in ten minutes, four at a time
 * (https://learn.microsoft.com/en-us/graph/throttling-limits#outlook-service-limits). `generous` is for a demo that must not wait.
 */
const limits = {
  vendor: { mailbox: 10_000, concurrent: 4 },
  generous: { mailbox: 10_000_000, concurrent: 1000 },
} as const satisfies Record<Caps, object>;

/** A counter's highest use, as counted at the server, beside its limit. */
export interface Peak {
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly peak: number;
  readonly arrivals: number;
  readonly refused: number;
  /** The most calls that were being answered at once. */
  readonly concurrent: number;
}

/** Counts calls of each app and mailbox. Lives outside the state: a restart starts with empty windows. */
export class MailboxQuota {
  readonly #windows: RollingWindow;
  readonly #caps: Caps;
  readonly #open = new Map<string, { now: number; most: number }>();

  constructor(windows: RollingWindow, caps: Caps) {
    this.#windows = windows;
    this.#caps = caps;
  }

  /** Charges a call; the answer is to be called when it ends. Throws a 429 with Retry-After when it does not fit. */
  enter(clientId: string, mailbox: string): () => void {
    const key = `${clientId}:${mailbox}`;
    const { mailbox: limit, concurrent } = limits[this.#caps];
    const taken = this.#windows.take(key, 1, limit, windowMs);
    if (!taken.ok) throw throttled(taken.retryAfterMs);
    const open = this.#open.get(key) ?? { now: 0, most: 0 };
    this.#open.set(key, open);
    open.most = Math.max(open.most, open.now + 1);
    if (open.now >= concurrent) throw throttled(1000);
    open.now += 1;
    return () => {
      open.now -= 1;
    };
  }

  peaks(): Peak[] {
    return this.#windows.totals().map(({ key, arrivals, refused }) => ({
      key,
      limit: limits[this.#caps].mailbox,
      windowMs,
      peak: this.#windows.peak(key, windowMs),
      arrivals,
      refused,
      concurrent: this.#open.get(key)?.most ?? 0,
    }));
  }
}
