import { ConnectorFault, type Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { API_VERSION, docs } from './manifest.ts';
import { searchAnswer, withoutBody } from './raw-conversation.ts';

/** An answer that is no success. The message holds no token and nothing that people wrote. */
export class IntercomHttpError extends Error {
  readonly code = 'INTERCOM_HTTP';
  readonly status: number;
  /** Intercom's own code of the first error, such as `token_revoked`. */
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(answer: {
    readonly status: number;
    readonly path: string;
    readonly reason?: string | undefined;
    readonly retryAfterMs?: number | undefined;
  }) {
    super(`Intercom answered ${answer.status}${answer.reason ? ` ${answer.reason}` : ''} to ${answer.path}`);
    this.name = 'IntercomHttpError';
    this.status = answer.status;
    this.reason = answer.reason;
    this.retryAfterMs = answer.retryAfterMs;
  }
}

const me = z.looseObject({
  app: z.looseObject({ id_code: z.string().min(1), name: z.string().nullish(), timezone: z.string().nullish() }),
});
const refusal = z.looseObject({ errors: z.array(z.looseObject({ code: z.string() })) });

/** Intercom behind the runner's session: waiting, repeating and renewing tokens are the runner's. */
export interface IntercomClient {
  readonly session: Session;
  /** The workspace behind the token. */
  workspace(): Promise<{ readonly id: string; readonly name: string; readonly timezone: string | undefined }>;
  /** Conversations that changed after an instant and up to another, the oldest change first. Seconds since 1970. */
  search(after: number, until: number, startingAfter: string | undefined): Promise<z.infer<typeof searchAnswer>>;
  /** A conversation with its parts, without bodies; undefined where it is no more. */
  conversation(id: string): Promise<unknown>;
}

/** Makes a client. Intercom's SDK repeats every call, also such as must not be; a few calls over fetch do without it. */
export function connect(session: Session): Promise<IntercomClient> {
  const ask = <T>(
    method: 'GET' | 'POST',
    path: string,
    doc: string,
    answer: z.ZodType<T>,
    body?: unknown,
  ): Promise<T> =>
    session.call({ bucket: 'api', idempotent: true, doc }, async (signal) => {
      const response = await fetch(`${session.baseUrls['api'] ?? ''}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await session.accessToken()}`,
          accept: 'application/json',
          'intercom-version': API_VERSION,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect leads to another host, to which no token goes.
        redirect: 'manual',
        signal,
      });
      if (!response.ok) throw await refused(response, path, session.now());
      return answer.parse(await response.json());
    });
  return Promise.resolve({
    session,
    workspace: async () => {
      const { app } = await ask('GET', '/me', docs.me, me);
      return { id: app.id_code, name: app.name ?? app.id_code, timezone: app.timezone ?? undefined };
    },
    search: (after, until, startingAfter) =>
      ask('POST', '/conversations/search', docs.search, searchAnswer, {
        query: {
          operator: 'AND',
          value: [
            { field: 'updated_at', operator: '>', value: after },
            { field: 'updated_at', operator: '<', value: until },
          ],
        },
        sort: { field: 'updated_at', order: 'ascending' },
        pagination: { per_page: 150, ...(startingAfter && { starting_after: startingAfter }) },
      }),
    conversation: async (id) => {
      try {
        const path = `/conversations/${encodeURIComponent(id)}`;
        return withoutBody(await ask('GET', path, docs.conversation, z.looseObject({})));
      } catch (error) {
        if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return undefined;
        throw error;
      }
    },
  });
}

async function refused(response: Response, path: string, now: number): Promise<IntercomHttpError> {
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page is no word of Intercom.
  }
  const parsed = refusal.safeParse(body);
  const reset = Number(response.headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000 - now;
  return new IntercomHttpError({
    status: response.status,
    path,
    reason: parsed.success ? parsed.data.errors[0]?.code : undefined,
    retryAfterMs: Number.isFinite(reset) && reset > 0 ? Math.min(reset, 60_000) : undefined,
  });
}
