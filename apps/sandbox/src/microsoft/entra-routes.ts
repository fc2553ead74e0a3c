import { OAuthServer, type OAuthState } from '../front/oauth.ts';
import { clientCredentials, html, redirectBack } from '../front/oauth-wire.ts';
import { errorPage } from '../front/consent-page.ts';
import { entraAnswer, type EntraFaultName } from './entra-error.ts';
import { json } from './graph-error.ts';
import { appSubject, originOf, type App } from './route.ts';
import { canonicalScopes, knownScopes, shownScopes } from './scopes.ts';
import type { MicrosoftState, Tenant } from './state.ts';

/** Names under which an account of any tenant signs in. */
const manyTenants = ['common', 'organizations', 'consumers'];
const refreshLifeMs = 90 * 86_400_000;
const accessTtlSeconds = 3599;
const graphDefault = 'https://graph.microsoft.com/.default';

/**
 * Entra's ways (https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow): a refresh token only for
 * `offline_access`; each use of it brings a new one, and the old one stays good; nobody unticks a scope.
 */
export const entraOAuth = (options: {
  readonly state: () => OAuthState;
  readonly users: () => MicrosoftState['users'];
  readonly now: () => number;
  readonly autoConsent: boolean;
}): OAuthServer =>
  new OAuthServer({
    state: options.state,
    now: options.now,
    subjects: () => Object.values(options.users()).map(({ upn, name }) => ({ id: upn, label: `${name} (${upn})` })),
    autoConsent: options.autoConsent,
    hintParams: ['login_hint'],
    vendor: 'Microsoft',
    authorizePath: '/organizations/oauth2/v2.0/authorize',
    accessTtlSeconds,
    rotating: true,
    keepsUsedRefresh: true,
    issuesRefresh: (request) => (request.get('scope') ?? '').split(/\s+/u).includes('offline_access'),
    knownScopes,
    partialConsent: false,
    accessPrefix: 'EwB4A8l6BAAU',
    refreshPrefix: '1.AXkA',
  });

interface EntraRoutes {
  readonly app: App;
  readonly oauth: OAuthServer;
  readonly state: () => MicrosoftState;
  readonly now: () => number;
  readonly autoConsent: boolean;
}

