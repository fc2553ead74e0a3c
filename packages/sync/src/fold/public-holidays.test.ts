import { account as readAccount, accounts, readSettings } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountContext } from './account-context.ts';
import { coverageIndex } from '../coverage/coverage.ts';
import { changeSettings } from '../installation/own-side.ts';
import { publicHolidays } from './public-holidays.ts';
import { company, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('are those of the country, each year its own, and none of a country that nobody knows', async () => {
  const german = await publicHolidays('DE');
  expect(german).toEqual(expect.arrayContaining(['2026-04-06', '2027-03-29', '2026-12-25']));
  expect(german).not.toContain('2026-12-24');
  expect(german).toEqual([...german].sort());
  expect(await publicHolidays('XX')).toEqual([]);
});

it('reach the engine once the workspace names its country, and every account is looked at again', async () => {
  const rig = await syncRig(database);
  const crm = scriptedStream('companies', 1, () => [
    {
      records: [
        { id: 'c1', version: '1', entities: [company('c1', ['c1.example'], { customerSince: start - 300 * day })] },
      ],
      done: true,
    },
  ]);
  await rig.run(await rig.install(scriptedConnector('crm', [crm])));
  await rig.fold();
  const due = async () =>
    (await rig.rows<{ due: number }>('SELECT count(*)::int AS due FROM account_wake WHERE workspace_id = $1'))[0]?.due;
  const context = () =>
    database.inWorkspace(rig.workspaceId, async (tx) => {
      const [first] = await accounts(tx);
      const found = first && (await readAccount(tx, first.accountId));
      if (!found) throw new Error('the account is missing');
      return accountContext(found, [], (await coverageIndex(tx))({ sources: null, csmEmail: null }), 'UTC');
    });
  expect((await context()).holidays).toBeUndefined();
  expect(await due()).toBe(0);
  await database.inWorkspace(rig.workspaceId, (tx) => changeSettings(tx, { country: 'DE' }, rig.now));
  expect(await due()).toBe(1);
  const after = await context();
  expect(after.holidays).toContain('2026-04-06');
  expect((await database.inWorkspace(rig.workspaceId, readSettings)).country).toBe('DE');
});
