import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing.ts';
import { walkAccounts, type AccountLog } from './account-log.ts';
import { historyOf } from './history.ts';
import { sourcesOfAccount, sourcesOfAccounts } from './account-sources.ts';
import { factsOf, factsOfAccounts } from './facts.ts';
import { appendEvents, supersede, type EventRow } from './log.ts';
import { outagesOfAccount, type StoredOutage } from './source-outages.ts';

let database: TestDatabase;
let workspaceId = '';
beforeAll(async () => {
  database = await testDatabase();
  ({ workspaceId } = await database.newWorkspace('account-log'));
});
afterAll(() => database.close());

/** A repeatable source of numbers from 0 to 1 (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Sightings of few events by many sources: ties, several ranks and generations, our own writes, text that JSON has to escape. */
function sightings(seed: number, accounts: readonly (string | null)[]): readonly EventRow[] {
  const random = randomOf(seed);
  const pick = <T>(of: readonly T[]): T => {
    const one = of[Math.floor(random() * of.length)];
    if (one === undefined) throw new Error('Nothing to pick from.');
    return one;
  };
  const installations = [null, randomUUID(), randomUUID()];
  return accounts.flatMap((accountId, turn) => {
    const events = turn === 0 ? 1500 : Math.floor(random() * 12);
    return Array.from({ length: events }, randomUUID).flatMap((eventId) =>
      Array.from({ length: 1 + Math.floor(random() * 3) }, (_, generation): EventRow => ({
        eventId,
        sourceId: randomUUID(),
        generation,
        content: randomUUID(),
        type: pick(['email.received', 'usage.recorded']),
        occurredAt: pick([-5, 0, 1, 1_700_000_000_001, 1_700_000_000_002 + Math.floor(random() * 5)]),
        recordedAt: 1_700_000_000_000 + Math.floor(random() * 999),
        knownAssumed: false,
        rank: pick([0, 1]),
        origin: 'test',
        touchpoint: pick(['email', 'meeting', 'product']),
        direction: pick(['inbound', 'outbound']),
        automated: random() < 0.5,
        subject: null,
        participants: [{ address: 'a@example.com', name: pick(['"quoted"', 'back\\slash', 'Ünï\u2028\n\t']) }],
        attributes: {
          value: pick([1, 1e21, -0.1, 12345678901234]),
          ...(random() < 0.2 && { echo: true }),
          note: { echo: [null] },
        },
        connector: pick(['import', 'gmail']),
        installationId: pick(installations),
        object: 'message',
        externalId: pick(['desk "A"%7CB|1', 'plain', 'x|y|z']),
        url: null,
        thread: null,
        accountId,
        match: null,
      })),
    );
  });
}

it(
  'gives of every account what the reads of one account give: facts, installations and sources',
  { timeout: 60_000 },
  async () => {
    const seed = Number(process.env['WAYMARK_TEST_SEED'] ?? randomInt(2 ** 31));
    console.log(`account-log seed ${seed}`);
    const accounts = Array.from({ length: 120 }, randomUUID);
    const rows = sightings(seed, [...accounts, null]);
    await database.inWorkspace(workspaceId, async (tx) => {
      await appendEvents(tx, rows);
      const random = randomOf(seed + 1);
      await supersede(
        tx,
        rows.filter(() => random() < 0.1),
        1_800_000_000_000,
      );
    });
    const walk = (sources: boolean) =>
      database.inWorkspace(
        workspaceId,
        async (tx) => {
          const logs: AccountLog[] = [];
          const asked: string[] = [];
          const beside = (ids: readonly string[]) => {
            asked.push(...ids);
            return tx.query('SELECT 1').then(() => ids.length);
          };
          for await (const batch of walkAccounts(tx, {
            beside,
            sources,
            rows: sources ? 700 : 1 + Math.floor(randomOf(seed)() * 5000),
          })) {
            expect(batch.beside).toBe(batch.logs.length);
            logs.push(...batch.logs);
          }
          expect(asked).toEqual(logs.map(({ accountId }) => accountId));
          return logs;
        },
        { snapshot: true },
      );
    const logs = await walk(true);
    const byId = new Map(logs.map((log) => [log.accountId, log]));
    expect(logs.map(({ accountId }) => accountId)).toEqual([...byId.keys()].sort());
    await database.inWorkspace(workspaceId, async (tx) => {
      const asked = accounts.map((accountId) => ({ accountId, csmEmail: null }));
      const installations = await sourcesOfAccounts(tx, asked);
      const from = accounts.map((accountId, at) => ({ accountId, after: at % 2 ? 1_700_000_000_002 : undefined }));
      const together = await factsOfAccounts(tx, from);
      for (const { accountId, after } of from)
        expect(together.get(accountId), accountId).toEqual(await factsOf(tx, accountId, after ? { after } : {}));
      for (const accountId of accounts) {
        const log = byId.get(accountId);
        expect(log?.facts ?? [], accountId).toEqual(await factsOf(tx, accountId));
        expect(log?.installations ?? new Set(), accountId).toEqual(await sourcesOfAccount(tx, accountId, null));
        expect(installations.get(accountId), accountId).toEqual(await sourcesOfAccount(tx, accountId, null));
        const told = log?.facts.map((fact) => ({ ...fact, sources: log.sources.get(fact.id) })) ?? [];
        expect(told, accountId).toEqual(await historyOf(tx, accountId));
      }
    });
    const bare = await walk(false);
    expect(bare.map(({ facts }) => facts)).toEqual(logs.map(({ facts }) => facts));
  },
);

