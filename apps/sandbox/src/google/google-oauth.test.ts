import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodeChallengeMethod } from 'google-auth-library';
import { gmail } from 'googleapis/build/src/apis/gmail/index.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ana, app, ben, refusal, startGoogle, type GoogleFixture } from './google-fixture.ts';
import { googleScopes } from './scopes.ts';

let google: GoogleFixture;

beforeEach(async () => {
  google = await startGoogle();
});
afterEach(async () => {
  await google.close();
});

const scopes = ['email', googleScopes.gmailReadonly, googleScopes.calendarEventsReadonly];
const me = { userId: 'me' };

const answerOf = async (url: string): Promise<URLSearchParams> => {
  const response = await fetch(url, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? 'http://none.example').searchParams;
};

test('the whole flow with PKCE: consent, code, tokens, API, refresh without rotation, revocation', async () => {
  const client = google.oauthClient();
  const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync();
  const url = client.generateAuthUrl({
    access_type: 'offline',
    prompt: 'consent',
    include_granted_scopes: true,
    scope: scopes,
    state: 'bound-to-browser',
    login_hint: ana,
    code_challenge_method: CodeChallengeMethod.S256,
    code_challenge: codeChallenge ?? '',
  });
  const answer = await answerOf(url);
  expect(answer.get('state')).toBe('bound-to-browser');
  const code = answer.get('code') ?? '';
  const { tokens } = await client.getToken({ code, codeVerifier });
  expect(tokens.scope?.split(' ').toSorted()).toEqual(
    [googleScopes.userinfoEmail, 'openid', googleScopes.gmailReadonly, googleScopes.calendarEventsReadonly].toSorted(),
  );
  expect(tokens).not.toHaveProperty('id_token');
  client.setCredentials(tokens);
  const api = gmail({ version: 'v1', rootUrl: `${google.url}/`, auth: client });
  expect((await api.users.getProfile(me)).data.emailAddress).toBe(ana);
  const info = await client.getTokenInfo(tokens.access_token ?? '');
  expect([info.aud, info.email]).toEqual([app.clientId, ana]);

  google.handle.expireAccess(ana);
  client.setCredentials({ ...tokens, expiry_date: google.clock.now - 1 });
  expect((await api.users.getProfile(me)).status).toBe(200);
  expect(client.credentials.refresh_token).toBe(tokens.refresh_token);

  google.handle.revokeUser(ana);
  client.setCredentials({ refresh_token: tokens.refresh_token ?? '' });
  expect(await refusal(api.users.getProfile(me))).toEqual({ status: 400, reason: 'invalid_grant' });
});

test('a second consent brings no refresh token unless prompt=consent asks for it', async () => {
  const client = google.oauthClient();
  const grant = async (prompt?: string) => {
    const url = client.generateAuthUrl({
      access_type: 'offline',
      scope: scopes,
      login_hint: ana,
      ...(prompt ? { prompt } : {}),
    });
    return (await client.getToken((await answerOf(url)).get('code') ?? '')).tokens.refresh_token;
  };
  expect(await grant()).toMatch(/^1\/\/0/u);
  expect(await grant()).toBeUndefined();
  expect(await grant('consent')).toMatch(/^1\/\/0/u);
});

test('E6: without a hint a person chooses the account and may untick scopes', async () => {
  const client = google.oauthClient();
  const url = new URL(client.generateAuthUrl({ access_type: 'offline', scope: scopes, state: 's' }));
  const page = await fetch(url, { redirect: 'manual' });
  expect(page.status).toBe(200);
  const html = await page.text();
  expect(html).toContain(ben);
  const hidden = /name="request" value="([^"]*)"/u.exec(html)?.[1] ?? '';
  const request = hidden.replace(/&#(\d+);/gu, (_match, code: string) => String.fromCodePoint(Number(code)));
  const form = new URLSearchParams({ request, subject: ben, scope: googleScopes.gmailReadonly, decision: 'allow' });
  const done = await fetch(`${google.url}/o/oauth2/v2/auth`, { method: 'POST', body: form, redirect: 'manual' });
  const code = new URL(done.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const { tokens } = await client.getToken(code);
  expect(tokens.scope).toBe(googleScopes.gmailReadonly);
  const api = google.withToken(tokens.access_token ?? '');
  expect((await api.gmail.users.getProfile(me)).data.emailAddress).toBe(ben);
  expect(await refusal(api.calendar.events.list({ calendarId: 'primary' }))).toEqual({
    status: 403,
    reason: 'insufficientPermissions',
  });
});

