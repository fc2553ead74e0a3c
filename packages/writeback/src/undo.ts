import { approveWritebackMapping, writebackItems } from '@waymark/store';
import { applyPlan, type ApplyOutcome } from './apply.ts';
import { isBackward, type Conflict } from './conflict.ts';
import type { WritebackDependencies } from './dependencies.ts';
import { WritebackError } from './error.ts';
import {
  approvePlan,
  readValues,
  requireMapping,
  requirePlan,
  storePlan,
  warningsOf,
  type PlanView,
} from './planning.ts';
import type { PlannedWrite } from './plan-writes.ts';

/**
 * Plans to give the records of a plan what they held before, from its journal, as a draft. A record that has changed since is an
 * `edited` conflict, a move that the mapping does not allow a `backward` one; records that hold their former value already are left out.
 *
 * @throws WritebackError `plan_missing`, `plan_state` where nothing was applied; ConnectorFault where the CRM cannot be read
 */
export async function createUndoPlan(
  deps: WritebackDependencies,
  workspaceId: string,
  planId: string,
): Promise<PlanView> {
  const { mapping, written } = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const plan = await requirePlan(tx, planId);
    if (plan.state !== 'done') {
      throw new WritebackError(
        'plan_state',
        `The plan is ${plan.state}: only one that was applied to its end can be undone.`,
      );
    }
    const items = await writebackItems(tx, planId);
    return {
      mapping: await requireMapping(tx, plan.mappingId),
      written: items.filter((item) => item.state === 'verified' && item.writtenAt !== null),
    };
  });
  const opened = await deps.openWriter(workspaceId, mapping.installationId);
  const described = await opened.writer.describe(opened.client, mapping.property);
  const options = described?.options.map((option) => option.value) ?? [];
  const ids = written.map((item) => item.externalId);
  const current = await readValues(opened, mapping.property, ids);
  const writes = written.flatMap((item): PlannedWrite[] => {
    const now = current.get(item.externalId);
    if (now !== undefined && now.value === item.before) return [];
    const backward = isBackward(options, now?.value ?? '', item.before);
    const optionMissing = item.before !== '' && options.length > 0 && !options.includes(item.before);
    const conflict: Conflict | null =
      now === undefined
        ? 'record_gone'
        : now.value !== item.readBack
          ? 'edited'
          : optionMissing
            ? 'option_missing'
            : backward && !mapping.allowBackward
              ? 'backward'
              : null;
    return [
      {
        accountId: item.accountId,
        externalId: item.externalId,
        property: item.property,
        before: now?.value ?? '',
        beforeChangedAt: now?.changedAt ?? null,
        after: item.before,
        why: { undoOf: item.itemId, ...(now?.source !== undefined && { lastWriter: now.source }) },
        conflict,
        backward,
      },
    ];
  });
  const form = { kind: 'undo', state: 'draft', undoOf: planId } as const;
  const stored = await storePlan(deps, workspaceId, mapping, writes, form);
  return { ...stored, warnings: warningsOf(mapping, opened, writes) };
}

/**
 * Undoes a plan: plans as `createUndoPlan` does, approves in the name of `by` and applies. The mapping then no longer applies plans by
 * itself until a person approves one, lest it write the same stages again. Conflicts are skipped, but for the records in `accept`.
 *
 * @throws WritebackError `plan_missing`, `plan_state`, `not_acceptable`; ConnectorFault where the CRM cannot be read
 */
export async function undoPlan(
  deps: WritebackDependencies,
  workspaceId: string,
  planId: string,
  approval: { readonly by: string; readonly accept?: readonly string[] },
): Promise<ApplyOutcome & { readonly planId: string }> {
  const { plan, items } = await createUndoPlan(deps, workspaceId, planId);
  await deps.database.inWorkspace(workspaceId, (tx) => approveWritebackMapping(tx, plan.mappingId, null, deps.now()));
  const accept = items.filter((item) => approval.accept?.includes(item.externalId)).map((item) => item.itemId);
  await approvePlan(deps, workspaceId, plan.planId, { by: approval.by, accept });
  return { ...(await applyPlan(deps, workspaceId, plan.planId)), planId: plan.planId };
}
