import { accounts, gaps, installations, writeSeason } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deriveAccount } from './account-answer.ts';
import { watchCoverage } from '../coverage/coverage.ts';
import { company, mail, type ScriptedRecord, crmOf, mailboxOf } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const names = ['a', 'b', 'c', 'd'];
const customer = (name: string, version: string, more: object = {}): ScriptedRecord => ({
  id: name,
  version,
  entities: [company(name, [`${name}.example`], { customerSince: start - 300 * day, ...more })],
});
const from = (name: string, at: number): ScriptedRecord => ({
  id: `m-${name}-${at}`,
  version: '1',
  events: [mail(`m-${name}-${at}`, at, `ann@${name}.example`, 'csm@vendor.example')],
});

/** What is said of every account, from the log, as of an instant and by what was known then. */
async function said(rig: SyncRig, at: number): Promise<Record<string, unknown>> {
  return database.inWorkspace(rig.workspaceId, async (tx) => {
    const answers: Record<string, unknown> = {};
    for (const { accountId, name } of await accounts(tx)) {
      const derived = await deriveAccount(tx, accountId, at, { knownAt: at });
      answers[name] = derived?.answers.map(({ answer }) => ({
        digest: answer.digest,
        open: answer.flags.flatMap((flag) => (flag.clearedAt === null ? [flag.rule] : [])),
      }));
    }
    return answers;
  });
}

const stored = async (rig: SyncRig) =>
  Object.fromEntries(
    (
      await rig.rows<{ name: string; digest: string }>(
        `SELECT a.name, e.digest FROM engine_state e JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
          WHERE e.workspace_id = $1`,
      )
    ).map(({ name, digest }) => [name, digest]),
  );

it('what was known at an instant is answered alike for ever: by facts, gaps, seasons and records of then', async () => {
  const rig = await syncRig(database);
  const crmId = await rig.install(crmOf({ records: names.map((name) => customer(name, '1')) }));
  await rig.run(crmId);
  const weekly = (name: string, until: number) => Array.from({ length: 40 }, (_, n) => from(name, until - n * 5 * day));
  const box = await rig.install(
    mailboxOf({
      records: [
        ...weekly('a', start - day),
        ...weekly('b', start - day),
        ...weekly('c', start - 16 * day),
        ...weekly('d', start - 60 * day),
      ],
    }),
  );
  await rig.run(box);
  const then = new Map<number, Record<string, unknown>>();
  const turn = async (work: () => Promise<unknown>) => {
    await work();
    await database.inWorkspace(rig.workspaceId, async (tx) => {
      await watchCoverage(tx, await installations(tx), rig.now);
    });
    await rig.fold();
    const answers = await said(rig, rig.now);
    // What is derived by what is known now is what is stored now.
    const kept = await stored(rig);
    for (const [name, answer] of Object.entries(answers)) expect(answer).toMatchObject([{ digest: kept[name] }]);
    then.set(rig.now, answers);
    rig.now += day;
  };
  const nothing = () => Promise.resolve();
  const read = (...records: ScriptedRecord[]) => {
    rig.use(mailboxOf({ records }));
    return rig.run(box);
  };
  await turn(nothing);
  expect(JSON.stringify([...then.values()])).toContain('gone_quiet');
  // The mailbox is not read for nine days; then all of it comes.
  for (let n = 0; n < 9; n += 1) await turn(nothing);
  expect(await database.inWorkspace(rig.workspaceId, (tx) => gaps(tx, { unhealedOnly: true }))).not.toEqual([]);
  await turn(() => read(from('a', start + 3 * day), from('b', start + 4 * day), from('d', start - 20 * day)));
  // A season is found that lay in the past, and is thought otherwise of later.
  const lull = { from: start - 20 * day, to: start - 6 * day, level: 0.2, of: 'contact' as const };
  const season = (lulls: (typeof lull)[]) =>
    database.inWorkspace(rig.workspaceId, async (tx) => {
      await writeSeason(tx, { day: Math.floor(rig.now / day) * day, basis: '', lulls }, rig.now);
    });
  const wakeAll = () =>
    database.asOwner(
      `INSERT INTO account_wake (workspace_id, account_id, version, since, earliest)
       SELECT workspace_id, account_id, 1, $2, $2 FROM account WHERE workspace_id = $1
       ON CONFLICT (workspace_id, account_id) DO NOTHING`,
      [rig.workspaceId, new Date(rig.now)],
    );
  await turn(async () => {
    await season([lull]);
    await wakeAll();
    await read();
  });
  await turn(async () => {
    await season([]);
    await wakeAll();
    await read();
  });
  // The CRM takes one for a customer no longer, and moves a renewal.
  await turn(async () => {
    rig.use(
      crmOf({
        records: [customer('d', '2', { isCustomer: false }), customer('c', '2', { renewalAt: rig.now + 30 * day })],
      }),
    );
    await rig.run(crmId);
    await read();
  });
  for (let n = 0; n < 12; n += 1) await turn(() => read(from('b', rig.now - 2 * day)));
  // Mail of long ago that comes last of all.
  await turn(() => read(from('c', start - 3 * day), from('d', start - 2 * day)));

  for (const [at, answers] of then)
    expect({ at: new Date(at), ...(await said(rig, at)) }).toEqual({ at: new Date(at), ...answers });
}, 120_000);
