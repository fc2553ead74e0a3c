import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { keptPlaces } from '@waymark/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acmeCustomer, acmeMail } from '../testing/acme.ts';
import { crmOf, mailboxOf } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const acme = acmeCustomer();

const minute = 60_000;
/** So many mails, the last an hour ago, six hours apart. */
const mails = (count: number) =>
  Array.from({ length: count }, (_, n) => acmeMail(`m${n}`, start - 60 * minute - (count - 1 - n) * 360 * minute));

async function accountOf(rig: SyncRig): Promise<string> {
  const [row] = await rig.rows<{ account_id: string }>('SELECT account_id FROM engine_state WHERE workspace_id = $1');
  if (!row) throw new Error('nothing was folded');
  return row.account_id;
}

const placesOf = async (rig: SyncRig) => {
  const accountId = await accountOf(rig);
  return database.inWorkspace(rig.workspaceId, (tx) => keptPlaces(tx, [accountId]));
};

/** What is said of the account, without what is the workspace's own. */
const saidOf = async (rig: SyncRig) => ({
  answer: await rig.rows('SELECT stage, health, next_change_at FROM engine_state WHERE workspace_id = $1'),
  periods: await rig.rows(
    'SELECT stage, entered_at, exited_at FROM stage_period WHERE workspace_id = $1 AND superseded_at IS NULL ORDER BY entered_at',
  ),
  flags: await rig.rows(
    'SELECT rule, opened_at, cleared_at FROM flag WHERE workspace_id = $1 AND superseded_at IS NULL ORDER BY 1, 2',
  ),
  taken: (await placesOf(rig)).at(-1)?.taken,
});

/** Runs one history in which a mail of three days ago comes late; `meddle` may change what is stored before it does. */
async function withLateMail(meddle: (rig: SyncRig) => Promise<void>): Promise<unknown> {
  const rig = await syncRig(database);
  await rig.run(await rig.install(crmOf({ records: [acme] })));
  const box = await rig.install(mailboxOf({ records: mails(900) }));
  await rig.run(box);
  await rig.fold();
  rig.now += minute;
  await meddle(rig);
  rig.use(mailboxOf({ records: [acmeMail('late', start - 3 * day + minute)] }));
  await rig.run(box);
  await rig.fold();
  return saidOf(rig);
}

describe('a late event', () => {
  it('is folded in from a state shortly before it, to what the whole log gives; what was before is not read again (I3)', async () => {
    const whole = await withLateMail(async (rig) => {
      await database.asOwner('DELETE FROM kept_state WHERE workspace_id = $1', [rig.workspaceId]);
    });
    const short = await withLateMail(async (rig) => {
      const places = (await placesOf(rig)).map(({ at }) => at);
      expect(places.length).toBeGreaterThan(1);
      await database.asOwner('DELETE FROM journey_event WHERE workspace_id = $1 AND occurred_at < $2', [
        rig.workspaceId,
        new Date(Math.max(...places.filter((at) => at < start - 3 * day))),
      ]);
    });
    expect(short).toEqual(whole);
  }, 120_000);
});
