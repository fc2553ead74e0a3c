import fc from 'fast-check';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  company,
  mail,
  person,
  scriptedConnector,
  scriptedStream,
  type ScriptedRecord,
} from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 1_000_000);
const runs = Number(process.env.WAYMARK_RUNS ?? 4);

/** Records in several versions, of a mailbox, another one and a CRM. */
interface Source {
  readonly connector: string;
  readonly record: ScriptedRecord;
}

const domains = ['acme.example', 'bolt.example', 'shared.example', 'gmail.com'];
const people = ['ann', 'bob', 'cat'].flatMap((name) => domains.map((domain) => `${name}@${domain}`));

const mails = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 25 }),
    from: fc.constantFrom(...people),
    outbound: fc.boolean(),
    daysAgo: fc.integer({ min: 1, max: 200 }),
    root: fc.option(fc.integer({ min: 0, max: 25 }), { nil: undefined }),
    boxes: fc.subarray(['mailbox', 'second', 'crm'], { minLength: 1 }),
    versions: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 5, maxLength: 40 },
);
const companies = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 4 }),
    domains: fc.subarray(domains, { maxLength: 2 }),
    versions: fc.integer({ min: 1, max: 3 }),
    merges: fc.boolean(),
    owner: fc.integer({ min: 0, max: 2 }),
  }),
  { minLength: 1, maxLength: 5 },
);
const contacts = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 8 }),
    addresses: fc.subarray(people, { minLength: 1, maxLength: 2 }),
    companies: fc.subarray(['c0', 'c1', 'c2', 'c3', 'c4'], { maxLength: 2 }),
    versions: fc.integer({ min: 1, max: 2 }),
  }),
  { maxLength: 8 },
);

const unique = <T extends { readonly id: number }>(all: readonly T[]): readonly T[] => [
  ...new Map(all.map((one) => [one.id, one])).values(),
];

/** Each record in each of its versions; the versions of one differ. */
function sources(given: {
  readonly mails: readonly MailSpec[];
  readonly companies: readonly CompanySpec[];
  readonly contacts: readonly ContactSpec[];
}): readonly Source[] {
  const all: Source[] = [];
  for (const one of unique(given.mails)) {
    for (let version = 1; version <= one.versions; version += 1) {
      const [from, to] = one.outbound ? ['csm@vendor.example', one.from] : [one.from, 'csm@vendor.example'];
      const at = start - one.daysAgo * day;
      for (const [rank, connector] of one.boxes.entries()) {
        const draft = mail(`m${one.id}`, at + rank, from, to, {
          rank,
          ...(one.root !== undefined && { references: [`m${one.root}`] }),
          attributes: { version },
        });
        all.push({ connector, record: { id: `m${one.id}`, version: String(version), events: [draft] } });
      }
    }
  }
  for (const one of unique(given.companies)) {
    for (let version = 1; version <= one.versions; version += 1) {
      // A merge is in all forms that come after it: the last one of company 4 is the survivor of company 0.
      const mergedIds = one.merges && one.id === 4 && version === one.versions ? ['c0'] : [];
      const fact = company(`c${one.id}`, version === one.versions ? one.domains : [], {
        name: `Company ${one.id} in version ${version}`,
        owner: { ownerId: `o${one.owner}` },
        ...(mergedIds.length > 0 && { mergedIds }),
      });
      all.push({ connector: 'crm', record: { id: `c${one.id}`, version: String(version), entities: [fact] } });
    }
  }
  for (const one of unique(given.contacts)) {
    for (let version = 1; version <= one.versions; version += 1) {
      const fact = person(`p${one.id}`, one.addresses, version === one.versions ? one.companies : [], {
        name: `Person ${one.id}, ${version}`,
      });
      all.push({ connector: 'crm', record: { id: `p${one.id}`, version: String(version), entities: [fact] } });
    }
  }
  for (let owner = 0; owner < 3; owner += 1) {
    for (const version of ['1', '2']) {
      const fact = {
        kind: 'owner' as const,
        externalId: `o${owner}`,
        email: `csm${owner}-${version}@vendor.example`,
        active: true,
      };
      all.push({ connector: 'crm', record: { id: `o${owner}`, version, entities: [fact] } });
    }
  }
  return all;
}
type Spec<A> = A extends fc.Arbitrary<readonly (infer T)[]> ? T : never;
type MailSpec = Spec<typeof mails>;
type CompanySpec = Spec<typeof companies>;
type ContactSpec = Spec<typeof contacts>;

