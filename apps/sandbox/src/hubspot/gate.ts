import { z } from 'zod';
import type { HubSpotCore, RouteContext, RouteHandler } from './core.ts';
import { HubSpotRefusal, invalid, missingScopes, tokenExpired, unauthorized } from './errors.ts';
import { countCall } from './limits.ts';
import { parseObjectType, type ObjectType } from './object-type.ts';
import type { PortalBook } from './portal-book.ts';
import type { HubSpotApp } from './state.ts';

/** One authorized call. */
export interface Call {
  readonly book: PortalBook;
  readonly app: HubSpotApp;
  readonly baseUrl: string;
  param(name: string): string;
  /** A path segment as an object type. @throws HubSpotRefusal 400 if it is none. */
  objectType(name: string): ObjectType;
  query(name: string): string | undefined;
  /** A query parameter that is repeated or comma-separated. */
  list(name: string): string[];
  /** The JSON body. @throws HubSpotRefusal 400 if it is malformed. */
  body<T>(schema: z.ZodType<T>): Promise<T>;
}

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

/** The scopes of a route, by the object types in its path. Alternatives: one of them must be granted whole. */
export type ScopeRule = (objectType: (name: string) => ObjectType) => readonly (readonly string[])[];

export interface GateOptions {
  readonly scopes: ScopeRule;
  readonly search?: boolean;
}

/** Puts token, rate cap and scopes in front of a route, in the vendor's order. */
export function gated(
  core: HubSpotCore,
  options: GateOptions,
  handle: (call: Call) => Answer | Promise<Answer>,
): RouteHandler {
  return async (c) => {
    const { app, portalId, scopes } = authenticate(core, c.req.header('authorization'));
    const headers = countCall(core.windows, core.settings.limits, {
      portalId,
      clientId: app.clientId,
      search: options.search === true,
    });
    const objectType = (name: string): ObjectType => {
      const text = c.req.param(name);
      const type = parseObjectType(text);
      if (type === undefined) throw invalid(`Unable to infer object type from: ${text}`);
      return type;
    };
    const alternatives = options.scopes(objectType);
    if (!alternatives.some((wanted) => wanted.every((scope) => scopes.includes(scope)))) {
      throw missingScopes(alternatives.flat());
    }
    const answer = await handle({
      book: core.book(portalId),
      app,
      baseUrl: core.baseUrl,
      param: (name) => c.req.param(name),
      objectType,
      query: (name) => c.req.query(name),
      list: (name) => (c.req.queries(name) ?? []).flatMap((text) => text.split(',')).filter((text) => text !== ''),
      body: (schema) => readBody(c, schema),
    });
    if (answer.status === 204) return c.body(null, 204, headers);
    return c.json(answer.body, answer.status ?? 200, headers);
  };
}

function authenticate(
  core: HubSpotCore,
  authorization: string | undefined,
): { app: HubSpotApp; portalId: number; scopes: readonly string[] } {
  const found = core.oauth.introspect(authorization);
  if (!found.ok) {
    const token = authorization?.replace(/^Bearer\s+/i, '') ?? '';
    const expiresAt = core.state.oauth.access[token]?.expiresAt;
    if (found.reason === 'expired' && expiresAt !== undefined) throw tokenExpired(expiresAt, core.now());
    throw unauthorized();
  }
  const app = core.state.apps[found.grant.clientId];
  if (app === undefined) throw unauthorized();
  return { app, portalId: Number(found.grant.subject), scopes: found.grant.scopes };
}

async function readBody<T>(c: RouteContext, schema: z.ZodType<T>): Promise<T> {
  let raw: unknown;
  try {
    raw = JSON.parse(await c.req.text());
  } catch {
    throw invalid('Invalid input JSON: the body could not be parsed');
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({ message: issue.message, in: issue.path.join('.') }));
  throw invalid(`Invalid input JSON: ${z.prettifyError(parsed.error)}`, errors);
}

/** The answer to anything that a route throws: a refusal in the vendor's shape, or 599 so that our own bug cannot pass for a vendor's 5xx. */
export function refusalResponse(core: HubSpotCore, error: unknown, c: RouteContext): Response {
  core.state.counters.correlation += 1;
  const correlationId = `00000000-0000-4000-8000-${core.state.counters.correlation.toString(16).padStart(12, '0')}`;
  if (error instanceof HubSpotRefusal) {
    return c.json({ ...error.body, correlationId }, error.status, { ...error.headers });
  }
  return c.json(
    { status: 'error', message: `sandbox hubspot broke: ${String(error)}`, correlationId, category: 'SANDBOX_BUG' },
    599,
  );
}
