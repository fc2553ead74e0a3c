import { z } from 'zod';
import { Access } from './access.ts';
import type { RouteContext, RouteHandler, SalesforceCore } from './core.ts';
import { badJson, dailyLimit, missingApiScope, notFound, SalesforceRefusal, sessionExpired } from './errors.ts';
import { countCall, limitHeader } from './limits.ts';
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

/** Puts session, daily limit and version in front of a route. Every answer says how much of the limit is used, refusals too. */
export function gated(core: SalesforceCore, handle: (call: Call) => Answer | Promise<Answer>): RouteHandler {
  return async (c) => {
    const { access, session } = authenticate(core, c.req.header('authorization'));
    const orgId = access.book.org.id;
    const limit = core.settings.dailyCallsOf.get(orgId) ?? core.settings.dailyCalls;
    const counted = countCall(core.windows, orgId, limit);
    const headers = limitHeader(core.windows, orgId, limit);
    try {
      if (!counted) throw dailyLimit();
      const answer = await handle(callOf(c, access, session));
      const all = { ...headers, ...answer.headers };
      if (answer.body === undefined) return c.body(null, answer.status ?? 204, all);
      if (typeof answer.body === 'string') {
        return c.body(answer.body, answer.status ?? 200, { ...all, 'content-type': 'text/csv' });
      }
      return c.json(answer.body, answer.status ?? 200, all);
    } catch (error) {
      if (error instanceof SalesforceRefusal) return c.json(error.body, error.status, headers);
      throw error;
    }
  };
}

/** @throws SalesforceRefusal 401 for a session that is over, 403 for a user or an org without the API. */
function authenticate(
  core: SalesforceCore,
  authorization: string | undefined,
): { readonly access: Access; readonly session: string } {
  const found = core.oauth.introspect(authorization);
  const who = found.ok ? core.userOf(found.grant.subject) : undefined;
  if (!found.ok || who === undefined) throw sessionExpired();
  if (!found.grant.scopes.some((scope) => scope === 'api' || scope === 'full')) throw missingApiScope();
  const access = new Access(who.book, who.user);
  if (core.settings.apiDisabled.has(who.book.org.id) || !access.profile.apiEnabled) {
    throw new SalesforceRefusal(403, 'API_DISABLED_FOR_ORG', 'The REST API is not enabled for this Organization.');
  }
  return { access, session: found.token };
}

function callOf(c: RouteContext, access: Access, session: string): Call {
  const version = c.req.param('version');
  const number = Number(/^v(\d\d)\.0$/.exec(version)?.[1] ?? Number.NaN);
  if (!(number >= OLDEST_VERSION && number <= NEWEST_VERSION)) throw notFound();
  if (c.req.url.length > LONGEST_URI) throw new SalesforceRefusal(414, 'URI_TOO_LONG', 'URI Too Long');
  return {
    book: access.book,
    access,
    session,
    root: `/services/data/${version}`,
    version,
    client: /(?:^|,)\s*client=([^,]*)/.exec(c.req.header('sforce-call-options') ?? '')?.[1]?.trim(),
    param: (name) => c.req.param(name),
    query: (name) => c.req.query(name),
    header: (name) => c.req.header(name),
    body: (schema) => readBody(c, schema),
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