/** Gives the records in this order, in pages of this size, a fold after some pages; each page is a run of its own, as if restarted. */
async function stateOf(order: readonly Source[], pageSize: number, foldEvery: number): Promise<string> {
  const rig = await syncRig(database);
  const installations = new Map<string, string>();
  for (const name of ['mailbox', 'second', 'crm'])
    installations.set(name, await rig.install(scriptedConnector(name, [])));
  let pages = 0;
  for (let at = 0; at < order.length;) {
    const connector = order[at]?.connector ?? '';
    const page: ScriptedRecord[] = [];
    while (page.length < pageSize && order[at]?.connector === connector) {
      const next = order[at];
      if (next) page.push(next.record);
      at += 1;
    }
    rig.use(scriptedConnector(connector, [scriptedStream('objects', 1, () => [{ records: page, done: true }])]));
    const outcome = await rig.run(installations.get(connector) ?? '');
    expect(outcome).toMatchObject({ kind: 'ran', result: { faults: [] } });
    pages += 1;
    if (pages % foldEvery === 0) await rig.fold();
  }
  await rig.fold();
  return rig.digest();
}

describe('I3, I13: state is a function of the set of source records', () => {
  it(`in any order, with duplicates, in pages of any size, folded at any time (WAYMARK_SEED=${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ mails, companies, contacts }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (given, dice) => {
          const roll = () => Number(dice.next().value);
          const all = sources(given);
          const last = new Map(all.map((one) => [`${one.connector}|${one.record.id}`, one]));
          const shuffled = [...all, ...all.filter(() => roll() < 0.3)]
            .map((one) => ({ one, at: roll() }))
            .sort((a, b) => a.at - b.at)
            .map(({ one }) => one);
          const plain = await stateOf(
            [...last.values()].sort((a, b) => (a.connector < b.connector ? -1 : 1)),
            1000,
            1000,
          );
          expect(await stateOf(shuffled, 1 + Math.floor(roll() * 7), 1 + Math.floor(roll() * 4))).toBe(plain);
        },
      ),
      { seed, numRuns: runs, endOnFailure: process.env.WAYMARK_SHRINK === undefined },
    );
  }, 300_000);

  const page = (records: readonly ScriptedRecord[]) => [scriptedStream('objects', 1, () => [{ records, done: true }])];
  const acme = page([{ id: 'c1', version: '1', entities: [company('c1', ['acme.example'])] }]);
  const seen = mail('m1', start - day, 'x@gmail.com', 'csm@vendor.example');
  const copy = {
    ...seen,
    rank: 5,
    participants: [...seen.participants, { role: 'cc' as const, address: 'ann@acme.example' }],
  };
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  it('also where two mailboxes store the same mail at once', async () => {
    let slow = false;
    // Long enough a stay between rows and COMMIT that the pages would meet there, if they could.
    const rig = await syncRig(database, { point: (name) => pause(slow && name === 'page-stored' ? 100 : 0) });
    await rig.run(await rig.install(scriptedConnector('crm', acme)));
    slow = true;
    const ids = [
      await rig.install(scriptedConnector('mailbox', page([{ id: 'm1', version: '1', events: [seen] }]))),
      await rig.install(scriptedConnector('second', page([{ id: 'm1', version: '1', events: [copy] }]))),
    ];
    await Promise.all(ids.map((id) => rig.run(id)));
    const rows = await rig.rows('SELECT account_id IS NOT NULL AS matched FROM journey_event WHERE workspace_id = $1');
    expect(rows.map((row) => row['matched'])).toEqual([true, true]);
  });

  it('also where a company comes while a mail of its people is being stored', async () => {
    let slow = true;
    const rig = await syncRig(database, {
      point: async (name) => {
        if (name !== 'page-stored' || !slow) return;
        slow = false;
        await pause(400);
      },
    });
    const box = await rig.install(scriptedConnector('mailbox', page([{ id: 'm1', version: '1', events: [copy] }])));
    const crm = await rig.install(scriptedConnector('crm', acme));
    const storing = rig.run(box);
    while (slow) await pause(5);
    await Promise.all([storing, rig.run(crm)]);
    const rows = await rig.rows('SELECT account_id IS NOT NULL AS matched FROM journey_event WHERE workspace_id = $1');
    expect(rows).toEqual([{ matched: true }]);
  });
});
