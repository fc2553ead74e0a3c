import type { Page, PullContext } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import nock from 'nock';
import { beforeEach, describe, expect, it } from 'vitest';
import { hubspot } from './connector.ts';

const api = 'https://api.hubapi.com';
const now = Date.parse('2026-06-01T12:00:00Z');
const context: PullContext = { mode: 'live', since: 0, until: now };
/** Last looked over ten seconds ago. */
const live = { phase: 'live', from: now - 310_000, archivedFrom: now - 60_000, since: 0 };

const object = (id: string, extra: object = {}) => ({
  id,
  properties: { hs_object_id: id },
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-05-01T00:00:00.000Z',
  archived: false,
  ...extra,
});

const session = (signal = new AbortController().signal) =>
  testSession({ classify: hubspot.classify, baseUrls: hubspot.manifest.baseUrls, now: () => now, signal });

async function pull(name: string, from: unknown, options: Partial<PullContext> = {}): Promise<Page<unknown>[]> {
  const stream = hubspot.streams.find((each) => each.name === name) ?? expect.fail(`no stream ${name}`);
  return collect(stream.pull(await hubspot.connect(session()), from, '', { ...context, ...options }));
}

beforeEach(() => {
  nock(api).get('/account-info/2026-09/details').reply(200, { portalId: 501, timeZone: 'America/New_York' });
});

describe('paging', () => {
  it('D1, D5, N2, N3: asks by time and id, never by `after`, 200 at once, and rests five minutes before its start', async () => {
    const searches: unknown[] = [];
    const ids = Array.from({ length: 200 }, (_, index) => String(index + 1));
    nock(api)
      .post('/crm/objects/2026-09/contacts/search')
      .reply(200, async (request: Request) => {
        searches.push(await request.json());
        return { total: 201, results: ids.map((id) => object(id)) };
      })
      .post('/crm/objects/2026-09/contacts/search')
      .reply(200, async (request: Request) => {
        searches.push(await request.json());
        return { total: 1, results: [object('201')] };
      });
    nock(api)
      .post('/crm/objects/2026-09/contacts/batch/read')
      .times(3)
      .reply(200, async (request: Request) => ({ results: (await inputsOf(request)).map((id) => object(id)) }));
    nock(api)
      .post('/crm/associations/2026-09/contacts/companies/batch/read')
      .times(3)
      .reply(207, async (request: Request) => ({ results: [], errors: noneFor(await inputsOf(request)) }));
    const pages = await pull('contacts', live);
    expect(pages.map((page) => page.records.length)).toEqual([200, 1]);
    expect(pages[0]?.cursor).toMatchObject({ phase: 'sweep', from: live.from, to: now, afterId: '200' });
    expect(pages[1]).toMatchObject({
      done: true,
      cursor: { phase: 'live', from: now - 300_000, archivedFrom: live.archivedFrom },
    });
    expect(searches).toMatchObject([{ limit: 200 }, {}]);
    expect(searches[1]).toMatchObject({
      filterGroups: [
        {
          filters: [
            // D5: contacts have a name of their own for the time of the last change.
            { propertyName: 'lastmodifieddate', operator: 'GTE', value: String(live.from) },
            { propertyName: 'lastmodifieddate', operator: 'LTE', value: String(now) },
            { propertyName: 'hs_object_id', operator: 'GT', value: '200' },
          ],
        },
      ],
      sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
    });
    expect(JSON.stringify(searches)).not.toContain('after');
  });

  it('A3, D4: a backfill enumerates all, and rests five minutes before its own start', async () => {
    nock(api).post('/crm/objects/2026-09/companies/search').reply(200, { total: 51, results: [] });
    nock(api)
      .get('/crm/objects/2026-09/companies')
      // Asking for history halves the page.
      .query((query) => query['limit'] === '50' && query['after'] === undefined)
      .reply(200, { results: [object('1')], paging: { next: { after: '50' } } })
      .get('/crm/objects/2026-09/companies')
      .query((query) => query['after'] === '50')
      .reply(200, { results: [object('51')] });
    const pages = await pull('companies', null, { mode: 'backfill', since: 7 });
    expect(pages).toMatchObject([
      { done: false, expected: 51, cursor: { phase: 'enumerate', startedAt: now, after: '50' } },
      { done: true, cursor: { phase: 'live', from: now - 300_000, archivedFrom: now, since: 7 } },
    ]);
    expect(new Set(pages.map((page) => page.enumeration?.id)).size).toBe(1);
  });

  it('I9: a record of an unknown form is kept for setting aside and does not end the page', async () => {
    nock(api)
      .post('/crm/objects/2026-09/companies/search')
      .reply(200, { total: 2, results: [object('1'), object('2')] })
      .post('/crm/objects/2026-09/companies/batch/read')
      .reply(200, { results: [object('1'), { id: '2', properties: 'odd' }] });
    const [page] = await pull('companies', live);
    expect(page?.records.map((record) => record.id)).toEqual(['1', '2']);
    const raw = hubspot.streams.find((each) => each.name === 'companies')?.raw;
    expect(page?.records.map((record) => raw?.safeParse(record.raw).success)).toEqual([true, false]);
  });

  it('D6, B6: an id that the batch left out is asked for alone, and leads to the survivor of a merge or is gone', async () => {
    nock(api)
      .post('/crm/objects/2026-09/companies/batch/read')
      .reply(207, { results: [object('1')], errors: [{ category: 'OBJECT_NOT_FOUND', context: { ids: ['2', '3'] } }] })
      .get(/\/companies\/2\?/)
      .reply(200, object('9', { properties: { hs_merged_object_ids: '2;4' } }))
      .get(/\/companies\/3\?/)
      .reply(404, { status: 'error', category: 'OBJECT_NOT_FOUND' });
    const [page] = await pull('companies', live, { ids: ['1', '2', '3'] });
    expect(page?.records.map((record) => record.id)).toEqual(['1', '9']);
    expect(page?.gone.map((claim) => claim.id)).toEqual(['2', '3', '4']);
    expect(page?.cursor).toEqual(live);
  });

  it('A12: a 404 that is not HubSpot’s own is a failure, not a deletion', async () => {
    nock(api)
      .post('/crm/objects/2026-09/companies/batch/read')
      .reply(200, { results: [] })
      .get(/\/companies\/3\?/)
      .reply(404, '<html>not here</html>');
    await expect(pull('companies', live, { ids: ['3'] })).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });

  it('F2, N1: a batch that failed in part fails the page', async () => {
    nock(api)
      .post('/crm/objects/2026-09/companies/batch/read')
      .reply(207, { results: [object('1')], errors: [{ category: 'RATE_LIMITS', context: { ids: ['2'] } }] });
    const message = expect.stringContaining('RATE_LIMITS');
    await expect(pull('companies', live, { ids: ['1', '2'] })).rejects.toMatchObject({
      fault: { kind: 'transient', message },
    });
  });
});

