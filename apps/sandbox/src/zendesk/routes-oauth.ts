import type { EmulatorApp, RouteContext, ZendeskCore } from './core.ts';
import { ZendeskRefusal } from './errors.ts';

/** Query parameters that name the account on the authorize page; with the vendor it is the host's own name. */
export const ACCOUNT_HINTS = ['subdomain', 'login_hint'];

const DAY_SECONDS = 86_400;
const REFRESH_TTL_SECONDS = 30 * DAY_SECONDS;

/** https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/ */
export function registerOAuthRoutes(
  app: EmulatorApp,
  core: ZendeskCore,
  options: { readonly autoConsent: boolean },
): void {
  app.get('/oauth/authorizations/new', (c) => {
    const request = new URL(c.req.url).searchParams;
    const hint = ACCOUNT_HINTS.map((name) => request.get(name)).find((value) => value !== null);
    // Without a hint an unattended sandbox takes the first account, which is the sample company's.
    const account = hint ?? (options.autoConsent ? Object.keys(core.state.accounts)[0] : undefined);
    for (const name of ACCOUNT_HINTS) request.delete(name);
    if (account !== undefined) request.set('subdomain', account);
    return core.oauth.authorize(request);
  });
  app.post('/oauth/authorizations/new', async (c) => core.oauth.consent(new URLSearchParams(await c.req.text())));
  app.post('/oauth/tokens', async (c) => token(core, c));
}

async function token(core: ZendeskCore, c: RouteContext): Promise<Response> {
  const form = await readForm(c);
  const refresh = form.get('refresh_token') ?? '';
  const until = core.state.refreshUntil[refresh];
  if (until !== undefined && until <= core.now()) core.oauth.revoke(refresh);
  const result = core.oauth.exchange(form, c.req.header('authorization'));
  if (!result.ok) {
    const status = result.error === 'invalid_client' ? 401 : 400;
    const error = result.error === 'redirect_uri_mismatch' ? 'invalid_grant' : result.error;
    throw new ZendeskRefusal(status, { error, error_description: result.description });
  }
  delete core.state.refreshUntil[refresh];
  const life = lifeOf(form, 'expires_in', 300, 2 * DAY_SECONDS) ?? result.expiresIn;
  const grant = core.state.oauth.access[result.accessToken];
  if (grant !== undefined) {
    core.state.oauth.access[result.accessToken] = { ...grant, expiresAt: grant.issuedAt + life * 1000 };
  }
  const refreshLife =
    lifeOf(form, 'refresh_token_expires_in', 7 * DAY_SECONDS, 90 * DAY_SECONDS) ?? REFRESH_TTL_SECONDS;
  if (result.refreshToken !== undefined) {
    core.state.refreshUntil[result.refreshToken] = core.now() + refreshLife * 1000;
  }
  return c.json({
    access_token: result.accessToken,
    refresh_token: result.refreshToken,
    token_type: 'bearer',
    scope: result.grant.scopes.join(' '),
    expires_in: life,
    refresh_token_expires_in: refreshLife,
  });
}

function lifeOf(form: URLSearchParams, name: string, least: number, most: number): number | undefined {
  const text = form.get(name);
  if (text === null) return undefined;
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= least && seconds <= most) return seconds;
  throw new ZendeskRefusal(400, { error: 'invalid_request', error_description: `${name} is out of range` });
}

/** The route takes JSON as well as a form. */
async function readForm(c: RouteContext): Promise<URLSearchParams> {
  const text = await c.req.text();
  if (!(c.req.header('content-type') ?? '').includes('json')) return new URLSearchParams(text);
  const parsed: unknown = JSON.parse(text === '' ? '{}' : text);
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  return new URLSearchParams(entries.map(([name, value]): [string, string] => [name, String(value)]));
}
