import { exclusions as storedExclusions, receipts, setAsideTotals, verifyAudit } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decide } from './decisions.ts';
import { exclude, readmit, type ExclusionRequest } from './exclusions.ts';
import { rowsOfAll } from '../testing/all-rows.ts';
import {
  company,
  mail,
  person,
  scriptedConnector,
  scriptedStream,
  type ScriptedRecord,
} from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const csm = 'csm@vendor.example';
const entry = (id: string, from: string, ago: number, more: Partial<ScriptedRecord> = {}): ScriptedRecord => ({
  id,
  version: '1',
  events: [
    {
      ...mail(id, start - ago * day, from, csm),
      participants: [
        { role: 'from', address: from, name: `Person of ${from.split('@')[0] ?? ''}` },
        { role: 'to', address: csm },
      ],
    },
  ],
  ...more,
});

/** What the mailbox holds: it is read again whenever somebody asks. */
const inbox: readonly ScriptedRecord[] = [
  entry('ann-1', 'ann@acme.example', 90),
  entry('ann-2', 'ann+sales@acme.example', 30, { tags: ['INBOX', 'Private/Doctor'], title: 'Results' }),
  entry('bob-1', 'bob@acme.example', 60, { tags: ['INBOX'], title: 'Salary review' }),
  entry('bob-2', 'bob@acme.example', 20, { title: 'Contract' }),
  entry('cat-1', 'cat@bolt.example', 10),
  entry('law-1', 'x@eu.lawyers.example', 5),
  { id: 'odd', version: '1', throws: 'unreadable', extra: 'from ann@acme.example' },
];

interface World {
  readonly rig: SyncRig;
  readonly mailbox: string;
  readonly crm: string;
  readonly ask: (request: ExclusionRequest) => ReturnType<typeof exclude>;
  readonly read: () => Promise<void>;
  /** Ids of the records whose events are in force. */
  readonly kept: () => Promise<readonly string[]>;
  readonly holds: (text: string) => Promise<readonly string[]>;
}

async function world(): Promise<World> {
  const rig = await syncRig(database);
  const facts = [
    company('c1', ['acme.example']),
    company('c2', ['bolt.example']),
    person('p1', ['ann@acme.example', 'ann.private@gmail.com'], ['c1']),
    person('p2', ['bob@acme.example'], ['c1']),
  ];
  const records = facts.map((fact) => ({
    id: 'externalId' in fact ? fact.externalId : '',
    version: '1',
    entities: [fact],
  }));
  const crm = await rig.install(
    scriptedConnector('crm', [scriptedStream('records', 1, () => [{ records, done: true }])]),
  );
  const box = scriptedConnector('mailbox', [
    // Like any provider's: what is new since the cursor, or all of it from the start.
    scriptedStream('messages', 1, (from) => [{ records: from === null ? inbox : [], done: true }]),
  ]);
  const mailbox = await rig.install(box);
  const read = async () => {
    rig.now += 60_000;
    for (const id of [crm, mailbox]) await rig.run(id);
    await rig.fold();
  };
  await read();
  const kept = async () =>
    (
      await rig.rows<{ id: string }>(
        `SELECT DISTINCT external_id AS id FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL AND object = 'messages' ORDER BY 1`,
      )
    ).map((row) => row.id);
  const holds = async (text: string) =>
    Object.entries(await rowsOfAll(database, rig.workspaceId))
      .filter(([, rows]) => rows.some((row) => row.toLowerCase().includes(text)))
      .map(([table]) => table);
  const deps = { database, sealer: database.sealer, now: () => rig.now };
  return { rig, mailbox, crm, read, kept, holds, ask: (request) => exclude(deps, rig.workspaceId, request, 'admin') };
}

const all = ['ann-1', 'ann-2', 'bob-1', 'bob-2', 'cat-1', 'law-1'];

