import { afterEach, beforeEach, expect, test } from 'vitest';
import { BotRig } from '../testing/bot-rig.ts';

let rig: BotRig;
beforeEach(async () => {
  rig = await BotRig.start();
});
afterEach(async () => {
  await rig.close();
});

const said = () => rig.dms('maya').map((one) => JSON.stringify([one.text, one.blocks]));

test('what late mail shows never to have been so is taken back in the message and in its thread, not in silence', async () => {
  await rig.live();
  const account = await rig.addAccount('Aster Foods');
  const quiet = rig.flag(account, 'gone_quiet');
  const load = rig.flag(account, 'ticket_load', { title: 'Ticket load' });
  await rig.fold(account, [quiet, load]);
  await rig.send();
  expect(said()).toHaveLength(1);

  // One of two is withdrawn: neither open nor cleared any longer.
  await rig.fold(account, [load]);
  await rig.send();
  const [message, reply, ...more] = said();
  expect(more).toEqual([]);
  expect(message).toContain('Taken back: by what is known now, it was not so');
  expect(message).toContain('Aster Foods: ticket load');
  expect(reply).toContain('Taken back: *Gone quiet*  by what is known now, it was not so');
  expect(reply).toContain('Gone quiet');

  // The other one too: the message is settled, and the thread hears it.
  await rig.fold(account, []);
  await rig.send();
  expect(said()).toHaveLength(3);
  expect(said()[2]).toContain('Ticket load');

  // What was taken back and is so after all is told again, since the message said otherwise.
  await rig.fold(account, [quiet]);
  await rig.send();
  expect(said()).toHaveLength(4);
  expect(said()[3]).toContain('Aster Foods: gone quiet');
});

test('what a digest told is taken back in the digest', async () => {
  await rig.install();
  const account = await rig.addAccount('Aster Foods');
  const other = await rig.addAccount('Birch Labs');
  await rig.fold(account, [rig.flag(account, 'gone_quiet')]);
  await rig.fold(other, [rig.flag(other, 'gone_quiet')]);
  expect(await rig.bot.planDigests(rig.workspaceId)).toBe(1);
  await rig.send();
  expect(said()).toHaveLength(1);
  expect(said()[0]).toContain('2 accounts need a look');
  rig.offset += 60_000;
  await rig.fold(account, []);
  await rig.send();
  expect(said()[0]).toContain('Taken back: by what is known now, it was not so');
});