describe('associations', () => {
  const path = '/crm/associations/2026-09/contacts/companies/batch/read';
  const contacts = (...ids: string[]) =>
    nock(api)
      .post('/crm/objects/2026-09/contacts/batch/read')
      .reply(200, { results: ids.map((id) => object(id)) });
  const to = (id: number, ...typeIds: number[]) => ({
    toObjectId: id,
    associationTypes: typeIds.map((typeId) => ({ category: 'HUBSPOT_DEFINED', typeId })),
  });
  const companiesOf = (pages: readonly Page<unknown>[]): unknown =>
    pages.flatMap((page) => page.records).map((record) => Object(record.raw).gathered.companies);

  it('D6: follows each record’s own pages and asks again for what was passed over', async () => {
    contacts('1', '2', '3');
    nock(api)
      .post(path, { inputs: [{ id: '1' }, { id: '2' }, { id: '3' }] })
      .reply(200, {
        results: [{ from: { id: '1' }, to: [to(30, 279), to(10, 279)], paging: { next: { after: '30' } } }],
        errors: noneFor(['2']),
      })
      .post(path, { inputs: [{ id: '1', after: '30' }, { id: '3' }] })
      .reply(200, {
        results: [
          { from: { id: '1' }, to: [to(40, 279, 1)] },
          { from: { id: '3' }, to: [to(50, 279)] },
        ],
      });
    expect(companiesOf(await pull('contacts', live, { ids: ['1', '2', '3'] }))).toEqual([
      ['40', '10', '30'],
      [],
      ['50'],
    ]);
  });

  it('ends when HubSpot says nothing of a record twice, and fails when it gives one page twice', async () => {
    contacts('1', '2');
    nock(api)
      .post(path)
      .reply(200, { results: [{ from: { id: '1' }, to: [to(10)] }] })
      .post(path, { inputs: [{ id: '2' }] })
      .reply(200, { results: [] });
    expect(companiesOf(await pull('contacts', live, { ids: ['1', '2'] }))).toEqual([['10'], []]);

    nock(api).get('/account-info/2026-09/details').reply(200, { portalId: 501 });
    contacts('1');
    const again = { results: [{ from: { id: '1' }, to: [to(10)], paging: { next: { after: '10' } } }] };
    nock(api).post(path).times(2).reply(200, again);
    await expect(pull('contacts', live, { ids: ['1'] })).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });

  it('F2, N1: a part of a batch that failed is a fault too', async () => {
    contacts('1', '2');
    nock(api)
      .post(path)
      .reply(207, {
        results: [{ from: { id: '1' }, to: [to(10)] }],
        errors: [{ category: 'RATE_LIMITS', context: { fromObjectId: ['2'] } }],
      });
    await expect(pull('contacts', live, { ids: ['1', '2'] })).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });

  it('N1: a refused read is a fault, never a contact without companies', async () => {
    contacts('1');
    nock(api).post(path).reply(403, { status: 'error', category: 'MISSING_SCOPES' });
    await expect(pull('contacts', live, { ids: ['1'] })).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
  });
});

