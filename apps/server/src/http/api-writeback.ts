import { createRoute, z } from '@hono/zod-openapi';
import {
  accounts,
  approveWritebackMapping,
  writebackMappings,
  writebackPlans,
  type WritebackPlan,
} from '@waymark/store';
import {
  applyPlan,
  approvePlan,
  createPlan,
  createUndoPlan,
  explainConflict,
  isAcceptable,
  planView,
  rejectPlan,
  type PlanView,
} from '@waymark/writeback';
import { writebackDependencies } from '../writeback.ts';
import { errorForLog, type Waymark } from '../waymark.ts';
import { wiredReport } from '../wire.ts';
import { actorOf, apiRouter, inside, type Api } from './api-access.ts';
import { answers, body, byId, instant, iso, isoOrNull, security, uuid } from './api-forms.ts';

const PlanForm = z
  .object({
    id: uuid,
    mappingId: uuid,
    kind: z.enum(['forward', 'undo']),
    state: z.enum(['draft', 'approved', 'applying', 'done', 'rejected']),
    undoOf: uuid.nullable(),
    approvedBy: z.string().nullable(),
    approvedAt: instant.nullable(),
    createdAt: instant,
    finishedAt: instant.nullable(),
    resumeAt: instant.nullable(),
    resumeReason: z.string().nullable(),
  })
  .openapi('Plan');

const PlanDetail = PlanForm.extend({
  warnings: z.array(z.string()),
  items: z.array(
    z.object({
      id: uuid,
      accountId: uuid,
      account: z.string().nullable(),
      externalId: z.string(),
      property: z.string(),
      before: z.string(),
      after: z.string(),
      why: z.record(z.string(), z.unknown()),
      backward: z.boolean(),
      conflict: z.string().nullable(),
      conflictSays: z.string().nullable(),
      acceptable: z.boolean().openapi({ description: 'Whether a person may approve it in spite of its conflict.' }),
      state: z.string(),
      readBack: z.string().nullable(),
      error: z.string().nullable(),
      writtenAt: instant.nullable(),
      verifiedAt: instant.nullable(),
    }),
  ),
}).openapi('PlanDetail', {
  description: 'The difference before it is applied, the journal afterwards. An empty value is no value.',
});

const Overview = z
  .object({
    mappings: z.array(
      z.object({
        id: uuid,
        installationId: uuid,
        journey: z.string(),
        property: z.string(),
        values: z.record(z.string(), z.string().nullable()),
        allowBackward: z.boolean(),
        approvedAt: instant.nullable(),
        approvedBy: z.string().nullable(),
        enabled: z.boolean(),
      }),
    ),
    plans: z.array(PlanForm),
  })
  .openapi('Writeback');

const shared = { tags: ['Write-back'], security };
const list = createRoute({
  ...shared,
  method: 'get',
  path: '/api/writeback',
  summary: 'Mappings and plans, newest first',
  responses: answers(Overview, 'All mappings, and the latest plans.'),
});
const plan = createRoute({
  ...shared,
  method: 'post',
  path: '/api/writeback/plans',
  summary: 'Compare stages with the CRM and store the difference as a draft',
  description: 'Reads the CRM and writes nothing to it.',
  request: body(z.object({ mappingId: uuid }).openapi('NewPlan')),
  responses: answers(PlanDetail, 'The draft.'),
});
const show = createRoute({
  ...shared,
  method: 'get',
  path: '/api/writeback/plans/{id}',
  summary: 'One plan with its items',
  request: { params: byId },
  responses: answers(PlanDetail, 'The plan.'),
});
const approve = createRoute({
  ...shared,
  method: 'post',
  path: '/api/writeback/plans/{id}/approve',
  summary: 'Approve a draft; it is applied at once',
  description:
    'Items with a conflict are left out, but for those named in `accept`. Later plans of the mapping then apply by themselves.',
  request: { params: byId, ...body(z.object({ accept: z.array(uuid).max(10_000).default([]) }).openapi('Approval')) },
  responses: answers(PlanDetail, 'The plan as approved; look again for its journal.'),
});
const reject = createRoute({
  ...shared,
  method: 'post',
  path: '/api/writeback/plans/{id}/reject',
  summary: 'Turn a draft down',
  request: { params: byId },
  responses: answers(PlanDetail, 'The plan as rejected.'),
});
const undo = createRoute({
  ...shared,
  method: 'post',
  path: '/api/writeback/plans/{id}/undo',
  summary: 'Plan to give the records of a plan what they held before',
  description:
    'Returns a draft; approve it to apply it. Records that were changed since are conflicts in it. Once it is approved, the mapping applies no plan by itself until a person approves a forward one.',
  request: { params: byId },
  responses: answers(PlanDetail, 'The draft that undoes the plan.'),
});

