import { OAuthServer, type OAuthState } from '../front/oauth.ts';
import type { OAuthErrorCode } from '../front/oauth-result.ts';
import { json } from './errors.ts';
import { guarded, type App } from './route.ts';
import { canonicalScopes, googleScopes, knownScopes, routeScopes } from './scopes.ts';
import type { GoogleState } from './state.ts';

const authorizePath = '/o/oauth2/v2/auth';

/**
 * Google's ways (https://developers.google.com/identity/protocols/oauth2/web-server): a refresh token only for offline
 * access, and then only at the first consent or with prompt=consent; it does not rotate; scopes may be unticked;
 * include_granted_scopes adds what was granted before.
 */
export const googleOAuth = (options: {
  readonly state: () => OAuthState;
  readonly users: () => GoogleState['users'];
  readonly now: () => number;
  readonly autoConsent: boolean;
}): OAuthServer =>
  new OAuthServer({
    state: options.state,
    now: options.now,
    subjects: () =>
      Object.values(options.users()).map(({ email, name }) => ({ id: email, label: `${name} (${email})` })),
    autoConsent: options.autoConsent,
    hintParams: ['login_hint'],
    vendor: 'Google',
    authorizePath,
    accessTtlSeconds: 3599,
    rotating: false,
    issuesRefresh: (request, first) =>
      request.get('access_type') === 'offline' && (first || (request.get('prompt') ?? '').includes('consent')),
    includesGranted: (request) => request.get('include_granted_scopes') === 'true',
    knownScopes,
    accessPrefix: 'ya29.',
    refreshPrefix: '1//0',
  });

const statusOf: Readonly<Record<OAuthErrorCode, number>> = {
  invalid_client: 401,
  invalid_grant: 400,
  invalid_request: 400,
  redirect_uri_mismatch: 400,
  unsupported_grant_type: 400,
};

/** The OAuth endpoints, all on one host here; Google spreads them over accounts., oauth2. and www.googleapis.com. */
export const mountOAuth = (
  app: App,
  oauth: OAuthServer,
  context: {
    readonly baseUrl: string;
    readonly users: () => GoogleState['users'];
    /** The token route for a service account's signed request; undefined for another grant type. */
    readonly assertion: (form: URLSearchParams) => Response | undefined;
  },
): void => {
  app.get(authorizePath, (c) => {
    const request = new URL(c.req.raw.url).searchParams;
    request.set('scope', canonicalScopes(request.get('scope') ?? ''));
    return oauth.authorize(request);
  });
  app.post(authorizePath, async (c) => oauth.consent(new URLSearchParams(await c.req.text())));

  app.post('/token', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const asserted = context.assertion(form);
    if (asserted) return asserted;
    const result = oauth.exchange(form, c.req.header('authorization'));
    if (!result.ok) {
      return json({ error: result.error, error_description: result.description }, statusOf[result.error]);
    }
    return json(
      {
        access_token: result.accessToken,
        expires_in: result.expiresIn,
        ...(result.refreshToken === undefined ? {} : { refresh_token: result.refreshToken }),
        scope: result.grant.scopes.join(' '),
        token_type: 'Bearer',
      },
      200,
      { 'cache-control': 'no-store' },
    );
  });

  app.post('/revoke', async (c) => {
    const query = new URL(c.req.raw.url).searchParams;
    const token = query.get('token') ?? new URLSearchParams(await c.req.text()).get('token') ?? '';
    if (oauth.revoke(token)) return json({});
    return json({ error: 'invalid_token', error_description: 'Token expired or revoked' }, 400);
  });

  const userinfo = guarded({ oauth, scopes: routeScopes.userinfo, charge: () => undefined }, (call) => {
    const person = context.users()[call.user];
    return json({
      sub: subjectId(call.user),
      ...(call.grant.scopes.includes(googleScopes.userinfoEmail) ? { email: call.user, email_verified: true } : {}),
      ...(call.grant.scopes.includes(googleScopes.userinfoProfile) ? { name: person?.name } : {}),
    });
  });
  for (const path of ['/v1/userinfo', '/oauth2/v3/userinfo', '/oauth2/v2/userinfo']) app.get(path, userinfo);

  const tokenInfo = (token: string): Response => {
    const found = oauth.introspect(`Bearer ${token}`);
    if (!found.ok) return json({ error: 'invalid_token', error_description: 'Invalid Value' }, 400);
    const { clientId, scopes, subject, expiresAt, issuedAt } = found.grant;
    return json({
      aud: clientId,
      azp: clientId,
      scope: scopes.join(' '),
      expires_in: String(Math.round((expiresAt - issuedAt) / 1000)),
      ...(scopes.includes(googleScopes.userinfoEmail) ? { email: subject, email_verified: 'true' } : {}),
    });
  };
  app.get('/tokeninfo', (c) => tokenInfo(c.req.query('access_token') ?? ''));
  app.post('/tokeninfo', (c) => tokenInfo(/^Bearer (\S+)/u.exec(c.req.header('authorization') ?? '')?.[1] ?? ''));

  app.get('/.well-known/openid-configuration', () =>
    json({
      issuer: context.baseUrl,
      authorization_endpoint: `${context.baseUrl}${authorizePath}`,
      token_endpoint: `${context.baseUrl}/token`,
      revocation_endpoint: `${context.baseUrl}/revoke`,
      userinfo_endpoint: `${context.baseUrl}/v1/userinfo`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
    }),
  );
};

/** A stable number for a user, as in Google's `sub`. */
const subjectId = (email: string): string => {
  let sum = 0n;
  for (const byte of Buffer.from(email)) sum = (sum * 131n + BigInt(byte)) % 10n ** 20n;
  return `1${sum.toString().padStart(20, '0')}`;
};
