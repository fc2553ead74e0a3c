import { createHash } from 'node:crypto';
import type { App, Receiver } from '@slack/bolt';
import { addSlackReceipt, settleSlackReceipt } from '@waymark/store';
import type { SlackBotDependencies } from '../dependencies.ts';
import { endingEvents, slackEvents } from '../install/scopes.ts';
import { readBody } from './body.ts';
import { envelopeOf, type Envelope } from './envelope.ts';
import { isSigned, isTimely, stampOf, type SlackStamp } from './signature.ts';
import type { TenantFinder } from './tenant.ts';

/** Which workspace a body belongs to, for as long as the body lives: Bolt asks for it when it authorizes. */
export type TenantBook = WeakMap<object, string>;

/**
 * Bolt's receiver for web-standard requests. Nothing is believed before the signature over the raw bytes holds; a request is noted
 * before it is acted on, so that a repeat does nothing (failures G1, R13, R21).
 */
export class FetchReceiver implements Receiver {
  #app: App | undefined;
  readonly #deps: Pick<SlackBotDependencies, 'database' | 'now' | 'log'>;
  readonly #tenants: TenantFinder;
  readonly #book: TenantBook;
  readonly #working = new Set<Promise<unknown>>();

  constructor(deps: Pick<SlackBotDependencies, 'database' | 'now' | 'log'>, tenants: TenantFinder, book: TenantBook) {
    this.#deps = deps;
    this.#tenants = tenants;
    this.#book = book;
  }

  init(app: App): void {
    this.#app = app;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when no handler is at work: those that have acknowledged go on. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.allSettled(this.#working);
  }

  stop(): Promise<void> {
    return this.idle();
  }

  /** Answers one request of Slack: 401 forged or not of now, 413 too large, 409 a repeated interaction, 200 else. */
  async fetch(request: Request): Promise<Response> {
    if (request.method !== 'POST') return refuse(405, 'Slack sends POST.');
    const raw = await readBody(request);
    if (!raw) return refuse(413, 'The request is too large.');
    const stamp = stampOf(request.headers);
    if (!stamp || !isTimely(stamp, this.#deps.now())) return refuse(401, 'The request is not signed, or not of now.');
    const envelope = envelopeOf(Buffer.from(raw).toString('utf8'), request.headers.get('content-type') ?? '');
    if (!envelope) return refuse(401, 'The request is not one of Slack’s.');
    const workspaceId = await this.#tenants.workspaceOf(envelope);
    if (!(await this.#isGenuine(stamp, raw, workspaceId))) return refuse(401, 'The signature does not hold.');
    if (envelope.ssl_check) return new Response('');
    if (envelope.type === 'url_verification') return Response.json({ challenge: envelope.challenge ?? '' });
    if (workspaceId === undefined) return notConnected(envelope);
    return this.#act(
      workspaceId,
      envelope,
      receiptOf(envelope, requestKey(stamp)),
      Number(request.headers.get('x-slack-retry-num') ?? 0),
    );
  }

  /** Takes what came over a socket, which is Slack's own and needs no signature. Answers with what is to be acknowledged. */
  receive(workspaceId: string, envelope: Envelope, envelopeId: string, retryNum: number): Promise<Response> {
    return this.#act(workspaceId, envelope, receiptOf(envelope, `socket:${envelopeId}`), retryNum);
  }

  async #isGenuine(stamp: SlackStamp, raw: Uint8Array, workspaceId: string | undefined): Promise<boolean> {
    const own = workspaceId === undefined ? undefined : await this.#tenants.secretOf(workspaceId);
    const secrets = workspaceId === undefined ? await this.#tenants.allSecrets() : own === undefined ? [] : [own];
    return secrets.some((secret) => isSigned(stamp, raw, secret));
  }

  async #act(workspaceId: string, envelope: Envelope, receipt: Receipt | undefined, retry: number): Promise<Response> {
    const { database, now } = this.#deps;
    if (receipt) {
      const isNew = await database.inWorkspace(workspaceId, (tx) =>
        addSlackReceipt(tx, receipt.key, receipt.body, now()),
      );
      // Slack repeats an event that it thinks lost, and wants to hear that it was not.
      if (!isNew) return receipt.isEvent ? new Response('') : refuse(409, 'This request was acted on already.');
    } else if (envelope.event_id && !isHeard(envelope)) return new Response('');
    return new Promise<Response>((resolve) => {
      const work = this.#process(workspaceId, envelope, retry, (response) => {
        resolve(response);
        return Promise.resolve();
      })
        .then(async () => {
          if (receipt) await database.inWorkspace(workspaceId, (tx) => settleSlackReceipt(tx, receipt.key, now()));
          resolve(refuse(404, 'Nothing here answers that.'));
        })
        .catch((error: unknown) => {
          this.#deps.log.error(
            { workspaceId, type: envelope.type, error: nameOfError(error) },
            'a Slack request could not be handled',
          );
          resolve(refuse(500, 'Something went wrong on our side.'));
        })
        .finally(() => this.#working.delete(work));
      this.#working.add(work);
    });
  }

  async #process(
    workspaceId: string,
    envelope: Envelope,
    retryNum: number,
    respond: (response: Response) => Promise<void>,
  ): Promise<void> {
    if (!this.#app) throw new Error('the receiver has no app');
    this.#book.set(envelope, workspaceId);
    await this.#app.processEvent({
      body: envelope,
      retryNum,
      ack: (response?: unknown) => respond(answer(response)),
      customProperties: { workspaceId },
    });
  }
}