describe('exclusions', () => {
  it('I11: a person: purges the past, keeps nothing that names them, stays so, and gives a receipt without their name', async () => {
    const { rig, ask, read, kept, holds } = await world();
    expect(await kept()).toEqual(all);
    const acme = await rig.rows<{ account_id: string }>(
      `SELECT account_id FROM account WHERE workspace_id = $1 AND name = 'Company c2'`,
    );
    await database.inWorkspace(rig.workspaceId, (tx) =>
      decide(
        tx,
        [{ kind: 'contact', subject: 'ann@acme.example', accountId: acme[0]?.account_id ?? '' }],
        'admin',
        rig.now,
      ),
    );
    await rig.fold();
    expect((await holds('ann@acme')).length).toBeGreaterThan(4);
    const events = await rig.rows<{ id: string }>(
      `SELECT DISTINCT event_id AS id FROM journey_event WHERE workspace_id = $1 AND external_id LIKE 'ann%'`,
    );
    // Flags and stages point to what they rest on.
    const pointing = (await Promise.all(events.map(({ id }) => holds(id)))).flat();
    expect(pointing).toEqual(expect.arrayContaining(['flag']));
    const { receipt } = await ask({ kind: 'person', value: 'Ann+x@Acme.example' });
    // Before and after a fold, and after the whole mailbox was read again: the rule itself is all that names them.
    for (const step of [() => Promise.resolve(), () => rig.fold(), read]) {
      await step();
      expect(await holds('ann@acme')).toEqual(['exclusion']);
      expect(await holds('person of ann')).toEqual([]);
      for (const { id } of events) expect(await holds(id)).toEqual([]);
      expect(await kept()).toEqual(['bob-1', 'bob-2', 'cat-1', 'law-1']);
    }
    expect(receipt).toMatchObject({ kind: 'person', action: 'purged', by: 'admin' });
    expect(receipt.counts).toMatchObject({ events: 2, records: 2, setAside: 1, contacts: 1, decisions: 1 });
    expect(receipt.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(receipt)).not.toContain('acme');
    expect(await database.inWorkspace(rig.workspaceId, (tx) => receipts(tx))).toEqual([receipt]);
    expect(await database.inWorkspace(rig.workspaceId, (tx) => verifyAudit(tx))).toMatchObject({ ok: true });
    // The contact is not the person: their other address stays.
    const people = await rig.rows<{ addresses: string[] }>(
      'SELECT addresses FROM contact WHERE workspace_id = $1 ORDER BY external_id',
    );
    expect(people.map((one) => one.addresses)).toEqual([['ann.private@gmail.com'], ['bob@acme.example']]);
  });

  it('what is excluded from the start is counted as ignored, and nothing of it is stored', async () => {
    const { rig, ask, mailbox } = await world();
    await ask({ kind: 'domain', value: 'lawyers.example' });
    const late = [
      entry('law-2', 'y@lawyers.example', 1),
      { id: 'odd-2', version: '1', throws: 'unreadable', extra: 'to y@lawyers.example' },
    ];
    rig.use(scriptedConnector('mailbox', [scriptedStream('messages', 1, () => [{ records: late, done: true }])]));
    await rig.run(mailbox);
    const rows = await rig.rows(
      `SELECT external_id, outcome, reason, events FROM source_object WHERE workspace_id = $1 AND external_id LIKE 'law%' OR external_id = 'odd-2' ORDER BY 1`,
    );
    expect(rows).toEqual(
      ['law-1', 'law-2', 'odd-2'].map((id) => ({
        external_id: id,
        outcome: 'ignored',
        reason: 'excluded_domain',
        events: 0,
      })),
    );
    expect((await database.inWorkspace(rig.workspaceId, (tx) => setAsideTotals(tx))).map((one) => one.records)).toEqual(
      [1],
    );
  });

  it('a domain takes its company off the matching; without it all comes back as it was', async () => {
    const { rig, ask, read, kept, holds } = await world();
    const before = await rig.digest();
    const { exclusion } = await ask({ kind: 'domain', value: 'acme.example' });
    await rig.fold();
    await read();
    expect(await holds('acme.example')).toEqual(['exclusion']);
    expect(await kept()).toEqual(['cat-1', 'law-1']);
    const back = await readmit({ database, now: () => rig.now }, rig.workspaceId, exclusion.exclusionId, 'admin');
    expect(back.reread).toHaveLength(2);
    expect(back.lost.join(' ')).toContain('imported');
    await read();
    expect(await kept()).toEqual(all);
    expect(await rig.digest()).toBe(before);
    expect(await database.inWorkspace(rig.workspaceId, (tx) => storedExclusions(tx))).toEqual([]);
  });

  it('a label with all below it, a word of a subject that was never stored, two people together', async () => {
    const label = await world();
    expect(
      (await label.ask({ kind: 'label', value: 'private', installationId: label.mailbox })).receipt.counts,
    ).toMatchObject({ events: 1 });
    expect(await label.kept()).toEqual(all.filter((id) => id !== 'ann-2'));
    await label.read();
    expect(await label.kept()).toEqual(all.filter((id) => id !== 'ann-2'));

    const word = await world();
    const excluded = await word.ask({ kind: 'keyword', value: 'Salary' });
    // Subjects are not stored: the mailbox is read again to find them.
    expect(excluded.receipt.counts).toMatchObject({ events: 0 });
    expect(excluded.reread).toContain(word.mailbox);
    await word.read();
    expect(await word.kept()).toEqual(all.filter((id) => id !== 'bob-1'));
    const [row] = await word.rig.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM journey_event WHERE workspace_id = $1 AND external_id = 'bob-1'`,
    );
    expect(row?.n).toBe(0);
    expect(
      (await database.inWorkspace(word.rig.workspaceId, (tx) => receipts(tx))).map((one) => one.counts['events']),
    ).toEqual([1, 0]);

    const pair = await world();
    await pair.ask({ kind: 'pair', value: csm, other: { address: 'cat@bolt.example' } });
    await pair.read();
    expect(await pair.kept()).toEqual(all.filter((id) => id !== 'cat-1'));
  });

  it('a person with an account: what a later decision leads there goes as well', async () => {
    const { rig, ask, kept } = await world();
    const ids = await rig.rows<{ account_id: string; name: string }>(
      'SELECT account_id, name FROM account WHERE workspace_id = $1 ORDER BY name',
    );
    const [c1, c2] = ids.map((one) => one.account_id);
    await ask({ kind: 'pair', value: 'bob@acme.example', other: { accountId: c2 ?? '' } });
    expect(await kept()).toEqual(all);
    await database.inWorkspace(rig.workspaceId, (tx) =>
      decide(tx, [{ kind: 'contact', subject: 'bob@acme.example', accountId: c2 ?? '' }], 'admin', rig.now),
    );
    expect(await kept()).toEqual(all.filter((id) => !id.startsWith('bob')));
    expect(c1).toBeDefined();
  });

  it('an installation: nothing of it is left, and it is read no more', async () => {
    const { rig, mailbox, ask, kept, read } = await world();
    const { exclusion, receipt } = await ask({ kind: 'installation', value: mailbox });
    expect(receipt.counts).toMatchObject({ events: 6, setAside: 1 });
    expect(await kept()).toEqual([]);
    expect(await rig.run(mailbox)).toEqual({ kind: 'inactive' });
    await readmit({ database, now: () => rig.now }, rig.workspaceId, exclusion.exclusionId, 'admin');
    await read();
    expect(await kept()).toEqual(all);
  });

  it('lets no page slip through that was read before and is stored after', async () => {
    const { rig, mailbox, ask, kept } = await world();
    const late = [entry('ann-3', 'ann@acme.example', 1)];
    const slow = scriptedStream('messages', 1, () => [
      async () => void (await ask({ kind: 'person', value: 'ann@acme.example' })),
      { records: late, done: true },
    ]);
    rig.use(scriptedConnector('mailbox', [slow]));
    expect(await rig.run(mailbox)).toEqual({ kind: 'lost' });
    expect(await kept()).not.toContain('ann-3');
  });

  it('refuses what it cannot mean', async () => {
    const { ask } = await world();
    for (const request of [
      { kind: 'domain', value: 'not a domain' },
      { kind: 'person', value: 'acme.example' },
      { kind: 'pair', value: 'a@b.example' },
      { kind: 'keyword', value: 'ab' },
      { kind: 'installation', value: '018f2c5e-7d3a-8b11-9c21-0b0d5f4e1a77' },
      { kind: 'pair', value: 'a@b.example', other: { accountId: '018f2c5e-7d3a-8b11-9c21-0b0d5f4e1a77' } },
    ] satisfies ExclusionRequest[]) {
      await expect(ask(request)).rejects.toMatchObject({ code: 'EXCLUSION' });
    }
    await ask({ kind: 'domain', value: 'x.example' });
    await expect(ask({ kind: 'domain', value: 'X.example' })).rejects.toThrow('excluded already');
  });
});
