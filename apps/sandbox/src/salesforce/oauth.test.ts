import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RIG_APP } from '../front/rig.ts';
import { ADMIN, MEMBER, ORG, OTHER_ADMIN, OTHER_ORG, startRig, type OrgRig, type Reply } from './org-rig.ts';
import { PROFILES } from './org.ts';

let rig: OrgRig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

const credentials = { client_id: RIG_APP.clientId, client_secret: RIG_APP.clientSecret };
const redirect_uri = RIG_APP.redirectUris[0];
const code_verifier = 'v'.repeat(64);
const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');

async function authorize(query: Record<string, string>): Promise<URL> {
  const search = new URLSearchParams({
    response_type: 'code',
    client_id: RIG_APP.clientId,
    redirect_uri,
    state: 's1',
    ...query,
  });
  const response = await fetch(`${rig.url}/services/oauth2/authorize?${search}`, { redirect: 'manual' });
  expect(response.status).toBe(302);
  return new URL(response.headers.get('location') ?? '');
}

async function grant(query: Record<string, string> = {}): Promise<Reply> {
  const pkce = { code_challenge, code_challenge_method: 'S256' };
  const code = (await authorize({ ...pkce, scope: 'api refresh_token id', ...query })).searchParams.get('code') ?? '';
  return rig.form('/services/oauth2/token', {
    grant_type: 'authorization_code',
    ...credentials,
    redirect_uri,
    code,
    code_verifier,
  });
}

const refresh = (refresh_token: string): Promise<Reply> =>
  rig.form('/services/oauth2/token', { grant_type: 'refresh_token', ...credentials, refresh_token });

const tokens = (reply: Reply): { access: string; refresh: string } => ({
  access: String(Object(reply.json).access_token),
  refresh: String(Object(reply.json).refresh_token),
});

