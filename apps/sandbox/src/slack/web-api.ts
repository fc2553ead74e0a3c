import type { EmulatorContext } from 'emulate';
import { Arguments, tiers, type Meter, type Method } from './call.ts';
import { SlackFault } from './slack-fault.ts';
import type { SlackState, Token } from './state.ts';
import type { Workspace } from './workspace.ts';

type App = EmulatorContext<SlackState>['app'];

/** What the Web API needs around it. */
export interface WebApi {
  readonly workspace: Workspace;
  readonly meter: Meter;
  readonly methods: ReadonlyMap<string, Method>;
  readonly origin: string;
  readonly onUnknown: (path: string) => void;
}

/**
 * Serves `/api/<method>`: form or JSON body, or query. Errors are HTTP 200 with `ok: false`, rate limits 429.
 * @see https://docs.slack.dev/apis/web-api
 */
export function serveWebApi(app: App, api: WebApi): void {
  app.on('POST', '/api/:method', async (c) => answer(api, c.req.raw, c.req.param('method')));
  app.on('GET', '/api/:method', async (c) => answer(api, c.req.raw, c.req.param('method')));
}

async function answer(api: WebApi, request: Request, name: string): Promise<Response> {
  try {
    const args = new Arguments(await argumentsOf(request));
    const method = api.methods.get(name);
    if (method === undefined) {
      api.onUnknown(`/api/${name}`);
      throw new SlackFault('unknown_method', { req_method: name });
    }
    const token = tokenOf(api.workspace, request, args);
    const granted = method.scopes.length === 0 || method.scopes.some((scope) => token.scopes.includes(scope));
    if (!granted) {
      throw new SlackFault('missing_scope', { needed: method.scopes[0], provided: token.scopes.join(',') });
    }
    const scarce = method.readsMessages === true && isCommercial(api.workspace, token);
    const tier = scarce ? 1 : method.tier;
    if (tier !== undefined) api.meter.take(`${name}:${token.team}:${token.app}`, tiers[tier], 60_000);
    const result = method.run({ workspace: api.workspace, token, args, meter: api.meter, origin: api.origin });
    return Response.json({ ok: true, ...result }, { headers: { 'x-oauth-scopes': token.scopes.join(',') } });
  } catch (error) {
    return refusal(error);
  }
}

/** The answer to a SlackFault; anything else is passed on, so that a bug here cannot pass for an error of Slack's. */
export function refusal(error: unknown): Response {
  if (!(error instanceof SlackFault)) throw error;
  const { retryAfter, ...extra } = error.extra;
  const limited = typeof retryAfter === 'number';
  return Response.json(
    { ok: false, error: error.code, ...extra },
    limited ? { status: 429, headers: { 'retry-after': String(retryAfter) } } : { status: 200 },
  );
}

/** The arguments of a call: query, overlaid with the body. @throws SlackFault invalid_json, invalid_form_data */
export async function argumentsOf(request: Request): Promise<Record<string, unknown>> {
  const query = Object.fromEntries(new URL(request.url).searchParams);
  if (request.method === 'GET') return query;
  const text = await request.text();
  const type = request.headers.get('content-type') ?? '';
  if (type.startsWith('application/json')) {
    try {
      const body: unknown = JSON.parse(text === '' ? '{}' : text);
      if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...query, ...body };
    } catch {
      // Falls through: not JSON at all is refused like JSON of another shape.
    }
    throw new SlackFault('invalid_json');
  }
  return { ...query, ...Object.fromEntries(new URLSearchParams(text)) };
}

/** @see https://docs.slack.dev/apis/web-api/rate-limits: the limits of 2025-05-29 for apps outside the marketplace. */
export function isCommercial(workspace: Workspace, token: Token): boolean {
  return workspace.state.apps[token.app]?.distribution === 'commercial';
}

function tokenOf(workspace: Workspace, request: Request, args: Arguments): Token {
  const header = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const given = header ?? args.text('token');
  if (given === undefined) throw new SlackFault('not_authed');
  const token = Object.hasOwn(workspace.state.tokens, given) ? workspace.state.tokens[given] : undefined;
  if (token === undefined) throw new SlackFault('invalid_auth');
  if (token.dead !== undefined) throw new SlackFault(token.dead);
  return token;
}
