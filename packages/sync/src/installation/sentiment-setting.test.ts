import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeSettings } from './own-side.ts';
import { company, mail, scriptedConnector, scriptedStream, type ScriptedRecord } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('no subject is judged unless somebody asks; then those read before are too; and none is kept once nobody asks', async () => {
  const rig = await syncRig(database);
  const customer: ScriptedRecord = { id: 'a', version: '1', entities: [company('a', ['a.example'])] };
  const crm = await rig.install(
    scriptedConnector('crm', [scriptedStream('companies', 1, () => [{ records: [customer], done: true }])]),
  );
  await rig.run(crm);
  const titles = ['Very disappointed with Bob', 'Re: amazing', 'Invoice 4711'];
  const records = titles.map((title, n): ScriptedRecord => ({
    id: `m${n}`,
    version: '1',
    title,
    events: [mail(`m${n}`, start - (n + 1) * day, 'ann@a.example', 'csm@vendor.example')],
  }));
  const box = await rig.install(
    scriptedConnector('mailbox', [scriptedStream('messages', 5, () => [{ records, done: true }])]),
  );
  await rig.run(box);
  await rig.fold();
  const kept = () =>
    rig.rows<{ attributes: Record<string, unknown>; superseded_at: Date | null }>(
      `SELECT attributes, superseded_at FROM journey_event WHERE workspace_id = $1 AND attributes ? 'sentiment' ORDER BY event_id, generation`,
    );
  expect(await kept()).toEqual([]);

  const change = (sentiment: string) =>
    database.inWorkspace(rig.workspaceId, (tx) => changeSettings(tx, { sentiment }, rig.now));
  const on = await change('en');
  expect(on.reread).toContain(box);
  await rig.run(box);
  const told = await kept();
  expect(told.map((one) => one.attributes)).toMatchObject([
    {
      sentiment: expect.any(Number),
      sentimentPhrase: 'Very disappointed',
      sentimentBy: expect.stringContaining('vader'),
    },
  ]);
  const everything = JSON.stringify(await rig.rows('SELECT * FROM journey_event WHERE workspace_id = $1'));
  expect(everything).not.toContain('Bob');
  await rig.fold();

  rig.now += day;
  expect((await change('en')).reread).toEqual([]);
  const off = await change('off');
  expect(off.reread).toEqual([]);
  expect(off.accounts).toHaveLength(1);
  expect(await kept()).toEqual([]);
  expect(JSON.stringify(await rig.rows('SELECT * FROM journey_event WHERE workspace_id = $1'))).not.toContain(
    'disappointed',
  );
  expect(await rig.fold()).toBeGreaterThan(0);
}, 60_000);
