import { ConnectorFault } from '@waymark/connector-kit';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  company,
  mail,
  person,
  scriptedConnector,
  scriptedStream,
  type ScriptedPage,
} from './testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from './testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const once =
  (...pages: ScriptedPage[]) =>
  () =>
    pages.map((page, at) => ({ ...page, done: at === pages.length - 1 }));
const mailbox = (script: Parameters<typeof scriptedStream>[2], more = {}) =>
  scriptedConnector('mailbox', [scriptedStream('messages', 10, script, more)]);
const events = (rig: SyncRig) =>
  rig.rows<{ external_id: string; account: string | null; reason: string; superseded: boolean }>(
    `SELECT e.external_id, a.name AS account, e.match->>'reason' AS reason, e.superseded_at IS NOT NULL AS superseded
       FROM journey_event e LEFT JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
      WHERE e.workspace_id = $1 ORDER BY e.external_id, e.generation`,
  );
const live = async (rig: SyncRig) =>
  (await events(rig)).filter((row) => !row.superseded).map(({ external_id, account }) => [external_id, account]);
const state = async (rig: SyncRig) =>
  rig.rows<{
    stream: string;
    partition: string;
    cursor: unknown;
    fault: { kind: string } | null;
    paused_reason: string | null;
  }>(
    'SELECT stream, partition, cursor, fault, paused_reason FROM stream_state WHERE workspace_id = $1 ORDER BY stream, partition',
  );
const record = (id: string, from = 'ann@acme.example', version = '1', at = start - day) => ({
  id,
  version,
  events: [mail(id, at, from, 'csm@vendor.example')],
});
const acme = { id: 'c1', version: '1', entities: [company('c1', ['acme.example'])] };

describe('a page and its cursor', () => {
  it('I1, I2: are stored together, once, however often the page comes', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(once({ records: [record('m1'), record('m2')] }, { records: [record('m1')] })));
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [], records: 3 } });
    await rig.run(id);
    expect(await events(rig)).toHaveLength(2);
    expect(await state(rig)).toMatchObject([{ stream: 'messages', cursor: 4 }]);
  });

  it('I2, A10: a failure between them stores neither', async () => {
    let fail = true;
    const rig = await syncRig(database, {
      point: (name) => (fail && name === 'page-stored' ? Promise.reject(new Error('killed')) : Promise.resolve()),
    });
    const id = await rig.install(mailbox(once({ records: [record('m1')] })));
    await rig.run(id);
    expect(await events(rig)).toEqual([]);
    expect(await state(rig)).toMatchObject([{ cursor: null, fault: { kind: 'transient' } }]);
    fail = false;
    await rig.run(id);
    expect(await live(rig)).toEqual([['m1', null]]);
  });

  it('A14, A15: a worker whose lease was taken stores nothing, and does not touch the other’s', async () => {
    const rig = await syncRig(database);
    let taken: unknown;
    const steal = async () => {
      if (taken !== undefined) return;
      taken = true;
      rig.now += 120_000;
      taken = await rig.run(id);
    };
    const id = await rig.install(mailbox(() => [steal, { records: [record('m1')], done: true }]));
    expect(await rig.run(id)).toEqual({ kind: 'lost' });
    expect(taken).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await events(rig)).toHaveLength(1);
  });

  it.each([
    ['a cursor', 'UPDATE stream_state SET cursor_version = cursor_version + 1 WHERE workspace_id = $1'],
    ['a lease', 'UPDATE installation SET lease_fence = lease_fence + 1 WHERE workspace_id = $1'],
  ])('A15, R10: %s that moved under a run ends it without its page', async (_what, statement) => {
    const rig = await syncRig(database);
    const move = async () => {
      await database.asOwner(statement, [rig.workspaceId]);
    };
    const id = await rig.install(mailbox(() => [move, { records: [record('m1')], done: true }]));
    expect(await rig.run(id)).toEqual({ kind: 'lost' });
    expect(await events(rig)).toEqual([]);
  });

  it('A14: two workers on one installation: one runs', async () => {
    const rig = await syncRig(database);
    let second: unknown;
    const id = await rig.install(
      mailbox(() => [
        async () => {
          second ??= await rig.run(id);
        },
        { records: [record('m1')], done: true },
      ]),
    );
    expect(await rig.run(id)).toMatchObject({ kind: 'ran' });
    expect(second).toEqual({ kind: 'busy' });
  });

  it('A14: a lost heartbeat ends the run', async () => {
    const points: string[] = [];
    const rig = await syncRig(database, { point: (name) => Promise.resolve(void points.push(name)) });
    rig.deps = { ...rig.deps, leaseMs: 60 };
    const id = await rig.install(
      mailbox(() => [
        async () => {
          await database.asOwner('UPDATE installation SET lease_fence = lease_fence + 1 WHERE workspace_id = $1', [
            rig.workspaceId,
          ]);
          await new Promise((resolve) => setTimeout(resolve, 200));
        },
        { records: [record('m1')], done: true },
      ]),
    );
    expect(await rig.run(id)).toEqual({ kind: 'lost' });
    expect(points).not.toContain('page-read');
  });

  it('A4: a reading without its last page is a fault, and nothing is healed by it', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(() => [{ records: [record('m1')] }]));
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [{ fault: { kind: 'transient' } }] } });
    expect(await live(rig)).toEqual([['m1', null]]);
  });
});

