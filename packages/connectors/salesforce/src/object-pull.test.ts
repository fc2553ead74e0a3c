import type { Page } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { salesforce } from './connector.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const stamp = '2026-06-01T11:30:00.000+0000';
const live = { phase: 'live', from: now - 3_600_000, enumeratedAt: now - 86_400_000, since: 0 };
const id = (index: number): string => `0035g0000${String(index).padStart(6, '0')}AAA`;

let api: string;
let run = 0;
/** Queries that reached the org, and what it answers, in order. */
let asked: string[];
let answers: { readonly rows: readonly object[]; readonly cut?: boolean }[];

beforeEach(() => {
  // A host of its own: what is known of an org outlives a connection.
  run += 1;
  api = `https://test-${run}.my.salesforce.com`;
  asked = [];
  answers = [];
  for (const object of ['Contact', 'AccountContactRelation']) {
    const names = ['Id', 'SystemModstamp', 'IsDeleted', 'CreatedDate', 'AccountId', 'Name', 'Email'];
    nock(api)
      .get(`/services/data/v66.0/sobjects/${object}/describe`)
      .optionally()
      .reply(object === 'Contact' ? 200 : 404, () =>
        object === 'Contact'
          ? { fields: names.map((name) => ({ name, type: 'string' })) }
          : [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }],
      );
  }
  nock(api)
    .get('/services/data/v66.0/queryAll')
    .query(true)
    .optionally()
    .times(100)
    .reply(200, (request: Request) => {
      asked.push(new URL(request.url).searchParams.get('q') ?? '');
      const { rows, cut } = answers.shift() ?? expect.fail(`Not expected: ${asked.at(-1)}`);
      return {
        totalSize: rows.length,
        done: cut !== true,
        nextRecordsUrl: '/services/data/v66.0/query/01g-2000',
        records: rows,
      };
    });
});
afterEach(() => nock.cleanAll());

const contact = (index: number, extra: object = {}) => ({
  attributes: { type: 'Contact' },
  Id: id(index),
  IsDeleted: false,
  SystemModstamp: stamp,
  CreatedDate: stamp,
  AccountId: null,
  Email: `person${index}@customer.example.com`,
  ...extra,
});

async function pull(from: unknown, mode: 'backfill' | 'live' | 'resync' = 'live'): Promise<Page<unknown>[]> {
  const stream = salesforce.streams.find((each) => each.name === 'contacts') ?? expect.fail('no stream');
  const session = testSession({ classify: salesforce.classify, baseUrls: { instance: api }, now: () => now });
  return collect(stream.pull(await salesforce.connect(session), from, '', { mode, since: 0, until: now }));
}

describe('what changed', () => {
  it('D8, D2: is asked for by stamp and id within a fixed end, and rests ten minutes before its start', async () => {
    answers.push({ rows: Array.from({ length: 2000 }, (_, index) => contact(index)) }, { rows: [contact(2000)] });
    const pages = await pull(live);
    expect(asked[0]).toContain(
      'WHERE SystemModstamp >= 2026-06-01T11:00:00.000Z AND SystemModstamp <= 2026-06-01T12:00:00.000Z ORDER BY SystemModstamp, Id LIMIT 2000',
    );
    expect(asked[1]).toContain(
      `(SystemModstamp > 2026-06-01T11:30:00.000Z OR (SystemModstamp = 2026-06-01T11:30:00.000Z AND Id > '${id(1999)}')) AND SystemModstamp <= 2026-06-01T12:00:00.000Z`,
    );
    expect(pages.map((page) => page.done)).toEqual([false, true]);
    expect(pages[0]?.cursor).toMatchObject({ phase: 'changes', to: now, stamp: Date.parse(stamp), id: id(1999) });
    expect(pages[1]?.cursor).toEqual({ ...live, from: now - 600_000 });
  });

  it('D11: goes on from the last record where Salesforce cuts an answer short; no locator is used or kept', async () => {
    answers.push({ rows: [contact(1), contact(2)], cut: true }, { rows: [contact(3)] });
    const pages = await pull(live);
    expect(asked[1]).toContain(`Id > '${id(2)}'`);
    expect(pages.flatMap((page) => page.records).map((record) => record.id)).toEqual([id(1), id(2), id(3)]);
    expect(JSON.stringify(pages)).not.toContain('01g-2000');
  });

  it('D9: what is in the recycle bin is gone for certain', async () => {
    answers.push({ rows: [contact(1), contact(2, { IsDeleted: true })] });
    const [page] = await pull(live);
    expect(page?.records.map((record) => record.id)).toEqual([id(1)]);
    expect(page?.gone).toEqual([{ id: id(2), certain: true, at: Date.parse(stamp) }]);
  });

  it('D12: asks for no field that the user may not see', async () => {
    answers.push({ rows: [] });
    await pull(live);
    expect(asked[0]).toMatch(
      /^SELECT Id, SystemModstamp, IsDeleted, CreatedDate, AccountId, Name, Email FROM Contact /,
    );
    expect(asked[0]).not.toContain('Title');
  });
});

describe('the list of all', () => {
  it('A3: goes by id, is one enumeration, and the live reading begins before it did', async () => {
    answers.push({ rows: [] }, { rows: Array.from({ length: 2000 }, (_, index) => contact(index)) }, { rows: [] });
    const pages = await pull(null, 'backfill');
    expect(asked).toEqual([
      'SELECT COUNT() FROM Contact WHERE IsDeleted = false',
      expect.stringContaining('FROM Contact WHERE IsDeleted = false ORDER BY Id LIMIT 2000'),
      expect.stringContaining(`WHERE IsDeleted = false AND Id > '${id(1999)}' ORDER BY Id LIMIT 2000`),
    ]);
    expect(new Set(pages.map((page) => page.enumeration?.id))).toEqual(new Set([`contacts-${now}`]));
    expect(pages.at(-1)).toMatchObject({ done: true, cursor: { phase: 'live', from: now - 600_000 } });
  });

  it('goes on after a kill from the last stored id, as the same enumeration', async () => {
    answers.push({ rows: [] }, { rows: [contact(8)] });
    const pages = await pull({ phase: 'enumerate', startedAt: now - 60_000, after: id(7), since: 0 }, 'backfill');
    expect(asked[1]).toContain(`Id > '${id(7)}'`);
    expect(pages[0]?.enumeration).toEqual({ id: `contacts-${now - 60_000}` });
  });
});