describe('calls', () => {
  it('D7: a used-up day ends the run until the account’s own midnight', async () => {
    nock(api)
      .post('/crm/objects/2026-09/companies/batch/read')
      .reply(429, { status: 'error', errorType: 'RATE_LIMIT', policyName: 'DAILY' });
    await expect(pull('companies', live, { ids: ['1'] })).rejects.toMatchObject({
      fault: { kind: 'quota-exhausted', resumeAt: Date.parse('2026-06-02T00:00:00-04:00') },
    });
  });

  it('honors Retry-After where there is one, as seconds or as a date', async () => {
    for (const header of ['7', new Date(now + 7000).toUTCString()]) {
      nock(api)
        .post('/crm/objects/2026-09/companies/batch/read')
        .reply(429, { status: 'error' }, { 'Retry-After': header });
      await expect(pull('companies', live, { ids: ['1'] })).rejects.toMatchObject({
        fault: { kind: 'rate-limited', retryAfterMs: 7000 },
      });
      if (header === '7') nock(api).get('/account-info/2026-09/details').reply(200, { portalId: 501 });
    }
  });

  it('sends the current token, no undefined query, and all of it in JSON', async () => {
    nock(api, { reqheaders: { authorization: 'Bearer test-token' } })
      .get('/crm/owners/2026-09')
      .query({ limit: '100', archived: 'false' })
      .reply(200, { results: [{ id: '1', email: 'a@vendor.example.com' }] })
      .get('/crm/owners/2026-09')
      .query({ limit: '100', archived: 'true' })
      .reply(200, { results: [] });
    const pages = await pull('owners', null, { mode: 'backfill' });
    expect(pages.map((page) => page.done)).toEqual([false, true]);
    expect(nock.pendingMocks()).toHaveLength(1);
    nock.cleanAll();
  });

  it('leaves a call that hangs when its time is over, although the SDK ignores the signal', async () => {
    nock.cleanAll();
    nock(api).get('/account-info/2026-09/details').delay(2000).reply(200, { portalId: 501 });
    const controller = new AbortController();
    const client = await hubspot.connect(session(controller.signal));
    const identified = hubspot.identify(client);
    controller.abort(new DOMException('over', 'TimeoutError'));
    await expect(identified).rejects.toMatchObject({ fault: { kind: 'transient' } });
    nock.abortPendingRequests();
    nock.cleanAll();
  });
});

async function inputsOf(request: Request): Promise<string[]> {
  const body: { inputs: { id: string }[] } = await request.json();
  return body.inputs.map((input) => input.id);
}

function noneFor(ids: readonly string[]): object[] {
  return ids.map((id) => ({
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
    context: { fromObjectId: [id] },
  }));
}
