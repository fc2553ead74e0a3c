import { defaultIdOf } from './mail-store.ts';
import type { CalendarChange } from './calendar-store.ts';
import type { MailChange } from './mail-store.ts';
import type { MicrosoftState, PendingNotice, StoredSubscription } from './state.ts';

const ANSWER_TIMEOUT_MS = 10_000;
const ATTEMPTS = 5;
const DELIVERIES_KEPT = 1000;
const NOTICES_PER_DELIVERY = 50;

export interface Delivery {
  readonly at: number;
  readonly url: string;
  readonly notices: number;
  /** The answer's status; 0 if there was none. */
  readonly status: number;
}

/** What may happen to notices on their way; each is used up as it happens. */
export interface Mischief {
  /** How many notices are lost. */
  drop: number;
  /** How often each delivery is sent again although it was taken. */
  repeat: number;
  /** Whether notices are sent newest first. */
  reorder: boolean;
}

export type LifecycleEvent = 'reauthorizationRequired' | 'subscriptionRemoved' | 'missed';

/**
 * Sends notices of changes to those who subscribed: collected for a moment, unsigned but for the client state, again until one is
 * answered with 2xx (https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks).
 */
export class Notifier {
  readonly deliveries: Delivery[] = [];
  readonly mischief: Mischief = { drop: 0, repeat: 0, reorder: false };
  readonly #state: () => MicrosoftState;
  readonly #now: () => number;
  readonly #fetch: typeof fetch;
  readonly #delayMs: number;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: {
    readonly state: () => MicrosoftState;
    readonly now: () => number;
    readonly fetch: typeof fetch;
    readonly delayMs?: number;
  }) {
    this.#state = options.state;
    this.#now = options.now;
    this.#fetch = options.fetch;
    this.#delayMs = options.delayMs ?? 200;
  }

  mailChanged({ user, kind, message }: MailChange): void {
    const oid = this.#state().users[user]?.id ?? '';
    for (const one of this.#watching(user, 'message', message.folderId, kind)) {
      const id = one.isImmutable ? message.id : defaultIdOf(message);
      this.#enqueue(one, kind, `Users/${oid}/Messages/${id}`, '#Microsoft.Graph.Message', id);
    }
  }

  calendarChanged({ user, kind, calendarId, id }: CalendarChange): void {
    const oid = this.#state().users[user]?.id ?? '';
    for (const one of this.#watching(user, 'event', calendarId, kind))
      this.#enqueue(one, kind, `Users/${oid}/Events/${id}`, '#Microsoft.Graph.Event', id);
  }

  /** Tells the subscriber about its subscription; a removed one is gone afterwards. */
  lifecycle(subscriptionId: string, lifecycleEvent: LifecycleEvent): void {
    const one = this.#state().subscriptions[subscriptionId];
    if (!one) return;
    const url = one.lifecycleNotificationUrl;
    if (url !== undefined) this.#push(one, url, { lifecycleEvent });
    if (lifecycleEvent === 'subscriptionRemoved') delete this.#state().subscriptions[subscriptionId];
  }

  /** Sends what is queued now and waits for the answers; what was not taken stays queued. */
  async flush(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendDue(Number.POSITIVE_INFINITY));
    await this.#sending;
  }

  /** To be called when the state was replaced: what an earlier run left queued is sent. */
  resume(): void {
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #watching(user: string, kind: 'message' | 'event', container: string, change: string): StoredSubscription[] {
    const state = this.#state();
    const now = this.#now();
    for (const [id, one] of Object.entries(state.subscriptions))
      if (one.expiresAt <= now) delete state.subscriptions[id];
    return Object.values(state.subscriptions).filter(
      (one) =>
        one.user === user &&
        one.kind === kind &&
        (one.container === undefined || one.container === container) &&
        one.changeTypes.includes(change),
    );
  }

  #enqueue(one: StoredSubscription, changeType: string, resource: string, type: string, id: string): void {
    this.#push(one, one.notificationUrl, {
      changeType,
      resource,
      resourceData: { '@odata.type': type, '@odata.id': resource, '@odata.etag': `W/"${id.slice(-12)}"`, id },
    });
  }

  #push(one: StoredSubscription, url: string, about: Readonly<Record<string, unknown>>): void {
    if (this.mischief.drop > 0) {
      this.mischief.drop -= 1;
      return;
    }
    const body = {
      subscriptionId: one.id,
      subscriptionExpirationDateTime: new Date(one.expiresAt).toISOString(),
      tenantId: this.#state().users[one.user]?.tenantId ?? '',
      clientState: one.clientState ?? null,
      ...about,
    };
    this.#state().outbox.push({ subscriptionId: one.id, url, body, dueAt: this.#now() + this.#delayMs, attempts: 0 });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#closed || this.#state().outbox.length === 0) return;
    const dueAt = Math.min(...this.#state().outbox.map((pending) => pending.dueAt));
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#sending = this.#sending.then(() => this.#sendDue(this.#now() + this.#delayMs));
        void this.#sending.then(() => this.#schedule());
      },
      Math.min(60_000, Math.max(1, dueAt - this.#now())),
    );
    this.#timer.unref();
  }

  async #sendDue(until: number): Promise<void> {
    const due = this.#state().outbox.filter((pending) => pending.dueAt <= until);
    for (const [url, pending] of Map.groupBy(due, (each) => each.url)) {
      for (let start = 0; start < pending.length; start += NOTICES_PER_DELIVERY) {
        const chunk = pending.slice(start, start + NOTICES_PER_DELIVERY);
        const isTaken = await this.#deliver(url, chunk);
        if (this.#closed) return;
        this.#settle(chunk, isTaken);
      }
    }
  }

  #settle(chunk: readonly PendingNotice[], isTaken: boolean): void {
    const sent = new Set(chunk);
    for (const pending of chunk) {
      pending.attempts += 1;
      pending.dueAt = this.#now() + 1000 * 4 ** pending.attempts;
    }
    const state = this.#state();
    state.outbox = state.outbox.filter((pending) => !sent.has(pending) || (!isTaken && pending.attempts < ATTEMPTS));
  }

  async #deliver(url: string, chunk: readonly PendingNotice[]): Promise<boolean> {
    const value = chunk.map((pending) => pending.body);
    const body = JSON.stringify({ value: this.mischief.reorder ? value.toReversed() : value });
    let isTaken = false;
    for (let copy = 0; copy <= this.mischief.repeat; copy += 1) {
      const status = await this.#post(url, body);
      this.deliveries.push({ at: this.#now(), url, notices: chunk.length, status });
      if (this.deliveries.length > DELIVERIES_KEPT) this.deliveries.shift();
      isTaken ||= status >= 200 && status < 300;
    }
    return isTaken;
  }

  async #post(url: string, body: string): Promise<number> {
    try {
      const answer = await this.#fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body,
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return 0;
    }
  }
}
