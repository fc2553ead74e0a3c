import { networkInterfaces } from 'node:os';
import { samplePortals, sampleTeams } from '@waymark/sandbox';
import { createInstallLink, slackInstallLink } from '@waymark/server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hubspotLink, openGate, type Gate } from './gate.ts';

const minute = 60_000;
let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
}, 60_000);
afterAll(() => gate?.close());
afterEach(() => {
  gate.offset = 0;
});

const visit = (address: string, cookie = '') =>
  fetch(address, { redirect: 'manual', headers: { connection: 'close', ...(cookie && { cookie }) } });
const cookieOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');

/** The first half of the way: the link, the consent page's address, and the callback to which its yes leads. */
async function toCallback(link: string): Promise<{ consent: URL; callback: string; cookie: string }> {
  const start = await visit(link);
  expect(start.status).toBe(302);
  const consent = new URL(start.headers.get('location') ?? '');
  const yes = await visit(consent.href);
  return { consent, callback: yes.headers.get('location') ?? '', cookie: cookieOf(start) };
}

/** What an installation that went through leaves. */
const grants = () =>
  gate.database.asOwner<{ workspace_id: string; connector: string; generation: number }>(
    'SELECT workspace_id, connector, generation FROM installation ORDER BY workspace_id, connector',
  );
async function refused(callback: string, cookie: string): Promise<number> {
  const before = await grants();
  const answer = await visit(callback, cookie);
  await answer.text();
  expect(await grants()).toEqual(before);
  return answer.status;
}

describe('the way through the consent of HubSpot and Google', () => {
  const link = () => hubspotLink(gate.waymark, gate.server, gate.north.workspaceId, samplePortals.main);

  it('asks with the exact redirect address, a state that cannot be guessed, and PKCE where the provider has it', async () => {
    const { consent } = await toCallback(await link());
    expect(consent.searchParams.get('redirect_uri')).toBe(`${gate.server.publicUrl}/oauth/hubspot/callback`);
    expect(consent.searchParams.get('state')?.length).toBeGreaterThanOrEqual(43);
    // A product that the account may not have bought must not end the whole consent.
    expect(consent.searchParams.get('optional_scope')).toBe('crm.objects.feedback_submissions.read');
    expect(consent.searchParams.get('scope')?.split(' ')).toContain('crm.objects.companies.read');
    expect(consent.searchParams.get('scope')).not.toContain('feedback_submissions');
    const google = await createInstallLink(gate.waymark, {
      workspaceId: gate.north.workspaceId,
      connector: 'gmail',
      settings: {},
      publicUrl: gate.server.publicUrl,
    });
    const start = new URL((await visit(google)).headers.get('location') ?? '');
    expect(start.searchParams.get('code_challenge_method')).toBe('S256');
    expect(start.searchParams.get('redirect_uri')).toBe(`${gate.server.publicUrl}/oauth/google/callback`);
  });

  it('the cookie of the browser is out of reach of scripts and of other sites', async () => {
    const [line = ''] = (await visit(await link())).headers.getSetCookie();
    expect(line).toMatch(/HttpOnly/i);
    expect(line).toMatch(/SameSite=Lax/i);
  });

  it('refuses a state from another browser with 403, and the right browser can still go on', async () => {
    const { callback, cookie } = await toCallback(await link());
    expect(await refused(callback, '')).toBe(403);
    expect(await refused(callback, 'waymark_oauth=another')).toBe(403);
    const other = await toCallback(await link());
    expect(await refused(callback, other.cookie)).toBe(403);
    expect((await visit(callback, cookie)).status).toBe(200);
  });

  it('refuses a state that was used with 403, and a link that was used with 400', async () => {
    const used = await link();
    const { callback, cookie } = await toCallback(used);
    expect((await visit(callback, cookie)).status).toBe(200);
    expect(await refused(callback, cookie)).toBe(403);
    expect((await visit(used)).status).toBe(400);
  });

  it("refuses one provider's state at another's callback, and a state of nobody, with 403", async () => {
    const { callback, cookie } = await toCallback(await link());
    expect(await refused(callback.replace('/oauth/hubspot/', '/oauth/google/'), cookie)).toBe(403);
    expect(await refused(`${gate.server.publicUrl}/oauth/hubspot/callback?code=x&state=nobody`, cookie)).toBe(403);
    expect(await refused(`${gate.server.publicUrl}/oauth/hubspot/callback`, cookie)).toBe(403);
  });

  it('refuses a link after an hour and a state after ten minutes', async () => {
    const late = await link();
    gate.offset = 61 * minute;
    expect((await visit(late)).status).toBe(400);
    gate.offset = 0;
    const { callback, cookie } = await toCallback(await link());
    gate.offset = 11 * minute;
    expect(await refused(callback, cookie)).toBe(403);
  });

  it("shows a provider's refusal as text", async () => {
    const { callback, cookie } = await toCallback(await link());
    const said = new URL(callback);
    said.searchParams.delete('code');
    said.searchParams.set('error', '<script>alert(1)</script>');
    const answer = await visit(said.href, cookie);
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain('<script>');
  });

  it('I6: connects the workspace of its link and no other', async () => {
    const before = await grants();
    const south = await hubspotLink(gate.waymark, gate.server, gate.south.workspaceId, samplePortals.second);
    const { callback, cookie } = await toCallback(south);
    expect((await visit(callback, cookie)).status).toBe(200);
    const changed = (await grants()).filter(
      (one) => !before.some((old) => JSON.stringify(old) === JSON.stringify(one)),
    );
    expect(changed.map((one) => one.workspace_id)).toEqual([gate.south.workspaceId]);
  });

  it('B7: another account that signs in is another installation; the same one renews its own', async () => {
    const { workspaceId } = gate.north;
    const installed = () =>
      gate.database.asOwner<{ installation_id: string; external_account_id: string; generation: number }>(
        `SELECT installation_id, external_account_id, generation::int AS generation FROM installation
          WHERE workspace_id = $1 AND connector = 'hubspot' ORDER BY created_at`,
        [workspaceId],
      );
    const signIn = async (portal: number) => {
      const { callback, cookie } = await toCallback(await hubspotLink(gate.waymark, gate.server, workspaceId, portal));
      expect((await visit(callback, cookie)).status).toBe(200);
      return installed();
    };
    const [first] = await signIn(samplePortals.main);
    const [kept, added, ...more] = await signIn(samplePortals.second);
    expect([kept, more]).toEqual([first, []]);
    expect(added).toMatchObject({ external_account_id: String(samplePortals.second) });
    expect(added?.installation_id).not.toBe(first?.installation_id);
    const [renewed, untouched] = await signIn(samplePortals.main);
    expect(renewed).toEqual({ ...first, generation: (first?.generation ?? 0) + 1 });
    expect(untouched).toEqual(added);
  });
});

