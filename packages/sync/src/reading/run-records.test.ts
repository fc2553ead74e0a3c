import { ConnectorFault } from '@waymark/connector-kit';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, events, live, mailbox, once, record } from '../testing/run-records.ts';
import { company, mail, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

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
