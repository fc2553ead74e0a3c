import {
  rejectedWrites,
  writebackItems,
  writebackPlans,
  type Tx,
  type WritebackMapping,
  type WritebackPlan,
} from '@waymark/store';
import { applyHeld, withLease, type ApplyOutcome } from './apply.ts';
import type { WritebackDependencies } from './dependencies.ts';
import { difference, requireMapping, storePlan } from './planning.ts';
import type { PlannedWrite } from './plan-writes.ts';

export type MappingOutcome =
  /** Applied what nothing stands against. `reviewPlanId` is a draft with what a person has to look at. */
  | { readonly kind: 'applied'; readonly applied: readonly ApplyOutcome[]; readonly reviewPlanId?: string }
  /** Nobody has approved a plan of this mapping yet; the draft waits. */
  | { readonly kind: 'awaiting-approval'; readonly planId: string | undefined }
  | { readonly kind: 'off' }
  | { readonly kind: 'busy' };

/** Who approves plans that nobody reviews. */
const automatic = 'automatic';

/**
 * Brings a CRM up to the stages: first goes on with plans that were cut, then, where a person has approved a plan of this mapping
 * before, plans and applies what differs. What needs a person goes to one draft; it is not put again once it was rejected. Cheap
 * where nothing changed: the CRM is then not asked.
 *
 * @throws WritebackError `mapping_missing`; ConnectorFault where the CRM cannot be read
 */
export async function syncMapping(
  deps: WritebackDependencies,
  workspaceId: string,
  mappingId: string,
): Promise<MappingOutcome> {
  const known = await deps.database.inWorkspace(workspaceId, (tx) => requireMapping(tx, mappingId));
  if (!known.enabled) return { kind: 'off' };
  const outcome = await withLease(deps, workspaceId, known, async (fence): Promise<MappingOutcome> => {
    // Under the lease, so that an approval or an undo that came meanwhile counts.
    const mapping = await deps.database.inWorkspace(workspaceId, (tx) => requireMapping(tx, mappingId));
    const applied = await goOn(deps, workspaceId, mapping, fence);
    if (applied.some((one) => one.kind !== 'done')) return { kind: 'applied', applied };
    if (mapping.approvedAt === null) {
      // A draft that waits is checked against the CRM when it is applied, and made anew when a person asks for a plan.
      const waiting = await deps.database.inWorkspace(workspaceId, (tx) => openDraft(tx, mapping));
      const planId = waiting?.planId ?? (await review(deps, workspaceId, mapping, await differ('review')));
      return { kind: 'awaiting-approval', planId };
    }
    const writes = await differ('automatic');
    const clean = writes.filter((write) => write.conflict === null);
    const reviewPlanId = await review(
      deps,
      workspaceId,
      mapping,
      writes.filter((write) => write.conflict !== null),
    );
    if (clean.length > 0) {
      const form = { kind: 'forward', state: 'approved', by: automatic } as const;
      const { plan } = await storePlan(deps, workspaceId, mapping, clean, form);
      applied.push(await applyHeld(deps, workspaceId, mapping, plan, fence));
    }
    return { kind: 'applied', applied, ...(reviewPlanId !== undefined && { reviewPlanId }) };

    async function differ(mode: 'review' | 'automatic'): Promise<readonly PlannedWrite[]> {
      const opened = await deps.openWriter(workspaceId, mapping.installationId);
      return (await difference(deps, workspaceId, mapping, opened, mode)).writes;
    }
  });
  return outcome ?? { kind: 'busy' };
}

/** Goes on with approved plans whose time has come, oldest first. */
async function goOn(
  deps: WritebackDependencies,
  workspaceId: string,
  mapping: WritebackMapping,
  fence: number,
): Promise<ApplyOutcome[]> {
  const plans = await deps.database.inWorkspace(workspaceId, (tx) =>
    writebackPlans(tx, { mappingId: mapping.mappingId, states: ['approved', 'applying'] }),
  );
  const outcomes: ApplyOutcome[] = [];
  for (const plan of plans.toReversed()) {
    if (plan.resumeAt !== null && plan.resumeAt > deps.now()) {
      const counts = { verified: 0, failed: 0, skipped: 0, open: 0 };
      const fault = { kind: 'transient', message: plan.resumeReason ?? 'A passing fault' } as const;
      outcomes.push({ kind: 'deferred', counts, resumeAt: plan.resumeAt, fault });
      return outcomes;
    }
    const outcome = await applyHeld(deps, workspaceId, mapping, plan, fence);
    outcomes.push(outcome);
    if (outcome.kind !== 'done') return outcomes;
  }
  return outcomes;
}

/** Keeps one draft with what a person has to see, made anew only where it differs from the one there is. */
async function review(
  deps: WritebackDependencies,
  workspaceId: string,
  mapping: WritebackMapping,
  writes: readonly PlannedWrite[],
): Promise<string | undefined> {
  const { rejected, draft } = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const plan = await openDraft(tx, mapping);
    return {
      rejected: new Set((await rejectedWrites(tx, mapping)).map(keyOf)),
      draft: plan && { planId: plan.planId, items: await writebackItems(tx, plan.planId) },
    };
  });
  const wanted = writes.filter((write) => !rejected.has(keyOf(write)));
  if (wanted.length === 0) return draft?.planId;
  const digest = (list: readonly (Parameters<typeof keyOf>[0] & { readonly conflict: string | null })[]) =>
    list
      .map((one) => `${keyOf(one)}|${one.conflict ?? ''}`)
      .toSorted()
      .join('\n');
  if (draft && digest(draft.items) === digest(wanted)) return draft.planId;
  return (await storePlan(deps, workspaceId, mapping, wanted, { kind: 'forward', state: 'draft' })).plan.planId;
}

/** The draft that waits for a person, if there is one. */
async function openDraft(tx: Tx, mapping: WritebackMapping): Promise<WritebackPlan | undefined> {
  const drafts = await writebackPlans(tx, { mappingId: mapping.mappingId, states: ['draft'] });
  return drafts.find((plan) => plan.kind === 'forward');
}

const keyOf = (one: { readonly externalId: string; readonly before: string; readonly after: string }): string =>
  JSON.stringify([one.externalId, one.before, one.after]);