/** Outages here and there of who tells in `sightings`, about the times at which they do. */
function outagesOf(seed: number): readonly StoredOutage[] {
  const random = randomOf(seed);
  return ['desk "A"|B', 'plain', 'x', 'gmail'].flatMap((source) =>
    ['email', 'meeting', 'product'].flatMap((touchpoint) => {
      if (random() < 0.3) return [];
      const from = 1_700_000_000_000 + Math.floor(random() * 7) + (random() < 0.2 ? 180 * 86_400_000 : 0);
      const to = random() < 0.5 ? null : from + Math.floor(random() * 5);
      const ofImport = { installationId: null };
      return [{ ...ofImport, outageId: randomUUID(), source, touchpoint, from, to, recordedAt: from }];
    }),
  );
}

it('tells of accounts that are named which outages concern them, as the read of one account does', async () => {
  const seed = Number(process.env['WAYMARK_TEST_SEED'] ?? randomInt(2 ** 31));
  console.log(`outages seed ${seed}`);
  await database.inWorkspace(workspaceId, async (tx) => {
    const { rows } = await tx.query<{ account_id: string }>(
      `SELECT account_id FROM journey_event WHERE workspace_id = $1 AND account_id IS NOT NULL GROUP BY account_id ORDER BY md5(account_id::text)`,
      [tx.workspaceId],
    );
    const asked = rows.slice(0, 60).map((row) => row.account_id);
    let concerning = 0;
    let spared = 0;
    for (let turn = 0; turn < 6; turn += 1) {
      const outages = outagesOf(seed + turn);
      const logs: AccountLog[] = [];
      const beside = () => Promise.resolve(null);
      for await (const batch of walkAccounts(tx, { beside, outages, accounts: [...asked, randomUUID()] }))
        logs.push(...batch.logs);
      const found = new Map(logs.map((log) => [log.accountId, log]));
      for (const accountId of asked) {
        const log = found.get(accountId);
        expect(log?.facts ?? [], accountId).toEqual(await factsOf(tx, accountId));
        const own = await outagesOfAccount(tx, accountId, outages);
        expect(log?.outages ?? new Set(), `${accountId} ${turn}`).toEqual(own);
        concerning += own.size;
        spared += outages.length - own.size;
      }
      expect(logs.map(({ accountId }) => accountId)).toEqual(asked.filter((id) => found.has(id)));
    }
    expect(concerning).toBeGreaterThan(0);
    expect(spared).toBeGreaterThan(0);
  });
});

it('may be left before its end, and its transaction goes on', async () => {
  const after = await database.inWorkspace(workspaceId, async (tx) => {
    for await (const { logs } of walkAccounts(tx, { beside: () => Promise.resolve(null) })) {
      expect(logs.length).toBeGreaterThan(0);
      break;
    }
    return tx.query<{ one: number }>('SELECT 1 AS one');
  });
  expect(after.rows).toEqual([{ one: 1 }]);
});

it('a snapshot sees nothing that comes later, and writes nothing', async () => {
  const count = 'SELECT count(*)::int AS events FROM journey_event WHERE workspace_id = $1';
  await database.inWorkspace(
    workspaceId,
    async (tx) => {
      const before = await tx.query(count, [workspaceId]);
      await database.inWorkspace(workspaceId, (other) => appendEvents(other, sightings(1, [randomUUID()]).slice(0, 3)));
      expect((await tx.query(count, [workspaceId])).rows).toEqual(before.rows);
    },
    { snapshot: true },
  );
  const write = database.inWorkspace(workspaceId, (tx) => appendEvents(tx, sightings(2, [null]).slice(0, 1)), {
    snapshot: true,
  });
  await expect(write).rejects.toMatchObject({ code: '25006' });
});
