import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RIG_APP } from '../front/rig.ts';
import { OTHER_PORTAL, PORTAL, startRig, type CrmRig } from './crm-rig.ts';

let rig: CrmRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const credentials = { client_id: RIG_APP.clientId, client_secret: RIG_APP.clientSecret };
const redirect_uri = RIG_APP.redirectUris[0];

async function authorize(query: Record<string, string>, path = '/oauth/authorize'): Promise<URL> {
  const search = new URLSearchParams({ client_id: RIG_APP.clientId, redirect_uri, state: 's1', ...query });
  const response = await fetch(`${rig.url}${path}?${search}`, { redirect: 'manual' });
  expect(response.status).toBe(302);
  return new URL(response.headers.get('location') ?? '');
}

async function grant(query: Record<string, string>, path?: string) {
  const back = await authorize(query, path);
  const code = back.searchParams.get('code') ?? '';
  return rig.form('/oauth/2026-03/token', { grant_type: 'authorization_code', ...credentials, redirect_uri, code });
}

const COMPANIES = '/crm/objects/2026-09/companies';

describe('OAuth', () => {
  it('gives a 30-minute token of over 300 characters for the chosen account, with optional scopes', async () => {
    const answer = await grant({
      scope: 'oauth crm.objects.companies.read',
      optional_scope: 'tickets',
      portal_id: String(OTHER_PORTAL),
    });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ token_type: 'bearer', expires_in: 1800, hub_id: OTHER_PORTAL });
    expect(answer.at('scopes')).toEqual(['oauth', 'crm.objects.companies.read', 'tickets']);
    expect(answer.text('access_token').length).toBeGreaterThan(300);
    const tokens = await rig.form('/oauth/2026-03/token/introspect', {
      ...credentials,
      token: answer.text('access_token'),
    });
    expect(tokens.json).toMatchObject({ active: true, hub_id: OTHER_PORTAL, client_id: RIG_APP.clientId });
    const refresh = await rig.form('/oauth/2026-03/token/introspect', {
      ...credentials,
      token: answer.text('refresh_token'),
    });
    expect(refresh.json).toMatchObject({ active: true, hub_id: OTHER_PORTAL, token_use: 'refresh_token' });
  });

  it('takes the account from the path and leaves out optional scopes that it cannot grant (E6)', async () => {
    rig.handle.settings.ungrantableScopes.add('sales-email-read');
    const answer = await grant(
      { scope: 'oauth', optional_scope: 'sales-email-read tickets' },
      `/oauth/${PORTAL}/authorize`,
    );
    rig.handle.settings.ungrantableScopes.clear();
    expect(answer.json).toMatchObject({ hub_id: PORTAL, scopes: ['oauth', 'tickets'] });
  });

  it('checks PKCE and spends a code once', async () => {
    const verifier = 'v'.repeat(50);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const query = { scope: 'oauth', code_challenge: challenge, code_challenge_method: 'S256' };
    expect((await grant(query)).json).toMatchObject({ status: 'BAD_AUTH_CODE' });
    const code = (await authorize(query)).searchParams.get('code') ?? '';
    const fields = { grant_type: 'authorization_code', ...credentials, redirect_uri, code, code_verifier: verifier };
    expect((await rig.form('/oauth/2026-03/token', fields)).status).toBe(200);
    expect((await rig.form('/oauth/2026-03/token', fields)).json).toMatchObject({ status: 'BAD_AUTH_CODE' });
  });

  it('refreshes an expired token, and refuses with BAD_REFRESH_TOKEN once the app is uninstalled', async () => {
    const first = await grant({ scope: 'oauth crm.objects.companies.read' });
    expect((await rig.call('GET', COMPANIES, undefined, first.text('access_token'))).status).toBe(200);
    rig.clock.offset += 1801 * 1000;
    const expired = await rig.call('GET', COMPANIES, undefined, first.text('access_token'));
    expect(expired.status).toBe(401);
    expect(expired.json).toMatchObject({ status: 'error', category: 'EXPIRED_AUTHENTICATION' });
    const again = { grant_type: 'refresh_token', ...credentials, refresh_token: first.text('refresh_token') };
    const fresh = await rig.form('/oauth/2026-03/token', again);
    expect(fresh.text('refresh_token')).toBe(first.text('refresh_token'));
    expect((await rig.call('GET', COMPANIES, undefined, fresh.text('access_token'))).status).toBe(200);

    rig.handle.revoke(PORTAL);
    expect((await rig.call('GET', COMPANIES, undefined, fresh.text('access_token'))).status).toBe(401);
    const dead = await rig.form('/oauth/2026-03/token', again);
    expect(dead.status).toBe(400);
    expect(dead.json).toMatchObject({
      error: 'invalid_grant',
      error_description: 'refresh token is invalid, expired or revoked',
      status: 'BAD_REFRESH_TOKEN',
    });
  });

  it('shows a page where a person chooses the account, without auto-consent', async () => {
    const manual = await startRig({ autoConsent: false });
    const request = new URLSearchParams({
      client_id: RIG_APP.clientId,
      redirect_uri,
      scope: 'oauth tickets',
      state: 's2',
    });
    const page = await fetch(`${manual.url}/oauth/authorize?${request}`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(`Portal ${OTHER_PORTAL}`);
    const form = new URLSearchParams({ request: request.toString(), subject: String(OTHER_PORTAL), decision: 'allow' });
    for (const scope of ['oauth', 'tickets']) form.append('scope', scope);
    const back = await fetch(`${manual.url}/oauth/authorize`, { method: 'POST', body: form, redirect: 'manual' });
    const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const fields = { grant_type: 'authorization_code', ...credentials, redirect_uri, code };
    expect((await manual.form('/oauth/2026-03/token', fields)).json).toMatchObject({ hub_id: OTHER_PORTAL });
    await manual.close();
  });

  it('revokes a refresh token on request', async () => {
    const first = await grant({ scope: 'oauth' });
    const revoked = await rig.form('/oauth/2026-03/token/revoke', {
      ...credentials,
      token: first.text('refresh_token'),
    });
    expect(revoked.status).toBe(204);
    const introspected = await rig.form('/oauth/2026-03/token/introspect', {
      ...credentials,
      token: first.text('refresh_token'),
    });
    expect(introspected.json).toEqual({ active: false });
  });

  it('refuses a wrong secret, a missing token and a token that it never gave', async () => {
    const wrong = await rig.form('/oauth/2026-03/token', {
      grant_type: 'refresh_token',
      ...credentials,
      client_secret: 'x',
      refresh_token: 'y',
    });
    expect(wrong.json).toMatchObject({ status: 'BAD_CLIENT_SECRET' });
    expect((await rig.call('GET', COMPANIES, undefined, 'garbage')).json).toMatchObject({
      category: 'INVALID_AUTHENTICATION',
    });
    expect((await fetch(`${rig.url}${COMPANIES}`)).status).toBe(401);
  });

  it('enforces scopes per route (E6, D13)', async () => {
    const token = rig.token(['oauth', 'crm.objects.contacts.read']);
    expect((await rig.call('GET', '/crm/objects/2026-09/contacts', undefined, token)).status).toBe(200);
    expect((await rig.call('GET', '/crm/objects/2026-09/meetings', undefined, token)).status).toBe(200);
    for (const path of ['companies', 'deals', 'tickets', 'emails']) {
      const refused = await rig.call('GET', `/crm/objects/2026-09/${path}`, undefined, token);
      expect(refused.status).toBe(403);
      expect(refused.json).toMatchObject({ category: 'MISSING_SCOPES', status: 'error' });
    }
    const missing = await rig.call('GET', '/crm/objects/2026-09/emails', undefined, token);
    expect(missing.at('errors.0.context.requiredGranularScopes')).toContain('sales-email-read');
    expect((await rig.call('GET', '/crm/owners/2026-09', undefined, token)).status).toBe(403);
  });

  it('keeps portals apart: the same id is another record', async () => {
    const mine = rig.handle.upsert(PORTAL, 'companies', { properties: { name: 'Mine' } });
    const theirs = rig.handle.upsert(OTHER_PORTAL, 'companies', { properties: { name: 'Theirs' } });
    expect(theirs.id).toBe(mine.id);
    const read = await rig.call('GET', `${COMPANIES}/${mine.id}`, undefined, rig.token(undefined, OTHER_PORTAL));
    expect(read.at('properties.name')).toBe('Theirs');
    expect(
      (await rig.call('GET', '/account-info/2026-09/details', undefined, rig.token(['oauth'], OTHER_PORTAL))).json,
    ).toMatchObject({
      portalId: OTHER_PORTAL,
      timeZone: 'Europe/Berlin',
    });
  });
});
