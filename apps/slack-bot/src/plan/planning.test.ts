import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alertCounts, readSettings, writeSettings } from '@waymark/store';
import { slackInstallation } from '../installation.ts';
import { accountFactsOf } from './account-facts.ts';
import { workspaceFacts } from './workspace-facts.ts';
import { BotRig } from '../testing/bot-rig.ts';

let rig: BotRig;
beforeEach(async () => {
  rig = await BotRig.start();
});
afterEach(async () => {
  await rig.close();
});

const hour = 3_600_000;
const settings = (more: object) =>
  rig.inWorkspace(async (tx) => {
    await writeSettings(tx, { ...(await readSettings(tx)), ...more }, rig.now());
  });
const texts = (user: string) => rig.dms(user).map((one) => one.text);
const shown = (user: string, index = 0) => JSON.stringify(rig.dms(user)[index]?.blocks);

describe('the first steady state (G11)', () => {
  test('before it nothing is posted; at it each CSM gets one digest, worst first; from then on alerts are live', async () => {
    await rig.install();
    const names = ['Aster Foods', 'Birch Labs', 'Cedar Mills'];
    const accounts: string[] = [];
    for (const [index, name] of names.entries()) {
      const account = await rig.addAccount(name);
      accounts.push(account);
      const severity = index === 1 ? 'critical' : 'medium';
      await rig.fold(account, [rig.flag(account, 'gone_quiet', { severity, openedAt: rig.now() - 900 * hour })]);
    }
    const other = await rig.addAccount('Dune Robotics', { csmEmail: 'jonas@vendor.example' });
    await rig.fold(other, [rig.flag(other, 'ticket_load', { title: 'Ticket load' })]);
    await rig.send();
    expect(rig.slack.handle.posted()).toHaveLength(0);

    expect(await rig.bot.planDigests(rig.workspaceId)).toBe(2);
    await rig.send();
    expect(texts('maya')).toEqual(['Hello, Maya: 3 accounts need a look']);
    expect(texts('jonas')).toEqual(['Hello, Jonas: one account needs a look']);
    const digest = shown('maya');
    expect(digest.indexOf('Birch Labs')).toBeLessThan(digest.indexOf('Aster Foods'));
    expect(digest).toContain('No word from the customer for 34 days');
    expect(digest.match(/"not_a_risk"/g)).toHaveLength(3);

    expect(await rig.bot.planDigests(rig.workspaceId)).toBe(0);
    const [aster = ''] = accounts;
    await rig.fold(aster, [rig.flag(aster, 'gone_quiet', { severity: 'medium', openedAt: rig.now() - 900 * hour })]);
    await rig.send();
    expect(texts('maya')).toHaveLength(1);
    rig.offset += hour;
    await rig.fold(aster, [
      rig.flag(aster, 'gone_quiet', { severity: 'medium', openedAt: rig.now() - 901 * hour }),
      rig.flag(aster, 'ticket_load', { title: 'Ticket load' }),
    ]);
    await rig.send();
    expect(texts('maya')).toHaveLength(2);
    expect(shown('maya', 1)).toContain('Ticket load');
  });

  test('a button in a digest answers that flag and rewrites the digest', async () => {
    await rig.install();
    const first = await rig.addAccount('Aster Foods');
    const second = await rig.addAccount('Birch Labs');
    const flag = rig.flag(first, 'gone_quiet');
    await rig.fold(first, [flag]);
    await rig.fold(second, [rig.flag(second, 'gone_quiet')]);
    await rig.bot.planDigests(rig.workspaceId);
    await rig.send();
    const [digest] = rig.dms('maya');
    const { channel, ts } = digest ?? { channel: '', ts: '' };
    await rig.slack.handle.use('maya', 'not_a_risk', { channel, ts, blockId: `flag:${flag.flagId}` });
    await rig.settled();
    expect(rig.answers).toHaveLength(1);
    await rig.send();
    expect(texts('maya')).toEqual(['Hello, Maya: one account needs a look']);
    expect(shown('maya')).toContain('Aster Foods: ~Gone quiet~  Not a risk, says <@U0MAYA>');
    await rig.fold(second, [
      rig.flag(second, 'gone_quiet', { clearedAt: rig.now(), clearedBecause: 'the customer wrote' }),
    ]);
    await rig.send();
    expect(texts('maya')).toEqual(['Hello, Maya: all done']);
  });

  test('it is not reached while a source still reads, or an account waits to be folded', async () => {
    await rig.install();
    const account = await rig.addAccount('Aster Foods');
    await rig.fold(account, [rig.flag(account, 'gone_quiet')]);
    await rig.database.asOwner(`INSERT INTO account_wake VALUES ($1, $2, 1, now(), now())`, [rig.workspaceId, account]);
    expect(await rig.bot.planDigests(rig.workspaceId)).toBe(0);
    expect((await rig.inWorkspace((tx) => slackInstallation(tx)))?.slack.alertsFrom).toBeNull();
    await rig.database.asOwner('DELETE FROM account_wake');
    expect(await rig.bot.planDigests(rig.workspaceId)).toBe(1);
  });
});

