import type { EmulatorApp, HubSpotCore, RouteContext } from './core.ts';
import { HubSpotRefusal } from './errors.ts';
import { appScopes } from './routes-journal.ts';
import type { AccessGrant, RefreshGrant } from '../front/oauth.ts';

const TOKEN_PATH = '/oauth/2026-03/token';

/** Query parameters that name the account on the authorize page; the vendor itself takes it in the path. */
export const ACCOUNT_HINTS = ['portal_id', 'hub_id', 'login_hint'];

/** https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/manage-oauth-tokens */
export function registerOAuthRoutes(
  app: EmulatorApp,
  core: HubSpotCore,
  options: { readonly autoConsent: boolean },
): void {
  const authorize = (c: RouteContext, portalId?: string): Response => {
    const request = new URL(c.req.url).searchParams;
    const optional = words(request.get('optional_scope')).filter(
      (scope) => !core.settings.ungrantableScopes.has(scope),
    );
    request.set('scope', [...words(request.get('scope')), ...optional].join(' '));
    request.delete('optional_scope');
    const hint = portalId ?? ACCOUNT_HINTS.map((name) => request.get(name)).find((value) => value !== null);
    // Without a hint an unattended sandbox takes the first account, which is the sample company's.
    const account = hint ?? (options.autoConsent ? Object.keys(core.state.portals)[0] : undefined);
    for (const name of ACCOUNT_HINTS) request.delete(name);
    if (account !== undefined) request.set('portal_id', account);
    return core.oauth.authorize(request);
  };
  app.get('/oauth/authorize', (c) => authorize(c));
  app.get('/oauth/:portal/authorize', (c) => authorize(c, c.req.param('portal')));
  app.post('/oauth/authorize', async (c) => core.oauth.consent(new URLSearchParams(await c.req.text())));
  app.post(TOKEN_PATH, async (c) => token(core, c));
  app.post(`${TOKEN_PATH}/introspect`, async (c) => introspect(core, c));
  app.post(`${TOKEN_PATH}/revoke`, async (c) => {
    const form = await readForm(core, c);
    core.oauth.revoke(form.get('token') ?? '');
    return c.body(null, 204);
  });
}

function words(text: string | null): string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

/** HubSpot's OAuth refusals carry the OAuth fields and its own: https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints */
function oauthRefusal(error: string, description: string, status: string): HubSpotRefusal {
  return new HubSpotRefusal(400, status, description, { error, error_description: description, status });
}

const REFRESH_REFUSED = 'refresh token is invalid, expired or revoked';

async function token(core: HubSpotCore, c: RouteContext): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  if (form.get('grant_type') === 'client_credentials') return appToken(core, c, form);
  const result = core.oauth.exchange(form, c.req.header('authorization'));
  if (result.ok) {
    const app = core.state.apps[result.grant.clientId];
    const portalId = Number(result.grant.subject);
    return c.json({
      token_type: 'bearer',
      token_use: 'access_token',
      access_token: result.accessToken,
      // A refresh answers with a refresh token, too; whether it is a new one is not documented.
      refresh_token: result.refreshToken ?? form.get('refresh_token') ?? '',
      expires_in: result.expiresIn,
      hub_id: portalId,
      scopes: result.grant.scopes,
      user_id: userOf(core, portalId),
      ...(app === undefined ? {} : { app_id: app.appId }),
    });
  }
  switch (result.error) {
    case 'invalid_client':
      throw oauthRefusal('invalid_client', 'missing or invalid client id or client secret', 'BAD_CLIENT_SECRET');
    case 'redirect_uri_mismatch':
      throw oauthRefusal(
        'invalid_grant',
        'redirect URI does not match the authorization request',
        'MISMATCH_REDIRECT_URI_AUTH_CODE',
      );
    case 'invalid_grant':
      throw form.get('grant_type') === 'refresh_token'
        ? oauthRefusal('invalid_grant', REFRESH_REFUSED, 'BAD_REFRESH_TOKEN')
        : oauthRefusal('invalid_grant', 'missing or unknown auth code', 'BAD_AUTH_CODE');
    default:
      throw oauthRefusal(result.error, result.description, 'BAD_GRANT_TYPE');
  }
}

/** https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/overview#client-credentials */
function appToken(core: HubSpotCore, c: RouteContext, form: URLSearchParams): Response {
  const clientId = form.get('client_id') ?? '';
  if (core.state.oauth.apps[clientId]?.clientSecret !== form.get('client_secret'))
    throw oauthRefusal('invalid_client', 'missing or invalid client id or client secret', 'BAD_CLIENT_SECRET');
  const scopes = appScopes(core, words(form.get('scope')));
  const { accessToken } = core.oauth.mint({ clientId, subject: `app:${clientId}`, scopes });
  return c.json({ token_type: 'bearer', access_token: accessToken, expires_in: 1800, scope: scopes.join(' ') });
}

function userOf(core: HubSpotCore, portalId: number): number {
  return core.state.portals[portalId]?.owners[0]?.userId ?? 1;
}

async function readForm(core: HubSpotCore, c: RouteContext): Promise<URLSearchParams> {
  const form = new URLSearchParams(await c.req.text());
  const app = core.state.oauth.apps[form.get('client_id') ?? ''];
  if (app === undefined || app.clientSecret !== form.get('client_secret')) {
    throw oauthRefusal('invalid_client', 'missing or invalid client id or client secret', 'BAD_CLIENT_SECRET');
  }
  return form;
}

/** Tells `hub_id`, which is the tenant key, for access and refresh tokens; `active: false` for anything else. */
async function introspect(core: HubSpotCore, c: RouteContext): Promise<Response> {
  const form = await readForm(core, c);
  const text = form.get('token') ?? '';
  const access = core.oauth.introspect(`Bearer ${text}`);
  const refresh = core.state.oauth.refresh[text];
  const grant: AccessGrant | RefreshGrant | undefined = access.ok ? access.grant : refresh;
  if (grant === undefined || grant.clientId !== form.get('client_id')) return c.json({ active: false });
  const portalId = Number(grant.subject);
  const portal = core.state.portals[portalId];
  return c.json({
    active: true,
    token: text,
    token_use: access.ok ? 'access_token' : 'refresh_token',
    token_type: access.ok ? 'access' : 'refresh',
    hub_id: portalId,
    hub_domain: portal?.domain ?? '',
    user: portal?.owners[0]?.email ?? '',
    user_id: userOf(core, portalId),
    client_id: grant.clientId,
    app_id: core.state.apps[grant.clientId]?.appId ?? 0,
    scopes: grant.scopes,
    is_private_distribution: false,
    ...(access.ok ? { expires_in: Math.floor((access.grant.expiresAt - core.now()) / 1000) } : {}),
  });
}
