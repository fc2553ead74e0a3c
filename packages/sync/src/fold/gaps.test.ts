import { accounts, installations, setStatus } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountCoverage, coverageIndex, watchCoverage } from '../coverage/coverage.ts';
import { acmeCustomer, acmeMail } from '../testing/acme.ts';
import {
  company,
  crmOf,
  mail,
  mailboxOf,
  scriptedConnector,
  scriptedStream,
  type ScriptedRecord,
} from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';
import { compareWithLog } from '../testing/whole-log.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const hour = 3_600_000;

const acme = acmeCustomer();

describe('coverage', () => {
  const gapsOf = (rig: SyncRig) =>
    rig.rows<{ stream: string; reason: string; healed: boolean }>(
      'SELECT stream, reason, healed_at IS NOT NULL AS healed FROM coverage_gap WHERE workspace_id = $1 ORDER BY stream, from_at',
    );
  const watch = (rig: SyncRig) =>
    database.inWorkspace(rig.workspaceId, async (tx) => watchCoverage(tx, await installations(tx), rig.now));
  const openFlags = async (rig: SyncRig) =>
    (
      await rig.rows<{ rule: string }>(
        'SELECT rule FROM flag WHERE workspace_id = $1 AND superseded_at IS NULL AND cleared_at IS NULL',
      )
    ).map((one) => one.rule);
  const chatty = Array.from({ length: 30 }, (_, n) => acmeMail(`m${n}`, start - (90 - 3 * n) * day));

  it('a gap opens after the tolerance, keeps absence from being judged, and heals with a run that went through; then it is judged', async () => {
    const rig = await syncRig(database);
    await rig.run(await rig.install(crmOf({ records: [acme] })));
    const id = await rig.install(mailboxOf({ records: chatty }));
    await rig.run(id);
    await rig.fold();
    expect(await openFlags(rig)).not.toContain('gone_quiet');
    rig.now += 5 * hour;
    expect(await watch(rig)).toBe(0);
    rig.now += 2 * hour;
    expect(await watch(rig)).toBe(1);
    expect(await watch(rig)).toBe(1);
    expect(await gapsOf(rig)).toMatchObject([{ stream: 'messages', healed: false }]);
    rig.now += 60 * day;
    await rig.fold();
    expect(await openFlags(rig)).not.toContain('gone_quiet');
    rig.use(mailboxOf({}));
    await rig.run(id);
    expect(await gapsOf(rig)).toMatchObject([{ healed: true }]);
    await rig.fold();
    expect(await openFlags(rig)).toContain('gone_quiet');
    await compareWithLog(rig);
  });

  it('a dead grant is a gap at once, for the accounts that it would see', async () => {
    const rig = await syncRig(database);
    const other: ScriptedRecord = {
      id: 'c2',
      version: '1',
      entities: [company('c2', ['bolt.example'], { csm: { email: 'eve@vendor.example' } })],
    };
    await rig.run(await rig.install(crmOf({ records: [acme, other] })));
    const id = await rig.install(mailboxOf({ records: chatty }));
    const eve = await rig.install(mailboxOf({ records: [] }), { account: 'two', address: 'eve@vendor.example' });
    await rig.run(id);
    rig.use(mailboxOf({}));
    await rig.run(eve);
    await database.inWorkspace(rig.workspaceId, (tx) => setStatus(tx, id, 'needs_auth', 'connect again', rig.now));
    expect(await watch(rig)).toBe(1);
    const seen = await database.inWorkspace(rig.workspaceId, async (tx) => {
      const index = await coverageIndex(tx);
      return [new Set([id]), new Set([eve]), null]
        .map((sources) => index({ sources, csmEmail: null }))
        .map((one) => one.gaps.map((gap) => gap.reason));
    });
    expect(seen).toEqual([['connect again'], [], ['connect again']]);
  });

  it('a help desk that is not read proves no silence of those who write through it, and changes nothing for others', async () => {
    const rig = await syncRig(database);
    const other: ScriptedRecord = {
      id: 'c2',
      version: '1',
      entities: [company('c2', ['bolt.example'], { customerSince: start - 300 * day })],
    };
    await rig.run(await rig.install(crmOf({ records: [acme, other] })));
    const bolt = Array.from({ length: 30 }, (_, n) =>
      acmeMail(`b${n}`, start - (90 - 3 * n) * day, '1', 'bob@bolt.example'),
    );
    // A mailbox sees a word of Acme now and then; what they write comes through the help desk.
    const box = await rig.install(mailboxOf({ records: [acmeMail('m', start - 80 * day), ...bolt] }));
    await rig.run(box);
    const tickets = Array.from({ length: 30 }, (_, n): ScriptedRecord => ({
      id: `t${n}`,
      version: '1',
      events: [
        {
          ...mail(`t${n}`, start - (90 - 3 * n) * day, 'ann@acme.example', 'csm@vendor.example'),
          type: 'ticket.opened',
          identity: `ticket:t${n}`,
          touchpoint: 'ticket',
          attributes: { ticketId: `t${n}` },
        },
      ],
    }));
    const help = scriptedConnector('desk', [scriptedStream('tickets', 5, () => [{ records: tickets, done: true }])]);
    const desk = await rig.install(help);
    await rig.run(desk);
    await rig.fold();
    await database.inWorkspace(rig.workspaceId, (tx) => setStatus(tx, desk, 'needs_auth', 'connect again', rig.now));
    rig.now += 60 * day;
    rig.use(mailboxOf({}));
    await rig.run(box);
    await watch(rig);
    await rig.fold();
    const quiet = await rig.rows<{ name: string }>(
      `SELECT a.name FROM flag f JOIN account a ON a.workspace_id = $1 AND a.account_id = f.account_id
        WHERE f.workspace_id = $1 AND f.superseded_at IS NULL AND f.cleared_at IS NULL AND f.rule = 'gone_quiet'`,
    );
    expect(quiet).toEqual([{ name: 'Company c2' }]);
    const told = await database.inWorkspace(rig.workspaceId, async (tx) => {
      const index = await coverageIndex(tx, rig.now);
      const gaps = (await accounts(tx)).map(async (one) => {
        const { gaps: own } = await accountCoverage(tx, index, one, rig.now);
        return [one.name, own.map(({ touchpoints }) => touchpoints.join())];
      });
      return Object.fromEntries(await Promise.all(gaps));
    });
    expect(told).toEqual({ 'Company c1': ['ticket'], 'Company c2': [] });
    await compareWithLog(rig);
  });

  it('a history that is still being read proves no silence', async () => {
    const rig = await syncRig(database);
    await rig.run(await rig.install(crmOf({ records: [acme] })));
    const old = Array.from({ length: 20 }, (_, n) => acmeMail(`m${n}`, start - (120 - 3 * n) * day));
    const id = await rig.install(
      scriptedConnector('mailbox', [scriptedStream('messages', 5, () => [{ records: old }])]),
    );
    await rig.run(id);
    await rig.fold();
    expect(await openFlags(rig)).not.toContain('gone_quiet');
    rig.use(mailboxOf({}));
    await rig.run(id);
    await rig.fold();
    expect(await openFlags(rig)).toContain('gone_quiet');
  });
});
