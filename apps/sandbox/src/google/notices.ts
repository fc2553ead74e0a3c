import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { ChannelState, PushState } from './push-state.ts';

const keepDeliveries = 1000;
const answerTimeoutMs = 5000;
/** Gmail tells of about one change a second for a user and drops the rest; the sandbox gathers for less, so that tests are quick. */
const gatherMs = 25;

export interface NoticeDelivery {
  readonly kind: 'pubsub' | 'channel';
  readonly url: string;
  /** The answer's status; 0 without one. */
  readonly status: number;
}

/** Tells those who watch that something changed: mailboxes through Pub/Sub, calendars through their channels. */
export class Notices {
  readonly deliveries: NoticeDelivery[] = [];
  /** Whether each notice is sent twice, as either vendor may. */
  repeat = false;
  readonly #state: () => PushState;
  readonly #historyId: (user: string) => number;
  readonly #now: () => number;
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #under = new Set<Promise<unknown>>();

  constructor(options: {
    readonly state: () => PushState;
    readonly historyId: (user: string) => number;
    readonly now: () => number;
  }) {
    this.#state = options.state;
    this.#historyId = options.historyId;
    this.#now = options.now;
  }

  /** A user's mailbox changed. */
  mail(user: string): void {
    const watch = this.#state().watches[user];
    if (watch && watch.expiration > this.#now()) this.#soon(`mail ${user}`, () => this.#publish(user, watch.topic));
  }

  /** Events of a calendar changed; `primary` names the user's own. */
  calendar(user: string, calendarId: string): void {
    const id = calendarId === 'primary' ? user : calendarId;
    for (const channel of Object.values(this.#state().channels)) {
      if (channel.user !== user || channel.calendarId !== id) continue;
      this.#soon(`channel ${channel.id}`, () => this.#channel(channel, 'exists'));
    }
  }

  /** A channel was opened: its first notice says so. */
  opened(channel: ChannelState): void {
    this.#follow(this.#channel(channel, 'sync'));
  }

  async #channel(channel: ChannelState, resourceState: 'sync' | 'exists'): Promise<void> {
    if (channel.expiration <= this.#now()) return;
    channel.number += 1;
    const headers = {
      'x-goog-channel-id': channel.id,
      'x-goog-channel-token': channel.token,
      'x-goog-channel-expiration': new Date(channel.expiration).toUTCString(),
      'x-goog-resource-id': channel.resourceId,
      'x-goog-resource-uri': `https://www.googleapis.com/calendar/v3/calendars/${channel.calendarId}/events?alt=json`,
      'x-goog-resource-state': resourceState,
      'x-goog-message-number': String(channel.number),
    };
    await this.#post('channel', channel.address, headers, null);
  }

  /** Sends what waits, and resolves when all of it was answered. */
  async flush(): Promise<void> {
    while (this.#waiting.size > 0 || this.#under.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, gatherMs));
      await Promise.all(this.#under);
    }
  }

  /** The keys that sign Pub/Sub's tokens, as at https://www.googleapis.com/oauth2/v3/certs. */
  keys(): { keys: object[] } {
    const { publicKey, kid } = this.#key();
    return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] };
  }

  /** A token as Pub/Sub puts it into the header of a push; parts can be changed, for forgeries. */
  token(audience: string, email: string, changes: Readonly<Record<string, unknown>> = {}): string {
    const { privateKey, kid } = this.#key();
    const iat = Math.floor(this.#now() / 1000);
    const claims = { aud: audience, azp: '1', email, email_verified: true, exp: iat + 3600, iat };
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = part({ alg: 'RS256', kid, typ: 'JWT' });
    const body = part({ ...claims, iss: 'https://accounts.google.com', sub: '1', ...changes });
    return `${head}.${body}.${sign('sha256', Buffer.from(`${head}.${body}`), privateKey).toString('base64url')}`;
  }

  #key() {
    const state = this.#state();
    state.signingKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    const privateKey = createPrivateKey(state.signingKey);
    const publicKey = createPublicKey(privateKey);
    const kid = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex')
      .slice(0, 40);
    return { privateKey, publicKey, kid };
  }

  #soon(name: string, work: () => Promise<void>): void {
    if (this.#waiting.has(name)) return;
    const timer = setTimeout(() => {
      this.#waiting.delete(name);
      this.#follow(work());
    }, gatherMs);
    this.#waiting.set(name, timer.unref());
  }

  #follow(work: Promise<void>): void {
    const done = work.finally(() => this.#under.delete(done));
    this.#under.add(done);
  }

  async #publish(user: string, topic: string): Promise<void> {
    const state = this.#state();
    const push = state.topics[topic];
    if (!push) return;
    const messageId = String(state.nextMessage++);
    const data = { emailAddress: user, historyId: this.#historyId(user) };
    const body = {
      message: {
        data: Buffer.from(JSON.stringify(data)).toString('base64'),
        messageId,
        message_id: messageId,
        publishTime: new Date(this.#now()).toISOString(),
      },
      subscription: topic.replace('/topics/', '/subscriptions/'),
    };
    const authorization = `Bearer ${this.token(push.audience, push.serviceAccount)}`;
    await this.#post(
      'pubsub',
      push.endpoint,
      { authorization, 'content-type': 'application/json' },
      JSON.stringify(body),
    );
  }

  async #post(
    kind: NoticeDelivery['kind'],
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string | null,
  ): Promise<void> {
    for (let copy = 0; copy <= (this.repeat ? 1 : 0); copy += 1) {
      const signal = AbortSignal.timeout(answerTimeoutMs);
      const status = await fetch(url, { method: 'POST', headers, body, signal }).then(
        (answer) => answer.status,
        () => 0,
      );
      this.deliveries.push({ kind, url, status });
      if (this.deliveries.length > keepDeliveries) this.deliveries.shift();
    }
  }
}
