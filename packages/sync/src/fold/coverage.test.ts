import { createHash } from 'node:crypto';
import { account as readAccount, contacts, sourcesOfAccount } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coverageIndex } from '../coverage/coverage.ts';
import { accountContext } from './account-context.ts';
import { foldDue } from './fold.ts';
import { company, mail, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('I3: accounts that are folded after a history was read to its end are judged by that, though their list is older', async () => {
  const rig = await syncRig(database);
  const names = ['c1', 'c2', 'c3'];
  const customer = (id: string) => company(id, [`${id}.example`], { customerSince: start - 300 * day });
  const crm = scriptedStream('companies', 1, () => [
    { records: names.map((id) => ({ id, version: '1', entities: [customer(id)] })), done: true },
  ]);
  await rig.run(await rig.install(scriptedConnector('crm', [crm])));
  const mails = names.map((id) => ({
    id: `m-${id}`,
    version: '1',
    events: [mail(`m-${id}`, start - 120 * day, `ann@${id}.example`, 'csm@vendor.example')],
  }));
  const mailbox = (done: boolean) =>
    scriptedConnector('mailbox', [scriptedStream('messages', 5, () => [{ records: mails, done }])]);
  const boxId = await rig.install(mailbox(false));
  await rig.run(boxId);
  let passed = 0;
  await foldDue({
    database,
    workspaceId: rig.workspaceId,
    now: () => rig.now,
    afterFold: () => Promise.resolve(),
    point: async (name) => {
      if (name !== 'fold-committed' || (passed += 1) > 1) return;
      rig.use(mailbox(true));
      await rig.run(boxId);
    },
  });
  await rig.fold();
  const kept = await rig.rows<{ account_id: string; context_digest: string }>(
    'SELECT account_id, context_digest FROM engine_state WHERE workspace_id = $1',
  );
  expect(kept).toHaveLength(3);
  for (const row of kept) {
    const context = await database.inWorkspace(rig.workspaceId, async (tx) => {
      const found = await readAccount(tx, row.account_id);
      if (!found) throw new Error('the account is missing');
      const coverage = (await coverageIndex(tx))({
        sources: await sourcesOfAccount(tx, row.account_id, null),
        csmEmail: null,
      });
      return accountContext(found, await contacts(tx, row.account_id), coverage, 'UTC');
    });
    expect(context.gaps).toEqual([]);
    expect(row.context_digest).toBe(createHash('sha256').update(JSON.stringify(context)).digest('hex'));
  }
});
