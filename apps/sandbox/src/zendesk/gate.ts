import type { RouteContext, RouteHandler, ZendeskCore } from './core.ts';
import { forbidden, invalidToken, invalidValue, ZendeskRefusal } from './errors.ts';
import { countCall } from './limits.ts';
import type { ZendeskAccount, ZendeskUser } from './state.ts';

/** One authorized call. */
export interface Call {
  readonly account: ZendeskAccount;
  readonly user: ZendeskUser;
  param(name: string): string;
  query(name: string): string | undefined;
  /** The JSON body. @throws ZendeskRefusal 400 if it is malformed. */
  body(): Promise<Readonly<Record<string, unknown>>>;
}

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

export interface GateOptions {
  /** Scopes any one of which opens the route. */
  readonly scopes: readonly string[];
  /** Whether the route is one of the incremental exports: administrators alone, ten a minute. */
  readonly exporting?: boolean;
  /** Whether administrators alone may call it. */
  readonly adminOnly?: boolean;
}

/** Puts token, rate cap, scope and role in front of a route. */
export function gated(
  core: ZendeskCore,
  options: GateOptions,
  handle: (call: Call) => Answer | Promise<Answer>,
): RouteHandler {
  return async (c) => {
    const found = core.oauth.introspect(c.req.header('authorization'));
    if (!found.ok) throw invalidToken();
    const account = core.account(found.grant.subject);
    const exporting = options.exporting === true;
    const headers = countCall(core.windows, core.settings.limits, {
      subdomain: account.subdomain,
      exporting,
      now: core.now(),
    });
    const user = account.users[account.signedIn];
    const granted = found.grant.scopes;
    if (user === undefined || !options.scopes.some((scope) => granted.includes(scope))) throw forbidden();
    if ((exporting || options.adminOnly === true) && user.role !== 'admin') throw forbidden();
    const search = new URL(c.req.url).searchParams;
    const answer = await handle({
      account,
      user,
      param: (name) => c.req.param(name).replace(/\.json$/, ''),
      query: (name) => search.get(name) ?? undefined,
      body: () => readBody(c),
    });
    if (answer.status === 204) return c.body(null, 204, headers);
    return c.json(answer.body, answer.status ?? 200, headers);
  };
}

async function readBody(c: RouteContext): Promise<Readonly<Record<string, unknown>>> {
  try {
    const parsed: unknown = JSON.parse(await c.req.text());
    if (typeof parsed === 'object' && parsed !== null) return Object.fromEntries(Object.entries(parsed));
  } catch {
    // Answered below like any other body that is no object.
  }
  throw invalidValue('The body is not a JSON object', 400);
}

/** The answer to anything that a route throws: a refusal in the vendor's shape, or 599 so that our own bug cannot pass for a vendor's 5xx. */
export function refusalResponse(error: unknown, c: RouteContext): Response {
  if (error instanceof ZendeskRefusal) return c.json({ ...error.body }, error.status, { ...error.headers });
  return c.json({ error: 'SandboxBug', description: `sandbox zendesk broke: ${String(error)}` }, 599);
}
