import { flagHandling, writeFlagHandling } from '@waymark/store';
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

test('who had taken a flag has it still where late mail moves its opening, and an answer to the new one stands', async () => {
  await rig.live();
  const account = await rig.addAccount('Aster Foods');
  const at = (days: number) => rig.flag(account, 'gone_quiet', { openedAt: rig.now() - days * 86_400_000 });
  const [first, moved, again] = [at(3), at(2), at(1)];
  const load = rig.flag(account, 'ticket_load', { title: 'Ticket load' });
  const claimed = {
    flagId: first.flagId,
    claimedBy: 'maya@vendor.example',
    claimedAt: rig.now(),
    snoozedUntil: null,
    answer: null,
    answeredBy: null,
    answeredAt: null,
  };
  const handled = async (...ids: string[]) =>
    (await rig.inWorkspace((tx) => flagHandling(tx, ids))).map(({ flagId, claimedBy, answer }) => ({
      flagId,
      claimedBy,
      answer,
    }));
  await rig.fold(account, [first]);
  await rig.inWorkspace((tx) => writeFlagHandling(tx, claimed));
  // Another rule's flag opens with it: what was said of one is not said of the other.
  await rig.fold(account, [load, moved]);
  expect(await handled(moved.flagId, load.flagId)).toEqual([
    { flagId: moved.flagId, claimedBy: claimed.claimedBy, answer: null },
  ]);

  const answered = { ...claimed, flagId: again.flagId, claimedBy: null, answer: 'risk', answeredBy: 'jonas' };
  await rig.inWorkspace((tx) => writeFlagHandling(tx, answered));
  await rig.fold(account, [load, again]);
  expect(await handled(again.flagId)).toEqual([{ flagId: again.flagId, claimedBy: null, answer: 'risk' }]);
});
