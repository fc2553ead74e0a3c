import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PORTAL, startRig, type CrmRig } from './crm-rig.ts';

let rig: CrmRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const OBJECTS = '/crm/objects/2026-09';

/** `n` new companies, their ids in order. */
function companies(n: number): string[] {
  return Array.from(
    { length: n },
    (_, index) => rig.handle.upsert(PORTAL, 'companies', { properties: { name: `Company ${index}` } }).id,
  );
}

describe('reading objects', () => {
  it('lists by id with a cursor until there is none', async () => {
    companies(250);
    const seen: string[] = [];
    let after: string | undefined;
    let calls = 0;
    do {
      const page = await rig.call(
        'GET',
        `${OBJECTS}/companies?limit=100&properties=name${after === undefined ? '' : `&after=${after}`}`,
      );
      const results = page.at('results');
      for (let index = 0; Array.isArray(results) && index < results.length; index += 1)
        seen.push(page.text(`results.${index}.id`));
      const next = page.at('paging.next.after');
      after = typeof next === 'string' ? next : undefined;
      calls += 1;
    } while (after !== undefined);
    expect(calls).toBe(3);
    expect(new Set(seen).size).toBe(250);
  });

  it('refuses more than 100 a page, and more than 50 with history', async () => {
    expect((await rig.call('GET', `${OBJECTS}/companies?limit=101`)).json).toMatchObject({
      category: 'VALIDATION_ERROR',
    });
    expect((await rig.call('GET', `${OBJECTS}/companies?limit=51&propertiesWithHistory=name`)).status).toBe(400);
    expect((await rig.call('GET', `${OBJECTS}/companies?limit=50&propertiesWithHistory=name`)).status).toBe(200);
  });

  it('gives known properties, null for empty ones, leaves out unknown ones, and the modification date by its name (D5)', async () => {
    const contact = rig.handle.upsert(PORTAL, 'contacts', {
      properties: { email: 'ana@example.com', firstname: 'Ana' },
    });
    const read = await rig.call('GET', `${OBJECTS}/contacts/${contact.id}?properties=email,phone,nonsense`);
    expect(read.at('properties')).toEqual({
      email: 'ana@example.com',
      phone: null,
      hs_object_id: contact.id,
      createdate: new Date(contact.createdAt).toISOString(),
      lastmodifieddate: new Date(contact.updatedAt).toISOString(),
    });
    const byMail = await rig.call('GET', `${OBJECTS}/contacts/ana@example.com?idProperty=email`);
    expect(byMail.at('id')).toBe(contact.id);
  });

  it('gives histories newest first with who changed it', async () => {
    const [id = ''] = companies(1);
    rig.handle.patch(PORTAL, 'companies', id, { lifecyclestage: 'lead' }, { at: Date.now() - 5000 });
    rig.handle.patch(PORTAL, 'companies', id, { lifecyclestage: 'customer' }, { at: Date.now() - 1000 });
    const read = await rig.call('GET', `${OBJECTS}/companies/${id}?propertiesWithHistory=lifecyclestage`);
    expect(read.at('propertiesWithHistory.lifecyclestage')).toMatchObject([
      { value: 'customer', sourceType: 'CRM_UI', sourceId: 'userId:1001', updatedByUserId: 1001 },
      { value: 'lead' },
    ]);
  });

  it('answers 404 in its own shape, and 400 for an object that does not exist', async () => {
    const missing = await rig.call('GET', `${OBJECTS}/companies/999`);
    expect(missing.status).toBe(404);
    expect(missing.json).toMatchObject({ status: 'error', category: 'OBJECT_NOT_FOUND' });
    expect(missing.text('correlationId')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await rig.call('GET', `${OBJECTS}/gadgets`)).status).toBe(400);
  });

  it('reads batches of 100, tells missing ids with 207, and 50 with history', async () => {
    const ids = companies(100);
    const inputs = ids.map((id) => ({ id }));
    const all = await rig.call('POST', `${OBJECTS}/companies/batch/read`, { inputs, properties: ['name'] });
    expect(all.status).toBe(200);
    expect(all.at('results')).toHaveLength(100);
    const some = await rig.call('POST', `${OBJECTS}/companies/batch/read`, { inputs: [{ id: ids[0] }, { id: '7' }] });
    expect(some.status).toBe(207);
    expect(some.json).toMatchObject({
      numErrors: 1,
      errors: [{ category: 'OBJECT_NOT_FOUND', context: { ids: ['7'] } }],
    });
    const history = { propertiesWithHistory: ['name'], properties: [] };
    expect((await rig.call('POST', `${OBJECTS}/companies/batch/read`, { inputs, ...history })).status).toBe(400);
    expect(
      (await rig.call('POST', `${OBJECTS}/companies/batch/read`, { inputs: inputs.slice(0, 50), ...history })).status,
    ).toBe(200);
    expect(
      (await rig.call('POST', `${OBJECTS}/companies/batch/read`, { inputs: [...inputs, { id: '8' }] })).status,
    ).toBe(400);
  });

  it('hides archived records except from the archived list, and brings them back', async () => {
    const [id = ''] = companies(1);
    rig.handle.archive(PORTAL, 'companies', id);
    expect((await rig.call('GET', `${OBJECTS}/companies/${id}`)).status).toBe(404);
    const archived = await rig.call('GET', `${OBJECTS}/companies?archived=true`);
    expect(archived.json).toMatchObject({ results: [{ id, archived: true }] });
    expect(archived.text('results.0.archivedAt')).toMatch(/Z$/);
    rig.handle.restore(PORTAL, 'companies', id);
    expect((await rig.call('GET', `${OBJECTS}/companies/${id}`)).status).toBe(200);
  });

  it.each([{ newId: false }, { newId: true }])(
    'leads merged ids to the survivor and names them there (B6, $newId)',
    async ({ newId }) => {
      const [winner = '', loser = ''] = companies(2);
      const contact = rig.handle.upsert(PORTAL, 'contacts', {
        properties: { email: `m${loser}@example.com` },
        associate: [['companies', loser]],
      });
      const survivor = rig.handle.merge(PORTAL, 'companies', winner, loser, { newId });
      expect(survivor.id === winner).toBe(!newId);
      for (const id of [winner, loser]) {
        const read = await rig.call(
          'GET',
          `${OBJECTS}/companies/${id}?properties=hs_merged_object_ids&associations=contacts`,
        );
        expect(read.at('id')).toBe(survivor.id);
        expect(read.text('properties.hs_merged_object_ids').split(';')).toContain(loser);
        expect(read.at('associations.contacts.results')).toMatchObject([
          { id: contact.id, type: 'company_to_contact' },
        ]);
      }
      const batch = await rig.call('POST', `${OBJECTS}/companies/batch/read`, { inputs: [{ id: loser }] });
      expect(batch.at('results.0.id')).toBe(survivor.id);
    },
  );

  it('cuts associations at 100 and pages them per record (D6)', async () => {
    const [id = '', lonely = ''] = companies(2);
    for (let index = 0; index < 230; index += 1) {
      rig.handle.upsert(PORTAL, 'contacts', {
        properties: { email: `p${index}@big.example` },
        associate: [['companies', id]],
      });
    }
    const inline = await rig.call('GET', `${OBJECTS}/companies/${id}?associations=contacts`);
    expect(inline.at('associations.contacts.results')).toHaveLength(100);
    const seen = new Set<string>();
    let input: { id: string; after?: string } | undefined = { id };
    let pages = 0;
    while (input !== undefined) {
      const page = await rig.call('POST', '/crm/associations/2026-09/companies/contacts/batch/read', {
        inputs: [input],
      });
      const to = page.at('results.0.to');
      for (let index = 0; Array.isArray(to) && index < to.length; index += 1)
        seen.add(page.text(`results.0.to.${index}.toObjectId`));
      const after = page.at('results.0.paging.next.after');
      input = typeof after === 'string' ? { id, after } : undefined;
      pages += 1;
    }
    expect([pages, seen.size]).toEqual([3, 230]);
    const none = await rig.call('POST', '/crm/associations/2026-09/companies/contacts/batch/read', {
      inputs: [{ id: lonely }],
    });
    expect(none.status).toBe(207);
    expect(none.json).toMatchObject({
      results: [],
      errors: [{ subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND' }],
    });
  });

  it('marks the first company of a contact as the primary one', async () => {
    const [first = '', second = ''] = companies(2);
    const contact = rig.handle.upsert(PORTAL, 'contacts', {
      properties: { email: 'two@example.com' },
      associate: [
        ['companies', first],
        ['companies', second],
      ],
    });
    const read = await rig.call('POST', '/crm/associations/2026-09/contacts/companies/batch/read', {
      inputs: [{ id: contact.id }],
    });
    expect(read.at('results.0.to')).toMatchObject([
      { toObjectId: first, associationTypes: [{ typeId: 279 }, { typeId: 1, label: 'Primary' }] },
      { toObjectId: second, associationTypes: [{ typeId: 279 }] },
    ]);
    const own = await rig.call('GET', `${OBJECTS}/contacts/${contact.id}?properties=associatedcompanyid`);
    expect(own.at('properties.associatedcompanyid')).toBe(first);
  });

  it('serves pipelines, owners, properties and account details', async () => {
    const deals = await rig.call('GET', '/crm/pipelines/2026-09/deals');
    expect(deals.at('results.0.stages')).toMatchObject([
      { id: 'qualifiedtobuy', metadata: { probability: '0.4', isClosed: 'false' } },
      {},
      {},
      { id: 'closedwon', metadata: { probability: '1.0', isClosed: 'true' } },
      { id: 'closedlost', metadata: { probability: '0.0', isClosed: 'true' } },
    ]);
    expect(
      (await rig.call('GET', '/crm/pipelines/2026-09/tickets')).at('results.0.stages.3.metadata.ticketState'),
    ).toBe('CLOSED');
    expect((await rig.call('GET', '/crm/owners/2026-09?limit=100')).json).toEqual({ results: [] });
    const stage = await rig.call('GET', '/crm/properties/2026-09/companies/lifecyclestage');
    expect(stage.at('options.0')).toMatchObject({ value: 'subscriber', displayOrder: 0 });
    expect((await rig.call('GET', '/crm/properties/2026-09/companies/nonsense')).status).toBe(404);
    expect(rig.handle.unknownPaths).toEqual([]);
    expect((await rig.call('GET', '/crm/v3/objects/companies')).status).toBe(404);
    expect(rig.handle.unknownPaths).toEqual(['GET /crm/v3/objects/companies']);
  });
});
