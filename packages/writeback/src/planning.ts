import { ConnectorFault, type StageValue } from '@waymark/connector-kit';
import {
  acceptWritebackConflicts,
  accountRecords,
  accounts,
  addWritebackPlan,
  approveWritebackMapping,
  standings,
  lastWrittenValues,
  moveWritebackPlan,
  recordAudit,
  stagePeriods,
  writebackItems,
  writebackMapping,
  writebackPlan,
  writebackPlans,
  type Tx,
  type WritebackItem,
  type WritebackMapping,
  type WritebackPlan,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';
import { isAcceptable } from './conflict.ts';
import type { OpenWriter, WritebackDependencies } from './dependencies.ts';
import { WritebackError } from './error.ts';
import { planWarnings, planWrites, type PlannedAccount, type PlannedWrite } from './plan-writes.ts';

/** A plan as a person reviews it. */
export interface PlanView {
  readonly plan: WritebackPlan;
  readonly items: readonly WritebackItem[];
  /** What a person should know before approving. */
  readonly warnings: readonly string[];
}

/** @throws WritebackError `mapping_missing` */
export async function requireMapping(tx: Tx, mappingId: string): Promise<WritebackMapping> {
  const mapping = await writebackMapping(tx, mappingId);
  if (!mapping)
    throw new WritebackError('mapping_missing', 'There is no such mapping: list them with their ids first.');
  return mapping;
}

/** @throws WritebackError `plan_missing` */
export async function requirePlan(tx: Tx, planId: string): Promise<WritebackPlan> {
  const plan = await writebackPlan(tx, planId);
  if (!plan) throw new WritebackError('plan_missing', 'There is no such plan: make one, or list those there are.');
  return plan;
}

/**
 * Compares the stages of all accounts with what the CRM holds and stores the difference as a draft, in the place of an earlier
 * draft. Writes nothing to the CRM.
 *
 * @throws WritebackError `mapping_missing`; ConnectorFault where the CRM cannot be read
 */
export async function createPlan(
  deps: WritebackDependencies,
  workspaceId: string,
  mappingId: string,
): Promise<PlanView & { readonly inSync: number }> {
  const mapping = await deps.database.inWorkspace(workspaceId, (tx) => requireMapping(tx, mappingId));
  const opened = await deps.openWriter(workspaceId, mapping.installationId);
  const { writes, inSync } = await difference(deps, workspaceId, mapping, opened, 'review');
  const stored = await storePlan(deps, workspaceId, mapping, writes, { kind: 'forward', state: 'draft' });
  return { ...stored, warnings: warningsOf(mapping, opened, writes), inSync };
}

/** A stored plan with its items; with its warnings too where the CRM is connected, whose rules they are. Reads nothing of the CRM. */
export async function planView(deps: WritebackDependencies, workspaceId: string, planId: string): Promise<PlanView> {
  const { plan, items, mapping } = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const found = await requirePlan(tx, planId);
    return {
      plan: found,
      items: await writebackItems(tx, planId),
      mapping: await requireMapping(tx, found.mappingId),
    };
  });
  try {
    const opened = await deps.openWriter(workspaceId, mapping.installationId);
    return { plan, items, warnings: warningsOf(mapping, opened, items) };
  } catch (error) {
    if (!(error instanceof ConnectorFault)) throw error;
    return { plan, items, warnings: [] };
  }
}

/**
 * Lets a draft be applied, and its mapping apply later plans by itself. Items with a conflict are left out, but for those in `accept`,
 * which the person has seen.
 *
 * @throws WritebackError `plan_missing`, `plan_state`, `not_acceptable`
 */
export async function approvePlan(
  deps: WritebackDependencies,
  workspaceId: string,
  planId: string,
  approval: { readonly by: string; readonly accept?: readonly string[] },
): Promise<void> {
  const at = deps.now();
  await deps.database.inWorkspace(workspaceId, async (tx) => {
    const plan = await requirePlan(tx, planId);
    const accept = approval.accept ?? [];
    const refused = (await writebackItems(tx, planId)).find(
      (item) => accept.includes(item.itemId) && item.conflict !== null && !isAcceptable(item.conflict),
    );
    if (refused) {
      throw new WritebackError(
        'not_acceptable',
        `Record ${refused.externalId} cannot be written (${refused.conflict}): approve the plan without it.`,
      );
    }
    await acceptWritebackConflicts(tx, planId, accept, approval.by);
    const moved = await moveWritebackPlan(tx, planId, ['draft'], { state: 'approved', by: approval.by }, at);
    if (!moved) throw wrongState(plan, 'approved');
    if (plan.kind === 'forward') await approveWritebackMapping(tx, plan.mappingId, approval.by, at);
    await recordAudit(tx, {
      at,
      actor: approval.by,
      action: 'writeback.approved',
      subject: planId,
      detail: { mapping: plan.mappingId, kind: plan.kind, accepted: accept.length },
    });
  });
}

/** Turns a draft down. The same difference is not put to a person again until the stage or the record changes. */
export async function rejectPlan(
  deps: WritebackDependencies,
  workspaceId: string,
  planId: string,
  by: string,
): Promise<void> {
  const at = deps.now();
  await deps.database.inWorkspace(workspaceId, async (tx) => {
    const plan = await requirePlan(tx, planId);
    const moved = await moveWritebackPlan(tx, planId, ['draft'], { state: 'rejected', by, finished: true }, at);
    if (!moved) throw wrongState(plan, 'rejected');
    await recordAudit(tx, {
      at,
      actor: by,
      action: 'writeback.rejected',
      subject: planId,
      detail: { mapping: plan.mappingId },
    });
  });
}

function wrongState(plan: WritebackPlan, wanted: string): WritebackError {
  return new WritebackError('plan_state', `The plan is ${plan.state} and cannot be ${wanted}: make a new one.`);
}

