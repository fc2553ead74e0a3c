import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setSlackUser } from '@waymark/store';
import { BotRig, type RigOptions } from '../testing/bot-rig.ts';

let rig: BotRig;
async function start(options: RigOptions = {}) {
  rig = await BotRig.start(options);
  await rig.live();
}
beforeEach(() => start());
afterEach(async () => {
  await rig.close();
});

async function alert(name = 'Northgate Paper', more: { csmEmail?: string | null } = {}) {
  const account = await rig.addAccount(name, more);
  const flag = rig.flag(account, 'gone_quiet');
  await rig.fold(account, [flag]);
  return { account, flag };
}
const states = async () => (await rig.outbox()).map((row) => `${row.action} ${row.state}`);
const posts = () => rig.slack.handle.posted();
const fault = (
  kind: 'lost-answer' | 'server-error' | 'reset-mid-body' | 'html-200' | 'too-many' | 'hang',
  method = 'chat.postMessage',
) => rig.served.faults.add({ kind, match: { path: method.replaceAll('.', '\\.') }, times: 1 });

/** The process ends at a point: what it was doing never goes on, and another one starts on the same rows. */
async function dieAt(point: string) {
  let reached = () => {};
  const there = new Promise<void>((resolve) => (reached = resolve));
  rig.point = (name) => {
    if (name !== point) return Promise.resolve();
    reached();
    return new Promise(() => {});
  };
  void rig.send();
  await there;
  rig.point = () => Promise.resolve();
  rig.offset += 25_000;
  rig.restart();
}

describe('each alert is posted once (I4)', () => {
  test.each(['post-claimed', 'post-sent', 'post-recorded'])(
    'R14, G2: a process that dies at %s leaves one post',
    async (point) => {
      const { account, flag } = await alert();
      await dieAt(point);
      await rig.send();
      await rig.send();
      expect(posts()).toHaveLength(1);
      expect(await states()).toEqual(['post sent']);
      // What was found again can be changed: its place is known.
      await rig.fold(account, [{ ...flag, clearedAt: rig.now(), clearedBecause: 'the customer wrote' }]);
      await rig.send();
      expect(rig.dms('maya')[0]?.text).toBe('Northgate Paper: resolved');
    },
  );

  test('G2 control: the same death at post-sent without the search for it posts twice', async () => {
    await alert();
    await dieAt('post-sent');
    await rig.database.asOwner(`UPDATE outbox SET state = 'pending'`);
    await rig.send();
    expect(posts()).toHaveLength(2);
  });

  test.each(['lost-answer', 'reset-mid-body', 'html-200', 'server-error'] as const)(
    'R14: %s leaves the outcome open until it was looked for',
    async (kind) => {
      await alert();
      fault(kind);
      const first = await rig.send();
      expect(first.uncertain).toBe(1);
      expect(await states()).toEqual(['post uncertain']);
      await rig.send();
      expect(posts()).toHaveLength(1);
      expect(await states()).toEqual(['post sent']);
    },
  );

  test('R14: a call that hangs is given up and looked for', async () => {
    await rig.close();
    await start({ timing: { callTimeoutMs: 1_000 } });
    await alert();
    fault('hang');
    await rig.send();
    expect(await states()).toEqual(['post uncertain']);
    await rig.send();
    expect(posts()).toHaveLength(1);
  });

  test('G2 control: the SDK by itself, with its own retries, posts a lost answer twice', async () => {
    const token = rig.slack.handle.workspace.installation('T0ONE', rig.app.id)?.token;
    const client = new WebClient(token, {
      slackApiUrl: `${rig.served.url}/api/`,
      retryConfig: { retries: 1, minTimeout: 1, maxTimeout: 1 },
    });
    fault('lost-answer');
    await client.chat.postMessage({ channel: 'U0MAYA', text: 'x' }).catch(() => undefined);
    expect(posts().length).toBe(2);
  });

  test('R14: a lost answer to a reply in the thread is found in the thread', async () => {
    const { account, flag } = await alert();
    await rig.send();
    await rig.fold(account, [flag, rig.flag(account, 'ticket_load', { title: 'Ticket load' })]);
    fault('lost-answer');
    await rig.send();
    await rig.send();
    expect(posts()).toHaveLength(2);
    expect(rig.dms('maya').filter((one) => one.threadTs !== undefined)).toHaveLength(1);
    expect(await states()).toEqual(['post sent', 'update sent', 'reply sent']);
  });

  test('an update whose answer is lost is made again: it says the same', async () => {
    const { account, flag } = await alert();
    await rig.send();
    await rig.fold(account, [{ ...flag, severity: 'critical' }]);
    fault('lost-answer', 'chat.update');
    await rig.send();
    rig.offset += 10_000;
    await rig.send();
    expect((await states()).filter((one) => one.startsWith('update'))).toEqual(['update sent']);
    expect(JSON.stringify(rig.dms('maya')[0]?.blocks)).toContain('Critical risk');
  });

  test('R15: where the history may not be read, the alert goes again and says that it may be a repeat', async () => {
    await alert();
    const token = rig.slack.handle.workspace.installation('T0ONE', rig.app.id);
    if (token) token.scopes = token.scopes.filter((scope) => !scope.endsWith(':history'));
    fault('lost-answer');
    await rig.send();
    await rig.send();
    expect(posts()).toHaveLength(2);
    expect(JSON.stringify(rig.dms('maya').at(-1)?.blocks)).toContain('This may be a repeat');
  });

  test('two processes that send at once post once', async () => {
    for (let index = 0; index < 8; index += 1) await alert(`Account ${index}`);
    const first = rig.bot;
    rig.restart();
    await Promise.all([first.sendDue(rig.workspaceId, AbortSignal.timeout(15_000)), rig.send()]);
    expect(posts()).toHaveLength(8);
    await first.close();
  });
});

