import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mail, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('an error of ours while a page is stored is told as ours, not as the vendor’s, and nothing of the page is lost', async () => {
  let broken = true;
  const rig = await syncRig(database, {
    point: (name) =>
      broken && name === 'page-stored' ? Promise.reject(new TypeError('no such thing')) : Promise.resolve(),
  });
  const record = {
    id: 'm1',
    version: '1',
    events: [mail('m1', start - day, 'ann@acme.example', 'csm@vendor.example')],
  };
  const id = await rig.install(
    scriptedConnector('mailbox', [scriptedStream('messages', 10, () => [{ records: [record], done: true }])]),
  );
  const outcome = await rig.run(id);
  const message = outcome.kind === 'ran' ? outcome.result.faults[0]?.fault.message : undefined;
  expect(message).toContain('could not be stored (TypeError: no such thing)');
  expect(await rig.rows('SELECT event_id FROM journey_event WHERE workspace_id = $1')).toEqual([]);
  broken = false;
  await rig.run(id);
  expect(await rig.rows('SELECT event_id FROM journey_event WHERE workspace_id = $1')).toHaveLength(1);
});
