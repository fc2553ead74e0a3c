import { forgetSaid } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acme, once, record } from '../testing/run-records.ts';
import { scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('I11: what a purged CRM said of an account is forgotten in known time too', async () => {
  const rig = await syncRig(database);
  const crm = scriptedConnector('crm', [
    scriptedStream('companies', 1, once({ records: [acme] })),
    scriptedStream('emails', 2, once({ records: [record('m1')] })),
  ]);
  const installationId = await rig.install(crm);
  await rig.run(installationId);
  await rig.fold();
  const known = () => rig.rows('SELECT record FROM account_known WHERE workspace_id = $1');
  expect(await known()).toHaveLength(1);
  await database.inWorkspace(rig.workspaceId, (tx) => forgetSaid(tx, installationId, rig.now));
  expect(await known()).toEqual([]);
  expect(await rig.rows('SELECT name FROM account WHERE workspace_id = $1')).toEqual([{ name: '(purged)' }]);
});