describe('limits', () => {
  test('G3: a 429 puts the channel off by Retry-After and loses nothing', async () => {
    await rig.close();
    await start({ caps: 'vendor' });
    for (const name of ['One', 'Two', 'Three']) await alert(name);
    await rig.send();
    expect((await states()).toSorted()).toEqual(['post pending', 'post pending', 'post sent']);
    // One went out and one was refused; the third was not tried against the wish of Slack.
    const channel = rig.dms('maya')[0]?.channel ?? '';
    expect(rig.slack.handle.window.peak(`chat.postMessage:${channel}`, 60_000)).toBe(2);
    for (let round = 0; round < 3; round += 1) {
      rig.offset += 1_100;
      await rig.send();
    }
    expect(await states()).toEqual(['post sent', 'post sent', 'post sent']);
    expect(posts()).toHaveLength(3);
  });

  test('G3: at most one post a second goes to a channel, while others go at once', async () => {
    await rig.close();
    await start({ timing: { channelIntervalMs: 300 } });
    for (const name of ['One', 'Two', 'Three']) await alert(name);
    await alert('Elsewhere', { csmEmail: 'jonas@vendor.example' });
    const begun = performance.now();
    await rig.send();
    expect(posts()).toHaveLength(4);
    expect(performance.now() - begun).toBeGreaterThan(590);
  });

  test('G3: a channel that waits its turn delays no alert that comes later for another', async () => {
    for (const name of ['One', 'Two', 'Three']) await alert(name);
    const [firstClaimed, hold] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    rig.point = (name) => {
      if (name !== 'post-claimed') return Promise.resolve();
      firstClaimed.resolve();
      return hold.promise;
    };
    const signal = AbortSignal.timeout(15_000);
    await rig.bot.sendReady(rig.workspaceId, signal);
    await firstClaimed.promise;
    rig.point = () => Promise.resolve();
    await alert('Elsewhere', { csmEmail: 'jonas@vendor.example' });
    const elsewhere = new Promise<void>((resolve) => {
      rig.slack.handle.onChange(() => rig.dms('jonas').length === 1 && resolve());
    });
    await rig.bot.sendReady(rig.workspaceId, signal);
    await elsewhere;
    expect(posts()).toHaveLength(1);
    hold.resolve();
    await rig.bot.idle();
    expect(posts()).toHaveLength(4);
  });

  test('what waits for its turn when the process stops is let go, and stays to be sent', async () => {
    await rig.close();
    await start({ timing: { channelIntervalMs: 600_000 } });
    for (const name of ['One', 'Two']) await alert(name);
    const posted = new Promise<void>((resolve) => {
      rig.slack.handle.onChange(() => rig.dms('maya').length === 1 && resolve());
    });
    const stop = new AbortController();
    await rig.bot.sendReady(rig.workspaceId, stop.signal);
    await posted;
    stop.abort();
    await rig.bot.close();
    await rig.bot.idle();
    expect((await states()).toSorted()).toEqual(['post pending', 'post sent']);
  });
});

describe('destinations', () => {
  test('G9: an owner whom Slack does not know: the default channel, with a word why, and the admin is told once', async () => {
    await alert('Northgate Paper', { csmEmail: 'ghost@vendor.example' });
    await alert('Southgate Print', { csmEmail: 'ghost@vendor.example' });
    await rig.send();
    const [first, second] = rig.slack.handle.messages('#cs-alerts').filter((one) => one.app !== undefined);
    expect(JSON.stringify(first?.blocks)).toContain('ghost@vendor.example');
    expect(second).toBeDefined();
    expect(rig.dms('ada')).toHaveLength(1);
    expect(rig.dms('ada')[0]?.text).toContain('users_not_found');
  });

  test('G9: the map wins over the address', async () => {
    await rig.inWorkspace((tx) => setSlackUser(tx, 'maya@vendor.example', 'U0JONAS', 'map', rig.now()));
    await alert();
    await rig.send();
    expect(rig.dms('jonas')).toHaveLength(1);
  });

  test('no owner: the default channel, which the app joins by itself', async () => {
    await alert('Northgate Paper', { csmEmail: null });
    await rig.send();
    expect(JSON.stringify(rig.slack.handle.messages('#cs-alerts').at(-1)?.blocks)).toContain(
      'No CSM is named for this account',
    );
    expect(await states()).toEqual(['post sent']);
  });

  test('G4: an archived channel is passed over, the admin told once, and nothing is lost', async () => {
    rig.slack.handle.archive('#cs-alerts');
    await alert('Northgate Paper', { csmEmail: null });
    await alert('Southgate Print', { csmEmail: null });
    await rig.send();
    const texts = rig.dms('ada').map((one) => one.text);
    expect(texts.filter((one) => one.includes('Northgate') || one.includes('Southgate'))).toHaveLength(2);
    expect(texts.filter((one) => one.includes('is_archived'))).toHaveLength(1);
  });

  test('E2: a dead token stops sending, keeps the alert, and asks for a person after the second sign', async () => {
    await alert();
    rig.slack.handle.revokeTokens('T0ONE');
    await rig.send();
    rig.offset += 61_000;
    await rig.send();
    expect(await states()).toEqual(['post pending']);
    const [row] = await rig.database.asOwner<{ status: string }>(
      `SELECT status FROM installation WHERE connector = 'slack'`,
    );
    expect(row?.status).toBe('needs_auth');
    await rig.install();
    rig.offset += 61_000;
    await rig.send();
    expect(await states()).toEqual(['post sent']);
  });
});