describe('the way through the consent of Slack', () => {
  const link = async () =>
    `${await slackInstallLink(gate.waymark, gate.north.workspaceId, gate.server.publicUrl)}?team=${sampleTeams.main}`;

  it('asks with the exact redirect address', async () => {
    const { consent } = await toCallback(await link());
    expect(consent.searchParams.get('redirect_uri')).toBe(`${gate.server.publicUrl}/oauth/slack/callback`);
  });

  it('refuses a state from another browser, and one that was used', async () => {
    const { callback, cookie } = await toCallback(await link());
    expect(await refused(callback, '')).toBeGreaterThanOrEqual(400);
    const other = await toCallback(await link());
    expect(await refused(callback, other.cookie)).toBeGreaterThanOrEqual(400);
    const mine = await toCallback(await link());
    expect((await visit(mine.callback, mine.cookie)).status).toBe(200);
    expect(await refused(mine.callback, mine.cookie)).toBeGreaterThanOrEqual(400);
    expect(cookie).not.toBe('');
  });

  it('refuses a link that was used, and one that has run out', async () => {
    const used = await link();
    await toCallback(used);
    expect((await visit(used)).status).toBeGreaterThanOrEqual(400);
    const late = await link();
    gate.offset = 61 * minute;
    expect((await visit(late)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('the door', () => {
  it('is on loopback alone unless told otherwise', async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find((one) => one.family === 'IPv4' && !one.internal);
    expect(new URL(gate.server.url).hostname).toBe('127.0.0.1');
    if (!outside) return;
    const { port } = new URL(gate.server.url);
    const answer = fetch(`http://${outside.address}:${port}/healthz`, { signal: AbortSignal.timeout(3000) });
    await expect(answer).rejects.toThrow();
  });
});
