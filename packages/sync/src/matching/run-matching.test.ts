import { wantRematch } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, live, mailbox, once, record } from '../testing/run-records.ts';
import {
  company,
  mail,
  person,
  scriptedConnector,
  scriptedStream,
  type ScriptedPage,
} from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';
import { settleRematch } from './attribution.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

describe('who an event belongs to', () => {
  it('I3: a contact, a company or an owner that comes late is found then', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(
      mailbox(once({ records: [record('m1', 'ann@home.example'), record('m2', 'bob@acme.example')] })),
    );
    await rig.run(id);
    const ann = { id: 'p1', version: '1', entities: [person('p1', ['ann@home.example'], ['c2', 'c1'])] };
    const withOwner = { ...acme, entities: [company('c1', ['acme.example'], { owner: { ownerId: '7' } })] };
    const owner = {
      id: '7',
      version: '1',
      entities: [{ kind: 'owner' as const, externalId: '7', email: 'CSM@vendor.example', active: true }],
    };
    const crm = (contacts: ScriptedPage, companies: ScriptedPage, owners: ScriptedPage) =>
      scriptedConnector('crm', [
        scriptedStream('contacts', 1, once(contacts)),
        scriptedStream('companies', 2, once(companies)),
        scriptedStream('owners', 3, once(owners)),
      ]);
    const crmId = await rig.install(crm({ records: [ann] }, { records: [withOwner] }, { records: [owner] }));
    await rig.run(crmId);
    expect(await live(rig)).toEqual([
      ['m1', 'Company c1'],
      ['m2', 'Company c1'],
    ]);
    expect(await rig.rows('SELECT csm_email, csm_basis FROM account WHERE workspace_id = $1')).toEqual([
      { csm_email: 'csm@vendor.example', csm_basis: 'owner' },
    ]);
    // The primary company comes last, and the contact moves to it.
    rig.use(crm({}, { records: [{ id: 'c2', version: '1', entities: [company('c2', [])] }] }, {}));
    await rig.run(crmId);
    expect(await live(rig)).toEqual([
      ['m1', 'Company c2'],
      ['m2', 'Company c1'],
    ]);
  });

  it('tells of each account once, with its earliest event, however many of them move', async () => {
    const rig = await syncRig(database);
    const crm = (...pages: ScriptedPage[]) => scriptedConnector('crm', [scriptedStream('objects', 1, once(...pages))]);
    const other = { id: 'c2', version: '1', entities: [company('c2', ['other.example'])] };
    await rig.run(await rig.install(crm({ records: [acme, other] })));
    await rig.run(await rig.install(mailbox(once({ records: [record('m1', 'ann@acme.example')] }))));
    // More than the parts in which they are walked over.
    await database.asOwner(
      `INSERT INTO journey_event (workspace_id, event_id, source_id, generation, content, type, occurred_at, recorded_at, known_assumed, rank,
         origin, touchpoint, direction, automated, participants, attributes, connector, installation_id, object, external_id, account_id, match)
       SELECT workspace_id, gen_random_uuid(), gen_random_uuid(), 1, content, type, occurred_at - n * interval '1 minute', recorded_at,
         known_assumed, rank, origin, touchpoint, direction, automated, participants, attributes, connector, installation_id, object,
         'copy ' || n, account_id, match
         FROM journey_event, generate_series(1, 4500) AS n WHERE workspace_id = $1`,
      [rig.workspaceId],
    );
    await database.asOwner(
      `UPDATE assignment SET account_id = (SELECT account_id FROM account WHERE workspace_id = $1 AND name = 'Company c2')
        WHERE workspace_id = $1 AND subject = 'acme.example'`,
      [rig.workspaceId],
    );
    const [first] = await rig.rows<{ at: Date }>(
      'SELECT min(occurred_at) AS at FROM journey_event WHERE workspace_id = $1',
    );
    const moved = await database.inWorkspace(rig.workspaceId, async (tx) => {
      await wantRematch(tx, [{ kind: 'domain', subject: 'acme.example' }], rig.now);
      return settleRematch(tx, rig.now);
    });
    const owners = await rig.rows<{ name: string; events: number; account_id: string }>(
      `SELECT a.name, count(*)::int AS events, a.account_id FROM journey_event e
         JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id WHERE e.workspace_id = $1 GROUP BY 1, 3`,
    );
    expect(owners).toMatchObject([{ name: 'Company c2', events: 4501 }]);
    expect(moved).toHaveLength(2);
    expect(moved).toContainEqual({ accountId: owners[0]?.account_id, earliest: first?.at.getTime() });
    expect(new Set(moved.map(({ earliest }) => earliest))).toEqual(new Set([first?.at.getTime()]));
  }, 120_000);

  it('I3: a contact of another account takes its mail from the account of the domain', async () => {
    const rig = await syncRig(database);
    const crm = (...pages: ScriptedPage[]) => scriptedConnector('crm', [scriptedStream('objects', 1, once(...pages))]);
    const crmId = await rig.install(
      crm({ records: [acme, { id: 'c2', version: '1', entities: [company('c2', ['other.example'])] }] }),
    );
    await rig.run(crmId);
    await rig.run(
      await rig.install(
        mailbox(once({ records: [record('m1', 'ann@acme.example'), record('m2', 'bob@acme.example')] })),
      ),
    );
    expect(await live(rig)).toEqual([
      ['m1', 'Company c1'],
      ['m2', 'Company c1'],
    ]);
    rig.use(crm({ records: [{ id: 'p1', version: '1', entities: [person('p1', ['ann@acme.example'], ['c2'])] }] }));
    await rig.run(crmId);
    expect(await live(rig)).toEqual([
      ['m1', 'Company c2'],
      ['m2', 'Company c1'],
    ]);
  });

  it('B6: a merge carries events, contacts and other records over, and the loser’s old form speaks no more', async () => {
    const rig = await syncRig(database);
    const crm = (...pages: ScriptedPage[]) => scriptedConnector('crm', [scriptedStream('objects', 1, once(...pages))]);
    const deal = {
      id: 'd1',
      version: '1',
      events: [{ ...mail('d', start - day, 'x@y.example', 'z@y.example'), participants: [], subject: 'record:c1' }],
    };
    const ann = { id: 'p1', version: '1', entities: [person('p1', ['ann@home.example'], ['c1'])] };
    const crmId = await rig.install(crm({ records: [acme, ann, deal] }));
    await rig.run(crmId);
    await rig.run(await rig.install(mailbox(once({ records: [record('m1'), record('m2', 'ann@home.example')] }))));
    const survivor = { id: 'c9', version: '5', entities: [company('c9', ['acme.example'], { mergedIds: ['c1'] })] };
    rig.use(
      crm(
        { records: [survivor] },
        { records: [{ ...acme, version: '4', entities: [company('c1', ['old.example'], { name: 'Old' })] }] },
      ),
    );
    await rig.run(crmId);
    expect((await live(rig)).map(([, account]) => account)).toEqual(['Company c9', 'Company c9', 'Company c9']);
    await rig.fold();
    expect(await rig.rows('SELECT name FROM account WHERE workspace_id = $1 AND merged_into IS NULL')).toEqual([
      { name: 'Company c9' },
    ]);
  });

  it('never guesses between two customers behind one domain, and takes it back when the second comes', async () => {
    const rig = await syncRig(database);
    const crm = (...pages: ScriptedPage[]) => scriptedConnector('crm', [scriptedStream('objects', 1, once(...pages))]);
    const crmId = await rig.install(crm({ records: [acme] }));
    await rig.run(crmId);
    await rig.run(await rig.install(mailbox(once({ records: [record('m1')] }))));
    expect(await live(rig)).toEqual([['m1', 'Company c1']]);
    rig.use(crm({ records: [{ id: 'c2', version: '1', entities: [company('c2', ['acme.example'])] }] }));
    await rig.run(crmId);
    expect(await live(rig)).toEqual([['m1', null]]);
  });

  it('a deleted company is no customer, a deleted contact claims nothing; both are back with their record', async () => {
    const rig = await syncRig(database);
    const crm = (...pages: ScriptedPage[]) => scriptedConnector('crm', [scriptedStream('objects', 1, once(...pages))]);
    const ann = { id: 'p1', version: '1', entities: [person('p1', ['ann@home.example'], ['c1'])] };
    const crmId = await rig.install(crm({ records: [acme, ann] }));
    await rig.run(crmId);
    await rig.run(await rig.install(mailbox(once({ records: [record('m1'), record('m2', 'ann@home.example')] }))));
    const customers = () => rig.rows('SELECT is_customer FROM account WHERE workspace_id = $1');
    rig.use(crm({ gone: [{ id: 'p1', certain: true }] }));
    await rig.run(crmId);
    expect(await live(rig)).toEqual([
      ['m1', 'Company c1'],
      ['m2', null],
    ]);
    rig.use(crm({ gone: [{ id: 'c1', certain: true }] }));
    await rig.run(crmId);
    expect(await live(rig)).toEqual([
      ['m1', null],
      ['m2', null],
    ]);
    expect(await customers()).toEqual([{ is_customer: false }]);
    rig.use(crm({ records: [acme, ann] }));
    await rig.run(crmId);
    expect(await live(rig)).toEqual([
      ['m1', 'Company c1'],
      ['m2', 'Company c1'],
    ]);
    expect(await customers()).toEqual([{ is_customer: true }]);
  });

  it('a thread has its account while its mails agree, also when the mail that told it is gone', async () => {
    const rig = await syncRig(database);
    const crm = scriptedConnector('crm', [scriptedStream('objects', 1, once({ records: [acme] }))]);
    await rig.run(await rig.install(crm));
    const reply = {
      id: 'm2',
      version: '1',
      events: [mail('m2', start - day, 'x@gmail.com', 'csm@vendor.example', { references: ['m1'] })],
    };
    const id = await rig.install(mailbox(once({ records: [reply] }, { records: [record('m1')] })));
    await rig.run(id);
    expect(await live(rig)).toEqual([
      ['m1', 'Company c1'],
      ['m2', 'Company c1'],
    ]);
    rig.use(mailbox(once({ gone: [{ id: 'm1', certain: true }] })));
    await rig.run(id);
    expect(await live(rig)).toEqual([['m2', null]]);
  });
});
