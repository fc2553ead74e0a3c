import fc from 'fast-check';
import { compileJourney, parseDefinition } from '@waymark/lifecycle';
import { accountsToFold, activateDefinition, wakeAllAccounts } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import type { EventDraft } from '@waymark/journey';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Folded } from './answer-changes.ts';
import { foldDue } from './fold.ts';
import { noPoint } from '../reading/points.ts';
import { acmeCustomer, acmeMail } from '../testing/acme.ts';
import {
  company,
  person,
  type ScriptedPage,
  type ScriptedRecord,
  crmOf,
  mailboxOf,
} from '../testing/scripted-source.ts';
import { day, shippedJourney, start, syncRig } from '../testing/sync-rig.ts';
import { compareWithLog } from '../testing/whole-log.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 1_000_000);
const runs = Number(process.env.WAYMARK_RUNS ?? 5);
const hour = 3_600_000;

function meeting(id: string, at: number): EventDraft {
  return {
    type: 'meeting.held', identity: `meeting:${id}`, occurredAt: at, touchpoint: 'meeting', direction: 'inbound', automated: false, rank: 0,
    participants: [{ role: 'organizer', address: 'csm@vendor.example' }, { role: 'attendee', address: 'ann@acme.example' }], attributes: {},
  }; // prettier-ignore
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('mail' as const), id: fc.nat(15), ago: fc.integer({ min: 0, max: 72 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('late' as const),
      id: fc.nat(15),
      ago: fc.integer({ min: 72, max: 5000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('meeting' as const),
      id: fc.nat(5),
      ahead: fc.integer({ min: -48, max: 400 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('gone' as const), id: fc.nat(15) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('company' as const), renewal: fc.integer({ min: -20, max: 90 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 900 }) }) },
);

describe('folding', () => {
  it(`I3: an answer that is kept up is the answer of the whole log (WAYMARK_SEED=${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const rig = await syncRig(database);
        const crmId = await rig.install(crmOf());
        const boxId = await rig.install(mailboxOf());
        let version = 1;
        rig.use(crmOf({ records: [acmeCustomer('1')] }));
        await rig.run(crmId);
        for (const one of steps) {
          version += 1;
          rig.now += hour;
          if (one.kind === 'wait') rig.now += one.hours * hour;
          else if (one.kind === 'company') {
            rig.use(crmOf({ records: [acmeCustomer(String(version), { renewalAt: rig.now + one.renewal * day })] }));
            await rig.run(crmId);
          } else {
            const page: ScriptedPage =
              one.kind === 'gone'
                ? { gone: [{ id: `m${one.id}`, certain: true }] }
                : one.kind === 'meeting'
                  ? {
                      records: [
                        {
                          id: `e${one.id}`,
                          version: String(version),
                          events: [meeting(`e${one.id}`, rig.now + one.ahead * hour)],
                        },
                      ],
                    }
                  : { records: [acmeMail(`m${one.id}`, rig.now - one.ago * hour, String(version))] };
            rig.use(mailboxOf(page));
            await rig.run(boxId);
          }
          await rig.fold();
        }
        await rig.fold();
        await compareWithLog(rig);
      }),
      { seed, numRuns: runs, endOnFailure: process.env.WAYMARK_SHRINK === undefined },
    );
  }, 300_000);

  it('keeps two times: what is no longer so stays, ended when it was known to be wrong; a flag goes without a trace of it being open', async () => {
    const rig = await syncRig(database);
    await rig.run(await rig.install(crmOf({ records: [acmeCustomer('1')] })));
    const id = await rig.install(
      mailboxOf({ records: Array.from({ length: 20 }, (_, n) => acmeMail(`m${n}`, start - (120 - 3 * n) * day)) }),
    );
    await rig.run(id);
    await rig.fold();
    const open = await rig.rows<{ rule: string }>(
      'SELECT rule FROM flag WHERE workspace_id = $1 AND cleared_at IS NULL AND superseded_at IS NULL',
    );
    expect(open.map((one) => one.rule)).toContain('gone_quiet');
    rig.now += hour;
    // What had been missed comes late: there never was a silence.
    rig.use(mailboxOf({ records: Array.from({ length: 30 }, (_, n) => acmeMail(`late${n}`, start - 2 * n * day)) }));
    await rig.run(id);
    const told: Folded[] = [];
    await foldDue({
      database,
      workspaceId: rig.workspaceId,
      now: () => rig.now,
      point: noPoint,
      afterFold: (_tx, folded) => Promise.resolve(void told.push(...folded)),
    });
    expect(told.flatMap((one) => one.withdrawn).map((flag) => flag.rule)).toContain('gone_quiet');
    const rows = await rig.rows<{ superseded_at: Date | null; recorded_at: Date }>(
      "SELECT superseded_at, recorded_at FROM flag WHERE workspace_id = $1 AND rule = 'gone_quiet'",
    );
    expect(rows).toEqual([{ recorded_at: new Date(start), superseded_at: new Date(start + hour) }]);
    await compareWithLog(rig);
  });

  it('an account whose events are taken by another is judged anew, and one that was merged is judged no more', async () => {
    const rig = await syncRig(database);
    const crmId = await rig.install(
      crmOf({ records: [acmeCustomer('1', { renewalAt: start + 20 * day, customerSince: start - 40 * day })] }),
    );
    await rig.run(crmId);
    await rig.run(
      await rig.install(
        mailboxOf({ records: Array.from({ length: 20 }, (_, n) => acmeMail(`m${n}`, start - (120 - 3 * n) * day)) }),
      ),
    );
    await rig.fold();
    rig.now += hour;
    rig.use(
      crmOf({
        records: [
          {
            id: 'c2',
            version: '2',
            entities: [company('c2', ['acme.example'], { customerSince: start - 300 * day, mergedIds: ['c1'] })],
          },
        ],
      }),
    );
    await rig.run(crmId);
    await rig.fold();
    const open = await rig.rows(
      'SELECT a.name, f.rule FROM flag f JOIN account a USING (workspace_id, account_id) WHERE f.workspace_id = $1 AND f.superseded_at IS NULL AND f.cleared_at IS NULL',
    );
    expect(open).toEqual([{ name: 'Company c2', rule: 'gone_quiet' }]);
  });

  it('a wake that comes while accounts are folded is not lost, also where the account’s own turn is yet to come', async () => {
    const rig = await syncRig(database);
    const second: ScriptedRecord = { id: 'c2', version: '1', entities: [company('c2', ['bolt.example'])] };
    await rig.run(await rig.install(crmOf({ records: [acmeCustomer('1'), second] })));
    const waiting = () => database.inWorkspace(rig.workspaceId, (tx) => accountsToFold(tx, rig.now, 10));
    let woken = 0;
    await foldDue({
      database,
      workspaceId: rig.workspaceId,
      now: () => rig.now,
      afterFold: () => Promise.resolve(),
      // What is watched changes for all, after this turn had read what is watched.
      point: async (name) => {
        if (name === 'fold-committed' && woken++ === 0)
          await database.inWorkspace(rig.workspaceId, (tx) => wakeAllAccounts(tx, rig.now));
      },
    });
    expect(await waiting()).toHaveLength(2);
    expect(await rig.fold()).toBe(2);
    expect(await waiting()).toHaveLength(0);
  });

  it('two processes that list the same accounts fold each once', async () => {
    const rig = await syncRig(database);
    await rig.run(await rig.install(crmOf({ records: [acmeCustomer('1')] })));
    const told: number[] = [];
    const turn = () =>
      foldDue({
        database,
        workspaceId: rig.workspaceId,
        now: () => rig.now,
        point: noPoint,
        afterFold: async (_tx, folded) => {
          told.push(folded.length);
          await new Promise((resolve) => setTimeout(resolve, 50));
        },
      });
    await Promise.all([turn(), turn()]);
    expect(told).toEqual([1]);
  });

  it('one account that cannot be folded keeps no other waiting', async () => {
    const rig = await syncRig(database);
    const second: ScriptedRecord = { id: 'c2', version: '1', entities: [company('c2', ['bolt.example'])] };
    await rig.run(await rig.install(crmOf({ records: [acmeCustomer('1'), second] })));
    let calls = 0;
    const firstFails = () => (calls++ === 0 ? Promise.reject(new Error('poison')) : Promise.resolve());
    const options = { database, workspaceId: rig.workspaceId, now: () => rig.now, point: noPoint };
    await expect(foldDue({ ...options, afterFold: firstFails })).rejects.toThrow('poison');
    expect(await rig.rows('SELECT account_id FROM engine_state WHERE workspace_id = $1')).toHaveLength(1);
    expect(await rig.fold()).toBe(1);
  });

  it('another definition folds all accounts anew; a definition that was retired wakes nobody', async () => {
    const rig = await syncRig(database);
    await rig.run(await rig.install(crmOf({ records: [acmeCustomer('1')] })));
    await rig.fold();
    const { source, journey } = shippedJourney;
    const changed = source.replace(/^version: \d+/m, 'version: 99');
    const next = compileJourney(parseDefinition(changed, 'x.yaml'));
    expect(next.digest).not.toBe(journey.digest);
    await database.inWorkspace(rig.workspaceId, (tx) =>
      activateDefinition(
        tx,
        { journey: next.definition.id, digest: next.digest, version: 99, source: changed },
        'me',
        rig.now,
      ),
    );
    expect(await rig.fold()).toBe(1);
    expect(await rig.rows('SELECT definition_digest FROM engine_state WHERE workspace_id = $1')).toEqual([
      { definition_digest: next.digest },
    ]);
    await database.asOwner('UPDATE journey_definition SET retired_at = $2 WHERE workspace_id = $1', [
      rig.workspaceId,
      new Date(rig.now),
    ]);
    await database.asOwner('UPDATE engine_state SET next_change_at = $2 WHERE workspace_id = $1', [
      rig.workspaceId,
      new Date(rig.now - 1),
    ]);
    expect(await rig.fold()).toBe(0);
  });
});

it('a contact who left is known to the fold at once', async () => {
  const rig = await syncRig(database);
  const ann = (version: string, more = {}): ScriptedRecord => ({
    id: 'p1',
    version,
    entities: [person('p1', ['ann@acme.example'], ['c1'], { persona: 'champion', ...more })],
  });
  const id = await rig.install(crmOf({ records: [acmeCustomer('1'), ann('1')] }));
  await rig.run(id);
  await rig.fold();
  rig.use(crmOf({ records: [ann('2', { leftAt: start - day })] }));
  await rig.run(id);
  expect(await rig.fold()).toBe(1);
  await compareWithLog(rig);
});
