import { ConnectorFault, type Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api.ts';
import { People } from './people.ts';
import { ZendeskAnswerError, ZendeskHttpError } from './http-error.ts';
import { settingsOf, type Settings } from './settings.ts';

/** One call. `bucket` names the budget that it is drawn from; only what may be repeated is `idempotent`. */
export interface ZendeskRequest<T> {
  readonly bucket: 'account' | 'export';
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly idempotent: boolean;
  readonly doc: string;
  readonly answer: z.ZodType<T>;
  /** Whether it goes on from a cursor that we kept, so that a refusal is of the cursor. */
  readonly withCursor?: boolean;
}

/** The user behind a token. Without a valid token Zendesk answers with success and a user that has no id. */
const meAnswer = z.looseObject({
  user: z.looseObject({
    id: z.number().nullish(),
    url: z.string().optional(),
    role: z.string().optional(),
    restricted_agent: z.boolean().nullish(),
    iana_time_zone: z.string().nullish(),
  }),
});
export type Me = z.infer<typeof meAnswer>['user'] & { readonly id: number };

/** The share of the account's calls that is left to its other apps. */
const LEFT_TO_OTHERS = 0.2;

/** Zendesk over fetch, behind the runner's session: waiting and repeating are the runner's. */
export class ZendeskClient {
  readonly session: Session;
  readonly settings: Settings;
  readonly people: People;
  #low: { readonly resumeAt: number } | undefined;

  constructor(session: Session) {
    this.session = session;
    this.settings = settingsOf(session.settings);
    this.people = new People(this);
  }

  /** The signed-in user. Throws ConnectorFault `token-expired` where Zendesk knows nobody. */
  async me(): Promise<Me> {
    return this.#call(
      { bucket: 'account', method: 'GET', path: paths.me, idempotent: true, doc: docs.users, answer: meAnswer },
      (answer) => {
        const { id } = answer.user;
        if (id !== null && id !== undefined) return { ...answer.user, id };
        throw new ZendeskHttpError({ method: 'GET', path: paths.me, status: 401, body: { error: 'anonymous user' } });
      },
    );
  }

  /** Makes a call and parses its answer. Throws ConnectorFault through the session. */
  json<T>(request: ZendeskRequest<T>): Promise<T> {
    return this.#call(request, (answer) => answer);
  }

  /** As `json`, but undefined where Zendesk says that there is no such thing. */
  async jsonOrNone<T>(request: ZendeskRequest<T>): Promise<T | undefined> {
    try {
      return await this.json(request);
    } catch (error) {
      if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return undefined;
      throw error;
    }
  }

  #call<T, R>(request: ZendeskRequest<T>, read: (answer: T) => R): Promise<R> {
    const spec = { bucket: request.bucket, idempotent: request.idempotent, doc: request.doc };
    return this.session.call(spec, async (signal) => {
      if (request.bucket === 'account') this.#leaveSome();
      const token = await this.session.accessToken();
      const base = (this.session.baseUrls['account'] ?? '').replace(/\/+$/, '');
      const response = await fetch(`${base}${withQuery(request.path, request.query)}`, {
        method: request.method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        // A redirect leads to another host, to which no token goes.
        redirect: 'manual',
        signal,
      });
      const text = await response.text();
      if (request.bucket === 'account') this.#note(response.headers);
      if (!response.ok) throw this.#refusal(request, response, text);
      return read(parseAnswer(request, response.status, text));
    });
  }

  /** Waits for the next minute when the account as a whole runs low: whoever uses it up takes from its people at work. */
  #leaveSome(): void {
    const wait = (this.#low?.resumeAt ?? 0) - this.session.now();
    if (wait <= 0) return;
    throw new ConnectorFault({
      kind: 'rate-limited',
      message:
        'The calls of this Zendesk account are nearly used up for this minute; the rest is left to its other apps.',
      retryAfterMs: wait,
    });
  }

  /** https://developer.zendesk.com/documentation/api-basics/best-practices/best-practices-for-avoiding-rate-limiting */
  #note(headers: Headers): void {
    const limit = count(headers.get('x-rate-limit') ?? headers.get('ratelimit-limit'));
    const remaining = count(headers.get('x-rate-limit-remaining') ?? headers.get('ratelimit-remaining'));
    if (limit === undefined || remaining === undefined) return;
    const reset = count(headers.get('ratelimit-reset') ?? headers.get('rate-limit-reset')) ?? 60;
    const low = remaining <= Math.floor(limit * LEFT_TO_OTHERS);
    this.#low = low ? { resumeAt: this.session.now() + Math.min(reset, 60) * 1000 } : undefined;
  }

  #refusal<T>(request: ZendeskRequest<T>, response: Response, text: string): ZendeskHttpError {
    return new ZendeskHttpError({
      method: request.method,
      path: request.path,
      status: response.status,
      body: parseJson(text),
      retryAfterMs: retryAfter(response.headers.get('retry-after'), this.session.now()),
      withCursor: request.withCursor ?? false,
    });
  }
}

function withQuery(path: string, query: ZendeskRequest<unknown>['query']): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

function parseAnswer<T>(request: ZendeskRequest<T>, status: number, text: string): T {
  const body = status === 204 ? null : parseJson(text);
  const parsed = request.answer.safeParse(body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ZendeskAnswerError(
    body === undefined
      ? `Zendesk answered ${status} without JSON to ${request.method} ${request.path}`
      : `Zendesk answered ${status} in an unknown form (at "${where}") to ${request.method} ${request.path}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function count(header: string | null): number | undefined {
  return header !== null && /^\d{1,9}$/.test(header.trim()) ? Number(header) : undefined;
}

/** Seconds or an HTTP date, as milliseconds from now. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
