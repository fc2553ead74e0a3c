import { ConnectorFault } from '@waymark/connector-kit';
import { setStatus, streamStates } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syncInstallation } from '../installation/installation.ts';
import {
  company,
  mail,
  scriptedConnector,
  scriptedStream,
  type Script,
  type ScriptedRecord,
} from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const record = (id: string): ScriptedRecord => ({
  id,
  version: '1',
  events: [mail(id, start - day, 'ann@acme.example', 'csm@vendor.example')],
});
const many = (count: number, from = 0) => Array.from({ length: count }, (_, at) => record(`m${from + at}`));
const mailbox = (script: Script, more = {}) =>
  scriptedConnector('mailbox', [scriptedStream('messages', 10, script, more)]);
const whole =
  (records: readonly ScriptedRecord[], id = 'e1'): Script =>
  () => [{ records, enumeration: { id }, done: true }];
const live = async (rig: SyncRig) =>
  (
    await rig.rows<{ external_id: string }>(
      'SELECT external_id FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL ORDER BY external_id',
    )
  ).map((row) => row.external_id);
const fault = (kind: 'scope-missing' | 'auth-revoked' | 'rejected' | 'transient') =>
  new ConnectorFault({ kind, message: kind });
const held = async (rig: SyncRig) =>
  (await database.inWorkspace(rig.workspaceId, (tx) => streamStates(tx))).map((state) => state.heldBack);

describe('absence', () => {
  it('A1, A5: after a lost cursor ends what the whole enumeration did not see, and nothing else', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(whole(many(5))));
    await rig.run(id);
    rig.use(
      mailbox((from) =>
        from === null
          ? [{ records: many(3), enumeration: { id: 'e2' }, done: true }]
          : [new ConnectorFault({ kind: 'cursor-expired', message: 'too old' })],
      ),
    );
    await rig.run(id);
    expect(await live(rig)).toEqual(['m0', 'm1', 'm2']);
    expect(await held(rig)).toEqual([null]);
  });

  it.each(['scope-missing', 'auth-revoked', 'rejected', 'transient'] as const)(
    'B2: a fault (%s) on the way ends nothing, on any page',
    async (kind) => {
      const rig = await syncRig(database);
      const id = await rig.install(mailbox(whole(many(5))));
      await rig.run(id);
      rig.use(mailbox(() => [{ records: many(2), enumeration: { id: 'e2' } }, fault(kind)]));
      await rig.run(id);
      rig.use(mailbox(() => [fault(kind)]));
      await rig.run(id);
      expect(await live(rig)).toHaveLength(5);
    },
  );

  it('B2, B3: a record that moves to another folder is neither gone nor doubled, in whichever order the folders are read', async () => {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const rig = await syncRig(database);
      const partitions = () => Promise.resolve(order.map((id) => ({ id, label: id })));
      const holds =
        (folders: Readonly<Record<string, readonly ScriptedRecord[]>>, run: string): Script =>
        (_from, _context, at) => [{ records: folders[at] ?? [], enumeration: { id: `${run}-${at}` }, done: true }];
      const id = await rig.install(mailbox(holds({ a: many(2), b: [] }, 'one'), { partitions }));
      await rig.run(id);
      rig.use(mailbox(holds({ a: [record('m0')], b: [record('m1')] }, 'two'), { partitions }));
      await rig.run(id);
      expect(await live(rig)).toEqual(['m0', 'm1']);
    }
  });

  it('of a mailbox that is disconnected, or of a scope that is taken back, ends nothing; what was deleted meanwhile ends once it is read again', async () => {
    const rig = await syncRig(database);
    const scoped = { scopes: ['mail.read'] };
    const id = await rig.install(mailbox(whole(many(4)), scoped), { scopes: ['mail.read'] });
    await rig.run(id);
    await database.inWorkspace(rig.workspaceId, (tx) => setStatus(tx, id, 'disabled', 'off', rig.now));
    expect(await rig.run(id)).toEqual({ kind: 'inactive' });
    expect(await live(rig)).toHaveLength(4);
    await rig.install(mailbox(whole(many(1), 'e2'), scoped), { scopes: [] });
    await rig.run(id);
    expect(await live(rig)).toHaveLength(4);
    await rig.install(mailbox(whole(many(3), 'e3'), scoped), { scopes: ['mail.read'] });
    await rig.run(id);
    expect(await live(rig)).toHaveLength(3);
  });
});

describe('an enumeration that is complete under fewer rights', () => {
  it('B2: ends nothing where more than half of many records are missing, until a person confirms it', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(whole(many(100))));
    await rig.run(id);
    rig.use(mailbox(whole(many(20), 'e2')));
    await rig.run(id);
    expect(await live(rig)).toHaveLength(100);
    expect(await held(rig)).toEqual([{ records: 80, of: 100, at: rig.now }]);
    // What is new is read all the same, and a run without an enumeration does not make it forgotten.
    rig.use(mailbox(() => [{ records: [record('new')], done: true }]));
    await rig.run(id);
    expect(await live(rig)).toHaveLength(101);
    expect(await held(rig)).toMatchObject([{ records: 80 }]);
    rig.use(mailbox(whole([...many(20), record('new')], 'e3')));
    const wish = { againSince: rig.now - 300 * day, deletionsConfirmed: true };
    await syncInstallation(rig.deps, rig.workspaceId, id, new AbortController().signal, wish);
    expect(await live(rig)).toHaveLength(21);
    expect(await held(rig)).toEqual([null]);
  });

  it('is forgotten once all of it is seen again; a share that people do delete is believed', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(whole(many(100))));
    await rig.run(id);
    rig.use(mailbox(whole(many(20), 'e2')));
    await rig.run(id);
    rig.use(mailbox(whole(many(60), 'e3')));
    await rig.run(id);
    expect(await held(rig)).toEqual([null]);
    expect(await live(rig)).toHaveLength(60);
  });

  it('keeps the companies of a CRM, and with them who owns all that was matched', async () => {
    const rig = await syncRig(database);
    const crm = (count: number, id: string) =>
      scriptedConnector('crm', [
        scriptedStream('companies', 1, () => [
          {
            records: Array.from({ length: count }, (_, at) => ({
              id: `c${at}`,
              version: '1',
              entities: [company(`c${at}`, [`c${at}.example`])],
            })),
            enumeration: { id },
            done: true,
          },
        ]),
      ]);
    const id = await rig.install(crm(80, 'e1'));
    await rig.run(id);
    rig.use(crm(3, 'e2'));
    await rig.run(id);
    expect(await rig.rows('SELECT 1 FROM account WHERE workspace_id = $1 AND is_customer')).toHaveLength(80);
  });
});
