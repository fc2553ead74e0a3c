import type { Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import { Catalog } from './catalog.ts';
import { SalesforceAnswerError, SalesforceHttpError } from './http-error.ts';
import { once } from './once.ts';
import { orgMemory, type OrgMemory } from './org-memory.ts';
import { row, type Row } from './record.ts';
import { Schema } from './schema.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { soql } from './soql.ts';
import type { SendFailure, Sent } from './transport.ts';

type Send = typeof import('./transport.ts').send;

/** One call. Only what may be repeated is `idempotent`. */
export interface SalesforceRequest<T> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly accept?: 'text/csv';
  readonly idempotent: boolean;
  /** What a write needs goes before reading: it is not held back by our share of the day. */
  readonly urgent?: boolean;
  /** History, which can wait: it leaves a part of our share to what is new. */
  readonly patient?: boolean;
  readonly doc: string;
  readonly answer: z.ZodType<T>;
}

export interface Answer<T> {
  readonly data: T;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RowOptions {
  /** Sees deleted and archived rows as well. */
  readonly all?: boolean;
  readonly urgent?: boolean;
  readonly patient?: boolean;
}

export interface RowPage {
  readonly rows: readonly Row[];
  /** Whether Salesforce cut the answer short of what was asked for. The locator of the rest is never used (failure D11). */
  readonly cut: boolean;
}

/** Who is connected to which org. */
export interface Identity {
  readonly organizationId: string;
  readonly userId: string;
}

const queryAnswer = z.looseObject({ totalSize: z.number().int(), done: z.boolean(), records: z.array(row) });
const resources = z.looseObject({ identity: z.string().optional() });
const userInfo = z.looseObject({ organization_id: z.string(), user_id: z.string() });

/** Looks again after this long where the day's calls are used up: the window rolls, and Salesforce does not say when it frees some. */
const LOOK_AGAIN_MS = 3_600_000;

/** The part of our share that the first list of all may use up: a long one must not stop the news for a day. */
const FOR_HISTORY = 0.75;

/** jsforce behind the runner's session: waiting, repeating and renewing the token are the runner's. */
export class SalesforceClient {
  readonly session: Session;
  readonly declaration: Declaration;
  readonly instanceUrl: string;
  readonly memory: OrgMemory;
  readonly schema: Schema;
  readonly catalog: Catalog;
  readonly #send: Send;
  /** The org and the user behind the token, read once a connection. */
  readonly identity: () => Promise<Identity>;

  constructor(session: Session, send: Send) {
    this.session = session;
    this.#send = send;
    this.declaration = declarationOf(session.settings);
    this.instanceUrl = (session.baseUrls['instance'] ?? '').replace(/\/+$/, '');
    this.memory = orgMemory(this.instanceUrl);
    this.schema = new Schema(this);
    this.catalog = new Catalog(this);
    this.identity = once(() => this.#identify());
  }

  /** Makes a call and parses its answer. Throws ConnectorFault through the session. */
  async json<T>(request: SalesforceRequest<T>): Promise<T> {
    return (await this.call(request)).data;
  }

  /** As `json`, with the headers of the answer. */
  call<T>(request: SalesforceRequest<T>): Promise<Answer<T>> {
    const spec = { bucket: 'org', idempotent: request.idempotent, doc: request.doc };
    return this.session.call(spec, async (signal) => {
      const now = this.session.now();
      const { quota } = this.declaration;
      const share = request.patient === true ? quota.share * FOR_HISTORY : quota.share;
      if (request.urgent !== true) this.memory.budget.holdBack({ ...quota, share }, now);
      this.memory.budget.count(now);
      const sent = await this.#sent(request, signal);
      this.memory.budget.learn(sent.headers['sforce-limit-info'], this.session.now());
      return { data: parseAnswer(request, sent), headers: sent.headers };
    });
  }

  /** Rows of a query. */
  async rows(question: string, options: RowOptions = {}): Promise<RowPage> {
    const answer = await this.#query(question, options);
    return { rows: answer.records, cut: !answer.done };
  }

  /** How many rows a question finds, deleted and archived ones as well unless it excludes them. */
  async count(from: string, where: readonly string[]): Promise<number> {
    return (await this.#query(soql({ select: 'COUNT()', from, where }), { all: true })).totalSize;
  }

  #query(
    question: string,
    { all = false, urgent = false, patient = false }: RowOptions,
  ): Promise<z.infer<typeof queryAnswer>> {
    return this.json({
      method: 'GET',
      path: all ? paths.queryAll : paths.query,
      query: { q: question },
      idempotent: true,
      urgent,
      patient,
      doc: all ? docs.queryAll : docs.query,
      answer: queryAnswer,
    });
  }

  async #identify(): Promise<Identity> {
    const read = { method: 'GET', idempotent: true, urgent: true, doc: docs.resources } as const;
    const { identity } = await this.json({ ...read, path: paths.resources, answer: resources });
    const found = /\/id\/([a-zA-Z0-9]{15,18})\/([a-zA-Z0-9]{15,18})$/.exec(identity ?? '');
    if (found?.[1] !== undefined && found[2] !== undefined) return { organizationId: found[1], userId: found[2] };
    const user = await this.json({ ...read, path: paths.userInfo, answer: userInfo });
    return { organizationId: user.organization_id, userId: user.user_id };
  }

  async #sent<T>(request: SalesforceRequest<T>, signal: AbortSignal): Promise<Sent> {
    const target = { instanceUrl: this.instanceUrl, accessToken: await this.session.accessToken() };
    const query = new URLSearchParams(request.query ?? {}).toString();
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    const http = {
      method: request.method,
      url: `${this.instanceUrl}${request.path}${query === '' ? '' : `?${query}`}`,
      headers: {
        accept: request.accept ?? 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...body,
    };
    try {
      return await this.#send(target, http, signal);
    } catch (error) {
      throw this.#refusal(request, error);
    }
  }

  /** What jsforce threw, as an error that knows the status; what came from the network stays as it is. */
  #refusal<T>(request: SalesforceRequest<T>, thrown: unknown): unknown {
    if (!isSendFailure(thrown)) return thrown;
    const { answer, cause } = thrown;
    if (answer === undefined || answer.status < 400) return cause;
    const now = this.session.now();
    this.memory.budget.learn(answer.headers['sforce-limit-info'], now);
    const data: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'data') : undefined;
    return new SalesforceHttpError({
      method: request.method,
      path: request.path,
      status: answer.status,
      body: data,
      resumeAt: now + LOOK_AGAIN_MS,
      retryAfterMs: retryAfter(answer.headers['retry-after']),
    });
  }
}

/** Loads jsforce and binds it to a session: importing this package alone must not cost its start-up. */
export async function connect(session: Session): Promise<SalesforceClient> {
  const { send } = await import('./transport.ts');
  return new SalesforceClient(session, send);
}

function isSendFailure(thrown: unknown): thrown is SendFailure {
  return thrown instanceof Error && 'answer' in thrown;
}

function parseAnswer<T>(request: SalesforceRequest<T>, sent: Sent): T {
  const parsed = request.answer.safeParse(sent.body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new SalesforceAnswerError(
    `Salesforce answered ${sent.status} in an unknown form (at "${where}") to ${request.method} ${request.path}`,
  );
}

function retryAfter(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
