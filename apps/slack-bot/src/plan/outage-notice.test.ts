import { healGaps, installations, openGap, writeLiveOutages, writeSourceOutages } from '@waymark/store';
import { contentUuid } from '@waymark/journey';
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

test('the end of an outage is told once under its notice, when what was missed has been read', async () => {
  await rig.live();
  const account = await rig.addAccount('Aster Foods');
  await rig.fold(account, [gap(account)]);
  const mails = { source: 'mail-archive', touchpoint: 'email', from: rig.now() - 3 * day, to: null };
  const tickets = { source: 'help-desk', touchpoint: 'ticket', from: rig.now() - 2 * day, to: null };
  await rig.inWorkspace((tx) => writeSourceOutages(tx, [mails, tickets], rig.now()));
  await rig.send();
  const dm = () =>
    rig.dms('ada').map(({ text, blocks, threadTs }) => ({ said: JSON.stringify([text, blocks]), threadTs }));
  const before = dm().length;
  const noticeTs = rig.dms('ada').at(-1)?.ts;

  // One of two is over.
  await rig.inWorkspace((tx) => writeSourceOutages(tx, [{ ...mails, to: rig.now() }, tickets], rig.now()));
  for (let round = 0; round < 3; round += 1) await rig.send();
  expect(dm()).toHaveLength(before + 1);
  expect(dm().at(-1)).toMatchObject({ threadTs: noticeTs });
  expect(dm().at(-1)?.said).toContain('Imports of mail-archive: what was missed has been read.');
  expect(dm().at(-1)?.said).toContain('Still not seen: Imports of help-desk.');

  // The other one too, and nobody looks quiet any more.
  await rig.fold(account, []);
  await rig.inWorkspace((tx) =>
    writeSourceOutages(
      tx,
      [
        { ...mails, to: rig.now() },
        { ...tickets, to: rig.now() },
      ],
      rig.now(),
    ),
  );
  for (let round = 0; round < 3; round += 1) await rig.send();
  expect(dm()).toHaveLength(before + 2);
  expect(dm().at(-1)?.said).toContain('judged again');

  // Silent anew is another outage.
  await rig.fold(account, [gap(account)]);
  await rig.inWorkspace((tx) => writeSourceOutages(tx, [{ ...mails, from: rig.now(), to: null }], rig.now()));
  await rig.send();
  expect(dm()).toHaveLength(before + 3);
});

test('an installation with two streams is one outage, and is over when the second is read as well', async () => {
  await rig.live();
  const account = await rig.addAccount('Aster Foods');
  await rig.fold(account, [gap(account)]);
  const installationId = (await rig.inWorkspace(installations))[0]?.installationId ?? '';
  const streams = ['mail', 'calendar'].map((stream, index) => ({
    installationId,
    stream,
    partition: '',
    from: rig.now() - (3 - index) * day,
  }));
  await rig.inWorkspace(async (tx) => {
    for (const one of streams)
      await openGap(tx, { ...one, gapId: contentUuid('gap', one.stream), reason: 'It was not read.' }, rig.now());
  });
  await rig.send();
  const before = rig.dms('ada').length;
  const heal = async (index: number) => {
    const one = streams[index];
    if (one) await rig.inWorkspace((tx) => healGaps(tx, one, rig.now()));
    await rig.send();
  };
  await heal(0);
  expect(rig.dms('ada')).toHaveLength(before);
  await heal(1);
  expect(rig.dms('ada')).toHaveLength(before + 1);
  expect(JSON.stringify(rig.dms('ada').at(-1))).toContain('what was missed has been read');
});

test('an installation that is read and tells nothing is one outage, and is over with the first that comes', async () => {
  await rig.live();
  const account = await rig.addAccount('Aster Foods');
  await rig.fold(account, [gap(account)]);
  const [one] = await rig.inWorkspace(installations);
  const source = one?.installationId ?? '';
  const silent = (to: number | null) =>
    rig.inWorkspace((tx) =>
      writeLiveOutages(
        tx,
        ['email', 'meeting'].map((touchpoint) => ({ source, touchpoint, from: rig.now() - 9 * day, to })),
        rig.now(),
      ),
    );
  await silent(null);
  for (let round = 0; round < 3; round += 1) await rig.send();
  const said = () => rig.dms('ada').map(({ text, blocks }) => JSON.stringify([text, blocks]));
  const before = said().length;
  expect(said().at(-1)).toContain('tells nothing of anybody');
  expect(said().at(-1)).toContain(one?.label);
  await silent(rig.now() - 1000);
  for (let round = 0; round < 3; round += 1) await rig.send();
  expect(said()).toHaveLength(before + 1);
  expect(said().at(-1)).toContain('it tells of customers again');
});
