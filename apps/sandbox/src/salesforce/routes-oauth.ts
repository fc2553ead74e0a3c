import { createHmac } from 'node:crypto';
import type { EmulatorApp, RouteContext, SalesforceCore } from './core.ts';
import { clientCredentials } from '../front/oauth-wire.ts';
import { instantText } from './value.ts';

/** Query parameters that name the user on the authorize page. */
export const USER_HINTS = ['login_hint'];

/** At most five grants of one user for one app; the oldest one is revoked (E3). https://help.salesforce.com/s/articleView?id=000388200&type=1 */
const MOST_GRANTS = 5;

/** https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm&type=5 */
export function registerOAuthRoutes(
  app: EmulatorApp,
  core: SalesforceCore,
  options: { readonly autoConsent: boolean; readonly firstUser: () => string | undefined },
): void {
  app.get('/services/oauth2/authorize', (c) => {
    const request = new URL(c.req.url).searchParams;
    if (core.settings.pkceRequired && !request.has('code_challenge')) {
      return backWithError(core, request, 'invalid_request', 'missing required code challenge');
    }
    const hint = request.get('login_hint') ?? (options.autoConsent ? options.firstUser() : undefined);
    if (hint !== undefined && hint !== null) request.set('login_hint', hint);
    // The challenge is SHA-256 whether or not the request says so.
    if (request.has('code_challenge')) request.set('code_challenge_method', 'S256');
    // An app without words on scope gets all that it was set up with.
    if (!request.has('scope')) request.set('scope', 'api refresh_token id');
    return core.oauth.authorize(request);
  });
  app.post('/services/oauth2/authorize', async (c) => core.oauth.consent(new URLSearchParams(await c.req.text())));
  app.post('/services/oauth2/token', (c) => token(core, c));
  for (const method of ['get', 'post'] as const) {
    app[method]('/services/oauth2/revoke', async (c) => {
      const form = new URLSearchParams(await c.req.text());
      const known = core.oauth.revoke(form.get('token') ?? c.req.query('token') ?? '');
      return known
        ? c.body(null, 200)
        : c.json({ error: 'unsupported_token_type', error_description: 'this token type is not supported' }, 400);
    });
    app[method]('/services/oauth2/userinfo', (c) => identity(core, c, undefined));
  }
  app.get('/id/:org/:user', (c) => identity(core, c, [c.req.param('org'), c.req.param('user')]));
  app.post('/services/oauth2/introspect', async (c) => introspect(core, c));
}

function backWithError(core: SalesforceCore, request: URLSearchParams, error: string, description: string): Response {
  const redirect = request.get('redirect_uri') ?? '';
  const known = core.state.oauth.apps[request.get('client_id') ?? '']?.redirectUris.includes(redirect) === true;
  // The page for an unknown app or redirect goes nowhere.
  if (!known) return core.oauth.authorize(request);
  const target = new URL(redirect);
  target.searchParams.set('error', error);
  target.searchParams.set('error_description', description);
  const state = request.get('state');
  if (state !== null) target.searchParams.set('state', state);
  return new Response(null, { status: 302, headers: { location: target.href } });
}

async function token(core: SalesforceCore, c: RouteContext): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  const refreshing = form.get('grant_type') === 'refresh_token';
  const result = core.oauth.exchange(form, c.req.header('authorization'));
  const refuse = (error: string, error_description: string): Response => c.json({ error, error_description }, 400);
  if (!result.ok) {
    switch (result.error) {
      case 'invalid_client':
        return refuse('invalid_client', 'invalid client credentials');
      case 'redirect_uri_mismatch':
        return refuse('redirect_uri_mismatch', 'redirect_uri must match configuration');
      case 'invalid_grant':
        if (refreshing) return refuse('invalid_grant', 'expired access/refresh token');
        return refuse(
          'invalid_grant',
          /verifier/.test(result.description) ? 'invalid code verifier' : 'expired authorization code',
        );
      case 'unsupported_grant_type':
        return refuse('unsupported_grant_type', 'grant type not supported');
      default:
        return refuse(result.error, result.description);
    }
  }
  const { clientId, subject, scopes } = result.grant;
  const who = core.userOf(subject);
  if (who === undefined) return refuse('inactive_user', 'user is inactive');
  if (!refreshing) capGrants(core, clientId, subject);
  const offline = scopes.includes('refresh_token') || scopes.includes('offline_access');
  const id = `${core.baseUrl}/id/${who.book.org.id}/${String(who.user['Id'])}`;
  const issuedAt = String(core.now());
  const secret = core.state.oauth.apps[clientId]?.clientSecret ?? '';
  return c.json({
    access_token: result.accessToken,
    // Present after a sign-in, and after a refresh if tokens rotate.
    ...(result.refreshToken === undefined || !offline ? {} : { refresh_token: result.refreshToken }),
    signature: createHmac('sha256', secret).update(`${id}${issuedAt}`).digest('base64'),
    scope: scopes.join(' '),
    instance_url: core.baseUrl,
    id,
    token_type: 'Bearer',
    issued_at: issuedAt,
  });
}

