import { applyPlan, approvePlan, createPlan } from '@waymark/writeback';
import { writebackItems, writebackSummary } from '@waymark/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { startWriteback, type WritebackRig } from './rig.ts';

let rig: WritebackRig;
beforeEach(async () => {
  rig = await startWriteback();
});
afterEach(() => rig.close());

const by = 'revops@example.com';
const items = (planId: string) => rig.database.inWorkspace(rig.workspaceId, (tx) => writebackItems(tx, planId));
const summary = () => rig.database.inWorkspace(rig.workspaceId, (tx) => writebackSummary(tx));

async function approved(mappingId: string, accept: readonly string[] = []): Promise<string> {
  const { plan } = await createPlan(rig.worker(), rig.workspaceId, mappingId);
  await approvePlan(rig.worker(), rig.workspaceId, plan.planId, { by, accept });
  return plan.planId;
}

describe('write-back to HubSpot, with the real SDK', () => {
  it('I5: writes 250 records to a property of its own in batches of at most 100, each once, and reads them back', async () => {
    const ids = await rig.companies(250, 'onboarding');
    const mapping = await rig.mapping();
    const { plan, items: planned } = await createPlan(rig.worker(), rig.workspaceId, mapping.mappingId);
    expect(planned).toHaveLength(250);
    expect(planned[0]).toMatchObject({
      before: '',
      after: 'onboarding',
      why: { stage: 'onboarding', proof: { rule: 'enter:onboarding' } },
    });
    expect(rig.crm.handle.writes()).toHaveLength(0);
    await expect(applyPlan(rig.worker(), rig.workspaceId, plan.planId)).rejects.toMatchObject({ code: 'plan_state' });

    await approvePlan(rig.worker(), rig.workspaceId, plan.planId, { by });
    const outcome = await applyPlan(rig.worker(), rig.workspaceId, plan.planId);
    expect(outcome).toEqual({ kind: 'done', counts: { verified: 250, failed: 0, skipped: 0, open: 0 } });
    const writes = rig.writesOf('waymark_stage');
    expect([...writes.keys()].toSorted()).toEqual(ids.toSorted());
    expect([...writes.values()].every((values) => values.length === 1)).toBe(true);
    expect(new Set(rig.crm.handle.writes().map((write) => write.at)).size).toBeGreaterThanOrEqual(3);
    expect(await summary()).toEqual({ planned: 250, applied: 250, verified: 250, failed: 0 });
    expect((await rig.reload(mapping)).approvedBy).toBe(by);
  });
});
void items;
void approved;
void PORTAL;
