import { changeDefinition, openActivations, settleActivation } from '@waymark/store';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BotRig } from '../testing/bot-rig.ts';

let rig: BotRig;
beforeEach(async () => {
  rig = await BotRig.start();
});
afterEach(async () => {
  await rig.close();
});

const texts = (user: string) => rig.dms(user).map((one) => one.text);

test('what a changed definition says is one digest for each CSM, and open messages change without a word', async () => {
  await rig.live();
  const known = await rig.addAccount('Aster Foods');
  const fresh = await rig.addAccount('Birch Labs');
  const calm = await rig.addAccount('Cedar Mills');
  const other = await rig.addAccount('Dune Robotics', { csmEmail: 'jonas@vendor.example' });
  const quiet = rig.flag(known, 'gone_quiet');
  await rig.fold(known, [quiet]);
  await rig.send();
  expect(texts('maya')).toHaveLength(1);

  const activationId = randomUUID();
  await rig.inWorkspace((tx) =>
    changeDefinition(
      tx,
      { activationId, kind: 'activated', journey: 'lifecycle', digest: 'e', formerDigest: 'd', version: 2, source: 'id: lifecycle' },
      'riley',
      rig.now(),
    ),
  ); // prettier-ignore
  const tickets = (account: string) => rig.flag(account, 'ticket_load', { title: 'Ticket load' });
  await rig.fold(known, [quiet, tickets(known)]);
  await rig.fold(fresh, [tickets(fresh)]);
  await rig.fold(calm, []);
  await rig.fold(other, [tickets(other)]);
  await rig.send();
  expect(texts('maya')).toHaveLength(1);
  expect(texts('jonas')).toHaveLength(0);

  const written = await rig.inWorkspace(async (tx) => {
    const [open] = await openActivations(tx);
    expect(open).toMatchObject({ activationId, by: 'riley', formerDigest: 'd', digest: 'e' });
    await settleActivation(tx, activationId, rig.now());
    return rig.bot.planChange(tx, activationId);
  });
  expect(written).toBe(2);
  await rig.send();
  expect(texts('maya').slice(1)).toEqual(['Hello, Maya: 2 accounts need a look']);
  expect(texts('jonas')).toEqual(['Hello, Jonas: one account needs a look']);
  const digest = JSON.stringify(rig.dms('maya')[1]?.blocks);
  expect(digest).toContain('The rules of the journey were changed');
  expect(digest).not.toContain('Gone quiet');
  // The open message shows the further flag; its thread stays silent.
  expect(JSON.stringify(rig.dms('maya')[0]?.blocks)).toContain('Ticket load');

  // From now on alerts are single again, and what the digest told is not told once more.
  await rig.fold(fresh, [tickets(fresh)]);
  await rig.fold(calm, [tickets(calm)]);
  await rig.send();
  expect(texts('maya')).toHaveLength(3);
  expect(texts('maya')[2]).toContain('Cedar Mills');
});
