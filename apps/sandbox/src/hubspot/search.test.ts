import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PORTAL, startRig, type CrmRig, type Reply } from './crm-rig.ts';
import { CALL_LIMITS } from './limits.ts';
import { createPortal, plantRecord } from './portal.ts';

let rig: CrmRig;
beforeAll(async () => {
  const portal = createPortal({ id: PORTAL, name: 'Portal', domain: 'p.example' });
  const at = Date.now() - 86_400_000;
  for (let index = 0; index < 10_250; index += 1) {
    const domain = index % 2 === 0 ? `c${index}.example` : undefined;
    plantRecord(portal, 'companies', {
      createdAt: at,
      source: { type: 'IMPORT' },
      properties: { name: `Company ${index}`, domain, annualrevenue: String(index) },
    });
  }
  rig = await startRig({ seed: { portals: [portal] }, caps: 'generous' });
});
afterAll(() => rig.close());

function search(body: unknown, type = 'companies'): Promise<Reply> {
  return rig.call('POST', `/crm/objects/2026-09/${type}/search`, body);
}

const filtered = (...filters: unknown[]): { filterGroups: unknown[]; limit: number } => ({
  filterGroups: [{ filters }],
  limit: 200,
});

describe('search', () => {
  it('refuses to page past 10,000 results and more than 200 a page (D1)', async () => {
    expect((await search({ limit: 200, after: '9800' })).at('paging.next.after')).toBe('10000');
    const beyond = await search({ limit: 200, after: '10000' });
    expect(beyond.status).toBe(400);
    expect(beyond.json).toMatchObject({ category: 'VALIDATION_ERROR' });
    expect((await search({ limit: 201 })).status).toBe(400);
    expect((await search({ filterGroups: Array.from({ length: 6 }, () => ({ filters: [] })) })).status).toBe(400);
  });

  it('reaches all of 10,250 records of one millisecond by keyset (D2)', async () => {
    let lastId = '0';
    let seen = 0;
    let pages = 0;
    while (pages < 100) {
      const page = await search({
        ...filtered(
          { propertyName: 'hs_lastmodifieddate', operator: 'GTE', value: String(Date.now() - 2 * 86_400_000) },
          { propertyName: 'hs_object_id', operator: 'GT', value: lastId },
        ),
        sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
        properties: ['name'],
      });
      const results = page.at('results');
      const count = Array.isArray(results) ? results.length : 0;
      if (count === 0) break;
      seen += count;
      pages += 1;
      lastId = page.text(`results.${count - 1}.id`);
      expect(page.headers.get('x-hubspot-ratelimit-max')).toBeNull();
    }
    expect([seen, pages]).toEqual([10_250, 52]);
  });

  it.each([
    ['EQ', { propertyName: 'annualrevenue', operator: 'EQ', value: '12' }, 1],
    ['NEQ', { propertyName: 'annualrevenue', operator: 'NEQ', value: 12 }, 10_249],
    ['LT', { propertyName: 'annualrevenue', operator: 'LT', value: '12' }, 12],
    ['LTE', { propertyName: 'annualrevenue', operator: 'LTE', value: '12' }, 13],
    ['BETWEEN', { propertyName: 'annualrevenue', operator: 'BETWEEN', value: '5', highValue: '9' }, 5],
    ['IN', { propertyName: 'domain', operator: 'IN', values: ['c0.example', 'C2.example', 'none'] }, 2],
    ['HAS_PROPERTY', { propertyName: 'domain', operator: 'HAS_PROPERTY' }, 5125],
    ['NOT_HAS_PROPERTY', { propertyName: 'domain', operator: 'NOT_HAS_PROPERTY' }, 5125],
    ['CONTAINS_TOKEN', { propertyName: 'name', operator: 'CONTAINS_TOKEN', value: 'company 1024*' }, 11],
  ])('filters with %s', async (_name, filter, total) => {
    expect((await search(filtered(filter))).at('total')).toBe(total);
  });

  it('joins groups with OR, sorts, and refuses unknown properties', async () => {
    const either = await search({
      filterGroups: ['3', '1', '2'].map((value) => ({
        filters: [{ propertyName: 'annualrevenue', operator: 'EQ', value }],
      })),
      sorts: [{ propertyName: 'annualrevenue', direction: 'DESCENDING' }],
      properties: ['annualrevenue'],
    });
    expect([0, 1, 2].map((index) => either.text(`results.${index}.properties.annualrevenue`))).toEqual(['3', '2', '1']);
    expect(
      (await search(filtered({ propertyName: 'hs_lastmodifieddate', operator: 'GT', value: '0' }), 'contacts')).status,
    ).toBe(400);
  });

  it('does not see a change within the index lag, nor archived records (D3)', async () => {
    const [id = ''] = rig.handle.book(PORTAL).ids('companies');
    const since = filtered({ propertyName: 'hs_lastmodifieddate', operator: 'GTE', value: String(rig.now()) });
    rig.handle.settings.searchLagMs = 60_000;
    rig.handle.patch(PORTAL, 'companies', id, { name: 'Renamed' });
    const fresh = rig.handle.upsert(PORTAL, 'companies', { properties: { name: 'Brand new' } });
    const byName = (value: string): Promise<Reply> => search(filtered({ propertyName: 'name', operator: 'EQ', value }));
    expect((await byName('Renamed')).at('total')).toBe(0);
    expect((await byName('Company 0')).at('total')).toBe(1);
    expect((await byName('Brand new')).at('total')).toBe(0);
    expect((await search(since)).at('total')).toBe(0);
    rig.clock.offset = 61_000;
    expect((await byName('Renamed')).at('total')).toBe(1);
    expect((await byName('Brand new')).at('results.0.id')).toBe(fresh.id);
    expect((await search(since)).at('total')).toBe(2);
    rig.handle.settings.searchLagMs = 0;
    rig.handle.archive(PORTAL, 'companies', fresh.id);
    expect((await byName('Brand new')).at('total')).toBe(0);
  });
});

describe('rate caps', () => {
  it('stops the 111th call in ten seconds and the 6th search in a second, each by its own policy (D7)', async () => {
    rig.handle.windows.clear();
    // All of them in one instant, however long they take.
    rig.clock.standsAt = Date.now();
    Object.assign(rig.handle.settings.limits, CALL_LIMITS.vendor);
    const searches = await Promise.all(Array.from({ length: 7 }, () => search({ limit: 1 })));
    const refused = searches.filter((each) => each.status === 429);
    expect(refused).toHaveLength(2);
    expect(refused[0]?.json).toMatchObject({ errorType: 'RATE_LIMIT', policyName: 'SECONDLY' });
    const calls = await Promise.all(
      Array.from({ length: 112 }, () => rig.call('GET', '/crm/objects/2026-09/companies?limit=1')),
    );
    const stopped = calls.filter((each) => each.status === 429);
    expect(stopped).toHaveLength(2);
    expect(stopped[0]?.json).toMatchObject({
      errorType: 'RATE_LIMIT',
      policyName: 'TEN_SECONDLY_ROLLING',
      status: 'error',
    });
    expect(stopped[0]?.headers.get('x-hubspot-ratelimit-remaining')).toBe('0');
    expect(stopped[0]?.headers.get('retry-after')).toBeNull();
    expect(rig.handle.peak(PORTAL)).toEqual({ tenSeconds: 112, searchesPerSecond: 7 });
    rig.clock.offset += 10_001;
    expect(
      (await rig.call('GET', '/crm/objects/2026-09/companies?limit=1')).headers.get('x-hubspot-ratelimit-remaining'),
    ).toBe('109');
  });
});
