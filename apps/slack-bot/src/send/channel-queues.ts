import PQueue from 'p-queue';

/**
 * One queue for each channel: writes go one after the other, at most one in an interval (failure G3).
 * https://docs.slack.dev/apis/web-api/rate-limits: about one message a second per channel.
 */
export class ChannelQueues {
  readonly #queues = new Map<string, PQueue>();
  readonly #pausedUntil = new Map<string, number>();
  readonly #intervalMs: number;
  readonly #cleared = Promise.withResolvers<void>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Runs work in its turn; resolves without having run it where the queues are cleared before that. */
  add(channel: string, work: () => Promise<void>): Promise<void> {
    let queue = this.#queues.get(channel);
    if (!queue) {
      this.#sweep();
      queue = new PQueue({ concurrency: 1, interval: this.#intervalMs, intervalCap: 1, strict: true });
      this.#queues.set(channel, queue);
    }
    let begun = false;
    const done = queue.add(() => {
      begun = true;
      return work();
    });
    // The queue itself would leave whoever waits for it waiting for ever.
    return Promise.race([done, this.#cleared.promise.then(() => (begun ? done : undefined))]);
  }

  /** Slack asked for a pause: until then nothing of the channel is tried. */
  pause(channel: string, until: number): void {
    this.#pausedUntil.set(channel, until);
  }

  pausedUntil(channel: string, now: number): number | undefined {
    const until = this.#pausedUntil.get(channel);
    if (until === undefined || until > now) return until;
    this.#pausedUntil.delete(channel);
    return undefined;
  }

  /** Forgets what waits; what runs, ends. */
  clear(): void {
    for (const queue of this.#queues.values()) queue.clear();
    this.#cleared.resolve();
  }

  /** A queue remembers its last second: it may go only when long idle, which a thousand of them at once are not. */
  #sweep(): void {
    if (this.#queues.size < 1_000) return;
    for (const [channel, queue] of this.#queues) {
      if (queue.size === 0 && queue.pending === 0) this.#queues.delete(channel);
      if (this.#queues.size < 500) return;
    }
  }
}
