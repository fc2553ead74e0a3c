import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BotRig } from '../testing/bot-rig.ts';

let rig: BotRig;
beforeEach(async () => {
  rig = await BotRig.start();
});
afterEach(async () => {
  await rig.close();
});

const status = async () =>
  (
    await rig.database.asOwner<{ status: string; generation: number }>(
      `SELECT status, generation FROM installation WHERE workspace_id = $1`,
      [rig.workspaceId],
    )
  )[0];
const seconds = () => Math.floor(rig.now() / 1000);

describe('install', () => {
  test('link, consent and callback store a sealed token and a way to the workspace', async () => {
    expect(await rig.install()).toContain('Connected');
    const token = rig.slack.handle.workspace.installation('T0ONE', rig.app.id)?.token ?? 'none';
    const [row] = await rig.database.asOwner<{ access_token: Buffer; granted_scopes: string[]; settings: object }>(
      'SELECT access_token, granted_scopes, settings FROM installation',
    );
    expect(row?.access_token.toString('latin1')).not.toContain(token);
    expect(JSON.stringify(row?.settings)).not.toContain(token);
    expect(row?.granted_scopes).toContain('chat:write');
    const entries = await rig.database.asOwner<{ key: string }>(`SELECT key FROM directory WHERE kind = 'slack_team'`);
    expect(entries.map((one) => one.key)).toEqual([`T0ONE/${rig.app.id}`]);
    expect(JSON.stringify(rig.logged)).not.toContain(token);
  });

  test('a link works once', async () => {
    const link = await rig.bot.installUrl(rig.workspaceId);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(302);
    const again = await fetch(link, { redirect: 'manual' });
    expect(again.status).toBe(400);
    expect(await again.text()).toContain('was used or has run out');
  });

  test('the way back is taken only from the browser that set out, and once', async () => {
    const start = await fetch(await rig.bot.installUrl(rig.workspaceId), { redirect: 'manual' });
    const cookie = start.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');
    const consent = await fetch(start.headers.get('location') ?? '', { redirect: 'manual' });
    const back = consent.headers.get('location') ?? '';
    expect(await (await fetch(back)).text()).toContain('did not come from the browser');
    expect(await status()).toBeUndefined();
    expect(await (await fetch(back, { headers: { cookie } })).text()).toContain('Connected');
    expect((await fetch(back, { headers: { cookie } })).status).toBe(400);
    expect((await status())?.generation).toBe(1);
  });

  test('I6: one app in one team leads to one workspace', async () => {
    await rig.install();
    const other = await rig.addWorkspace('two');
    expect(await rig.install('T0ONE', other)).toContain('connected to another workspace');
    const rows = await rig.database.asOwner('SELECT 1 FROM installation WHERE workspace_id = $1', [other]);
    expect(rows).toHaveLength(0);
  });
});

describe('the end of a grant', () => {
  test('G5: uninstalling asks for a person, alerts wait, and come after the next install', async () => {
    await rig.live();
    rig.offset += 60_000;
    rig.slack.handle.uninstall('T0ONE', rig.app);
    await rig.slack.handle.settled();
    await rig.settled();
    expect((await status())?.status).toBe('needs_auth');
    const account = await rig.addAccount('Northgate Paper');
    await rig.fold(account, [rig.flag(account, 'gone_quiet')]);
    await rig.send();
    expect(rig.slack.handle.posted()).toHaveLength(0);
    await rig.install();
    await rig.send();
    expect(rig.slack.handle.posted()).toHaveLength(1);
  });

  test('G6: a late event of a former grant does not end the new one', async () => {
    await rig.live();
    rig.offset += 60_000;
    const uninstalledAt = seconds();
    rig.slack.handle.events.drop = 2;
    rig.slack.handle.uninstall('T0ONE', rig.app);
    rig.offset += 60_000;
    await rig.install();
    expect(await status()).toEqual({ status: 'active', generation: 2 });
    rig.slack.handle.sendEvent(rig.app, 'T0ONE', { type: 'app_uninstalled' }, { eventTime: uninstalledAt });
    await rig.slack.handle.settled();
    expect((await status())?.status).toBe('active');
  });

  test('G6: nor does one that seems to be of the same second, while the token works', async () => {
    await rig.live();
    rig.slack.handle.sendEvent(rig.app, 'T0ONE', { type: 'app_uninstalled' }, { eventTime: seconds() });
    rig.slack.handle.sendEvent(
      rig.app,
      'T0ONE',
      { type: 'tokens_revoked', tokens: { oauth: [], bot: [] } },
      { eventTime: seconds() + 5 },
    );
    await rig.slack.handle.settled();
    expect((await status())?.status).toBe('active');
  });
});

describe('two teams (I6)', () => {
  test('alerts, answers and buttons stay in their own', async () => {
    await rig.live();
    const first = rig.workspaceId;
    const second = await rig.addWorkspace('two');
    await rig.live('T0TWO', second);
    const ours = await rig.addAccount('Northgate Paper', { workspaceId: first });
    const theirs = await rig.addAccount('Harbor Mills', { workspaceId: second, csmEmail: null });
    const flag = rig.flag(ours, 'gone_quiet');
    await rig.fold(ours, [flag], first);
    await rig.fold(theirs, [rig.flag(theirs, 'gone_quiet')], second);
    await Promise.all([rig.send(first), rig.send(second)]);
    const alerts = rig.slack.handle.posted().filter((post) => !post.text.startsWith('*Alerts take another way'));
    const teams = alerts.map((post) => `${post.team} ${post.text.slice(0, 9)}`);
    expect(teams.toSorted()).toEqual(['T0ONE Northgate', 'T0TWO Harbor Mi']);
    // A flag of the one pressed in the other is not found there.
    const message = alerts.find((post) => post.team === 'T0TWO');
    const shown = rig.slack.handle.messages(message?.channel ?? '').find((one) => one.ts === message?.ts);
    const block = shown?.blocks?.find((one) => one.type === 'actions');
    if (block?.type === 'actions')
      for (const element of block.elements) if ('value' in element) element.value = `flag:${flag.flagId}`;
    await rig.slack.handle.pressButton('zoe', message?.channel ?? '', message?.ts ?? '', 'not_a_risk');
    await rig.settled();
    expect(rig.slack.handle.messages(message?.channel ?? '').at(-1)?.text).toContain('no longer open');
    expect(rig.answers).toEqual([]);
  });
});
