import { applyPlan, approvePlan, createPlan, rejectPlan, syncMapping, undoPlan } from '@waymark/writeback';
import { writebackPlans, type WritebackMapping } from '@waymark/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { revOps, startWriteback, type WritebackRig } from './rig.ts';

let rig: WritebackRig;
let mapping: WritebackMapping;
beforeEach(async () => {
  rig = await startWriteback();
  mapping = await rig.mapping();
});
afterEach(() => rig.close());

const property = 'waymark_stage';
const apply = (planId: string) => applyPlan(rig.worker(), rig.workspaceId, planId);
const sync = () => syncMapping(rig.worker(), rig.workspaceId, mapping.mappingId);
const plan = () => createPlan(rig.worker(), rig.workspaceId, mapping.mappingId);
const plans = () => rig.database.inWorkspace(rig.workspaceId, (tx) => writebackPlans(tx));
const reviewed = (outcome: Awaited<ReturnType<typeof sync>>): string =>
  (outcome.kind === 'applied' ? outcome.reviewPlanId : outcome.kind === 'awaiting-approval' ? outcome.planId : '') ??
  expect.fail('nothing to review');

describe('plans that a person reviews', () => {
  it('shows before, after, why and who wrote last; what is in sync is not in it', async () => {
    const [one = '', two = '', three = ''] = await rig.companies(3, 'onboarding');
    await apply(await rig.approved(mapping));
    await rig.move([one, two], 'engagement');
    rig.edit(two, { [property]: 'advocacy' });
    const { items, inSync } = await plan();
    expect(inSync).toBe(1);
    expect(items.map((item) => [item.externalId, item.before, item.after, item.conflict])).toEqual([
      [one, 'onboarding', 'engagement', null],
      [two, 'advocacy', 'engagement', 'edited'],
    ]);
    expect(items[1]?.why).toMatchObject({ lastWriter: expect.stringContaining('CRM_UI'), stage: 'engagement' });
    expect(items[1]?.beforeChangedAt).toBeGreaterThan(0);
    expect(rig.held(three, property)).toBe('onboarding');
  });

  it('replaces a person’s value only where the approval names it', async () => {
    const [one = '', two = ''] = await rig.companies(2, 'onboarding');
    await apply(await rig.approved(mapping));
    await rig.move([one, two], 'engagement');
    for (const id of [one, two]) rig.edit(id, { [property]: 'advocacy' });
    expect(await apply(await rig.approved(mapping, [one]))).toMatchObject({ counts: { verified: 1, skipped: 1 } });
    expect([rig.held(one, property), rig.held(two, property)]).toEqual(['engagement', 'advocacy']);
  });

  it('B6: leaves out merged records and names archived ones; those cannot be accepted', async () => {
    const [winner = '', loser = '', archived = ''] = await rig.companies(3, 'onboarding');
    await apply(await rig.approved(mapping));
    await rig.move([winner, loser, archived], 'engagement');
    rig.crm.handle.merge(PORTAL, 'companies', winner, loser);
    rig.crm.handle.archive(PORTAL, 'companies', archived);
    const { plan: made, items } = await plan();
    expect(items.map((item) => [item.externalId, item.conflict])).toEqual([
      [winner, null],
      [loser, 'record_gone'],
      [archived, 'record_gone'],
    ]);
    const accept = items.map((item) => item.itemId);
    const approval = approvePlan(rig.worker(), rig.workspaceId, made.planId, { by: revOps, accept });
    await expect(approval).rejects.toMatchObject({ code: 'not_acceptable' });
    await approvePlan(rig.worker(), rig.workspaceId, made.planId, { by: revOps });
    expect(await apply(made.planId)).toMatchObject({ counts: { verified: 1, skipped: 2 } });
  });

  it('a stage without a decision is shown, one that is not written is left out', async () => {
    const [undecided = ''] = await rig.companies(1, 'advocacy');
    await rig.companies(1, 'acquisition');
    await rig.mapping({ ...mapping, values: { onboarding: 'onboarding', acquisition: null } });
    const { items } = await plan();
    expect(items.map((item) => [item.externalId, item.conflict])).toEqual([[undecided, 'unmapped_stage']]);
  });

  it('a newer draft takes the place of the one before; a decided plan cannot be decided again', async () => {
    await rig.companies(1, 'onboarding');
    const first = await plan();
    const second = await plan();
    const approve = (planId: string) => approvePlan(rig.worker(), rig.workspaceId, planId, { by: revOps });
    await expect(approve(first.plan.planId)).rejects.toMatchObject({ code: 'plan_state' });
    await approve(second.plan.planId);
    await expect(rejectPlan(rig.worker(), rig.workspaceId, second.plan.planId, revOps)).rejects.toMatchObject({
      code: 'plan_state',
    });
  });
});

