import { ConnectorFault } from '@waymark/connector-kit';
import { account as readAccount, contacts, installations, setStatus } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountSight, sightText } from './account-sight.ts';
import { coverageIndex, watchCoverage } from './coverage.ts';
import { company, mail, person, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';
import { watchedTimes } from './watched-time.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const hour = 3_600_000;
const people = ['ann', 'bob', 'eve', 'joe'];
const crm = (csm: string) =>
  scriptedConnector('crm', [
    scriptedStream('companies', 1, () => [
      {
        records: [{ id: 'c1', version: '1', entities: [company('c1', ['acme.example'], { csm: { email: csm } })] }],
        done: true,
      },
    ]),
    scriptedStream('contacts', 2, () => [
      {
        records: people.map((name) => ({
          id: name,
          version: '1',
          entities: [person(name, [`${name}@acme.example`], ['c1'])],
        })),
        done: true,
      },
    ]),
  ]);
const mailbox = (names: readonly string[], more = {}) =>
  scriptedConnector('mailbox', [
    scriptedStream(
      'messages',
      5,
      () => [
        {
          records: names.map((name, at) => ({
            id: name,
            version: '1',
            events: [mail(name, start - (at + 1) * day, `${name}@acme.example`, 'csm@vendor.example')],
          })),
          done: true,
        },
      ],
      more,
    ),
  ]);
const times = (rig: SyncRig) => database.inWorkspace(rig.workspaceId, (tx) => watchedTimes(tx, rig.now));
const watch = (rig: SyncRig) =>
  database.inWorkspace(rig.workspaceId, async (tx) => watchCoverage(tx, await installations(tx), rig.now));

describe('what was watched from when to when', () => {
  it('A11: grows with each reading, shows its gaps with their reason, and keeps those that were read later', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(people), { address: 'csm@vendor.example' });
    await rig.run(id);
    const of = async () => (await times(rig)).installations.find((one) => one.installationId === id);
    expect(await of()).toMatchObject({ from: start - 365 * day, to: start, gaps: [] });
    rig.use(
      scriptedConnector('mailbox', [
        scriptedStream('messages', 5, () => [new ConnectorFault({ kind: 'transient', message: 'The line is down.' })]),
      ]),
    );
    rig.now += 7 * hour;
    await rig.run(id);
    await watch(rig);
    expect(await of()).toMatchObject({
      to: start,
      gaps: [{ from: start, to: null, reason: 'The line is down.', touchpoints: ['email'], readLaterAt: null }],
    });
    rig.use(mailbox(people));
    rig.now += hour;
    await rig.run(id);
    expect(await of()).toMatchObject({ to: rig.now, gaps: [{ from: start, to: rig.now, readLaterAt: rig.now }] });
  });

  it('B2: an installation that is switched off, or a partition that is read no more, keeps what it watched and deletes nothing', async () => {
    const rig = await syncRig(database);
    const parts = (...ids: string[]) => ({
      partitions: () => Promise.resolve(ids.map((id) => ({ id, label: `The ${id}` }))),
    });
    const id = await rig.install(mailbox(people, parts('inbox', 'old')), { address: 'csm@vendor.example' });
    await rig.run(id);
    rig.now += hour;
    rig.use(mailbox(people, parts('inbox')));
    await rig.run(id);
    await database.inWorkspace(rig.workspaceId, (tx) => setStatus(tx, id, 'disabled', 'She left.', rig.now));
    rig.now += hour;
    const [seen] = (await times(rig)).installations;
    expect(seen?.watched).toMatchObject([
      { partition: 'inbox', to: start + hour, current: false },
      { partition: 'old', label: 'The old', from: start - 365 * day, to: start, current: false },
    ]);
    expect(seen?.gaps).toMatchObject([{ partition: 'inbox', from: start + hour, to: null, reason: 'She left.' }]);
    expect(
      await rig.rows('SELECT 1 FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL'),
    ).toHaveLength(4);
  });
});

describe('whose mail of an account is seen', () => {
  it('says of how many known contacts, and whether the mailbox of the CSM is read', async () => {
    const rig = await syncRig(database);
    await rig.run(await rig.install(crm('csm@vendor.example')));
    const id = await rig.install(mailbox(['ann', 'bob', 'eve']), { address: 'csm@vendor.example' });
    await rig.run(id);
    const sight = () =>
      database.inWorkspace(rig.workspaceId, async (tx) => {
        const [row] = await rig.rows<{ account_id: string }>('SELECT account_id FROM account WHERE workspace_id = $1');
        const found = await readAccount(tx, row?.account_id ?? '');
        if (!found) throw new Error('the account is missing');
        return accountSight(tx, found, await contacts(tx, found.accountId));
      });
    const read = await sight();
    expect(read).toMatchObject({ known: 4, seen: 3, unseen: [{ address: 'joe@acme.example' }] });
    expect(sightText(read)).toBe('mail of 3 of 4 known contacts is seen; the mailbox of csm@vendor.example is read');
    await database.inWorkspace(rig.workspaceId, (tx) => setStatus(tx, id, 'needs_auth', 'dead', rig.now));
    expect(await sight()).toMatchObject({ seen: 0, csm: { mailbox: 'stopped' } });
    expect((await times(rig)).unwatchedMailboxes).toEqual([
      { address: 'csm@vendor.example', customers: 1, installed: true },
    ]);
  });

  it('is nothing where only the mailboxes of others are connected: their silence proves none', async () => {
    const rig = await syncRig(database);
    await rig.run(await rig.install(crm('new@vendor.example')));
    const id = await rig.install(mailbox([]), { address: 'csm@vendor.example' });
    await rig.run(id);
    const gaps = (csmEmail: string, sources: ReadonlySet<string>) =>
      database.inWorkspace(rig.workspaceId, async (tx) =>
        (await coverageIndex(tx))({ sources, csmEmail }).gaps.map((gap) => gap.reason),
      );
    expect(await gaps('new@vendor.example', new Set())).toEqual([
      'The mailbox of new@vendor.example is not connected.',
    ]);
    expect(await gaps('csm@vendor.example', new Set([id]))).toEqual([]);
    expect(await gaps('new@vendor.example', new Set([id]))).toEqual([]);
    expect((await times(rig)).unwatchedMailboxes).toEqual([
      { address: 'new@vendor.example', customers: 1, installed: false },
    ]);
  });
});
