import { samplePortals, sampleTeams } from '@waymark/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hubspotWebhook, openGate, slackRequest, ticketChange, type Gate } from './gate.ts';

const minute = 60_000;
let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
}, 60_000);
afterAll(() => gate?.close());

interface Count {
  readonly n: number;
}
const hints = () =>
  gate.database.asOwner<{ workspace_id: string; external_ids: string[] }>(
    'SELECT workspace_id, external_ids FROM hint ORDER BY received_at',
  );
/** Rows of all tables that a request from outside may write. */
const rows = async (): Promise<number> => {
  const [count] = await gate.database.asOwner<Count>(
    `SELECT ((SELECT count(*) FROM hint) + (SELECT count(*) FROM slack_receipt) + (SELECT count(*) FROM flag_handling)
       + (SELECT count(*) FROM audit_entry) + (SELECT count(*) FROM journey_event) + (SELECT count(*) FROM directory))::int AS n`,
  );
  return count?.n ?? 0;
};

/** Sends it and checks that it left nothing behind. */
async function refused(send: () => Promise<Response>): Promise<number> {
  const before = await rows();
  const answer = await send();
  await answer.text();
  expect(await rows()).toBe(before);
  return answer.status;
}

describe("HubSpot's webhooks", () => {
  const change = ticketChange(samplePortals.main, 71);

  it('R21: a forged one is refused with 401 and leaves no row', async () => {
    expect(await refused(() => hubspotWebhook(gate.server, change, { secret: 'guessed' }))).toBe(401);
    const other = ticketChange(samplePortals.main, 72);
    expect(await refused(() => hubspotWebhook(gate.server, change, { tamper: other }))).toBe(401);
    const unsigned = () => fetch(`${gate.server.publicUrl}/webhooks/hubspot`, { method: 'POST', body: change });
    expect(await refused(unsigned)).toBe(401);
  });

  it('R21: one of the past or of the future is refused with 401 and leaves no row', async () => {
    expect(await refused(() => hubspotWebhook(gate.server, change, { at: Date.now() - 6 * minute }))).toBe(401);
    expect(await refused(() => hubspotWebhook(gate.server, change, { at: Date.now() + 6 * minute }))).toBe(401);
  });

  it('one that is too large is refused with 413, whoever signed it, and leaves no row', async () => {
    const large = JSON.stringify([{ filler: 'x'.repeat(1_100_000) }]);
    expect(await refused(() => hubspotWebhook(gate.server, large))).toBe(413);
  });

  it('one that is signed and says nothing is refused with 400; another provider is unknown', async () => {
    expect(await refused(() => hubspotWebhook(gate.server, '{"not":"a list"}'))).toBe(400);
    expect(await refused(() => hubspotWebhook(gate.server, 'not json'))).toBe(400);
    const elsewhere = () => fetch(`${gate.server.publicUrl}/webhooks/nobody`, { method: 'POST', body: '[]' });
    expect(await refused(elsewhere)).toBe(404);
  });

  it('I8, E8, E11: a genuine one is durable before its 202; played again it leaves no second row', async () => {
    const body = ticketChange(samplePortals.main, 73);
    const at = Date.now();
    expect((await hubspotWebhook(gate.server, body, { at })).status).toBe(202);
    expect((await hints()).map((hint) => hint.external_ids)).toContainEqual(['73']);
    expect(await refused(() => hubspotWebhook(gate.server, body, { at }))).toBe(202);
  });

  it('R12: on a full disk it is refused with 503 and comes again when there is room; nothing acknowledged is lost', async () => {
    const body = ticketChange(samplePortals.main, 74);
    const at = Date.now();
    // What PostgreSQL says when it cannot extend a file: https://www.postgresql.org/docs/18/errcodes-appendix.html
    await gate.database.asOwner(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`);
    await gate.database.asOwner('CREATE TRIGGER no_room BEFORE INSERT ON hint FOR EACH ROW EXECUTE FUNCTION no_room()');
    try {
      expect(await refused(() => hubspotWebhook(gate.server, body, { at }))).toBe(503);
    } finally {
      await gate.database.asOwner('DROP FUNCTION no_room CASCADE');
    }
    expect((await hints()).map((hint) => hint.external_ids)).not.toContainEqual(['74']);
    const again = await hubspotWebhook(gate.server, body, { at });
    expect(again.status).toBe(202);
    expect((await hints()).map((hint) => hint.external_ids)).toContainEqual(['74']);
  });

  it('I6: of two workspaces with one app, only the one whose portal it is about is told', async () => {
    const { north, south } = gate;
    expect((await hubspotWebhook(gate.server, ticketChange(samplePortals.second, 81))).status).toBe(202);
    expect((await hubspotWebhook(gate.server, ticketChange(samplePortals.main, 82))).status).toBe(202);
    const found = new Map((await hints()).map((hint) => [hint.external_ids.join(), hint.workspace_id]));
    expect([found.get('81'), found.get('82')]).toEqual([south.workspaceId, north.workspaceId]);
    expect(await refused(() => hubspotWebhook(gate.server, ticketChange(99_000_001, 83)))).toBe(202);
  });
});

describe("Slack's requests", () => {
  const appId = () => Object.keys(gate.sandbox.slack.handle.workspace.state.apps)[0] ?? '';
  const command = (text: string, team: string = sampleTeams.main) =>
    new URLSearchParams({
      command: '/journey',
      api_app_id: appId(),
      text,
      team_id: team,
      user_id: 'U0CSM0001',
      channel_id: 'C1',
      trigger_id: 't',
      response_url: `${gate.sandbox.urls.slack}/nowhere`,
    }).toString();
  const uninstalled = (eventId: string) =>
    JSON.stringify({
      type: 'event_callback',
      team_id: sampleTeams.main,
      api_app_id: appId(),
      event_id: eventId,
      event_time: 1,
      event: { type: 'tokens_revoked', tokens: { bot: ['nobody'] } },
    });

  it('R21: a forged one is refused with 401 and leaves no row', async () => {
    expect(await refused(() => slackRequest(gate.server, uninstalled('E1'), { secret: 'guessed' }))).toBe(401);
    expect(await refused(() => slackRequest(gate.server, uninstalled('E1'), { tamper: uninstalled('E2') }))).toBe(401);
    expect(await refused(() => slackRequest(gate.server, command('x'), { secret: 'guessed', type: 'form' }))).toBe(401);
    const unsigned = () => fetch(`${gate.server.publicUrl}/slack/events`, { method: 'POST', body: uninstalled('E1') });
    expect(await refused(unsigned)).toBe(401);
  });

  it('R21: one of the past or of the future is refused with 401 and leaves no row', async () => {
    const now = Math.floor(Date.now() / 1000);
    expect(await refused(() => slackRequest(gate.server, uninstalled('E3'), { at: now - 400 }))).toBe(401);
    expect(await refused(() => slackRequest(gate.server, uninstalled('E3'), { at: now + 400 }))).toBe(401);
  });

  it('one that is too large is refused with 413 and leaves no row', async () => {
    const large = JSON.stringify({ type: 'event_callback', filler: 'x'.repeat(1_100_000) });
    expect(await refused(() => slackRequest(gate.server, large))).toBe(413);
  });

  it('G1: an event played again is acknowledged and leaves no second row; an interaction played again is refused with 409', async () => {
    const at = Math.floor(Date.now() / 1000);
    expect((await slackRequest(gate.server, uninstalled('E4'), { at })).status).toBe(200);
    expect(await refused(() => slackRequest(gate.server, uninstalled('E4'), { at }))).toBe(200);
    expect((await slackRequest(gate.server, command('help'), { at, type: 'form' })).status).toBe(200);
    expect(await refused(() => slackRequest(gate.server, command('help'), { at, type: 'form' }))).toBe(409);
  });

  it('G6: a genuine event that is older than the grant does not end it', async () => {
    expect((await slackRequest(gate.server, uninstalled('E5'))).status).toBe(200);
    const found = await gate.database.asOwner("SELECT status FROM installation WHERE connector = 'slack'");
    expect(found).toEqual([{ status: 'active' }, { status: 'active' }]);
  });

  it('I6: a request of a team that is connected nowhere leaves no row', async () => {
    expect(await refused(() => slackRequest(gate.server, command('help', 'T0NOBODY'), { type: 'form' }))).toBe(200);
  });
});
