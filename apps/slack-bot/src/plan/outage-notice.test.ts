import { writeSourceOutages } from '@waymark/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BotRig } from '../testing/bot-rig.ts';

let rig: BotRig;
beforeEach(async () => {
  rig = await BotRig.start();
});
afterEach(async () => {
  await rig.close();
});

const day = 86_400_000;
const gap = (account: string) =>
  rig.flag(account, 'data_gap', { kind: 'data_gap', severity: 'low', title: 'Silence that proves nothing' });

test('an outage that hides customers is told to the admin once, and to nobody else; one that hides nobody is not', async () => {
  await rig.live();
  const names = ['Aster Foods', 'Birch Labs', 'Cedar Mills'];
  const accounts: string[] = [];
  for (const name of names) accounts.push(await rig.addAccount(name));
  const outage = { source: 'mail-archive', touchpoint: 'email', from: rig.now() - 3 * day, to: null };
  await rig.inWorkspace((tx) => writeSourceOutages(tx, [outage], rig.now()));
  const told = () => ['maya', 'jonas'].flatMap((user) => rig.dms(user).map((one) => one.text));
  const notices = () =>
    rig.inWorkspace(async (tx) => {
      const { rows } = await tx.query<{ destination: string; state: string; text: string }>(
        `SELECT m.destination, o.state, o.payload::text AS text FROM alert_message m
           JOIN outbox o ON o.workspace_id = $1 AND o.message_id = m.message_id
          WHERE m.workspace_id = $1 AND m.kind = 'notice'`,
        [tx.workspaceId],
      );
      return rows;
    });
  await rig.send();
  expect(await notices()).toEqual([]);

  for (const account of accounts) await rig.fold(account, [gap(account)]);
  for (let round = 0; round < 3; round += 1) await rig.send();
  const [notice, ...more] = await notices();
  expect(more).toEqual([]);
  expect(notice).toMatchObject({ state: 'sent' });
  expect(notice?.text).toContain('Imports of mail-archive: since 2026-03-08');
  expect(notice?.text).toContain('3 customers look quiet');
  expect(told().filter((text) => text.includes('Aster'))).toEqual([]);

  // Another outage is another notice.
  const tickets = { source: 'help-desk', touchpoint: 'ticket', from: rig.now() - 2 * day, to: null };
  await rig.inWorkspace((tx) => writeSourceOutages(tx, [outage, tickets], rig.now()));
  await rig.send();
  expect((await notices()).map(({ text }) => text.includes('help-desk')).toSorted()).toEqual([false, true]);
});