/** The sign-in of Entra on its own paths, one host for all tenants. */
export const mountEntra = ({ app, oauth, state, now, autoConsent }: EntraRoutes): void => {
  const tenantNamed = (name: string): Tenant | undefined =>
    Object.values(state().tenants).find((tenant) => [tenant.id, tenant.domain].includes(name.toLowerCase()));
  const isKnown = (name: string): boolean => manyTenants.includes(name) || tenantNamed(name) !== undefined;
  const isForeign = (tenantName: string, upn: string): boolean => {
    const user = state().users[upn];
    const tenant = tenantNamed(tenantName);
    return user !== undefined && tenant !== undefined && user.tenantId !== tenant.id;
  };
  const foreignPage = (upn: string): Response =>
    html(
      400,
      errorPage(
        'Microsoft',
        'AADSTS50020',
        `User account '${upn}' from identity provider does not exist in this tenant and cannot access the application. The account needs to be added as an external user in the tenant first.`,
      ),
    );
  const unknownTenantPage = (name: string): Response =>
    html(400, errorPage('Microsoft', 'AADSTS90002', `Tenant '${name}' not found.`));

  app.get('/:tenant/oauth2/v2.0/authorize', (c) => {
    const tenant = c.req.param('tenant');
    if (!isKnown(tenant)) return unknownTenantPage(tenant);
    const request = new URL(c.req.raw.url).searchParams;
    request.set('scope', canonicalScopes(request.get('scope') ?? ''));
    request.set('sandbox_tenant', tenant);
    const hint = request.get('login_hint')?.toLowerCase();
    if (hint !== undefined) request.set('login_hint', hint);
    if (autoConsent && hint !== undefined && isForeign(tenant, hint)) return foreignPage(hint);
    return oauth.authorize(request);
  });
  app.post('/:tenant/oauth2/v2.0/authorize', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const tenant = new URLSearchParams(form.get('request') ?? '').get('sandbox_tenant') ?? 'common';
    const subject = form.get('subject') ?? '';
    return isForeign(tenant, subject) ? foreignPage(subject) : oauth.consent(form);
  });

  // https://learn.microsoft.com/en-us/entra/identity-platform/v2-admin-consent
  app.get('/:tenant/adminconsent', (c) => {
    const tenant = tenantNamed(c.req.param('tenant'));
    const request = new URL(c.req.raw.url).searchParams;
    const registered = state().oauth.apps[request.get('client_id') ?? ''];
    if (!tenant) return unknownTenantPage(c.req.param('tenant'));
    if (!registered?.redirectUris.includes(request.get('redirect_uri') ?? ''))
      return html(400, errorPage('Microsoft', 'AADSTS50011', 'The redirect URI does not match those of the app.'));
    state().appGrants[`${tenant.id} ${registered.clientId}`] ??= {
      roles: ['Mail.Read', 'Calendars.Read', 'User.Read.All'],
    };
    return redirectBack(request, { admin_consent: 'True', tenant: tenant.id });
  });

  const refuse = (name: EntraFaultName, about = ''): Response => {
    const { status, headers, body } = entraAnswer(name, about);
    return json(body, status, headers);
  };

  const asApp = (tenantName: string, form: URLSearchParams, clientId: string): Response => {
    if (manyTenants.includes(tenantName)) return refuse('noTenant');
    const tenant = tenantNamed(tenantName);
    if (!tenant) return refuse('unknownTenant', tenantName);
    const scope = form.get('scope') ?? '';
    if (scope !== graphDefault) return refuse('scopeNotDefault', scope);
    const granted = state().appGrants[`${tenant.id} ${clientId}`];
    if (!granted) return refuse('unknownApp', clientId);
    const { accessToken } = oauth.mint({
      clientId,
      subject: appSubject(tenant.id),
      scopes: granted.roles,
      offline: false,
      ttlSeconds: accessTtlSeconds,
    });
    const body = {
      token_type: 'Bearer',
      expires_in: accessTtlSeconds,
      ext_expires_in: accessTtlSeconds,
      access_token: accessToken,
    };
    return json(body, 200, { 'cache-control': 'no-store' });
  };

  app.post('/:tenant/oauth2/v2.0/token', async (c) => {
    const tenant = c.req.param('tenant');
    const form = new URLSearchParams(await c.req.text());
    const basic = c.req.header('authorization');
    const { clientId, clientSecret } = clientCredentials(form, basic);
    if (clientId === '') return refuse('missing', 'client_id');
    if (!isKnown(tenant)) return refuse('unknownTenant', tenant);
    const registered = state().oauth.apps[clientId];
    if (!registered) return refuse('unknownApp', clientId);
    if (registered.clientSecret !== clientSecret) return refuse('invalidSecret', clientId);
    const grantType = form.get('grant_type') ?? '';
    if (grantType === 'client_credentials') return asApp(tenant, form, clientId);
    const token = form.get('refresh_token') ?? '';
    const kept = state().oauth.refresh[token];
    if (kept && kept.issuedAt + refreshLifeMs <= now()) return refuse('unusedRefresh');
    const result = oauth.exchange(form, basic);
    if (!result.ok)
      return refuse(nameOf(result.error, result.description, grantType, state().oauth.revoked[token]), grantType);
    return json(
      {
        token_type: 'Bearer',
        scope: shownScopes(result.grant.scopes),
        expires_in: result.expiresIn,
        ext_expires_in: result.expiresIn,
        access_token: result.accessToken,
        ...(result.refreshToken === undefined ? {} : { refresh_token: result.refreshToken }),
      },
      200,
      { 'cache-control': 'no-store' },
    );
  });

  app.get('/:tenant/v2.0/.well-known/openid-configuration', (c) => {
    const tenant = c.req.param('tenant');
    const base = `${originOf(c.req.raw)}/${tenant}`;
    return json({
      issuer: `${originOf(c.req.raw)}/${tenantNamed(tenant)?.id ?? '{tenantid}'}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      response_types_supported: ['code'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    });
  });
};

const nameOf = (
  error: string,
  description: string,
  grantType: string,
  wasRevoked: true | undefined,
): EntraFaultName => {
  if (error === 'unsupported_grant_type') return 'badGrantType';
  if (error === 'redirect_uri_mismatch') return 'redirectMismatch';
  if (/verifier/iu.test(description)) return 'badVerifier';
  if (grantType === 'authorization_code') return 'badCode';
  return wasRevoked === true ? 'revoked' : 'badGrant';
};
