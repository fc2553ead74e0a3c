import { createHmac } from 'node:crypto';
import type { HubSpotSettings } from './core.ts';
import type { CrmChange } from './portal-book.ts';
import type { HubSpotState, PendingEvent } from './state.ts';
import { subscriptionType, webhookEvent } from './webhook-event.ts';

/** The vendor sends at most 100 events at once, waits 5 s for an answer and tries ten times. */
const EVENTS_PER_DELIVERY = 100;
const ANSWER_TIMEOUT_MS = 5000;
const ATTEMPTS = 10;
/** The vendor has so many requests to an app under way at a time, unless the app says otherwise (`maxConcurrentRequests`). */
const CONCURRENT = 10;
const DELIVERIES_KEPT = 1000;

export interface Delivery {
  readonly at: number;
  readonly url: string;
  readonly events: number;
  /** The answer's status; 0 if there was none. */
  readonly status: number;
}

/**
 * `X-HubSpot-Signature-v3`: base64 of HMAC-SHA256 over method, full URI, raw body and timestamp, keyed with the app's secret.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 */
export function signV3(secret: string, method: string, uri: string, body: string, timestamp: number): string {
  return createHmac('sha256', secret).update(`${method}${uri}${body}${timestamp}`, 'utf8').digest('base64');
}

/** Sends changes to the apps installed in their portal: collected for a moment, signed, again until one is answered with 2xx. */
export class WebhookSender {
  readonly deliveries: Delivery[] = [];
  readonly #state: HubSpotState;
  readonly #settings: HubSpotSettings;
  readonly #now: () => number;
  readonly #fetch: typeof fetch;
  #timer: NodeJS.Timeout | undefined;
  readonly #sending = new Set<Promise<void>>();
  readonly #underWay = new Set<PendingEvent>();
  #closed = false;

  constructor(options: {
    readonly state: HubSpotState;
    readonly settings: HubSpotSettings;
    readonly now: () => number;
    readonly fetch: typeof fetch;
  }) {
    this.#state = options.state;
    this.#settings = options.settings;
    this.#now = options.now;
    this.#fetch = options.fetch;
    if (this.#state.outbox.length > 0) this.#schedule();
  }

  /** Queues a change for every app that is installed in the portal and subscribed to it. */
  enqueue(change: CrmChange): void {
    for (const app of Object.values(this.#state.apps)) {
      if (app.webhookUrl === undefined || !this.#isInstalled(app.clientId, change.portalId)) continue;
      if (app.subscriptions !== undefined && !app.subscriptions.includes(subscriptionType(change))) continue;
      const mischief = this.#settings.webhookMischief;
      if (mischief.drop > 0) {
        mischief.drop -= 1;
        continue;
      }
      const event = webhookEvent(change, this.#state.counters.event++, app.appId);
      this.#state.outbox.push({ clientId: app.clientId, event, dueAt: this.#now() + this.#settings.webhookDelayMs });
    }
    this.#schedule();
  }

  /** Sends what is queued now and waits for the answers; failed deliveries stay queued for their next attempt. */
  async flush(): Promise<void> {
    await Promise.all(this.#sending);
    await this.#run(Number.POSITIVE_INFINITY);
    // What the timer took while the first were waited for.
    await Promise.all(this.#sending);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #isInstalled(clientId: string, portalId: number): boolean {
    return Object.values(this.#state.oauth.refresh).some(
      (grant) => grant.clientId === clientId && Number(grant.subject) === portalId,
    );
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#closed || this.#sending.size >= CONCURRENT) return;
    const dueAt = this.#state.outbox.reduce(
      (first, pending) => (this.#underWay.has(pending) ? first : Math.min(first, pending.dueAt)),
      Number.POSITIVE_INFINITY,
    );
    if (dueAt === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        // What came in while the first event waited goes with it.
        void this.#run(this.#now() + this.#settings.webhookDelayMs).finally(() => this.#schedule());
        this.#schedule();
      },
      Math.max(1, dueAt - this.#now()),
    );
    this.#timer.unref();
  }

  #run(until: number): Promise<void> {
    const run = this.#sendDue(until).finally(() => this.#sending.delete(run));
    this.#sending.add(run);
    return run;
  }

  async #sendDue(until: number): Promise<void> {
    const due = this.#state.outbox.filter((pending) => pending.dueAt <= until && !this.#underWay.has(pending));
    for (const pending of due) this.#underWay.add(pending);
    const byApp = Map.groupBy(due, (pending) => pending.clientId);
    await Promise.all([...byApp].map(([clientId, pending]) => this.#sendToApp(clientId, pending)));
  }

  async #sendToApp(clientId: string, pending: readonly PendingEvent[]): Promise<void> {
    const url = this.#state.apps[clientId]?.webhookUrl;
    const secret = this.#state.oauth.apps[clientId]?.clientSecret;
    try {
      for (let start = 0; start < pending.length; start += EVENTS_PER_DELIVERY) {
        const chunk = pending.slice(start, start + EVENTS_PER_DELIVERY);
        const ok = url !== undefined && secret !== undefined && (await this.#deliver(url, secret, chunk));
        if (this.#closed) return;
        this.#settle(chunk, ok);
      }
    } finally {
      for (const one of pending) this.#underWay.delete(one);
    }
  }

  async #deliver(url: string, secret: string, chunk: readonly PendingEvent[]): Promise<boolean> {
    const { repeat, reorder } = this.#settings.webhookMischief;
    const events = chunk.map((pending) => pending.event);
    const body = JSON.stringify(reorder ? events.toReversed() : events);
    let ok = false;
    for (let copy = 0; copy <= repeat; copy += 1) {
      const status = await this.#post(url, secret, body);
      this.deliveries.push({ at: this.#now(), url, events: chunk.length, status });
      if (this.deliveries.length > DELIVERIES_KEPT) this.deliveries.shift();
      ok ||= status >= 200 && status < 300;
      if (!ok) break;
    }
    return ok;
  }

  async #post(url: string, secret: string, body: string): Promise<number> {
    const timestamp = this.#now();
    try {
      const response = await this.#fetch(url, {
        method: 'POST',
        body,
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        headers: {
          'Content-Type': 'application/json',
          'User-Agent':
            'HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client) - WebHooks',
          'X-HubSpot-Request-Timestamp': String(timestamp),
          'X-HubSpot-Signature-v3': signV3(secret, 'POST', url, body, timestamp),
        },
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      // No answer, refused or timed out: the vendor tries again, so does this.
      return 0;
    }
  }

  #settle(chunk: readonly PendingEvent[], ok: boolean): void {
    const sent = new Set(chunk);
    const again = ok
      ? []
      : chunk
          .filter((pending) => pending.event.attemptNumber + 1 < ATTEMPTS)
          .map((pending) => ({
            ...pending,
            event: { ...pending.event, attemptNumber: pending.event.attemptNumber + 1 },
            dueAt: this.#now() + this.#settings.webhookRetryMs,
          }));
    this.#state.outbox = [...this.#state.outbox.filter((pending) => !sent.has(pending)), ...again];
  }
}
