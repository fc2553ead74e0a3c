import { applyPlan, approvePlan, createPlan } from '@waymark/writeback';
import { releaseWritebackLeasesOf, writebackLeaseHolders, writebackPlan, writebackSummary } from '@waymark/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { dyingWorker, revOps, startWriteback, type WritebackRig } from './rig.ts';

let rig: WritebackRig;
beforeEach(async () => {
  rig = await startWriteback();
});
afterEach(() => rig.close());

const property = 'waymark_stage';
const apply = (planId: string, worker = rig.worker()) => applyPlan(worker, rig.workspaceId, planId);
const counts = (planId: string) => rig.items(planId).then((items) => Object.groupBy(items, (item) => item.state));
const timesWritten = () => [...rig.writesOf(property).values()].map((values) => values.length);

describe('applying a plan to HubSpot, with the real SDK', () => {
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
    await expect(apply(plan.planId)).rejects.toMatchObject({ code: 'plan_state' });

    await approvePlan(rig.worker(), rig.workspaceId, plan.planId, { by: revOps });
    expect(await apply(plan.planId)).toEqual({
      kind: 'done',
      counts: { verified: 250, failed: 0, skipped: 0, open: 0 },
    });
    expect([...rig.writesOf(property).keys()].toSorted()).toEqual(ids.toSorted());
    expect(new Set(timesWritten())).toEqual(new Set([1]));
    expect(await rig.database.inWorkspace(rig.workspaceId, (tx) => writebackSummary(tx))).toEqual({
      planned: 250,
      applied: 250,
      verified: 250,
      failed: 0,
    });
    expect((await rig.reload(mapping)).approvedBy).toBe(revOps);
    expect(await apply(plan.planId)).toMatchObject({ kind: 'done' });
    expect(rig.crm.handle.writes()).toHaveLength(250);
  });

  it('H3: a stage that the journey gains later is added to the property before it is written', async () => {
    await rig.companies(2, 'onboarding');
    const mapping = await rig.mapping();
    const late = {
      ...mapping,
      values: { onboarding: 'onboarding', engagement: null, acquisition: null, advocacy: null },
    };
    await rig.mapping(late);
    expect(await apply(await rig.approved(late))).toMatchObject({ counts: { verified: 2 } });
    const ids = await rig.companies(1, 'advocacy');
    const grown = { ...late, values: { ...late.values, advocacy: 'advocacy' } };
    await rig.mapping(grown);
    const { plan, items } = await createPlan(rig.worker(), rig.workspaceId, grown.mappingId);
    expect(items.map((item) => item.conflict)).toEqual([null]);
    await approvePlan(rig.worker(), rig.workspaceId, plan.planId, { by: revOps });
    expect(await apply(plan.planId)).toMatchObject({ kind: 'done', counts: { verified: 1, failed: 0 } });
    expect(rig.held(ids[0] ?? '', property)).toBe('advocacy');
  });

  it.each(['multi-status', 'missing', 'reject'] as const)(
    'H4: a refused and a deleted record of a batch fail alone, with their reason, and are not tried again (%s)',
    async (batchErrors) => {
      const [refused = '', deleted = '', ...rest] = await rig.companies(20, 'onboarding');
      const planId = await rig.approved(await rig.mapping());
      rig.crm.handle.settings.refusedWrites.set(`${PORTAL}:companies:${refused}`, 'A required property is missing');
      rig.crm.handle.settings.batchErrors = batchErrors;
      rig.crm.handle.archive(PORTAL, 'companies', deleted);
      expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 18, failed: 2 } });
      const failed = (await counts(planId)).failed ?? [];
      expect(failed.find((item) => item.externalId === deleted)).toMatchObject({ conflict: 'record_gone' });
      expect(failed.find((item) => item.externalId === refused)?.error).toBeTruthy();
      expect(rig.held(refused, property)).toBe('');
      expect(rig.crm.handle.writes()).toHaveLength(rest.length);
      rig.crm.handle.settings.refusedWrites.clear();
      expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 18, failed: 2 } });
      expect(rig.crm.handle.writes()).toHaveLength(rest.length);
    },
  );

  it('I5: a lost answer is read back, never sent again', async () => {
    await rig.companies(120, 'onboarding');
    const planId = await rig.approved(await rig.mapping());
    rig.crm.faults.add({ kind: 'lost-answer', match: { path: '/batch/update' }, times: 1 });
    const outcome = await apply(planId);
    expect(outcome).toMatchObject({ kind: 'deferred', counts: { verified: 100, open: 20 } });
    expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 120 } });
    expect(timesWritten()).toEqual(Array.from({ length: 120 }, () => 1));
  });

  it('I5: an answer that is lost together with the reading back is settled by the next run', async () => {
    await rig.companies(10, 'onboarding');
    const planId = await rig.approved(await rig.mapping());
    rig.crm.faults.add({ kind: 'lost-answer', match: { path: '/batch/update' }, times: 1 });
    // The look before the write is the first batch read; the reading back is the second.
    let reads = 0;
    const worker = rig.worker({
      point: (point) => {
        if (point === 'write-claimed' && reads++ === 0)
          rig.crm.faults.add({ kind: 'server-error', match: { path: '/batch/read' }, times: 1 });
        return Promise.resolve();
      },
    });
    expect(await apply(planId, worker)).toMatchObject({ kind: 'deferred', counts: { open: 10 } });
    expect(Object.keys(await counts(planId))).toEqual(['writing']);
    expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 10 } });
    expect(timesWritten()).toEqual(Array.from({ length: 10 }, () => 1));
  });

  it('H4: a passing fault is tried again later and says when', async () => {
    await rig.companies(3, 'onboarding');
    const planId = await rig.approved(await rig.mapping());
    rig.crm.faults.add({ kind: 'server-error', match: { path: '/batch/update' }, times: 1 });
    const outcome = await apply(planId);
    expect(outcome).toMatchObject({ kind: 'deferred', fault: { kind: 'transient' } });
    const plan = await rig.database.inWorkspace(rig.workspaceId, (tx) => writebackPlan(tx, planId));
    expect(plan).toMatchObject({ state: 'applying' });
    expect(plan?.resumeAt).toBeGreaterThan(rig.now());
    expect(Object.keys(await counts(planId))).toEqual(['planned']);
    expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 3 } });
    expect(timesWritten()).toEqual([1, 1, 1]);
  });

  it.each(['write-claimed', 'write-sent'] as const)(
    'I5, I14: killed at %s in the second batch, nothing is lost and nothing is written twice',
    async (point) => {
      await rig.companies(250, 'onboarding');
      const planId = await rig.approved(await rig.mapping());
      await expect(apply(planId, dyingWorker(rig, point, 2))).rejects.toThrow('killed');
      expect((await counts(planId)).writing).toHaveLength(100);
      expect(await apply(planId)).toEqual({ kind: 'busy' });
      rig.crm.clock.offset += 121_000;
      expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 250 } });
      expect(timesWritten()).toEqual(Array.from({ length: 250 }, () => 1));
    },
  );

  it('I5: two workers on one plan, and two plans of one difference, write each record once', async () => {
    await rig.companies(150, 'onboarding');
    const mapping = await rig.mapping();
    const first = await rig.approved(mapping);
    const second = await rig.approved(mapping);
    const run = (planId: string, holder: string) => apply(planId, rig.worker({ holder }));
    await Promise.all([run(first, 'a'), run(first, 'b'), run(second, 'c'), run(second, 'd')]);
    for (const planId of [first, second])
      expect(await run(planId, 'e')).toMatchObject({ kind: 'done', counts: { verified: 150 } });
    expect(timesWritten()).toEqual(Array.from({ length: 150 }, () => 1));
  });

  it('I5: a worker that comes while another is between claim and answer leaves the plan to it', async () => {
    await rig.companies(20, 'onboarding');
    const planId = await rig.approved(await rig.mapping());
    const slow = rig.worker({
      holder: 'slow',
      point: async () => expect(await apply(planId, rig.worker({ holder: 'other' }))).toEqual({ kind: 'busy' }),
    });
    expect(await apply(planId, slow)).toMatchObject({ kind: 'done', counts: { verified: 20 } });
    expect(timesWritten()).toEqual(Array.from({ length: 20 }, () => 1));
  });

  it('I5: a worker that was paused past its lease records nothing and sends nothing', async () => {
    await rig.companies(150, 'onboarding');
    const planId = await rig.approved(await rig.mapping());
    const paused = rig.worker({
      holder: 'paused',
      point: async (point) => {
        if (point !== 'write-sent') return;
        rig.crm.clock.offset += 121_000;
        expect(await apply(planId, rig.worker({ holder: 'other' }))).toMatchObject({ kind: 'done' });
      },
    });
    expect(await apply(planId, paused)).toEqual({ kind: 'busy' });
    expect(timesWritten()).toEqual(Array.from({ length: 150 }, () => 1));
    expect((await counts(planId)).verified).toHaveLength(150);
  });

  it('I5: a person who edits between plan and apply keeps her value', async () => {
    const [edited = '', ...rest] = await rig.companies(3, 'onboarding');
    const mapping = await rig.mapping();
    await apply(await rig.approved(mapping));
    await rig.move([edited, ...rest], 'engagement');
    const planId = await rig.approved(mapping);
    rig.edit(edited, { [property]: 'advocacy' });
    expect(await apply(planId)).toMatchObject({ counts: { verified: 2, skipped: 1 } });
    expect(rig.held(edited, property)).toBe('advocacy');
    expect((await counts(planId)).skipped?.[0]).toMatchObject({
      externalId: edited,
      conflict: 'edited',
      readBack: 'advocacy',
      error: expect.stringContaining('CRM_UI'),
    });
  });

  it('stops between two batches when asked to, and goes on where it was', async () => {
    await rig.companies(150, 'onboarding');
    const planId = await rig.approved(await rig.mapping());
    const stop = new AbortController();
    const worker = rig.worker({
      point: (point) => {
        if (point === 'write-sent') stop.abort();
        return Promise.resolve();
      },
    });
    const stopped = await apply(planId, { ...worker, signal: stop.signal });
    expect(stopped).toMatchObject({ kind: 'deferred', counts: { verified: 100, open: 50 } });
    expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 150 } });
    expect(timesWritten()).toEqual(Array.from({ length: 150 }, () => 1));
  });

  it('I14: the lease of a worker that is known to be dead is freed at once', async () => {
    await rig.companies(2, 'onboarding');
    const planId = await rig.approved(await rig.mapping());
    await expect(apply(planId, dyingWorker(rig, 'write-claimed'))).rejects.toThrow('killed');
    await rig.database.inWorkspace(rig.workspaceId, async (tx) => {
      for (const holder of await writebackLeaseHolders(tx)) await releaseWritebackLeasesOf(tx, holder);
    });
    expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 2 } });
  });

  it('D13: a grant without the write scope ends the run with its reason; nothing is lost', async () => {
    await rig.companies(2, 'onboarding');
    const planId = await rig.approved(await rig.mapping());
    const poor = rig.worker({ scopes: ['oauth', 'crm.objects.companies.read'] });
    expect(await apply(planId, poor)).toMatchObject({ kind: 'deferred', fault: { kind: 'scope-missing' } });
    expect(await apply(planId)).toMatchObject({ kind: 'done', counts: { verified: 2 } });
  });
});