/** The difference as it is now; only for accounts whose wanted value is not the one written last, where nobody reviews. */
export async function difference(
  deps: WritebackDependencies,
  workspaceId: string,
  mapping: WritebackMapping,
  opened: OpenWriter,
  mode: 'review' | 'automatic',
): Promise<{ readonly writes: readonly PlannedWrite[]; readonly inSync: number }> {
  const known = await deps.database.inWorkspace(workspaceId, async (tx) => ({
    accounts: await accountsWithStage(tx, mapping),
    written: await lastWrittenValues(tx, mapping),
  }));
  const isDue = (account: PlannedAccount) => {
    const wanted = mapping.values[account.stage];
    return wanted !== null && (wanted === undefined || known.written.get(account.externalId)?.value !== wanted);
  };
  const wanted = mode === 'review' ? known.accounts : known.accounts.filter(isDue);
  if (wanted.length === 0) return { writes: [], inSync: known.accounts.length };
  const described = await opened.writer.describe(opened.client, mapping.property);
  const ids = wanted.map((account) => account.externalId);
  const current = described === null ? new Map<string, StageValue>() : await readValues(opened, mapping.property, ids);
  const planned = planWrites({
    property: mapping.property,
    values: mapping.values,
    allowBackward: mapping.allowBackward,
    mode,
    options: optionsOf(described, mapping.values),
    accounts: wanted,
    current,
    written: known.written,
  });
  return { writes: planned.writes, inSync: planned.inSync + known.accounts.length - wanted.length };
}

/** What the property can hold when the plan is applied: what it lacks is added before where we made it. */
function optionsOf(
  described: Awaited<ReturnType<OpenWriter['writer']['describe']>>,
  values: WritebackMapping['values'],
): readonly string[] | null {
  if (described === null) return null;
  const there = described.options.map((option) => option.value);
  if (described.extensible !== true) return there;
  return [...new Set([...there, ...Object.values(values).filter((value) => value !== null)])];
}

/** Reads a property of any number of records, in batches. */
export async function readValues(
  { writer, client }: OpenWriter,
  property: string,
  externalIds: readonly string[],
): Promise<ReadonlyMap<string, StageValue>> {
  const values = new Map<string, StageValue>();
  for (let start = 0; start < externalIds.length; start += writer.batchSize) {
    const read = await writer.read(client, property, externalIds.slice(start, start + writer.batchSize));
    for (const [id, value] of read) values.set(id, value);
  }
  return values;
}

/** Each record of the mapping's CRM that stands for an account with a stage; what was merged away is not written. */
async function accountsWithStage(tx: Tx, mapping: WritebackMapping): Promise<readonly PlannedAccount[]> {
  const standing = new Set((await accounts(tx)).map((account) => account.accountId));
  const periods = new Map(
    (await stagePeriods(tx, { journey: mapping.journey }))
      .filter((period) => period.exitedAt === null)
      .map((period) => [period.accountId, period]),
  );
  const stages = new Map((await standings(tx, mapping.journey)).map((one) => [one.accountId, one.stage]));
  const records = await accountRecords(tx, { installationId: mapping.installationId });
  return records.flatMap(({ accountId, externalId, fact }) => {
    const stage = stages.get(accountId);
    if (!stage || !standing.has(accountId) || fact.externalId !== externalId) return [];
    const period = periods.get(accountId);
    const why = {
      stage,
      ...(period?.stage === stage && {
        periodId: period.periodId,
        since: new Date(period.enteredAt).toISOString(),
        proof: period.detail.proof ?? null,
      }),
    };
    return [{ accountId, externalId, stage, why }];
  });
}

/** Stores a plan with its writes; a forward draft takes the place of the drafts before it. */
export async function storePlan(
  deps: WritebackDependencies,
  workspaceId: string,
  mapping: WritebackMapping,
  writes: readonly PlannedWrite[],
  form: {
    readonly kind: WritebackPlan['kind'];
    readonly state: 'draft' | 'approved';
    readonly by?: string;
    readonly undoOf?: string;
  },
): Promise<{ readonly plan: WritebackPlan; readonly items: readonly WritebackItem[] }> {
  const at = deps.now();
  const approved = form.state === 'approved';
  const plan: WritebackPlan = {
    planId: uuidv7(),
    mappingId: mapping.mappingId,
    kind: form.kind,
    state: form.state,
    undoOf: form.undoOf ?? null,
    approvedBy: approved ? (form.by ?? null) : null,
    approvedAt: approved ? at : null,
    createdAt: at,
    finishedAt: null,
    resumeAt: null,
    resumeReason: null,
  };
  const items = writes.map((write): WritebackItem => ({
    ...write,
    itemId: uuidv7(),
    planId: plan.planId,
    state: 'planned',
    readBack: null,
    error: null,
    writtenAt: null,
    verifiedAt: null,
  }));
  await deps.database.inWorkspace(workspaceId, async (tx) => {
    if (form.kind === 'forward' && form.state === 'draft') {
      for (const former of await writebackPlans(tx, { mappingId: mapping.mappingId, states: ['draft'] })) {
        if (former.kind === 'forward')
          await moveWritebackPlan(tx, former.planId, ['draft'], { state: 'rejected', finished: true }, at);
      }
    }
    await addWritebackPlan(tx, plan, items);
  });
  return { plan, items };
}

export function warningsOf(
  mapping: WritebackMapping,
  { writer }: OpenWriter,
  writes: readonly Pick<WritebackItem, 'backward' | 'after' | 'conflict'>[],
): readonly string[] {
  const { property } = mapping;
  return planWarnings({ writes, clearsFirst: writer.backwardNeedsClear(property), property });
}