test('E1, E2, E6: a missing, invented, expired or revoked token is refused on every route', async () => {
  const paths = [
    '/gmail/v1/users/me/profile',
    '/gmail/v1/users/me/messages',
    '/gmail/v1/users/me/messages/x',
    '/gmail/v1/users/me/history?startHistoryId=1',
    '/gmail/v1/users/me/labels',
    '/gmail/v1/users/me/labels/INBOX',
    '/calendar/v3/users/me/calendarList',
    '/calendar/v3/users/me/calendarList/primary',
    '/calendar/v3/calendars/primary/events',
    '/calendar/v3/calendars/primary/events/x',
    '/calendar/v3/calendars/primary/events/x/instances',
    '/v1/userinfo',
    '/oauth2/v3/userinfo',
  ];
  const mint = (ttlSeconds: number) =>
    google.handle.oauth.mint({ clientId: app.clientId, subject: ana, scopes: Object.values(googleScopes), ttlSeconds });
  const expired = mint(60).accessToken;
  const revoked = mint(3600);
  await fetch(`${google.url}/revoke?token=${encodeURIComponent(revoked.refreshToken ?? '')}`, { method: 'POST' });
  google.clock.now += 60_000;
  const none = google.handle.oauth.mint({ clientId: app.clientId, subject: ana, scopes: ['nothing'] }).accessToken;
  for (const path of paths) {
    for (const token of [undefined, 'junk', expired, revoked.accessToken]) {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      expect([path, (await fetch(google.url + path, { headers })).status]).toEqual([path, 401]);
    }
    const scopeless = await fetch(google.url + path, { headers: { authorization: `Bearer ${none}` } });
    expect([path, scopeless.status]).toEqual([path, 403]);
  }
});

test('every fault kind has the shape of Google, and hits the user it names', async () => {
  const { gmail: mail, calendar } = google.client(ana);
  const start = (await mail.users.getProfile(me)).data.historyId ?? '';
  const { faults } = google.served;
  const once = async (kind: Parameters<typeof faults.add>[0]['kind'], call: () => Promise<unknown>) => {
    faults.add({ kind, times: 1, match: { tenant: ana } });
    await google.client(ben).gmail.users.getProfile(me);
    return refusal(call());
  };
  const profile = () => mail.users.getProfile(me);
  expect(await once('unauthorized', profile)).toEqual({ status: 401, reason: 'authError' });
  expect(await once('forbidden-rate-limit', profile)).toEqual({ status: 403, reason: 'userRateLimitExceeded' });
  expect(await once('too-many', profile)).toEqual({ status: 429, reason: 'rateLimitExceeded' });
  expect(await once('server-error', profile)).toEqual({ status: 500, reason: 'backendError' });
  const history = () => mail.users.history.list({ ...me, startHistoryId: start });
  expect(await once('cursor-lost', history)).toEqual({ status: 404, reason: 'notFound' });
  const token = (await calendar.events.list({ calendarId: 'primary' })).data.nextSyncToken ?? '';
  const sync = () => calendar.events.list({ calendarId: 'primary', syncToken: token });
  expect(await once('cursor-lost', sync)).toEqual({ status: 410, reason: 'fullSyncRequired' });
  for (const kind of ['reset-mid-body', 'truncated-json', 'lost-answer'] as const) {
    faults.add({ kind, times: 1 });
    await expect(
      profile().then(({ data }) => data.emailAddress ?? Promise.reject(new Error('no JSON'))),
    ).rejects.toThrow();
  }
  faults.add({ kind: 'html-200', times: 1 });
  expect((await profile()).data.emailAddress).toBeUndefined();
  expect(faults.list()).toEqual([]);
});

test('tokens, mail, calendars and cursors outlive a restart', async () => {
  const home = await mkdtemp(join(tmpdir(), 'waymark-google-'));
  try {
    const journalFile = join(home, 'google.json');
    const first = await startGoogle({ journalFile });
    const { accessToken } = first.handle.oauth.mint({
      clientId: app.clientId,
      subject: ana,
      scopes: [googleScopes.gmailReadonly],
    });
    const before = (await first.withToken(accessToken).gmail.users.getProfile(me)).data.historyId ?? '';
    const { id } = first.handle.addRaw(ana, Buffer.from('Subject: caf\u00e9\r\n\r\nx', 'latin1'));
    await first.close();

    const second = await startGoogle({ journalFile });
    const api = second.withToken(accessToken).gmail;
    const { data } = await api.users.history.list({ ...me, startHistoryId: before });
    expect(data.history?.[0]?.messagesAdded?.[0]?.message?.id).toBe(id);
    const bytes = (await api.users.messages.get({ ...me, id, format: 'raw' })).data.raw ?? '';
    expect(Buffer.from(bytes, 'base64url').toString('latin1')).toBe('Subject: caf\u00e9\r\n\r\nx');
    await second.close();
  } finally {
    await rm(home, { recursive: true });
  }
});