/** Write-back: plan, review, approve, undo. Every step that changes something wants a bearer token and is audited in its name. */
export function writebackRoutes(waymark: Waymark): Api {
  const api = apiRouter();
  const deps = writebackDependencies(waymark);
  const detail = async (workspaceId: string, view: PlanView): Promise<z.infer<typeof PlanDetail>> => {
    const names = await waymark.database.inWorkspace(
      workspaceId,
      async (tx) => new Map((await accounts(tx)).map((one) => [one.accountId, one.name])),
    );
    return wireDetail(view, names);
  };
  /** Applies in the background: the journal tells how it goes, and the worker's sweep finishes what is cut. */
  const apply = (workspaceId: string, planId: string): void => {
    applyPlan(deps, workspaceId, planId).catch((error: unknown) =>
      waymark.log.warn(
        { err: errorForLog(error), workspaceId, planId },
        'applying a plan failed; the sweep tries again',
      ),
    );
  };
  api.openapi(list, async (c) => {
    const { mappings, plans } = await inside(waymark, c, async (tx) => ({
      mappings: await writebackMappings(tx),
      plans: await writebackPlans(tx, { limit: 200 }),
    }));
    const shown = mappings.map((one) => ({
      id: one.mappingId,
      installationId: one.installationId,
      journey: one.journey,
      property: one.property,
      values: { ...one.values },
      allowBackward: one.allowBackward,
      approvedAt: isoOrNull(one.approvedAt),
      approvedBy: one.approvedBy,
      enabled: one.enabled,
    }));
    return c.json({ mappings: shown, plans: plans.map(wirePlan) }, 200);
  });
  api.openapi(plan, async (c) => {
    const workspaceId = c.get('workspaceId');
    return c.json(await detail(workspaceId, await createPlan(deps, workspaceId, c.req.valid('json').mappingId)), 200);
  });
  api.openapi(show, async (c) => {
    const workspaceId = c.get('workspaceId');
    return c.json(await detail(workspaceId, await planView(deps, workspaceId, c.req.valid('param').id)), 200);
  });
  api.openapi(approve, async (c) => {
    const workspaceId = c.get('workspaceId');
    const { id } = c.req.valid('param');
    const { plan: found } = await planView(deps, workspaceId, id);
    if (found.kind === 'undo' && found.state === 'draft') {
      // Else the next automatic plan would write the same stages again.
      await inside(waymark, c, (tx) => approveWritebackMapping(tx, found.mappingId, null, waymark.now()));
    }
    await approvePlan(deps, workspaceId, id, { by: actorOf(c), accept: c.req.valid('json').accept });
    const shown = await detail(workspaceId, await planView(deps, workspaceId, id));
    apply(workspaceId, id);
    return c.json(shown, 200);
  });
  api.openapi(reject, async (c) => {
    const workspaceId = c.get('workspaceId');
    const { id } = c.req.valid('param');
    await rejectPlan(deps, workspaceId, id, actorOf(c));
    return c.json(await detail(workspaceId, await planView(deps, workspaceId, id)), 200);
  });
  api.openapi(undo, async (c) => {
    const workspaceId = c.get('workspaceId');
    return c.json(await detail(workspaceId, await createUndoPlan(deps, workspaceId, c.req.valid('param').id)), 200);
  });
  return api;
}

function wirePlan(one: WritebackPlan): z.infer<typeof PlanForm> {
  return {
    id: one.planId,
    mappingId: one.mappingId,
    kind: one.kind,
    state: one.state,
    undoOf: one.undoOf,
    approvedBy: one.approvedBy,
    approvedAt: isoOrNull(one.approvedAt),
    createdAt: iso(one.createdAt),
    finishedAt: isoOrNull(one.finishedAt),
    resumeAt: isoOrNull(one.resumeAt),
    resumeReason: one.resumeReason,
  };
}

function wireDetail(view: PlanView, names: ReadonlyMap<string, string>): z.infer<typeof PlanDetail> {
  return {
    ...wirePlan(view.plan),
    warnings: [...view.warnings],
    items: view.items.map((item) => ({
      id: item.itemId,
      accountId: item.accountId,
      account: names.get(item.accountId) ?? null,
      externalId: item.externalId,
      property: item.property,
      before: item.before,
      after: item.after,
      why: wiredReport(item.why),
      backward: item.backward,
      conflict: item.conflict,
      conflictSays: item.conflict === null ? null : explainConflict(item.conflict),
      acceptable: item.conflict !== null && isAcceptable(item.conflict),
      state: item.state,
      readBack: item.readBack,
      error: item.error,
      writtenAt: isoOrNull(item.writtenAt),
      verifiedAt: isoOrNull(item.verifiedAt),
    })),
  };
}
