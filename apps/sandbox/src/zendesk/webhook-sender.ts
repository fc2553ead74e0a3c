import { createHmac } from 'node:crypto';
import type { ZendeskSettings } from './core.ts';
import { ticketJson, time } from './row-json.ts';
import type { PendingNotice, ZendeskAccount, ZendeskState, ZendeskTicket } from './state.ts';

const ANSWER_TIMEOUT_MS = 5000;
const ATTEMPTS = 4;
const DELIVERIES_KEPT = 1000;

export interface Delivery {
  readonly at: number;
  readonly url: string;
  /** The answer's status; 0 if there was none. */
  readonly status: number;
}

/**
 * `X-Zendesk-Webhook-Signature`: base64 of HMAC-SHA256 over the timestamp and the raw body, keyed with the webhook's secret.
 * https://developer.zendesk.com/documentation/webhooks/verifying/
 */
export function sign(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}${body}`, 'utf8').digest('base64');
}

/** Tells webhooks of what happens to tickets: signed, again until one is answered with 2xx or the attempts are used up. */
export class WebhookSender {
  readonly deliveries: Delivery[] = [];
  readonly #state: ZendeskState;
  readonly #settings: ZendeskSettings;
  readonly #now: () => number;
  readonly #fetch: typeof fetch;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: {
    readonly state: ZendeskState;
    readonly settings: ZendeskSettings;
    readonly now: () => number;
    readonly fetch: typeof fetch;
  }) {
    this.#state = options.state;
    this.#settings = options.settings;
    this.#now = options.now;
    this.#fetch = options.fetch;
    this.#schedule();
  }

  /** Queues what happened for every webhook that is subscribed to it. */
  enqueue(
    account: ZendeskAccount,
    ticket: ZendeskTicket,
    kind: string,
    event: Readonly<Record<string, unknown>>,
  ): void {
    const type = `zen:event-type:ticket.${kind}`;
    for (const webhook of Object.values(account.webhooks)) {
      if (webhook.status !== 'active' || !webhook.subscriptions.includes(type)) continue;
      const mischief = this.#settings.webhookMischief;
      if (mischief.drop > 0) {
        mischief.drop -= 1;
        continue;
      }
      const number = (this.#state.counters.notice += 1);
      const notice: PendingNotice = {
        invocation: `01INV${String(number).padStart(21, '0')}`,
        subdomain: account.subdomain,
        webhookId: webhook.id,
        body: JSON.stringify({
          type,
          account_id: account.accountId,
          id: `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`,
          time: time(this.#now()),
          zendesk_event_version: '2022-11-06',
          subject: `zen:ticket:${ticket.id}`,
          detail: detailOf(account, ticket),
          event,
        }),
        attempt: 1,
        dueAt: this.#now() + this.#settings.webhookDelayMs,
      };
      this.#state.outbox.push(notice);
    }
    this.#schedule();
  }

  /** Sends what is queued now and waits for the answers; failed deliveries stay queued for their next attempt. */
  async flush(): Promise<void> {
    await this.#run(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#closed || this.#state.outbox.length === 0) return;
    const dueAt = Math.min(...this.#state.outbox.map((notice) => notice.dueAt));
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        void this.#run(this.#now()).then(() => this.#schedule());
      },
      Math.max(1, dueAt - this.#now()),
    );
    this.#timer.unref();
  }

  #run(until: number): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendDue(until));
    return this.#sending;
  }

  async #sendDue(until: number): Promise<void> {
    const due = this.#state.outbox.filter((notice) => notice.dueAt <= until);
    const ordered = this.#settings.webhookMischief.reorder ? due.toReversed() : due;
    for (const notice of ordered) {
      const ok = await this.#deliver(notice);
      if (this.#closed) return;
      this.#settle(notice, ok);
    }
  }

  async #deliver(notice: PendingNotice): Promise<boolean> {
    const webhook = this.#state.accounts[notice.subdomain]?.webhooks[notice.webhookId];
    if (webhook === undefined || webhook.status !== 'active') return true;
    for (let copy = 0; copy <= this.#settings.webhookMischief.repeat; copy += 1) {
      const status = await this.#post(webhook.endpoint, webhook.secret, notice);
      this.deliveries.push({ at: this.#now(), url: webhook.endpoint, status });
      if (this.deliveries.length > DELIVERIES_KEPT) this.deliveries.shift();
      if (status < 200 || status >= 300) return false;
    }
    return true;
  }

  async #post(url: string, secret: string, notice: PendingNotice): Promise<number> {
    const timestamp = time(this.#now());
    try {
      const response = await this.#fetch(url, {
        method: 'POST',
        body: notice.body,
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Zendesk Webhook',
          'x-zendesk-webhook-id': notice.webhookId,
          'x-zendesk-webhook-invocation-id': notice.invocation,
          'x-zendesk-webhook-signature': sign(secret, timestamp, notice.body),
          'x-zendesk-webhook-signature-timestamp': timestamp,
        },
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      // No answer, refused or timed out: the vendor tries again, so does this.
      return 0;
    }
  }

  #settle(notice: PendingNotice, ok: boolean): void {
    this.#state.outbox = this.#state.outbox.filter((each) => each !== notice);
    if (ok || notice.attempt >= ATTEMPTS) return;
    const dueAt = this.#now() + this.#settings.webhookRetryMs;
    this.#state.outbox.push({ ...notice, attempt: notice.attempt + 1, dueAt });
  }
}

/** Ids come as text, and what people wrote comes with them. https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events */
function detailOf(account: ZendeskAccount, ticket: ZendeskTicket): Record<string, unknown> {
  const row = ticketJson(account, ticket);
  const texts = ['id', 'requester_id', 'submitter_id', 'assignee_id', 'organization_id'].map((name) => [
    name,
    row[name] === null ? null : String(row[name]),
  ]);
  return {
    actor_id: String(ticket.submitterId),
    ...Object.fromEntries(texts),
    status: String(row['status']).toUpperCase(),
    priority: ticket.priority === null ? null : ticket.priority.toUpperCase(),
    subject: row['subject'],
    description: row['description'],
    tags: ticket.tags,
    created_at: row['created_at'],
    updated_at: row['updated_at'],
    via: { channel: ticket.channel },
  };
}