describe('records', () => {
  it('an older page never replaces a newer form, whatever came in between', async () => {
    const rig = await syncRig(database);
    const form = (version: string, at: number) => ({ ...record('m1', 'ann@acme.example', version, at) });
    const pages = [form('1', start - 3 * day), form('9', start - 3 * day), form('5', start - 2 * day)];
    const id = await rig.install(mailbox(once(...pages.map((one) => ({ records: [one] })))));
    await rig.run(id);
    expect((await events(rig)).length).toBe(1);
  });

  it('gone and back: the events end, and are there again', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(once({ records: [record('m1')] }, { gone: [{ id: 'm1', certain: true }] })));
    await rig.run(id);
    expect(await live(rig)).toEqual([]);
    rig.use(mailbox(once({ records: [record('m1')] })));
    await rig.run(id);
    expect(await live(rig)).toEqual([['m1', null]]);
  });

  it('B2: an uncertain claim, or one of a partition that no longer holds the record, ends nothing', async () => {
    const rig = await syncRig(database);
    const partitions = () =>
      Promise.resolve([
        { id: 'a', label: 'a' },
        { id: 'b', label: 'b' },
      ]);
    const id = await rig.install(mailbox(once({ records: [record('m1'), record('m2')] }), { partitions }));
    await rig.run(id);
    rig.use(
      mailbox(
        (_from, _context, partition) =>
          partition === 'a'
            ? [
                {
                  gone: [
                    { id: 'm1', certain: true },
                    { id: 'm2', certain: false },
                  ],
                  done: true,
                },
              ]
            : [{ gone: [{ id: 'm2', certain: false }], done: true }],
        { partitions },
      ),
    );
    await rig.run(id);
    expect((await live(rig)).map(([one]) => one)).toEqual(['m1', 'm2']);
  });

  it('A1, A2, A3, A5: a lost cursor is one resync; what the whole enumeration has not seen is gone', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(once({ records: [record('m1'), record('m2')] })));
    await rig.run(id);
    const seen: unknown[] = [];
    rig.use(
      mailbox((from, context) => {
        seen.push([from, context.mode, context.expired]);
        if (from !== null) return [new ConnectorFault({ kind: 'cursor-expired', message: 'too old' })];
        const enumeration = { id: 'e1' };
        return [
          { records: [record('m2')], enumeration },
          { records: [record('m3')], enumeration, done: true },
        ];
      }),
    );
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(seen).toEqual([
      [1, 'live', undefined],
      [null, 'resync', 1],
    ]);
    expect((await live(rig)).map(([one]) => one)).toEqual(['m2', 'm3']);
  });

  it('A3: an enumeration that was cut off ends nothing', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(once({ records: [record('m1'), record('m2')] })));
    await rig.run(id);
    rig.use(
      mailbox(() => [
        { records: [record('m2')], enumeration: { id: 'e1' } },
        new ConnectorFault({ kind: 'transient', message: 'reset' }),
      ]),
    );
    await rig.run(id);
    expect(await live(rig)).toHaveLength(2);
  });

  it('A5: of what is gone remains what its stream says', async () => {
    const rig = await syncRig(database);
    const whenGone = (known: readonly object[], at: number) =>
      known.length === 1 ? [mail('canceled', at, 'ann@acme.example', 'csm@vendor.example')] : [];
    const id = await rig.install(
      mailbox(once({ records: [record('m1')] }, { gone: [{ id: 'm1', certain: true }] }), { whenGone }),
    );
    await rig.run(id);
    await rig.run(id);
    const rows = await rig.rows<{ occurred_at: Date }>(
      'SELECT occurred_at FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL',
    );
    expect(rows.map((row) => row.occurred_at.getTime())).toEqual([start]);
  });

  it('B1: one mail in two mailboxes and logged in the CRM is one event with three sightings', async () => {
    const rig = await syncRig(database);
    const copy = (id: string, rank: number) => ({
      id,
      version: '1',
      events: [mail('same@x', start - day, 'ann@acme.example', 'csm@vendor.example', { rank })],
    });
    const one = await rig.install(mailbox(once({ records: [copy('a', 0)] })), { account: 'one' });
    await rig.run(one);
    const two = await rig.install(mailbox(once({ records: [copy('b', 0)] })), { account: 'two' });
    await rig.run(two);
    const crm = scriptedConnector('crm', [
      scriptedStream('companies', 1, once({ records: [acme] })),
      scriptedStream('emails', 10, once({ records: [copy('h', 5)] })),
    ]);
    await rig.run(await rig.install(crm));
    const rows = await rig.rows(
      'SELECT DISTINCT event_id, account_id IS NOT NULL AS matched FROM journey_event WHERE workspace_id = $1',
    );
    expect(rows).toEqual([{ event_id: expect.any(String), matched: true }]);
    expect(await events(rig)).toHaveLength(3);
  });
});

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

