import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALL_SCOPES, PORTAL, startRig, type CrmRig, type Reply } from './crm-rig.ts';

let rig: CrmRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());
beforeEach(() => {
  rig.handle.settings.batchErrors = 'multi-status';
  rig.handle.settings.refusedWrites.clear();
});

const COMPANIES = '/crm/objects/2026-09/companies';
const create = (properties: Record<string, string> = {}): string =>
  rig.handle.upsert(PORTAL, 'companies', { properties: { name: 'A', ...properties } }).id;
const patch = (id: string, properties: Record<string, unknown>): Promise<Reply> =>
  rig.call('PATCH', `${COMPANIES}/${id}`, { properties });
const batch = (inputs: readonly unknown[]): Promise<Reply> => rig.call('POST', `${COMPANIES}/batch/update`, { inputs });
const stageOf = async (id: string): Promise<unknown> =>
  (await rig.call('GET', `${COMPANIES}/${id}?properties=lifecyclestage`)).at('properties.lifecyclestage');

describe('writing', () => {
  it('ignores a backward lifecycle stage with success; clear, then set, moves it (H2)', async () => {
    const id = create({ lifecyclestage: 'customer' });
    const ignored = await patch(id, { lifecyclestage: 'lead', name: 'B' });
    expect([ignored.status, ignored.at('properties.lifecyclestage'), ignored.at('properties.name')]).toEqual([
      200,
      'customer',
      'B',
    ]);
    expect(rig.handle.writes({ id })).toMatchObject([
      { sent: { lifecyclestage: 'lead', name: 'B' }, applied: { name: 'B' } },
    ]);
    await patch(id, { lifecyclestage: '' });
    expect(await stageOf(id)).toBeNull();
    await patch(id, { lifecyclestage: 'lead' });
    expect(await stageOf(id)).toBe('lead');
    await patch(id, { lifecyclestage: 'opportunity' });
    expect(await stageOf(id)).toBe('opportunity');
    const read = await rig.call('GET', `${COMPANIES}/${id}?propertiesWithHistory=lifecyclestage`);
    expect(read.at('propertiesWithHistory.lifecyclestage')).toMatchObject([
      { value: 'opportunity', sourceType: 'INTEGRATION', sourceId: String(rig.handle.state.apps['rig-client']?.appId) },
      { value: 'lead' },
      { value: '' },
      { value: 'customer', sourceType: 'CRM_UI' },
    ]);
    rig.handle.patch(PORTAL, 'companies', id, { lifecyclestage: 'subscriber' });
    expect(await stageOf(id)).toBe('subscriber');
  });

  it('follows the order of edited lifecycle stages (H3)', async () => {
    const id = create();
    rig.handle.setLifecycleStages(PORTAL, [
      ['customer', 'Customer'],
      ['914771', 'Advocate'],
      ['lead', 'Lead'],
    ]);
    await patch(id, { lifecyclestage: '914771' });
    await patch(id, { lifecyclestage: 'customer' });
    expect(await stageOf(id)).toBe('914771');
    expect((await patch(id, { lifecyclestage: 'subscriber' })).status).toBe(400);
  });

  it('refuses values that a property does not take (H4)', async () => {
    const id = create();
    for (const properties of [
      { lifecyclestage: 'Customer' },
      { lifecyclestage: 'customer ' },
      { numberofemployees: 'many' },
      { nonsense: 'x' },
      { hs_lastmodifieddate: '0' },
    ]) {
      const refused = await patch(id, properties);
      expect(refused.status).toBe(400);
      expect(refused.json).toMatchObject({ category: 'VALIDATION_ERROR' });
    }
    expect(rig.handle.writes({ id })).toEqual([]);
    expect((await patch('404', { name: 'x' })).status).toBe(404);
    expect((await patch(id, { lifecyclestage: 'lead' })).status).toBe(200);
  });

  it('updates 100 in no order, echoing trace ids, each once', async () => {
    const ids = Array.from({ length: 100 }, () => create());
    const answer = await batch(
      ids.map((id) => ({ id, properties: { name: `N ${id}` }, objectWriteTraceId: `t-${id}` })),
    );
    expect(answer.status).toBe(200);
    expect(answer.at('results')).toHaveLength(100);
    expect(answer.at('results.0.id')).not.toBe(ids[0]);
    expect(answer.text('results.0.objectWriteTraceId')).toBe(`t-${answer.text('results.0.id')}`);
    for (const id of ids) expect(rig.handle.writes({ id })).toHaveLength(1);
    expect((await batch([...ids, create()].map((id) => ({ id, properties: { name: 'x' } })))).status).toBe(400);
  });

  it('answers 207 with the records that failed, or 200 without them, or 400 for all, as it is told', async () => {
    const [good, stuck] = [create(), create()];
    rig.handle.settings.refusedWrites.set(`${PORTAL}:companies:${stuck}`, 'Renewal date is required');
    const inputs = [
      { id: good, properties: { lifecyclestage: 'lead' } },
      { id: stuck, properties: { lifecyclestage: 'lead' }, objectWriteTraceId: 'stuck' },
      { id: '404', properties: { lifecyclestage: 'lead' }, objectWriteTraceId: 'gone' },
    ];
    const partial = await batch(inputs);
    expect(partial.status).toBe(207);
    expect(partial.json).toMatchObject({
      numErrors: 2,
      results: [{ id: good }],
      errors: [
        {
          category: 'VALIDATION_ERROR',
          message: 'Renewal date is required',
          context: { ids: [stuck], objectWriteTraceId: ['stuck'] },
        },
        { category: 'OBJECT_NOT_FOUND', context: { ids: ['404'], objectWriteTraceId: ['gone'] } },
      ],
    });
    rig.handle.settings.batchErrors = 'missing';
    const silent = await batch(inputs);
    expect([silent.status, silent.at('numErrors')]).toEqual([200, undefined]);
    expect(silent.at('results')).toHaveLength(1);
    rig.handle.settings.batchErrors = 'reject';
    const before = rig.handle.writes().length;
    expect((await batch(inputs)).status).toBe(400);
    expect(rig.handle.writes()).toHaveLength(before);
  });

  it('refuses a whole batch for repeated ids, unknown properties or a malformed body', async () => {
    const id = create();
    const before = rig.handle.writes().length;
    const repeated = await batch([
      { id, properties: { name: '1' } },
      { id, properties: { name: '2' } },
    ]);
    expect(repeated.status).toBe(400);
    expect(repeated.text('message')).toContain(id);
    expect((await batch([{ id, properties: { nonsense: '1' } }])).status).toBe(400);
    expect((await batch([{ properties: { name: '1' } }])).status).toBe(400);
    expect((await batch([])).status).toBe(400);
    expect(rig.handle.writes()).toHaveLength(before);
  });

  it('needs the write scopes', async () => {
    const id = create();
    const reader = rig.token(ALL_SCOPES.filter((scope) => !scope.endsWith('.write')));
    const refused = await rig.call('PATCH', `${COMPANIES}/${id}`, { properties: { name: 'x' } }, reader);
    expect([refused.status, refused.at('category')]).toEqual([403, 'MISSING_SCOPES']);
    const definition = {
      name: 'waymark_stage',
      label: 'Stage',
      type: 'string',
      fieldType: 'text',
      groupName: 'companyinformation',
    };
    expect((await rig.call('POST', '/crm/properties/2026-09/companies', definition, reader)).status).toBe(403);
  });

  it('makes a custom property once, and then holds it to its options', async () => {
    const id = create();
    const definition = {
      name: 'waymark_stage',
      label: 'Journey stage',
      type: 'enumeration',
      fieldType: 'select',
      groupName: 'companyinformation',
      options: [
        { label: 'Onboarding', value: 'onboarding' },
        { label: 'Churn', value: 'churn' },
      ],
    };
    const made = await rig.call('POST', '/crm/properties/2026-09/companies', definition);
    expect(made.status).toBe(201);
    expect((await rig.call('POST', '/crm/properties/2026-09/companies', definition)).status).toBe(409);
    const read = await rig.call('GET', '/crm/properties/2026-09/companies/waymark_stage');
    expect(read.at('options')).toMatchObject([
      { value: 'onboarding', displayOrder: 0 },
      { value: 'churn', displayOrder: 1 },
    ]);
    expect((await patch(id, { waymark_stage: 'Churn' })).status).toBe(400);
    expect((await patch(id, { waymark_stage: 'churn' })).at('properties.waymark_stage')).toBe('churn');
  });
});