function capGrants(core: SalesforceCore, clientId: string, subject: string): void {
  const grants = Object.entries(core.state.oauth.refresh)
    .filter(([, grant]) => grant.clientId === clientId && grant.subject === subject)
    .toSorted(([, a], [, b]) => a.issuedAt - b.issuedAt);
  for (const [old] of grants.slice(0, Math.max(0, grants.length - MOST_GRANTS))) core.oauth.revoke(old);
}

/**
 * Who the token belongs to; a bad token is a 403 with one word. The answer at the identity URL has its own names for the same things.
 * https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid.htm&type=5
 */
function identity(core: SalesforceCore, c: RouteContext, path: readonly string[] | undefined): Response {
  const found = core.oauth.introspect(c.req.header('authorization'));
  if (!found.ok) return c.body(found.reason === 'missing' ? 'Missing_OAuth_Token' : 'Bad_OAuth_Token', 403);
  const who = core.userOf(found.grant.subject);
  if (who === undefined) return c.body('Inactive', 403);
  const { user } = who;
  const { org } = who.book;
  const userId = String(user['Id']);
  if (path !== undefined && path[0] !== org.id) return c.body('Wrong_Org', 403);
  if (path !== undefined && path[1] !== userId) return c.body('Bad_Id', 404);
  const base = core.baseUrl;
  const names = { email: user['Email'], email_verified: true, user_id: userId, organization_id: org.id };
  const shared = {
    ...names,
    nickname: user['Alias'] ?? 'user',
    active: true,
    user_type: 'STANDARD',
    language: 'en_US',
    locale: 'en_US',
    utcOffset: 0,
    urls: {
      enterprise: `${base}/services/Soap/c/{version}/${org.id}`,
      rest: `${base}/services/data/v{version}/`,
      sobjects: `${base}/services/data/v{version}/sobjects/`,
      query: `${base}/services/data/v{version}/query/`,
      custom_domain: base,
    },
  };
  if (path === undefined) {
    return c.json({
      sub: `${base}/id/${org.id}/${userId}`,
      ...shared,
      preferred_username: user['Username'],
      name: user['Name'],
      given_name: user['FirstName'] ?? null,
      family_name: user['LastName'],
      zoneinfo: org.timeZone,
      updated_at: new Date(Number(user['SystemModstamp'])).toISOString(),
    });
  }
  return c.json({
    id: `${base}/id/${org.id}/${userId}`,
    asserted_user: true,
    ...shared,
    username: user['Username'],
    nick_name: user['Alias'] ?? 'user',
    display_name: user['Name'],
    first_name: user['FirstName'] ?? null,
    last_name: user['LastName'],
    timezone: org.timeZone,
    last_modified_date: instantText(Number(user['SystemModstamp'])),
    is_app_installed: true,
  });
}

/** https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oidc_token_introspection.htm&type=5 */
async function introspect(core: SalesforceCore, c: RouteContext): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  const { clientId, clientSecret } = clientCredentials(form, c.req.header('authorization'));
  if (core.state.oauth.apps[clientId]?.clientSecret !== clientSecret) {
    return c.json({ error: 'invalid_client', error_description: 'invalid client credentials' }, 400);
  }
  const text = form.get('token') ?? '';
  const access = core.oauth.introspect(`Bearer ${text}`);
  const grant = access.ok ? access.grant : core.state.oauth.refresh[text];
  if (grant === undefined || grant.clientId !== clientId) return c.json({ active: false });
  const who = core.userOf(grant.subject);
  return c.json({
    active: who !== undefined,
    scope: grant.scopes.join(' '),
    client_id: clientId,
    username: grant.subject,
    sub: `${core.baseUrl}/id/${who?.book.org.id ?? ''}/${String(who?.user['Id'] ?? '')}`,
    token_type: access.ok ? 'access_token' : 'refresh_token',
    iat: Math.floor(grant.issuedAt / 1000),
    ...(access.ok ? { exp: Math.floor(access.grant.expiresAt / 1000) } : {}),
  });
}
