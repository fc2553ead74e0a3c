import { mkdtemp, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ana,
  app,
  ben,
  cleo,
  errorCode,
  startMicrosoft,
  type MicrosoftFixture,
  type Row,
} from './microsoft-fixture.ts';

let microsoft: MicrosoftFixture;
beforeEach(async () => {
  microsoft = await startMicrosoft();
});
afterEach(async () => {
  await microsoft.close();
});

const verifier = 'a-verifier-of-at-least-forty-three-characters-0123';
const scopes = 'openid profile offline_access User.Read https://graph.microsoft.com/Mail.Read Calendars.Read';

const authorize = async (tenant: string, hint: string, scope = scopes): Promise<Response> => {
  const query = new URLSearchParams({
    client_id: app.clientId,
    response_type: 'code',
    redirect_uri: app.redirectUris[0] ?? '',
    scope,
    state: 'bound',
    login_hint: hint,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return fetch(`${microsoft.url}/${tenant}/oauth2/v2.0/authorize?${query.toString()}`, { redirect: 'manual' });
};
const codeOf = (answer: Response): string =>
  new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
const token = async (
  form: Record<string, string>,
  tenant = 'organizations',
): Promise<{ status: number; body: Row }> => {
  const answer = await fetch(`${microsoft.url}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: app.clientId, client_secret: app.clientSecret, ...form }),
  });
  const body: unknown = await answer.json();
  return { status: answer.status, body: typeof body === 'object' && body !== null ? { ...body } : {} };
};
const exchange = (code: string) =>
  token({ grant_type: 'authorization_code', code, redirect_uri: app.redirectUris[0] ?? '', code_verifier: verifier });
const refresh = (refreshToken: unknown) => token({ grant_type: 'refresh_token', refresh_token: String(refreshToken) });
const meWith = async (accessToken: unknown, path = '/me') => {
  const answer = await fetch(`${microsoft.url}/v1.0${path}`, {
    headers: { authorization: `Bearer ${String(accessToken)}` },
  });
  return answer.status;
};

test('a person signs in with code and PKCE; each refresh brings a new token and leaves the old one good', async () => {
  const answer = await authorize('organizations', ana);
  expect(new URL(answer.headers.get('location') ?? '').searchParams.get('state')).toBe('bound');
  const { status, body } = await exchange(codeOf(answer));
  expect([status, body['token_type'], body['scope']]).toEqual([
    200,
    'Bearer',
    'openid profile User.Read Mail.Read Calendars.Read',
  ]);
  expect(await meWith(body['access_token'])).toBe(200);
  const first = await refresh(body['refresh_token']);
  expect(first.body['refresh_token']).not.toBe(body['refresh_token']);
  expect((await refresh(body['refresh_token'])).status).toBe(200);
  expect((await refresh(first.body['refresh_token'])).status).toBe(200);
});

test('without offline_access there is no refresh token', async () => {
  const { body } = await exchange(codeOf(await authorize('organizations', ana, 'User.Read')));
  expect(body).not.toHaveProperty('refresh_token');
});

test('E3, E4: refusals of the token endpoint carry the number of their reason', async () => {
  const numbers = async (form: Record<string, string>, tenant?: string) => {
    const { status, body } = await token(form, tenant);
    return [status, body['error'], body['error_codes']];
  };
  const code = codeOf(await authorize('organizations', ana));
  const right = { grant_type: 'authorization_code', code, redirect_uri: app.redirectUris[0] ?? '' };
  expect(await numbers({ ...right, code_verifier: 'wrong' })).toEqual([400, 'invalid_grant', [501481]]);
  expect(await numbers({ ...right, code_verifier: verifier })).toEqual([400, 'invalid_grant', [70008]]);
  expect(await numbers({ ...right, client_secret: 'wrong' })).toEqual([401, 'invalid_client', [7000215]]);
  expect(await numbers({ ...right, client_id: 'unknown' })).toEqual([400, 'unauthorized_client', [700016]]);
  expect(await numbers(right, 'nowhere.example')).toEqual([400, 'invalid_request', [90002]]);
  expect(await numbers({ grant_type: 'refresh_token', refresh_token: 'invented' })).toEqual([
    400,
    'invalid_grant',
    [70000],
  ]);
  expect(await numbers({ grant_type: 'password' })).toEqual([400, 'unsupported_grant_type', [70003]]);

  const { body } = await exchange(codeOf(await authorize('organizations', ana)));
  microsoft.handle.revokeUser(ana);
  expect(await numbers({ grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) })).toEqual([
    400,
    'invalid_grant',
    [50173],
  ]);
  const unused = await exchange(codeOf(await authorize('organizations', ben)));
  microsoft.clock.now += 90 * 86_400_000;
  expect(await numbers({ grant_type: 'refresh_token', refresh_token: String(unused.body['refresh_token']) })).toEqual([
    400,
    'invalid_grant',
    [700082],
  ]);
});

test('I6: an account of another tenant cannot sign in to one that is named', async () => {
  expect((await authorize('vendor.example', cleo)).status).toBe(400);
  expect((await authorize('nowhere.example', ana)).status).toBe(400);
  expect((await authorize('other.example', cleo)).status).toBe(302);
});

test('an app reads the mailboxes of the group it is held to, and no other, and has no mailbox of its own', async () => {
  const { first, second } = microsoft.tenants;
  const asApp = (tenant: string, scope = 'https://graph.microsoft.com/.default') =>
    token({ grant_type: 'client_credentials', scope }, tenant);
  expect((await asApp(first)).body['error_codes']).toEqual([700016]);
  microsoft.handle.grantApp(first, app.clientId, { roles: ['Mail.Read'], group: [ana] });
  expect((await asApp('organizations')).body['error_codes']).toEqual([50059]);
  expect((await asApp(first, 'Mail.Read')).body['error_codes']).toEqual([1002012]);
  const { body } = await asApp(first);
  expect(body).not.toHaveProperty('refresh_token');
  const access = body['access_token'];
  const status = async (path: string) => meWith(access, path);
  expect(await status(`/users/${ana}/messages`)).toBe(200);
  expect(await status(`/users/${ben}/messages`)).toBe(403);
  expect(await status(`/users/${cleo}/messages`)).toBe(404);
  expect(await status('/me/messages')).toBe(400);
  expect(await status(`/users/${ana}/events`)).toBe(403);
  microsoft.handle.grantApp(second, app.clientId, { roles: ['Mail.Read'] });
  expect(await meWith((await asApp('other.example')).body['access_token'], `/users/${cleo}/messages`)).toBe(200);
});

test('E1, E2, E6: a missing, invented, expired or revoked token is refused on every route, and one without the scope', async () => {
  const mailbox = [
    '/mailFolders',
    '/mailFolders/delta',
    '/mailFolders/inbox',
    '/mailFolders/inbox/childFolders',
    '/mailFolders/inbox/messages',
    '/mailFolders/inbox/messages/delta',
    '/mailFolders/inbox/messages/$count',
    '/messages',
    '/messages/$count',
    '/messages/x',
    '/calendars',
    '/calendar',
    '/calendars/x',
    '/calendarView',
    '/calendarView/delta',
    '/events',
    '/events/x',
    '/events/x/instances',
    '',
  ];
  const paths = [
    ...mailbox.flatMap((path) => [`/me${path}`, `/users/${ana}${path}`]),
    '/subscriptions',
    '/subscriptions/x',
  ];
  const mint = (ttlSeconds: number, scope = ['User.Read', 'Mail.Read', 'Calendars.Read']) =>
    microsoft.handle.oauth.mint({ clientId: app.clientId, subject: ana, scopes: scope, ttlSeconds });
  const expired = mint(60).accessToken;
  const revoked = mint(3600);
  microsoft.handle.oauth.revoke(revoked.accessToken);
  microsoft.clock.now += 60_000;
  const none = mint(3600, ['nothing']).accessToken;
  for (const path of paths) {
    for (const bad of [undefined, 'junk', expired, revoked.accessToken]) {
      const headers: Record<string, string> = bad === undefined ? {} : { authorization: `Bearer ${bad}` };
      const answer = await fetch(`${microsoft.url}/v1.0${path}`, { headers });
      const body: unknown = await answer.json();
      expect([path, answer.status, errorCode(typeof body === 'object' && body !== null ? { ...body } : {})]).toEqual([
        path,
        401,
        'InvalidAuthenticationToken',
      ]);
    }
    if (!path.startsWith('/subscriptions')) expect([path, await meWith(none, path)]).toEqual([path, 403]);
  }
  const other = mint(3600).accessToken;
  expect(await meWith(other, `/users/${ben}/messages`)).toBe(403);
  expect(microsoft.handle.unknownPaths).toEqual([]);
});

test('every fault kind has the shape of Graph, and hits the user it names', async () => {
  const { faults } = microsoft.served;
  microsoft.handle.mail.add(ana, 'Subject: x\r\n\r\nx');
  const { link } = await microsoft.round(ana, '/me/mailFolders/inbox/messages/delta');
  const once = async (kind: Parameters<typeof faults.add>[0]['kind'], path: string) => {
    faults.add({ kind, times: 1, match: { tenant: ana } });
    expect((await microsoft.call(ben, '/me')).status).toBe(200);
    const { status, body, headers } = await microsoft.call(ana, path);
    return [status, errorCode(body), headers.get('retry-after')];
  };
  expect(await once('unauthorized', '/me')).toEqual([401, 'InvalidAuthenticationToken', null]);
  expect(await once('too-many', '/me')).toEqual([429, 'TooManyRequests', '1']);
  expect(await once('server-error', '/me')).toEqual([503, 'ServiceUnavailable', null]);
  expect(await once('cursor-lost', link)).toEqual([410, 'SyncStateNotFound', null]);
  expect(faults.list()).toEqual([]);
});

test('tokens, mail, calendars, subscriptions and cursors outlive a restart', async () => {
  const home = await mkdtemp(join(tmpdir(), 'waymark-microsoft-'));
  try {
    const journalFile = join(home, 'microsoft.json');
    const first = await startMicrosoft({ journalFile });
    const { accessToken } = first.handle.oauth.mint({ clientId: app.clientId, subject: ana, scopes: ['Mail.Read'] });
    const { link } = await first.round(ana, '/me/mailFolders/inbox/messages/delta');
    const { id } = first.handle.mail.add(ana, Buffer.from('Subject: caf\u00e9\r\n\r\nx', 'latin1').toString('latin1'));
    first.handle.touch();
    await first.close();

    const second = await startMicrosoft({ journalFile });
    const token = new URL(link).searchParams.get('$deltatoken') ?? '';
    const answer = await fetch(`${second.url}/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=${token}`, {
      headers: { authorization: `Bearer ${accessToken}`, prefer: 'IdType="ImmutableId"' },
    });
    expect(await answer.json()).toMatchObject({ value: [{ id, subject: 'caf\u00e9' }] });
    await second.close();
  } finally {
    await rm(home, { recursive: true });
  }
});
