import { accounts } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deriveAccount } from './account-answer.ts';
import { company, mail, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const crm = scriptedConnector('crm', [
  scriptedStream('companies', 1, () => [
    { records: [{ id: 'a', version: '1', entities: [company('a', ['a.example'])] }], done: true },
  ]),
]);
const mailbox = scriptedConnector('mailbox', [
  scriptedStream('messages', 5, () => [
    {
      records: Array.from({ length: 40 }, (_, n) => ({
        id: `m${n}`,
        version: '1',
        events: [mail(`m${n}`, start - n * 5 * day, 'ann@a.example', 'csm@vendor.example')],
      })),
      done: true,
    },
  ]),
]);

it('what was known of a history does not depend on which source was connected first', async () => {
  const known: unknown[] = [];
  for (const order of [
    [crm, mailbox],
    [mailbox, crm],
  ]) {
    const rig = await syncRig(database);
    for (const connector of order) {
      await rig.run(await rig.install(connector));
      rig.now += 60_000;
    }
    await rig.fold();
    known.push(
      await database.inWorkspace(rig.workspaceId, async (tx) => {
        const [account] = await accounts(tx);
        const at = start - 50 * day;
        const derived = account && (await deriveAccount(tx, account.accountId, at, { knownAt: at }));
        return derived?.facts.map(({ type, occurredAt }) => [type, occurredAt]);
      }),
    );
  }
  expect(known[0]).toHaveLength(30);
  expect(known[1]).toEqual(known[0]);
});
