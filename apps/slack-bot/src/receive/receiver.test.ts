import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setStatus } from '@waymark/store';
import { slackInstallation } from '../installation.ts';
import { BotRig } from '../testing/bot-rig.ts';

let rig: BotRig;
beforeAll(async () => {
  rig = await BotRig.start();
  await rig.live();
});
afterAll(async () => {
  await rig.close();
});
beforeEach(async () => {
  await rig.database.asOwner('DELETE FROM slack_receipt');
});

const seconds = () => Math.floor(rig.now() / 1000);
const receipts = async () =>
  (await rig.database.asOwner<{ receipt_key: string }>('SELECT receipt_key FROM slack_receipt')).length;

function post(
  body: string,
  options: { secret?: string; at?: number; type?: string; headers?: Record<string, string> } = {},
) {
  const at = options.at ?? seconds();
  const signature = `v0=${createHmac('sha256', options.secret ?? 'signing-secret')
    .update(`v0:${at}:${body}`)
    .digest('hex')}`;
  return rig.bot.fetch(
    new Request('http://127.0.0.1/slack/events', {
      method: 'POST',
      body,
      headers: {
        'content-type': options.type ?? 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': String(at),
        'x-slack-signature': signature,
        ...options.headers,
      },
    }),
  );
}
const command = (text = 'help') =>
  new URLSearchParams({
    command: '/journey',
    text,
    team_id: 'T0ONE',
    api_app_id: rig.app.id,
    user_id: 'U0MAYA',
    response_url: `${rig.served.url}/actions/none`,
    trigger_id: 't',
  }).toString();
const event = (id: string, more: object = {}) =>
  JSON.stringify({
    type: 'event_callback',
    team_id: 'T0ONE',
    context_team_id: 'T0ONE',
    api_app_id: rig.app.id,
    event_id: id,
    event_time: seconds() - 9_000,
    event: { type: 'app_uninstalled' },
    ...more,
  });

describe('what is refused leaves no row (R21)', () => {
  test('forged, unsigned and altered requests: 401', async () => {
    expect((await post(command(), { secret: 'other' })).status).toBe(401);
    expect((await post(command(), { headers: { 'x-slack-signature': '' } })).status).toBe(401);
    expect((await post(command(), { headers: { 'x-slack-signature': 'v0=zz' } })).status).toBe(401);
    expect((await post(command(), { headers: { 'x-slack-request-timestamp': 'NaN' } })).status).toBe(401);
    expect((await post('{"type"', { type: 'application/json' })).status).toBe(401);
    expect(await receipts()).toBe(0);
  });

  test('a stamp from the past and one from the future: 401; within five minutes both are taken', async () => {
    expect((await post(command(), { at: seconds() - 301 })).status).toBe(401);
    expect((await post(command(), { at: seconds() + 301 })).status).toBe(401);
    expect(await receipts()).toBe(0);
    expect((await post(command(), { at: seconds() - 299 })).status).toBe(200);
    expect((await post(command(), { at: seconds() + 299 })).status).toBe(200);
  });

  test('an oversized body: 413, whether it says so or not', async () => {
    const large = 'x'.repeat(1_048_577);
    expect((await post(large)).status).toBe(413);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let part = 0; part < 17; part += 1) controller.enqueue(new Uint8Array(65_536));
        controller.close();
      },
    });
    // A stream needs `duplex`, which the type of RequestInit does not know.
    const init = { method: 'POST', body: stream, duplex: 'half' };
    const unsaid = new Request('http://127.0.0.1/slack/events', init);
    expect((await rig.bot.fetch(unsaid)).status).toBe(413);
    expect(await receipts()).toBe(0);
  });

  test('GET: 405', async () => {
    expect((await rig.bot.fetch(new Request('http://127.0.0.1/slack/events'))).status).toBe(405);
  });

  test('a signature of another workspace’s app does not open this one', async () => {
    expect((await post(command(), { secret: 'signing-secret-two' })).status).toBe(401);
  });
});

describe('what comes twice is acted on once (G1)', () => {
  test('the same command replayed: 409, one receipt', async () => {
    const body = command('why nobody');
    expect((await post(body)).status).toBe(200);
    expect((await post(body)).status).toBe(409);
    expect(await receipts()).toBe(1);
  });

  test('the same event under its id, signed anew: 200, and nothing more', async () => {
    expect((await post(event('Ev1'), { type: 'application/json' })).status).toBe(200);
    expect(
      (
        await post(event('Ev1'), {
          type: 'application/json',
          at: seconds() + 60,
          headers: { 'x-slack-retry-num': '1' },
        })
      ).status,
    ).toBe(200);
    expect(await receipts()).toBe(1);
  });

  test('an event that nobody listens to is acknowledged and not kept', async () => {
    const body = event('Ev2', { event: { type: 'message', text: 'private words', channel: 'C0GEN' } });
    expect((await post(body, { type: 'application/json' })).status).toBe(200);
    expect(await receipts()).toBe(0);
  });

  test('I8, R13: an event that was noted and not finished is finished by the next start', async () => {
    await rig.inWorkspace(async (tx) => {
      const installed = await slackInstallation(tx);
      if (installed) await setStatus(tx, installed.installationId, 'active', null, rig.now());
    });
    rig.slack.handle.revokeTokens('T0ONE');
    const body = { type: 'app_uninstalled', event_time: seconds() + 60, api_app_id: rig.app.id };
    await rig.database.asOwner(`INSERT INTO slack_receipt VALUES ($1, 'event:lost', $2, $3, NULL)`, [
      rig.workspaceId,
      new Date(rig.now() - 120_000),
      JSON.stringify(body),
    ]);
    await rig.send();
    const [row] = await rig.database.asOwner<{ status: string }>(
      `SELECT status FROM installation WHERE connector = 'slack'`,
    );
    expect(row?.status).toBe('needs_auth');
    await rig.install();
  });
});

describe('what needs no workspace', () => {
  test('the check of a request address is answered, if it is signed', async () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: 'c1', token: 'x' });
    expect(await (await post(body, { type: 'application/json' })).json()).toEqual({ challenge: 'c1' });
    expect((await post(body, { type: 'application/json', secret: 'other' })).status).toBe(401);
  });

  test('a team that is not connected is told so', async () => {
    const answer = await post(command().replace('T0ONE', 'T0NONE'));
    expect(await answer.text()).toContain('not connected');
    expect(await receipts()).toBe(0);
  });

  test('G10: in a shared channel the context names the workspace, not the envelope’s team', async () => {
    const body = event('Ev3', { team_id: 'T0FOREIGN' });
    expect((await post(body, { type: 'application/json' })).status).toBe(200);
    expect(await receipts()).toBe(1);
  });
});
