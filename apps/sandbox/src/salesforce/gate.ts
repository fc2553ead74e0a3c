import { z } from 'zod';
import { Access } from './access.ts';
import type { RouteContext, RouteHandler, SalesforceCore } from './core.ts';
import { badJson, missingApiScope, notFound, SalesforceRefusal, sessionExpired } from './errors.ts';
import { countCall } from './limits.ts';
import type { OrgBook } from './org-book.ts';

/** Versions that the sandbox answers: those that are not retired. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/api_rest_eol.htm */
const OLDEST_VERSION = 31;
export const NEWEST_VERSION = 67;

/** One authorized call. */
export interface Call {
  readonly book: OrgBook;
  readonly access: Access;
  /** The access token: cursors belong to it. */
  readonly session: string;
  /** `/services/data/v66.0`. */
  readonly root: string;
  readonly version: string;
  /** `client` of Sforce-Call-Options. */
  readonly client: string | undefined;
  param(name: string): string;
  query(name: string): string | undefined;
  header(name: string): string | undefined;
  /** The JSON body. @throws SalesforceRefusal JSON_PARSER_ERROR. */
  body<T>(schema: z.ZodType<T>): Promise<T>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as CSV, anything else as JSON. */
  readonly body?: unknown;
}

/** URI and headers together. https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm */
const LONGEST_URI = 16_384;

/** Puts session, daily limit and version in front of a route. */
export function gated(core: SalesforceCore, handle: (call: Call) => Answer | Promise<Answer>): RouteHandler {
  return async (c) => {
    const found = core.oauth.introspect(c.req.header('authorization'));
    if (!found.ok) throw sessionExpired();
    const who = core.userOf(found.grant.subject);
    if (who === undefined) throw sessionExpired();
    if (!found.grant.scopes.some((scope) => scope === 'api' || scope === 'full')) throw missingApiScope();
    const { book, user } = who;
    const access = new Access(book, user);
    if (core.settings.apiDisabled.has(book.org.id) || !access.profile.apiEnabled) {
      throw new SalesforceRefusal(403, 'API_DISABLED_FOR_ORG', 'The REST API is not enabled for this Organization.');
    }
    const limit = core.settings.dailyCallsOf.get(book.org.id) ?? core.settings.dailyCalls;
    const headers = countCall(core.windows, book.org.id, limit);
    const version = c.req.param('version');
    const number = /^v(\d\d)\.0$/.exec(version)?.[1];
    if (number === undefined || Number(number) < OLDEST_VERSION || Number(number) > NEWEST_VERSION) throw notFound();
    if (c.req.url.length > LONGEST_URI) throw new SalesforceRefusal(414, 'URI_TOO_LONG', 'URI Too Long');
    const client = /(?:^|,)\s*client=([^,]*)/.exec(c.req.header('sforce-call-options') ?? '')?.[1]?.trim();
    const answer = await handle({
      book,
      access,
      session: found.token,
      root: `/services/data/${version}`,
      version,
      client,
      param: (name) => c.req.param(name),
      query: (name) => c.req.query(name),
      header: (name) => c.req.header(name),
      body: (schema) => readBody(c, schema),
    });
    const all = { ...headers, ...answer.headers };
    if (answer.body === undefined) return c.body(null, answer.status ?? 204, all);
    if (typeof answer.body === 'string') {
      return c.body(answer.body, answer.status ?? 200, { ...all, 'content-type': 'text/csv' });
    }
    return c.json(answer.body, answer.status ?? 200, all);
  };
}

async function readBody<T>(c: RouteContext, schema: z.ZodType<T>): Promise<T> {
  let raw: unknown;
  try {
    raw = JSON.parse(await c.req.text());
  } catch {
    throw badJson('Unexpected character in the body at [line:1, column:1]');
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw badJson(z.prettifyError(parsed.error));
}

/** The answer to anything that a route throws: a refusal in the vendor's shape, or 599 so that our own bug cannot pass for a vendor's 5xx. */
export function refusalResponse(core: SalesforceCore, error: unknown, c: RouteContext): Response {
  if (error instanceof SalesforceRefusal) return c.json(error.body, error.status);
  core.state.counters.error += 1;
  return c.json([{ message: `sandbox salesforce broke: ${String(error)}`, errorCode: 'SANDBOX_BUG' }], 599);
}
