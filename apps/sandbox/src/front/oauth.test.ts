import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { emptyOAuthState, OAuthServer, type OAuthOptions, type OAuthState } from './oauth.ts';

const redirectUri = 'http://127.0.0.1:9/callback';
const client = { client_id: 'app', client_secret: 'hush' };
let now = 0;
let state: OAuthState = emptyOAuthState();

beforeEach(() => {
  now = 1_000_000;
  state = emptyOAuthState();
});

const server = (options: Partial<OAuthOptions> = {}): OAuthServer => {
  const made = new OAuthServer({
    state: () => state,
    now: () => now,
    subjects: () => [
      { id: 'one', label: 'One' },
      { id: 'two', label: 'Two <b>' },
    ],
    autoConsent: true,
    hintParams: ['login_hint'],
    vendor: 'Vendor',
    authorizePath: '/authorize',
    accessTtlSeconds: 3600,
    rotating: false,
    ...options,
  });
  made.registerApp({ clientId: 'app', clientSecret: 'hush', redirectUris: [redirectUri] });
  return made;
};

const request = (extra: Record<string, string> = {}): URLSearchParams =>
  new URLSearchParams({
    client_id: 'app',
    redirect_uri: redirectUri,
    scope: 'read write',
    state: 's',
    ...extra,
  });

const codeFrom = (response: Response): string =>
  new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';

const exchange = (code: string, extra: Record<string, string> = {}): URLSearchParams =>
  new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    ...client,
    ...extra,
  });

test('a wrong app or redirect URI gets a page and no redirect', async () => {
  const refused = server().authorize(request({ redirect_uri: `${redirectUri}/` }));
  expect([refused.status, refused.headers.get('location')]).toEqual([400, null]);
  expect(await refused.text()).toContain('redirect_uri_mismatch');
  expect(server().authorize(request({ client_id: 'other' })).status).toBe(401);
});

test('a code works once, for its own redirect URI, with the right verifier, in ten minutes', () => {
  const oauth = server();
  const verifier = 'v'.repeat(43);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const code = (): string =>
    codeFrom(oauth.authorize(request({ login_hint: 'one', code_challenge: challenge, code_challenge_method: 'S256' })));
  const good = code();
  expect(oauth.exchange(exchange(good, { code_verifier: verifier })).ok).toBe(true);
  expect(oauth.exchange(exchange(good, { code_verifier: verifier }))).toMatchObject({
    error: 'invalid_grant',
  });
  expect(oauth.exchange(exchange(code(), { code_verifier: 'wrong' }))).toMatchObject({
    error: 'invalid_grant',
  });
  expect(oauth.exchange(exchange(code()))).toMatchObject({ error: 'invalid_grant' });
  expect(oauth.exchange(exchange(code(), { client_secret: 'x' }))).toMatchObject({
    error: 'invalid_client',
  });
  expect(oauth.exchange(exchange(code(), { redirect_uri: 'http://127.0.0.1:9/other' })).ok).toBe(false);
  const late = code();
  now += 600_000;
  expect(oauth.exchange(exchange(late, { code_verifier: verifier }))).toMatchObject({
    error: 'invalid_grant',
  });
});

test('E6: an unticked scope is left out of the grant, denial comes back as access_denied', async () => {
  const oauth = server({ autoConsent: false });
  const page = oauth.authorize(request({ login_hint: 'two' }));
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('Two &#60;b&#62;');
  const form = new URLSearchParams({
    request: request().toString(),
    subject: 'two',
    scope: 'read',
    decision: 'allow',
  });
  const result = oauth.exchange(exchange(codeFrom(oauth.consent(form))));
  expect(result).toMatchObject({ ok: true, grant: { subject: 'two', scopes: ['read'] } });
  form.set('decision', 'deny');
  expect(oauth.consent(form).headers.get('location')).toBe(`${redirectUri}?error=access_denied&state=s`);
});

test('expired, revoked, unknown and missing tokens are told apart', () => {
  const oauth = server();
  const { accessToken, refreshToken = '' } = oauth.mint({
    clientId: 'app',
    subject: 'one',
    scopes: ['read'],
  });
  const bearer = `Bearer ${accessToken}`;
  expect(oauth.introspect(bearer)).toMatchObject({ ok: true, grant: { subject: 'one' } });
  expect(oauth.introspect(null)).toEqual({ ok: false, reason: 'missing' });
  expect(oauth.introspect('Bearer junk')).toEqual({ ok: false, reason: 'unknown' });
  now += 3_600_000;
  expect(oauth.introspect(bearer)).toEqual({ ok: false, reason: 'expired' });
  expect(oauth.revoke(refreshToken)).toBe(true);
  expect(oauth.introspect(bearer)).toEqual({ ok: false, reason: 'revoked' });
  const again = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...client,
  });
  expect(oauth.exchange(again)).toMatchObject({ ok: false, error: 'invalid_grant' });
});

test('E1: a rotating refresh token is void once used, a fixed one stays', () => {
  for (const rotating of [true, false]) {
    const oauth = server({ rotating });
    const { refreshToken = '' } = oauth.mint({ clientId: 'app', subject: 'one', scopes: ['read'] });
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      ...client,
    });
    const first = oauth.exchange(form);
    expect(first.ok && first.refreshToken !== undefined).toBe(rotating);
    expect(oauth.exchange(form).ok).toBe(!rotating);
  }
});
