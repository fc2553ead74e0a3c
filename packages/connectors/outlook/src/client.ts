import { UnexpectedAnswer } from '@waymark/connector-kit';
import type { Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { graphVersion, pathOfLink } from './link.ts';
import { BearerStep } from './middleware.ts';

/** A read. `doc` is the page of the reference below `https://learn.microsoft.com/en-us/graph/api/`. */
export interface GraphRead<T> {
  readonly path: string;
  readonly answer: z.ZodType<T>;
  readonly doc: string;
  /** Rows to a page; Graph may give fewer. */
  readonly pageSize?: number;
}

/** A call that changes something at Graph: subscriptions are all that we ever change. */
export interface GraphWrite<T> {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly answer: z.ZodType<T>;
  readonly doc: string;
}

/** A page of a collection; its links are reduced to what `read` takes. */
export interface GraphPage<T> {
  readonly rows: readonly T[];
  readonly next?: string;
  readonly delta?: string;
  readonly count?: number;
}

/** Graph as one mailbox sees it. */
export interface GraphClient {
  /** `/me`, or the mailbox that an organization's grant reads. */
  readonly root: string;
  /** That mailbox; absent where the signed-in account is read. */
  readonly subject?: string;
  readonly grantedScopes: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  now(): number;
  read<T>(request: GraphRead<T>): Promise<T>;
  /** Reads a page of a collection of such rows. */
  page<T>(request: Omit<GraphRead<T>, 'answer'> & { readonly row: z.ZodType<T> }): Promise<GraphPage<T>>;
  write<T>(request: GraphWrite<T>): Promise<T>;
}

const reference = 'https://learn.microsoft.com/en-us/graph/api';

/** What every call asks for: ids that outlive a move (failure B3) and times in UTC (failure C3), on links as well. */
function preferences(pageSize: number | undefined): string {
  const always = 'IdType="ImmutableId", outlook.timezone="UTC"';
  return pageSize === undefined ? always : `${always}, odata.maxpagesize=${pageSize}`;
}

/** Loads the SDK and binds it to a session, with a chain of our own: retries and redirects are the runner's. */
export async function connectGraph(session: Session): Promise<GraphClient> {
  const { Client, HTTPMessageHandler } = await import('@microsoft/microsoft-graph-client');
  const baseUrl = (session.baseUrls['graph'] ?? 'https://graph.microsoft.com').replace(/\/+$/, '');
  const bearer = new BearerStep(() => session.accessToken(), baseUrl);
  const sdk = Client.initWithMiddleware({
    baseUrl: `${baseUrl}/`,
    defaultVersion: graphVersion,
    middleware: [bearer, new HTTPMessageHandler()],
  });

  const request = (path: string, signal: AbortSignal, pageSize?: number) =>
    sdk.api(path).header('prefer', preferences(pageSize)).option('signal', signal);

  const read: GraphClient['read'] = ({ path, answer, doc, pageSize }) =>
    session.call({ bucket: 'mailbox', cost: 1, idempotent: true, doc: `${reference}/${doc}` }, async (signal) =>
      parsed(answer, doc, await request(path, signal, pageSize).get()),
    );

  return {
    root: session.subject === undefined ? '/me' : `/users/${encodeURIComponent(session.subject)}`,
    ...(session.subject === undefined ? {} : { subject: session.subject }),
    grantedScopes: session.grantedScopes,
    settings: session.settings,
    now: session.now,
    read,
    page: async ({ row, ...rest }) => {
      const { value, next, delta, count } = await read({ ...rest, answer: collectionOf(row) });
      return {
        rows: value,
        ...(next === undefined ? {} : { next: pathOfLink(next, baseUrl) }),
        ...(delta === undefined ? {} : { delta: pathOfLink(delta, baseUrl) }),
        ...(count === undefined ? {} : { count }),
      };
    },
    write: ({ method, path, body, answer, doc }) =>
      session.call(
        { bucket: 'mailbox', cost: 1, idempotent: method !== 'POST', doc: `${reference}/${doc}` },
        async (signal) => {
          const call = request(path, signal);
          const said: unknown =
            method === 'POST'
              ? await call.post(body)
              : method === 'PATCH'
                ? await call.patch(body)
                : await call.delete();
          return parsed(answer, doc, said);
        },
      ),
  };
}

function collectionOf<T>(row: z.ZodType<T>) {
  return z
    .object({
      value: z.array(row),
      '@odata.nextLink': z.string().optional(),
      '@odata.deltaLink': z.string().optional(),
      '@odata.count': z.number().optional(),
    })
    .transform((answer) => ({
      value: answer.value,
      next: answer['@odata.nextLink'],
      delta: answer['@odata.deltaLink'],
      count: answer['@odata.count'],
    }));
}

/** A good status with HTML or cut JSON is a failure, never an empty page (failure A4). */
function parsed<T>(answer: z.ZodType<T>, doc: string, said: unknown): T {
  const result = answer.safeParse(said);
  if (!result.success) throw new UnexpectedAnswer(`Graph's ${doc}`, { cause: result.error });
  return result.data;
}