interface Receipt {
  readonly key: string;
  readonly isEvent: boolean;
  /** What a later start needs to finish what this one began; no names, no texts, no addresses to answer to. */
  readonly body: Readonly<Record<string, unknown>>;
}

const isHeard = ({ event }: Envelope): boolean => slackEvents.some((one) => one === event?.type);

/** Undefined for an event that may be acted on twice, or that nobody listens to: it leaves no row. */
function receiptOf(envelope: Envelope, key: string): Receipt | undefined {
  if (!envelope.event_id) return { key, isEvent: false, body: { type: envelope.type ?? 'command' } };
  const type = envelope.event?.type ?? '';
  if (!endingEvents.some((one) => one === type)) return undefined;
  const { event_id, event_time, api_app_id } = envelope;
  return {
    key: `event:${event_id}`,
    isEvent: true,
    body: { type, event_time, api_app_id, teams: teamIds(envelope), tokens: envelope.event?.tokens },
  };
}

/** Another request has another signature or another stamp; a replay has both. */
const requestKey = (stamp: SlackStamp): string =>
  `request:${createHash('sha256').update(`${stamp.timestamp}:${stamp.signature}`).digest('hex')}`;

const teamIds = (envelope: Envelope) => [envelope.context_team_id, envelope.team_id].filter(Boolean);

/** What a listener acknowledges with: nothing, a text, or an object as JSON. */
function answer(response: unknown): Response {
  if (response === undefined || response === null || response === '') return new Response('');
  return typeof response === 'string' ? new Response(response) : Response.json(response);
}

function refuse(status: number, why: string): Response {
  return Response.json({ error: why }, { status });
}

/** The app is in a team that leads to no workspace: events are let go, a person is told. */
function notConnected(envelope: Envelope): Response {
  if (envelope.event_id) return new Response('');
  return Response.json({
    response_type: 'ephemeral',
    text: 'Waymark is not connected to this Slack workspace. Ask your admin to run `waymark install slack`.',
  });
}

/** The kind of an error; its text may hold what a person wrote. Bolt wraps what a listener throws. */
function nameOfError(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'original' in error ? error.original : error;
  if (!(cause instanceof Error)) return 'unknown';
  return 'code' in cause ? `${cause.name} ${String(cause.code)}` : cause.name;
}