describe('plans that apply by themselves', () => {
  it('waits for a person’s first approval, then follows the stages and asks nothing of the CRM where none moved', async () => {
    const ids = await rig.companies(3, 'onboarding');
    const first = await sync();
    expect(first.kind).toBe('awaiting-approval');
    expect((await sync()).kind).toBe('awaiting-approval');
    expect(rig.crm.handle.writes()).toHaveLength(0);
    await approvePlan(rig.worker(), rig.workspaceId, reviewed(first), { by: revOps });
    expect(await sync()).toMatchObject({ kind: 'applied', applied: [{ kind: 'done', counts: { verified: 3 } }] });
    await rig.move(ids, 'engagement');
    expect(await sync()).toMatchObject({ kind: 'applied', applied: [{ kind: 'done', counts: { verified: 3 } }] });
    for (const id of ids) expect(rig.held(id, property)).toBe('engagement');
    rig.crm.faults.add({ kind: 'server-error' });
    expect(await sync()).toEqual({ kind: 'applied', applied: [] });
    expect(await plans()).toHaveLength(2);
  });

  it('I5: leaves a person’s value, puts it to a person once, and takes no for an answer until something changes', async () => {
    const [edited = '', other = ''] = await rig.companies(2, 'onboarding');
    await apply(await rig.approved(mapping));
    rig.edit(edited, { [property]: 'advocacy' });
    expect(await sync()).toEqual({ kind: 'applied', applied: [] });
    await rig.move([edited, other], 'engagement');
    const outcome = await sync();
    expect(outcome).toMatchObject({ applied: [{ counts: { verified: 1 } }] });
    expect(rig.held(edited, property)).toBe('advocacy');
    const reviewPlanId = reviewed(outcome);
    expect(reviewed(await sync())).toBe(reviewPlanId);
    await rejectPlan(rig.worker(), rig.workspaceId, reviewPlanId, revOps);
    expect(await sync()).toEqual({ kind: 'applied', applied: [] });
    await rig.move([edited], 'acquisition');
    const again = reviewed(await sync());
    const items = await rig.items(again);
    await approvePlan(rig.worker(), rig.workspaceId, again, { by: revOps, accept: items.map((item) => item.itemId) });
    await sync();
    expect(rig.held(edited, property)).toBe('acquisition');
  });

  it('I5: a value that Waymark never wrote is not replaced by a plan that nobody sees', async () => {
    await rig.companies(1, 'onboarding');
    await apply(await rig.approved(mapping));
    const [newcomer = ''] = await rig.companies(1, 'onboarding', { [property]: 'advocacy' });
    const [blank = ''] = await rig.companies(1, 'onboarding');
    const outcome = await sync();
    expect(outcome).toMatchObject({ applied: [{ counts: { verified: 1 } }] });
    expect([rig.held(newcomer, property), rig.held(blank, property)]).toEqual(['advocacy', 'onboarding']);
    expect((await rig.items(reviewed(outcome))).map((item) => item.externalId)).toEqual([newcomer]);
  });

  it('goes on with a plan that a fault cut short, not before its time', async () => {
    await rig.companies(2, 'onboarding');
    await rig.mapping({ ...mapping, approvedAt: rig.now(), approvedBy: 'sandbox' });
    rig.crm.faults.add({ kind: 'server-error', match: { path: '/batch/update' }, times: 1 });
    expect(await sync()).toMatchObject({ applied: [{ kind: 'deferred' }] });
    expect(await sync()).toMatchObject({ applied: [{ kind: 'deferred' }] });
    rig.crm.clock.offset += 31_000;
    expect(await sync()).toMatchObject({ applied: [{ kind: 'done', counts: { verified: 2 } }] });
    expect(await plans()).toHaveLength(1);
  });

  it('does nothing while it is switched off', async () => {
    await rig.mapping({ ...mapping, enabled: false });
    expect(await sync()).toEqual({ kind: 'off' });
  });
});

describe('undo', () => {
  it('gives back what the journal holds, skips what changed since, and then waits for a person', async () => {
    const [one = '', edited = '', three = ''] = await rig.companies(3, 'onboarding');
    await apply(await rig.approved(mapping));
    await rig.move([one, edited, three], 'engagement');
    const second = await rig.approved(mapping);
    await apply(second);
    rig.edit(edited, { [property]: 'advocacy' });
    const undone = await undoPlan(rig.worker(), rig.workspaceId, second, { by: revOps });
    expect(undone).toMatchObject({ kind: 'done', counts: { verified: 2, skipped: 1 } });
    expect([one, edited, three].map((id) => rig.held(id, property))).toEqual(['onboarding', 'advocacy', 'onboarding']);
    expect((await rig.items(undone.planId)).find((item) => item.externalId === edited)?.conflict).toBe('edited');
    expect((await sync()).kind).toBe('awaiting-approval');
    expect([one, three].map((id) => rig.held(id, property))).toEqual(['onboarding', 'onboarding']);
    const again = await undoPlan(rig.worker(), rig.workspaceId, second, { by: revOps });
    expect(await rig.items(again.planId)).toHaveLength(1);
  });

  it('blanks what was blank, and can itself be undone', async () => {
    const [one = ''] = await rig.companies(1, 'onboarding');
    const planId = await rig.approved(mapping);
    await expect(undoPlan(rig.worker(), rig.workspaceId, planId, { by: revOps })).rejects.toMatchObject({
      code: 'plan_state',
    });
    await apply(planId);
    const undone = await undoPlan(rig.worker(), rig.workspaceId, planId, { by: revOps });
    expect(rig.held(one, property)).toBe('');
    await undoPlan(rig.worker(), rig.workspaceId, undone.planId, { by: revOps });
    expect(rig.held(one, property)).toBe('onboarding');
  });
});
