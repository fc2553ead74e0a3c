import { applyPlan, createPlan, undoPlan } from '@waymark/writeback';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { dyingWorker, revOps, startWriteback, type WritebackRig } from './rig.ts';

let rig: WritebackRig;
beforeEach(async () => {
  rig = await startWriteback();
});
afterEach(() => rig.close());

const property = 'lifecyclestage';
const apply = (planId: string, worker = rig.worker()) => applyPlan(worker, rig.workspaceId, planId);

describe('write-back to lifecyclestage, which does not go back (H2)', () => {
  it('moves forward in one write; a move back is a conflict that is left out', async () => {
    const [ahead = ''] = await rig.companies(1, 'onboarding', { lifecyclestage: 'lead' });
    const [back = ''] = await rig.companies(1, 'acquisition', { lifecyclestage: 'customer' });
    const mapping = await rig.mapping({ property });
    const { items, warnings } = await createPlan(rig.worker(), rig.workspaceId, mapping.mappingId);
    expect(items.map((item) => [item.externalId, item.before, item.after, item.conflict])).toEqual([
      [ahead, 'lead', 'customer', null],
      [back, 'customer', 'opportunity', 'backward'],
    ]);
    expect(warnings.join(' ')).toMatch(/workflows.*contacts/s);
    expect(await apply(await rig.approved(mapping))).toMatchObject({ counts: { verified: 1, skipped: 1 } });
    expect(rig.writesOf(property)).toEqual(new Map([[ahead, ['customer']]]));
    expect(rig.held(back, property)).toBe('customer');
  });

  it('where the mapping allows it, or a person accepts it, clears first and then sets, in two requests', async () => {
    const ids = await rig.companies(120, 'acquisition', { lifecyclestage: 'customer' });
    const strict = await rig.mapping({ property });
    const [accepted = ''] = ids;
    expect(await apply(await rig.approved(strict, [accepted]))).toMatchObject({
      counts: { verified: 1, skipped: 119 },
    });
    const free = { ...strict, allowBackward: true };
    await rig.mapping(free);
    expect(await apply(await rig.approved(free))).toMatchObject({ kind: 'done', counts: { verified: 119 } });
    for (const id of ids) expect(rig.held(id, property)).toBe('opportunity');
    for (const values of rig.writesOf(property).values()) expect(values).toEqual(['', 'opportunity']);
  });

  it.each(['write-claimed', 'write-sent', 'write-cleared'] as const)(
    'killed at %s between clear and set, it goes on and no record stays blank',
    async (point) => {
      const ids = await rig.companies(5, 'acquisition', { lifecyclestage: 'customer' });
      const planId = await rig.approved(await rig.mapping({ property, allowBackward: true }));
      await expect(apply(planId, dyingWorker(rig, point))).rejects.toThrow('killed');
      rig.crm.clock.offset += 121_000;
      expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 5 } });
      for (const id of ids) expect(rig.writesOf(property).get(id)).toEqual(['', 'opportunity']);
    },
  );

  it('a value that a person set while the record was blank stays', async () => {
    const [edited = '', other = ''] = await rig.companies(2, 'acquisition', { lifecyclestage: 'customer' });
    const planId = await rig.approved(await rig.mapping({ property, allowBackward: true }));
    await expect(apply(planId, dyingWorker(rig, 'write-cleared'))).rejects.toThrow('killed');
    rig.edit(edited, { lifecyclestage: 'evangelist' });
    rig.crm.clock.offset += 121_000;
    expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 1, skipped: 1 } });
    expect(rig.held(edited, property)).toBe('evangelist');
    expect(rig.held(other, property)).toBe('opportunity');
  });

  it('lost answers to the clear and to the set are both read back', async () => {
    const ids = await rig.companies(4, 'acquisition', { lifecyclestage: 'customer' });
    const planId = await rig.approved(await rig.mapping({ property, allowBackward: true }));
    rig.crm.faults.add({ kind: 'lost-answer', match: { path: '/batch/update' }, times: 2 });
    expect(await apply(planId)).toMatchObject({ kind: 'deferred' });
    expect((await rig.items(planId)).map((item) => item.state)).toEqual(ids.map(() => 'cleared'));
    expect(await apply(planId)).toMatchObject({ kind: 'deferred', counts: { verified: 4 } });
    expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 4 } });
    for (const id of ids) expect(rig.writesOf(property).get(id)).toEqual(['', 'opportunity']);
  });

  it('a record that is blank when the earlier value is refused gets back what it held', async () => {
    const [refused = '', other = ''] = await rig.companies(2, 'acquisition', { lifecyclestage: 'customer' });
    const planId = await rig.approved(await rig.mapping({ property, allowBackward: true }));
    const rule = `${PORTAL}:companies:${refused}`;
    let claims = 0;
    const worker = rig.worker({
      point: (point) => {
        if (point === 'write-claimed' && ++claims === 2) rig.crm.handle.settings.refusedWrites.set(rule, 'No');
        // The rule is for the earlier stage alone: what the record held before is allowed.
        if (point === 'write-sent' && claims === 2) rig.crm.handle.settings.refusedWrites.clear();
        return Promise.resolve();
      },
    });
    expect(await apply(planId, worker)).toMatchObject({ kind: 'done', counts: { verified: 1, failed: 1 } });
    expect(rig.held(refused, property)).toBe('customer');
    expect(rig.held(other, property)).toBe('opportunity');
  });

  it('H3: an option that the portal has taken out is a conflict, not a failure of the batch', async () => {
    await rig.companies(2, 'onboarding', { lifecyclestage: 'lead' });
    const mapping = await rig.mapping({ property });
    rig.crm.handle.setLifecycleStages(PORTAL, [
      ['lead', 'Lead'],
      ['23984', 'Live customer'],
    ]);
    const { items } = await createPlan(rig.worker(), rig.workspaceId, mapping.mappingId);
    expect(items.map((item) => item.conflict)).toEqual(['option_missing', 'option_missing']);
    const changed = { ...mapping, values: { ...mapping.values, onboarding: '23984' } };
    await rig.mapping(changed);
    expect(await apply(await rig.approved(changed))).toMatchObject({ counts: { verified: 2 } });
  });

  it('undo follows the same rules: a move back only where the mapping or the person allows it', async () => {
    const [one = '', two = ''] = await rig.companies(2, 'onboarding', { lifecyclestage: 'lead' });
    const mapping = await rig.mapping({ property });
    const planId = await rig.approved(mapping);
    await apply(planId);
    const undone = await undoPlan(rig.worker(), rig.workspaceId, planId, { by: revOps, accept: [one] });
    expect(undone).toMatchObject({ counts: { verified: 1, skipped: 1 } });
    expect([rig.held(one, property), rig.held(two, property)]).toEqual(['lead', 'customer']);
  });
});
