import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decide, decisionAbout, importFile, matchesOf, replayWorkspace, reviewQueue, undoDecided } from '@waymark/sync';
import { accounts, findAccounts } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const now = Date.UTC(2026, 5, 1);
let count = 0;
let lines = 0;
const line = (subject: string, data: Record<string, unknown>, type = 'usage.recorded'): string => {
  lines += 1;
  const time = new Date(Date.UTC(2026, 1, 1) + lines * 3_600_000).toISOString();
  const whole = type === 'usage.recorded' ? { metric: 'logins', value: lines, ...data } : data;
  return JSON.stringify({ specversion: '1.0', source: 'crm', id: String(lines), type, time, subject, data: whole });
};

async function workspace() {
  count += 1;
  const { workspaceId } = await database.newWorkspace(`names-${count}`, { ownDomains: ['vendor.example'] });
  const deps = { database, sealer: database.sealer, now: () => now };
  const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) => database.inWorkspace(workspaceId, work);
  return {
    inside,
    run: (given: readonly string[], options: Parameters<typeof importFile>[3] = {}, along = false) =>
      importFile({ ...deps, ...(along && { afterFold: () => Promise.resolve() }) }, workspaceId, given, options),
    /** Events by the account that has them, those that wait under ''. */
    owners: () =>
      database.asOwner<{ name: string; events: number }>(
        `SELECT coalesce(a.name, '') AS name, count(*)::int AS events FROM journey_event e
           LEFT JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
          WHERE e.workspace_id = $1 GROUP BY 1 ORDER BY 1`,
        [workspaceId],
      ),
    standing: async () => (await inside((tx) => accounts(tx))).filter((one) => one.mergedInto === null).length,
    replay: () => replayWorkspace(database, workspaceId, { now }),
    queue: () => inside((tx) => reviewQueue(tx)),
    verdict: (about: string, verdict: 'split' | 'not_customer') =>
      inside(async (tx) => decide(tx, [await decisionAbout(tx, about, { verdict })], 'ann', now)),
    undo: (decisionId: string) => inside((tx) => undoDecided(tx, decisionId, 'ann', now)),
  };
}

function shuffled<T>(all: readonly T[], seed: number): readonly T[] {
  let state = seed;
  const next = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  return all
    .map((one) => ({ one, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ one }) => one);
}

const ways: Readonly<Record<string, () => string>> = {
  'a domain beside the id': () => line('0015g-Acme', { domain: 'acme.example' }),
  'a website beside the id': () => line('0015g-Acme', { website: 'https://www.acme.example/en/' }),
  'an id beside the domain': () => line('acme.example', { crmId: '0015g-Acme' }),
  'a change of the property': () =>
    line('0015g-Acme', { property: 'website', to: 'acme.example' }, 'crm.property_changed'),
};