describe('one open message for each account', () => {
  test('a further flag rewrites it and is told in its thread; cleared flags leave it; a later one opens another', async () => {
    await rig.live();
    const account = await rig.addAccount('Northgate Paper');
    const quiet = rig.flag(account, 'gone_quiet', { severity: 'medium' });
    const load = rig.flag(account, 'ticket_load', { title: 'Ticket load', severity: 'critical' });
    await rig.fold(account, [quiet]);
    await rig.send();
    await rig.fold(account, [quiet, load]);
    await rig.send();
    expect(texts('maya')).toHaveLength(2);
    expect(texts('maya')[0]).toContain('Northgate Paper: ticket load and 1 more');
    expect(rig.dms('maya')[1]?.text).toContain('New: *Ticket load*');
    const cleared = (flag: typeof quiet) => ({ ...flag, clearedAt: rig.now(), clearedBecause: 'it ended' });
    await rig.fold(account, [cleared(quiet), load]);
    await rig.fold(account, [cleared(quiet), cleared(load)]);
    await rig.send();
    expect(texts('maya')[0]).toBe('Northgate Paper: resolved');
    expect(texts('maya').at(-1)).toContain('Nothing is open any more');
    rig.offset += hour;
    await rig.fold(account, [
      cleared(quiet),
      cleared(load),
      rig.flag(account, 'champion_left', { title: 'Champion left' }),
    ]);
    await rig.send();
    expect(texts('maya').filter((text) => text.startsWith('Northgate Paper'))).toHaveLength(2);
  });

  test('folding again without news sends nothing', async () => {
    await rig.live();
    const account = await rig.addAccount('Northgate Paper');
    const flag = rig.flag(account, 'gone_quiet');
    for (let round = 0; round < 3; round += 1) {
      await rig.fold(account, [{ ...flag, reasonNow: `No word for ${34 + round} days` }]);
      await rig.send();
    }
    expect(await rig.outbox()).toHaveLength(1);
  });

  test('a correction that gives a flag another id keeps what people did with it', async () => {
    await rig.live();
    const account = await rig.addAccount('Northgate Paper');
    await rig.fold(account, [rig.flag(account, 'gone_quiet')]);
    await rig.send();
    const [message] = rig.dms('maya');
    await rig.slack.handle.pressButton('maya', message?.channel ?? '', message?.ts ?? '', 'not_a_risk');
    await rig.settled();
    expect(rig.answers).toHaveLength(1);
    await rig.fold(account, [rig.flag(account, 'gone_quiet', { openedAt: rig.now() - 30 * hour })]);
    await rig.send();
    expect(texts('maya')).toEqual(['Northgate Paper: resolved']);
  });

  test('sample data is labeled', async () => {
    await settings({ sampleData: true });
    await rig.live();
    const account = await rig.addAccount('Northgate Paper');
    await rig.fold(account, [rig.flag(account, 'gone_quiet')]);
    await rig.send();
    expect(shown('maya')).toContain('Sample data');
    expect(texts('maya')[0]).toContain('(sample data)');
  });
});

describe('what is held back', () => {
  test('outside working hours alerts wait, and come as one digest in the morning', async () => {
    await settings({ workingHours: { from: '08:00', to: '18:00', days: [1, 2, 3, 4, 5] } });
    await rig.live();
    rig.offset = 10 * hour;
    for (const name of ['Aster Foods', 'Birch Labs']) {
      const account = await rig.addAccount(name);
      await rig.fold(account, [rig.flag(account, 'gone_quiet')]);
    }
    const gone = await rig.addAccount('Cedar Mills');
    const flag = rig.flag(gone, 'gone_quiet');
    await rig.fold(gone, [flag]);
    await rig.fold(gone, [{ ...flag, clearedAt: rig.now(), clearedBecause: 'it ended' }]);
    await rig.send();
    expect(texts('maya')).toEqual([]);
    expect(await rig.inWorkspace(alertCounts)).toMatchObject({ posted: 0, heldBack: 3 });
    rig.offset = 22 * hour;
    await rig.send();
    expect(texts('maya')).toEqual(['Good morning, Maya: 2 accounts need a look']);
    rig.offset = 23 * hour;
    await rig.send();
    expect(texts('maya')).toHaveLength(1);
  });

  test('beyond the daily cap the rest waits; a single held alert comes by itself', async () => {
    await settings({ dailyCapPerMember: 2 });
    await rig.live();
    for (const name of ['Aster Foods', 'Birch Labs', 'Cedar Mills']) {
      const account = await rig.addAccount(name);
      await rig.fold(account, [rig.flag(account, 'gone_quiet')]);
      await rig.send();
    }
    expect(texts('maya')).toHaveLength(2);
    rig.offset = 22 * hour;
    await rig.send();
    expect(texts('maya').at(-1)).toContain('Cedar Mills: gone quiet');
  });
});

test('of what is past only the flags that a message shows are read', async () => {
  await rig.install();
  const account = await rig.addAccount('Aster Foods');
  const flags = ['gone_quiet', 'ticket_load', 'champion_left'].map((rule) => rig.flag(account, rule));
  await rig.fold(account, flags);
  const [first, second, open] = flags;
  if (!first || !second || !open) throw new Error('three flags were made');
  await rig.fold(account, [{ ...first, clearedAt: rig.now() }, { ...second, clearedAt: rig.now() }, open]);
  const read = (shown?: readonly string[]) =>
    rig.inWorkspace(async (tx) => {
      const facts = await workspaceFacts(tx, { now: rig.now(), pausedRetryMs: hour });
      if (!facts) throw new Error('Slack is installed');
      const known = (await accountFactsOf(tx, rig.dependencies(), facts, [account], shown)).get(account);
      return [known?.open.map(({ rule }) => rule), [...(known?.past.values() ?? [])].map(({ rule }) => rule)];
    });
  expect(await read()).toEqual([['champion_left'], []]);
  expect(await read([second.flagId])).toEqual([['champion_left'], ['ticket_load']]);
});
