import type { Client } from '@hubspot/api-client';
import { ConnectorFault, type Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import { Directory, once } from './directory.ts';
import { HubSpotAnswerError, HubSpotHttpError } from './http-error.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { nextMidnight } from './time.ts';

/** One call. `bucket` names the budget that it is drawn from; only what may be repeated is `idempotent`. */
export interface HubSpotRequest<T> {
  readonly bucket: 'portal' | 'search';
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly idempotent: boolean;
  /** Asked in the name of the app, not of the account. */
  readonly asApp?: boolean;
  readonly doc: string;
  readonly answer: z.ZodType<T>;
  /** Throws HubSpotAnswerError where an answer of the right form is none; within the call, so that the runner may try again. */
  check?(answer: T): void;
}

/** The account behind a token. */
const accountDetails = z.looseObject({
  portalId: z.number().int(),
  portalName: z.string().optional(),
  timeZone: z.string().optional(),
  companyCurrency: z.string().optional(),
});
export type AccountDetails = z.infer<typeof accountDetails>;

/**
 * HubSpot's SDK behind the runner's session. Its `apiRequest` never throws on a status, never retries and ignores an AbortSignal:
 * the status is checked here, waiting and repeating are the runner's. Its limiter and its retries are one setting for the whole
 * process and stay off (failure D7).
 */
export class HubSpotClient {
  readonly session: Session;
  readonly declaration: Declaration;
  readonly #sdk: Client;
  #token: string | undefined;
  #timeZone: string | undefined;
  /** The account's id, name and time zone, read once a connection. */
  readonly details: () => Promise<AccountDetails>;
  readonly directory: Directory;

  constructor(session: Session, sdk: Client) {
    this.session = session;
    this.#sdk = sdk;
    this.declaration = declarationOf(session.settings);
    this.directory = new Directory(this);
    this.details = once(async () => {
      const details = await this.json({
        bucket: 'portal',
        method: 'GET',
        path: paths.account,
        idempotent: true,
        doc: docs.account,
        answer: accountDetails,
      });
      this.#timeZone = details.timeZone;
      return details;
    });
  }

  /** Where a person looks at records. */
  get appUrl(): string {
    return this.session.baseUrls['app'] ?? 'https://app.hubspot.com';
  }

  /** Makes a call and parses its answer. Throws ConnectorFault through the session. */
  json<T>(request: HubSpotRequest<T>): Promise<T> {
    return this.#call(request, async (response) => {
      if (!response.ok) throw await this.#refusal(request, response);
      return parseAnswer(request, response);
    });
  }

  /** As `json`, but undefined where HubSpot says that there is no such thing. */
  async jsonOrNone<T>(request: HubSpotRequest<T>): Promise<T | undefined> {
    const { answer } = await this.jsonOrRefusal(request, [404]);
    return answer;
  }

  /** As `json`, but hands back a refusal with one of these statuses. A page that is not HubSpot's own JSON stays a fault. */
  jsonOrRefusal<T>(
    request: HubSpotRequest<T>,
    statuses: readonly number[],
  ): Promise<
    { readonly answer: T; readonly refusal?: never } | { readonly answer?: never; readonly refusal: HubSpotHttpError }
  > {
    return this.#call(request, async (response) => {
      if (response.ok) return { answer: await parseAnswer(request, response) };
      const refusal = await this.#refusal(request, response);
      if (!refusal.understood || !statuses.includes(refusal.status)) throw refusal;
      return { refusal };
    });
  }

  #call<T, R>(request: HubSpotRequest<T>, read: (response: Response) => Promise<R>): Promise<R> {
    const spec = { bucket: request.bucket, idempotent: request.idempotent, doc: request.doc };
    return this.session.call(spec, async (signal) => {
      const token = await this.#tokenFor(request);
      // Building the request is synchronous, so no other call can change the token between these two lines.
      if (token !== this.#token) this.#sdk.setAccessToken(token);
      this.#token = token;
      const answer = this.#sdk.apiRequest({
        method: request.method,
        path: withQuery(request.path, request.query),
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      return untilAborted(answer.then(read), signal);
    });
  }

  #tokenFor<T>({ asApp }: HubSpotRequest<T>): Promise<string> {
    if (asApp !== true) return this.session.accessToken();
    if (this.session.appToken) return this.session.appToken();
    throw new ConnectorFault({ kind: 'scope-missing', message: 'The app of HubSpot has no token of its own here.' });
  }

  async #refusal<T>(request: HubSpotRequest<T>, response: Response): Promise<HubSpotHttpError> {
    const text = await response.text();
    const retryAfterMs = retryAfter(response.headers.get('retry-after'), this.session.now());
    const resumeAt = this.#timeZone === undefined ? undefined : nextMidnight(this.session.now(), this.#timeZone);
    return new HubSpotHttpError({
      method: request.method,
      path: request.path,
      status: response.status,
      body: parseJson(text),
      retryAfterMs,
      resumeAt,
      grantedScopes: this.session.grantedScopes,
    });
  }
}

/** Loads the SDK and binds it to a session: importing this package alone must not cost its start-up. */
export async function connect(session: Session): Promise<HubSpotClient> {
  const { Client } = await import('@hubspot/api-client');
  const basePath = (session.baseUrls['api'] ?? 'https://api.hubapi.com').replace(/\/+$/, '');
  return new HubSpotClient(session, new Client({ basePath }));
}

/** `URLSearchParams` would send an undefined value as the word "undefined", so the SDK never sees the query as an object. */
function withQuery(path: string, query: Readonly<Record<string, string | undefined>> | undefined): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) params.set(name, value);
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function parseAnswer<T>(request: HubSpotRequest<T>, response: Response): Promise<T> {
  // An answer without content is one: there is nothing.
  const body = response.status === 204 ? null : parseJson(await response.text());
  const parsed = request.answer.safeParse(body);
  if (parsed.success) {
    request.check?.(parsed.data);
    return parsed.data;
  }
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new HubSpotAnswerError(
    body === undefined
      ? `HubSpot answered ${response.status} without JSON to ${request.method} ${request.path}`
      : `HubSpot answered ${response.status} in an unknown form (at "${where}") to ${request.method} ${request.path}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds or an HTTP date, as milliseconds from now. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** The SDK drops the signal, so the call is abandoned rather than canceled; what it still brings is ignored. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abandon = (): void =>
      reject(signal.reason instanceof Error ? signal.reason : new Error('The call was aborted'));
    if (signal.aborted) {
      work.catch(() => undefined);
      abandon();
      return;
    }
    signal.addEventListener('abort', abandon, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abandon));
  });
}