describe('OAuth', () => {
  it('answers a sign-in with the instance, the identity and no word on when it ends', async () => {
    const answer = await grant({ login_hint: OTHER_ADMIN });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      instance_url: rig.url,
      id: expect.stringContaining(`/id/${OTHER_ORG}/005`),
      token_type: 'Bearer',
      scope: 'api refresh_token id',
      refresh_token: expect.any(String),
    });
    expect(answer.json).not.toHaveProperty('expires_in');
    const { access } = tokens(answer);
    const info = await rig.call('GET', '/services/oauth2/userinfo', undefined, access);
    expect(info.json).toMatchObject({ organization_id: OTHER_ORG, preferred_username: OTHER_ADMIN });
    const id = await rig.call('GET', new URL(Object(answer.json).id).pathname, undefined, access);
    expect(id.json).toMatchObject({ organization_id: OTHER_ORG, username: OTHER_ADMIN });
    const wrong = await rig.call('GET', `/id/${ORG}/0055g0000000001`, undefined, access);
    expect([wrong.status, wrong.text]).toEqual([403, 'Wrong_Org']);
    const bad = await rig.call('GET', '/services/oauth2/userinfo', undefined, 'garbage');
    expect([bad.status, bad.text]).toEqual([403, 'Bad_OAuth_Token']);
  });

  it('asks for PKCE and checks it; a code is spent once', async () => {
    const refused = await authorize({ scope: 'api' });
    expect(refused.searchParams.get('error_description')).toBe('missing required code challenge');
    const back = await authorize({ code_challenge, code_challenge_method: 'S256', scope: 'api' });
    const fields = {
      grant_type: 'authorization_code',
      ...credentials,
      redirect_uri,
      code: back.searchParams.get('code') ?? '',
    };
    expect((await rig.form('/services/oauth2/token', { ...fields, code_verifier: 'x'.repeat(64) })).json).toEqual({
      error: 'invalid_grant',
      error_description: 'invalid code verifier',
    });
    expect((await rig.form('/services/oauth2/token', { ...fields, code_verifier })).json).toMatchObject({
      error: 'invalid_grant',
      error_description: 'expired authorization code',
    });
    const wrong = { grant_type: 'refresh_token', ...credentials, client_secret: 'x', refresh_token: 'y' };
    expect((await rig.form('/services/oauth2/token', wrong)).json).toMatchObject({ error: 'invalid_client' });
    // Without refresh_token in its scopes a sign-in brings none.
    expect((await grant({ scope: 'api id' })).json).not.toHaveProperty('refresh_token');
  });

  it('ends a session with 401 INVALID_SESSION_ID; a refresh rotates and voids the old token at once (E3)', async () => {
    const first = tokens(await grant());
    expect((await rig.query('SELECT Id FROM Account', first.access)).status).toBe(200);
    rig.clock.offset += 7201 * 1000;
    const expired = await rig.query('SELECT Id FROM Account', first.access);
    expect(expired.status).toBe(401);
    expect(expired.json).toEqual([{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]);
    const second = tokens(await refresh(first.refresh));
    expect((await rig.query('SELECT Id FROM Account', second.access)).status).toBe(200);
    const again = await refresh(first.refresh);
    expect([again.status, again.json]).toEqual([
      400,
      { error: 'invalid_grant', error_description: 'expired access/refresh token' },
    ]);
    rig.handle.settings.rotatingRefresh = false;
    expect((await refresh(second.refresh)).json).not.toHaveProperty('refresh_token');
    expect((await refresh(second.refresh)).status).toBe(200);
  });

  it('keeps five grants of a user for an app: the sixth sign-in ends the oldest (E3)', async () => {
    const grants: { refresh: string }[] = [];
    for (let index = 0; index < 6; index += 1) {
      rig.clock.offset += 1000;
      grants.push(tokens(await grant()));
    }
    const status = async (index: number): Promise<number> => (await refresh(grants[index]?.refresh ?? '')).status;
    expect([await status(0), await status(1), await status(5)]).toEqual([400, 200, 200]);
  });

  it('revokes on request, tells of tokens, and dies with the app or the user', async () => {
    const first = tokens(await grant());
    const told = await rig.form('/services/oauth2/introspect', { ...credentials, token: first.access });
    expect(told.json).toMatchObject({ active: true, username: ADMIN });
    expect((await rig.form('/services/oauth2/revoke', { token: first.refresh })).status).toBe(200);
    expect((await rig.query('SELECT Id FROM Account', first.access)).status).toBe(401);
    expect((await rig.form('/services/oauth2/introspect', { ...credentials, token: first.access })).json).toEqual({
      active: false,
    });
    const second = tokens(await grant());
    const other = rig.token(OTHER_ADMIN);
    rig.handle.revoke(ORG);
    expect((await rig.query('SELECT Id FROM Account', second.access)).status).toBe(401);
    expect((await refresh(second.refresh)).status).toBe(400);
    expect((await rig.query('SELECT Id FROM Account', other)).status).toBe(200);
    const [user] = rig.handle.findBy(OTHER_ORG, 'User', 'Username', OTHER_ADMIN);
    rig.handle.patch(OTHER_ORG, 'User', String(user?.['Id']), { IsActive: false });
    expect((await rig.query('SELECT Id FROM Account', other)).status).toBe(401);
  });

  it('refuses tokens without the api scope, users without the API and orgs that have none', async () => {
    const narrow = await rig.query('SELECT Id FROM Account', rig.token(ADMIN, ['id']));
    expect([narrow.status, Object(narrow.json)[0].message]).toEqual([
      401,
      'This session is not valid for use with the REST API',
    ]);
    rig.handle.profile(ORG, PROFILES.standard, (profile) => {
      profile.apiEnabled = false;
    });
    const refused = await rig.query('SELECT Id FROM Account', rig.token(MEMBER));
    expect([refused.status, Object(refused.json)[0].errorCode]).toEqual([403, 'API_DISABLED_FOR_ORG']);
    rig.handle.settings.apiDisabled.add(ORG);
    expect((await rig.query('SELECT Id FROM Account')).status).toBe(403);
    expect((await rig.call('GET', '/services/data/v66.0/query?q=SELECT', undefined, 'garbage')).status).toBe(401);
    expect((await fetch(`${rig.url}/services/data/v66.0/limits`)).status).toBe(401);
  });

  it('shows a page where a person chooses the user, without auto-consent', async () => {
    const manual = await startRig({ autoConsent: false });
    const request = new URLSearchParams({
      response_type: 'code',
      client_id: RIG_APP.clientId,
      redirect_uri,
      scope: 'api refresh_token',
      code_challenge,
      code_challenge_method: 'S256',
    });
    const page = await (await fetch(`${manual.url}/services/oauth2/authorize?${request}`)).text();
    expect(page).toContain('Mia Member at Org One');
    const form = new URLSearchParams({ request: request.toString(), subject: MEMBER, decision: 'allow' });
    const options = { method: 'POST', body: form, redirect: 'manual' } as const;
    const back = await fetch(`${manual.url}/services/oauth2/authorize`, options);
    const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const fields = { grant_type: 'authorization_code', ...credentials, redirect_uri, code, code_verifier };
    const answer = await manual.form('/services/oauth2/token', fields);
    const info = await fetch(`${manual.url}/services/oauth2/userinfo`, {
      headers: { authorization: `Bearer ${tokens(answer).access}` },
    });
    expect(await info.json()).toMatchObject({ preferred_username: MEMBER });
    await manual.close();
  });
});