/** Text that an index can neither hold nor squeeze. */
const incompressible = (length: number) =>
  String.fromCodePoint(
    ...Array.from({ length }, (_, n) => 0x4e00 + ((n * 7919 + ((n * n * 104_729) % 9973)) % 20_000)),
  );

describe('what cannot be read', () => {
  const rejected = (rig: SyncRig) =>
    rig.rows('SELECT external_id, reason FROM set_aside WHERE workspace_id = $1 ORDER BY 1');
  const outcomes = (rig: SyncRig) =>
    rig.rows('SELECT external_id, outcome, reason FROM source_object WHERE workspace_id = $1 ORDER BY 1');

  it('I9, N8: is set aside with its reason, counted, and taken back once it can be read', async () => {
    const rig = await syncRig(database);
    const bad = { id: 'm1', version: '1', throws: 'no such field' };
    const draft = {
      ...record('m2'),
      events: [{ ...mail('m2', start, 'a@b.example', 'c@d.example'), occurredAt: Number.NaN }],
    };
    const id = await rig.install(
      mailbox(once({ records: [bad, draft, record('m3'), { id: 'm4', version: '1', ignored: 'draft' }] })),
    );
    await rig.run(id);
    expect(await rejected(rig)).toEqual([
      { external_id: 'm1', reason: 'mapping' },
      { external_id: 'm2', reason: 'event' },
    ]);
    expect(await outcomes(rig)).toMatchObject([
      { outcome: 'rejected' },
      { outcome: 'rejected' },
      { outcome: 'stored' },
      { outcome: 'ignored', reason: 'draft' },
    ]);
    rig.use(mailbox(once({ records: [record('m1'), record('m2')] })));
    await rig.run(id);
    expect(await rejected(rig)).toEqual([]);
    expect(await live(rig)).toHaveLength(3);
  });

  it('I9: the last form that could be read speaks on', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(
      mailbox(once({ records: [record('m1')] }, { records: [{ id: 'm1', version: '2', throws: 'new' }] })),
    );
    await rig.run(id);
    expect(await live(rig)).toEqual([['m1', null]]);
    expect(await outcomes(rig)).toMatchObject([{ outcome: 'rejected' }]);
    rig.use(
      mailbox(
        once(
          { gone: [{ id: 'm1', certain: true }] },
          { records: [{ id: 'm9', version: '2', throws: 'new' }] },
          { records: [record('m9')] },
        ),
      ),
    );
    await rig.run(id);
    expect(await live(rig)).toEqual([['m9', null]]);
  });

  it('R24: NUL, lone surrogates, __proto__, 5 MB and objects that cannot be written do not stop a page', async () => {
    const rig = await syncRig(database);
    const odd = 'a\u0000b\ud800c';
    const hostile: unknown = JSON.parse('{"__proto__":{"polluted":true}}');
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const records = [
      {
        id: `m1${odd}`,
        version: odd,
        events: [
          mail(`m1${odd}`, start - day, `ann${odd}@acme.example`, 'csm@vendor.example', {
            attributes: { [odd]: odd, hostile },
            references: ['r'.repeat(900), odd],
          }),
        ],
      },
      { id: 'm2', version: '1', throws: odd },
      { id: 'm3', version: '1', throws: 'x', extra: circular },
      { id: 'm4', version: '1', throws: 'x', extra: 'x'.repeat(5_000_000) },
      { id: 'c1', version: '1', entities: [company(`c${odd}`, ['acme.example'], { name: odd })] },
      {
        id: 'm5',
        version: '1',
        events: [
          mail('m5', start - day, 'a@b.example', 'c@vendor.example', {
            references: [incompressible(1000)],
          }),
        ],
      },
    ];
    const id = await rig.install(mailbox(once({ records })));
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await rejected(rig)).toHaveLength(3);
    expect(await live(rig)).toHaveLength(2);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('faults', () => {
  const fault = (kind: 'auth-revoked' | 'transient', more = {}) => new ConnectorFault({ kind, message: kind, ...more });
  const twoStreams = (first: Parameters<typeof scriptedStream>[2], more = {}) =>
    scriptedConnector('two', [
      scriptedStream('contacts', 1, first, more),
      scriptedStream('messages', 2, once({ records: [record('m1')] })),
    ]);

  it('D13: a stream without its scope is paused, the others run', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(twoStreams(once({}), { scopes: ['contacts.read'] }));
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await state(rig)).toMatchObject([
      { paused_reason: expect.stringContaining('contacts.read') },
      { paused_reason: null },
    ]);
    expect(await live(rig)).toHaveLength(1);
  });

  it('D13: a stream whose object the user may not see is paused, and looked at again no sooner than the others', async () => {
    const rig = await syncRig(database);
    const hidden = new ConnectorFault({ kind: 'scope-missing', message: 'Give it Read on Case.' });
    const id = await rig.install(twoStreams(() => [hidden]));
    const due = async () => {
      await rig.run(id);
      const [row] = await rig.rows('SELECT next_run_at FROM installation WHERE workspace_id = $1');
      return row;
    };
    const paused = await due();
    expect(await state(rig)).toMatchObject([{ paused_reason: 'Give it Read on Case.' }, { paused_reason: null }]);
    rig.use(twoStreams(once({})));
    expect(await due()).toEqual(paused);
    rig.use(twoStreams(() => [fault('transient')]));
    expect(await due()).not.toEqual(paused);
  });

  it('a fault of one stream does not stop the others; a dead grant and a used up quota do', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(twoStreams(() => [fault('transient')]));
    expect(await rig.run(id)).toMatchObject({ result: { faults: [{ stream: 'contacts' }], records: 1 } });
    rig.use(twoStreams(() => [fault('auth-revoked')]));
    expect(await rig.run(id)).toMatchObject({ result: { faults: [{ fault: { kind: 'auth-revoked' } }], records: 0 } });
    rig.use(
      twoStreams(() => [new ConnectorFault({ kind: 'quota-exhausted', message: 'daily', resumeAt: start + day })]),
    );
    expect(await rig.run(id)).toMatchObject({ result: { resumeAt: start + day, records: 0 } });
    expect(await rig.rows('SELECT resume_at FROM installation WHERE workspace_id = $1')).toEqual([
      { resume_at: new Date(start + day) },
    ]);
  });

  it('F1: a provider that asks to be left alone for long is left alone', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(
      twoStreams(() => [new ConnectorFault({ kind: 'rate-limited', message: 'slow', retryAfterMs: 3_600_000 })]),
    );
    await rig.run(id);
    expect(await rig.rows('SELECT resume_at FROM installation WHERE workspace_id = $1')).toEqual([
      { resume_at: new Date(start + 3_600_000) },
    ]);
  });

  it('a provider that lets nobody in is a fault of every stream, not an error', async () => {
    const rig = await syncRig(database);
    const closed = { ...twoStreams(once({})), connect: () => Promise.reject(fault('auth-revoked')) };
    const id = await rig.install(closed);
    expect(await rig.run(id)).toMatchObject({
      kind: 'ran',
      result: { faults: [{ fault: { kind: 'auth-revoked' } }, {}] },
    });
    expect((await state(rig)).map((one) => one.fault?.kind)).toEqual(['auth-revoked', 'auth-revoked']);
  });

  it('N5: a partition that is listed no more is forgotten, so that it opens no gap', async () => {
    const rig = await syncRig(database);
    const partitions = (...ids: string[]) => ({
      partitions: () => Promise.resolve(ids.map((id) => ({ id, label: id }))),
    });
    const id = await rig.install(mailbox(once({}), partitions('a', 'b')));
    await rig.run(id);
    rig.use(mailbox(once({}), partitions('b')));
    await rig.run(id);
    expect((await state(rig)).map((one) => one.partition)).toEqual(['b']);
  });
});
