import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { company, crmOf, mail, mailboxOf, type ScriptedRecord } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';
import { compareWithLog } from '../testing/whole-log.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const minute = 60_000;
const acme: ScriptedRecord = {
  id: 'c1',
  version: '1',
  entities: [company('c1', ['acme.example'], { customerSince: start - 400 * day })],
};
const message = (id: string, at: number): ScriptedRecord => ({
  id,
  version: '1',
  events: [mail(id, at, 'ann@acme.example', 'csm@vendor.example')],
});

/** Years of mail twice a day, with a silence of six weeks that ended long ago. */
const silentFrom = start - 250 * day;
const silentTo = silentFrom + 45 * day;
const mails = Array.from({ length: 700 }, (_, n) => start - minute - n * 12 * 60 * minute)
  .filter((at) => at < silentFrom || at > silentTo)
  .map((at, n) => message(`m${n}`, at));

const past = (rig: SyncRig) =>
  rig.rows<{ rule: string; meddled: boolean; superseded: boolean }>(
    `SELECT rule, detail->>'key' = 'meddled' AS meddled, superseded_at IS NOT NULL AS superseded FROM flag
      WHERE workspace_id = $1 AND cleared_at IS NOT NULL ORDER BY rule, generation`,
  );

it('what ended before the part of a history that is folded anew is not read again; what an edit reaches is', async () => {
  const rig = await syncRig(database);
  await rig.run(await rig.install(crmOf({ records: [acme] })));
  const box = await rig.install(mailboxOf({ records: mails }));
  await rig.run(box);
  await rig.fold();
  const before = await past(rig);
  expect(before.length).toBeGreaterThan(0);
  // Whoever compared it with the answer would replace it.
  await database.asOwner(
    `UPDATE flag SET detail = jsonb_set(detail, '{key}', '"meddled"') WHERE workspace_id = $1 AND cleared_at IS NOT NULL`,
    [rig.workspaceId],
  );
  rig.now += minute;
  rig.use(mailboxOf({ records: [message('new', rig.now - 1000)] }));
  await rig.run(box);
  expect(await rig.fold()).toBe(1);
  expect(await past(rig)).toEqual(before.map((one) => ({ ...one, meddled: true })));

  rig.now += minute;
  rig.use(mailboxOf({ records: [message('late', silentFrom + 20 * day)] }));
  await rig.run(box);
  expect(await rig.fold()).toBe(1);
  expect((await past(rig)).filter((one) => one.meddled && !one.superseded)).toEqual([]);
  await compareWithLog(rig);
}, 120_000);
