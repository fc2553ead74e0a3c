import { signatureHeaders } from './request-signature.ts';
import type { SlackApp } from './state.ts';
import type { Workspace } from './workspace.ts';

/** What the app answered to one request of ours. */
export interface Delivery {
  readonly kind: 'event' | 'interaction' | 'command' | 'options';
  readonly app: string;
  /** The event id or callback that it carried. */
  readonly subject: string;
  readonly attempt: number;
  /** HTTP status, or what went wrong on the way. */
  readonly outcome: number | 'timeout' | 'unreachable' | 'no_request_url';
  readonly body: string;
}

/** How events reach the app; knobs for tests. */
export interface EventKnobs {
  /** How often each event is sent although it was acknowledged: 1 is normal. */
  repeat: number;
  /** Waits before the retries of an event that was not acknowledged, in milliseconds. */
  retryDelaysMs: readonly number[];
  /** True: events are kept back until `flush`, and leave in reverse order. */
  reorder: boolean;
  /** So many of the next events are never sent. */
  drop: number;
}

/** Slack waits three seconds for an answer: https://docs.slack.dev/apis/events-api#responding */
const answerWithinMs = 3000;

/** Sends signed requests to the apps' request URLs and keeps a log of them. */
export class Deliveries {
  readonly log: Delivery[] = [];
  readonly knobs: EventKnobs = { repeat: 1, retryDelaysMs: [0, 60_000, 300_000], reorder: false, drop: 0 };
  readonly #workspace: Workspace;
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<unknown>>();
  #held: (() => Promise<void>)[] = [];

  constructor(workspace: Workspace, signal: AbortSignal) {
    this.#workspace = workspace;
    this.#signal = signal;
  }

  /** Sends an interaction or command and returns the app's answer: Slack shows a failure, it never retries these. */
  async send(
    app: SlackApp,
    kind: Delivery['kind'],
    subject: string,
    form: Readonly<Record<string, string>>,
  ): Promise<Delivery> {
    return this.#post(app, { kind, subject, attempt: 1 }, new URLSearchParams(form).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
  }

  /** Sends an event and retries it in the background until it is acknowledged with 2xx within three seconds. */
  event(app: SlackApp, eventId: string, body: Readonly<Record<string, unknown>>): void {
    if (this.knobs.drop > 0) {
      this.knobs.drop -= 1;
      return;
    }
    const text = JSON.stringify(body);
    const deliver = async () => {
      for (let copy = 0; copy < this.knobs.repeat; copy += 1) await this.#eventWithRetries(app, eventId, text);
    };
    if (this.knobs.reorder) this.#held.push(deliver);
    else this.#track(deliver());
  }

  /** Lets held events go, the newest first. */
  flush(): void {
    const held = this.#held.toReversed();
    this.#held = [];
    this.#track(held.reduce((before, deliver) => before.then(deliver), Promise.resolve()));
  }

  /** Resolves when nothing is on its way to an app. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #eventWithRetries(app: SlackApp, eventId: string, text: string): Promise<void> {
    let reason = '';
    const delays = [0, ...this.knobs.retryDelaysMs];
    for (const [retry, delay] of delays.entries()) {
      if (delay > 0) await pause(delay, this.#signal);
      if (this.#signal.aborted) return;
      const delivery = await this.#post(app, { kind: 'event', subject: eventId, attempt: retry + 1 }, text, {
        'content-type': 'application/json',
        ...(retry > 0 && { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': reason }),
      });
      if (typeof delivery.outcome === 'number' && delivery.outcome < 300) return;
      if (delivery.outcome === 'no_request_url') return;
      reason =
        delivery.outcome === 'timeout'
          ? 'http_timeout'
          : delivery.outcome === 'unreachable'
            ? 'connection_failed'
            : 'http_error';
    }
  }

  async #post(
    app: SlackApp,
    about: Pick<Delivery, 'kind' | 'subject' | 'attempt'>,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Delivery> {
    const { outcome, answer } = await this.#answerTo(app, body, headers);
    const delivery: Delivery = { ...about, app: app.id, outcome, body: answer };
    this.log.push(delivery);
    if (this.log.length > 5000) this.log.shift();
    return delivery;
  }

  async #answerTo(app: SlackApp, body: string, headers: Readonly<Record<string, string>>) {
    if (app.requestUrl === undefined) return { outcome: 'no_request_url', answer: '' } as const;
    const timeout = AbortSignal.timeout(answerWithinMs);
    try {
      const response = await fetch(app.requestUrl, {
        method: 'POST',
        body,
        headers: {
          ...headers,
          ...signatureHeaders(app.signingSecret, Math.floor(this.#workspace.now() / 1000), body),
          'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        },
        redirect: 'manual',
        signal: AbortSignal.any([timeout, this.#signal]),
      });
      return { outcome: response.status, answer: await response.text() };
    } catch {
      return { outcome: timeout.aborted ? 'timeout' : 'unreachable', answer: '' } as const;
    }
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.catch(() => undefined).finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