describe('an account that one import names by its domain and by its id in the CRM', () => {
  for (const [way, says] of Object.entries(ways))
    it(`is one where an event carries both: ${way}, in any order and in any parts (I3)`, async () => {
      const [a, b, naming] = [line('acme.example', {}), line('0015g-Acme', {}), says()];
      const other = line('other.example', {});
      const orders = [
        [a, b, naming, other],
        [naming, other, b, a],
        [b, naming, a, other],
        [a, naming, other, b],
      ];
      const digests = new Set<string>();
      for (const [at, order] of orders.entries()) {
        const { run, owners, replay, standing } = await workspace();
        if (at % 2 === 0) await run(order, { batchRows: 1 }, at === 0);
        else for (const each of order) await run([each]);
        expect(await owners(), String(at)).toEqual([
          { name: '0015g-Acme', events: 3 },
          { name: 'other.example', events: 1 },
        ]);
        expect(await standing()).toBe(2);
        digests.add((await replay()).digest);
      }
      expect([...digests]).toHaveLength(1);
    });

  it('is found by either name', async () => {
    const { run, inside } = await workspace();
    await run([line('eu.acme.example', {}), line('77', { website: 'acme.example' }), line('acme.example', {})]);
    const found = (text: string) => inside(async (tx) => (await findAccounts(tx, text, 5)).map((one) => one.name));
    expect(await found('77')).toEqual(['77']);
    expect(await found('acme.example')).toEqual(['77']);
    const [account] = await inside((tx) => findAccounts(tx, '77', 1));
    const matches = await inside((tx) => matchesOf(tx, account?.accountId ?? ''));
    const united = { key: '77', domain: 'acme.example', eventId: expect.any(String) };
    expect(matches.map((one) => [one.reason, one.subject, one.united])).toEqual([
      ['record', '77', undefined],
      ['record', 'acme.example', united],
      ['record', 'eu.acme.example', united],
    ]);
  });

  it('is two where two ids claim the domain: what the domain names waits for a person', async () => {
    const domain = [line('acme.example', {}), line('acme.example', {})];
    const claims = [line('1', { domain: 'acme.example' }), line('2', { domain: 'acme.example' })];
    for (const order of [
      [...domain, ...claims],
      [...claims, ...domain],
      [claims[0] ?? '', ...domain, claims[1] ?? ''],
    ]) {
      const { run, owners, queue, verdict, undo } = await workspace();
      for (const each of order) await run([each]);
      const waiting = [
        { name: '', events: 2 },
        { name: '1', events: 1 },
        { name: '2', events: 1 },
      ];
      expect(await owners()).toEqual(waiting);
      expect(await queue()).toMatchObject([{ subject: 'acme.example', events: 2 }]);
      const { decisionId } = await verdict('acme.example', 'not_customer');
      expect(await owners()).toEqual(waiting);
      expect(await queue()).toEqual([]);
      await undo(decisionId);
      expect(await queue()).toMatchObject([{ subject: 'acme.example', events: 2 }]);
    }
  });

  it.each([
    ['a free-mail domain', 'gmail.com', { domain: 'gmail.com' }],
    ['a provider of the long list', 'live.de', { domain: 'live.de' }],
    ['a provider that the list has not', 'posteo.de', { domain: 'posteo.de' }],
    ['our own domain', 'vendor.example', { domain: 'vendor.example' }],
    ['a page on a social network', 'facebook.com', { website: 'https://facebook.com/acme' }],
    ['no domain at all', 'localhost', { website: 'http://localhost:3000' }],
  ])('is not united by %s', async (_what, subject, data) => {
    const { run, owners } = await workspace();
    await run([line(subject, {}), line('1', data)]);
    expect(await owners()).toEqual([
      { name: '1', events: 1 },
      { name: subject, events: 1 },
    ]);
  });

  it('is parted by hand and united again when that is undone, whatever came first', async () => {
    const [naming, byDomain] = [line('77', { website: 'acme.example' }), line('acme.example', {})];
    for (const order of [
      [naming, byDomain],
      [byDomain, naming],
    ]) {
      const { run, owners, verdict, undo } = await workspace();
      for (const each of order) await run([each]);
      expect(await owners()).toEqual([{ name: '77', events: 2 }]);
      const { decisionId } = await verdict('acme.example', 'split');
      const parted = [
        { name: '77', events: 1 },
        { name: 'acme.example', events: 1 },
      ];
      expect(await owners()).toEqual(parted);
      // What comes after the decision keeps to it.
      await run([line('77', { website: 'acme.example' })]);
      expect(await owners()).toMatchObject([{ name: '77', events: 2 }, { events: 1 }]);
      await undo(decisionId);
      expect(await owners()).toEqual([{ name: '77', events: 3 }]);
    }
  });

  it('is one though the import was cut off behind the lines that say so', async () => {
    const { run, owners } = await workspace();
    const order = [line('77', { website: 'acme.example' }), line('acme.example', {})];
    for (let more = 0; more < 6; more += 1) order.push(line('other.example', {}));
    const importId = '00000000-0000-8000-8000-0000000077ac';
    const stop = new AbortController();
    const onProgress = ({ lines: told }: { readonly lines: number }) => {
      if (told >= 3) stop.abort(new Error('cut'));
    };
    const cut = run(order, { batchRows: 1, importId, signal: stop.signal, onProgress });
    await expect(cut).rejects.toThrow('cut');
    expect(await owners()).toMatchObject([{ name: '77', events: 1 }, { name: 'acme.example', events: 1 }, {}]);
    const rest = await run(order, { batchRows: 1, importId });
    expect(rest.resumedAt).toBeGreaterThanOrEqual(3);
    expect(await owners()).toEqual([
      { name: '77', events: 2 },
      { name: 'other.example', events: 6 },
    ]);
  });

  it('comes out the same for any order and parts of a longer log (I3)', async () => {
    const all = Array.from({ length: 12 }, (_, at) => [
      line(`c${at}.example`, {}),
      line(`id-${at}`, at % 3 === 0 ? {} : { website: `https://www.c${at}.example` }),
      line(`id-${at}`, { domain: at % 4 === 0 ? `c${at}.example` : 'gmail.com' }),
      line(`eu.c${at}.example`, at === 5 ? { crmId: 'id-7' } : {}),
    ]).flat();
    const seed = randomInt(2 ** 31);
    const found = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const { run, owners, replay } = await workspace();
      const order = shuffled(all, seed + round);
      const parts = 1 + round;
      const size = Math.ceil(order.length / parts);
      for (let at = 0; at < order.length; at += size)
        await run(order.slice(at, at + size), { batchRows: 1 + round * 3 }, round % 2 === 0);
      const { digest, unmatched } = await replay();
      found.add(JSON.stringify([digest, unmatched, await owners()]));
    }
    expect([...found], `seed ${seed}`).toHaveLength(1);
  });
});
