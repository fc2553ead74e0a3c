import { ConnectorFault, type Fault } from '@waymark/connector-kit';
import {
  moveWritebackPlan,
  recordAudit,
  recordWritebackSteps,
  releaseWritebackLease,
  takeWritebackLease,
  writebackItems,
  type WritebackItem,
  type WritebackItemState,
  type WritebackMapping,
  type WritebackPlan,
} from '@waymark/store';
import { ApplicationStopped, leaseMs, recover, writeCleared, writePlanned, type Application } from './application.ts';
import type { OpenWriter, WritebackDependencies } from './dependencies.ts';
import { WritebackError } from './error.ts';
import { requireMapping, requirePlan } from './planning.ts';

/** How many items of a plan ended how. */
export interface ApplyCounts {
  readonly verified: number;
  readonly failed: number;
  readonly skipped: number;
  /** Still to be written: none once a plan is done. */
  readonly open: number;
}

export type ApplyOutcome =
  | { readonly kind: 'done'; readonly counts: ApplyCounts }
  /** A fault ended it for now; a sweep goes on with it at `resumeAt`, epoch milliseconds. */
  | { readonly kind: 'deferred'; readonly counts: ApplyCounts; readonly resumeAt: number; readonly fault: Fault }
  /** Another worker writes for this mapping. */
  | { readonly kind: 'busy' };

const retryMs = 30_000;
/** Until a person has signed in again or granted the scope, ms. */
const askMs = 10 * 60_000;

/**
 * Applies an approved plan, or goes on with one that was cut: each value once, read back and journalled. Safe to call from several
 * workers and after a kill at any instant.
 *
 * @throws WritebackError `plan_missing`, `plan_state` where nobody approved it
 */
export async function applyPlan(
  deps: WritebackDependencies,
  workspaceId: string,
  planId: string,
): Promise<ApplyOutcome> {
  const { plan, mapping } = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const found = await requirePlan(tx, planId);
    return { plan: found, mapping: await requireMapping(tx, found.mappingId) };
  });
  if (plan.state === 'draft' || plan.state === 'rejected') {
    throw new WritebackError(
      'plan_state',
      `The plan is ${plan.state}: a person has to approve it before it is applied.`,
    );
  }
  return (
    (await withLease(deps, workspaceId, mapping, (fence) => applyHeld(deps, workspaceId, mapping, plan, fence))) ?? {
      kind: 'busy',
    }
  );
}

/** Runs work while the mapping is ours; undefined where another worker has it. */
export async function withLease<T>(
  deps: WritebackDependencies,
  workspaceId: string,
  mapping: WritebackMapping,
  work: (fence: number) => Promise<T>,
): Promise<T | undefined> {
  const fence = await deps.database.inWorkspace(workspaceId, (tx) =>
    takeWritebackLease(tx, mapping.mappingId, deps.holder, deps.now(), leaseMs),
  );
  if (fence === undefined) return undefined;
  try {
    return await work(fence);
  } catch (error) {
    if (error instanceof WritebackError && error.code === 'lease_lost') return undefined;
    throw error;
  } finally {
    await deps.database
      .inWorkspace(workspaceId, (tx) => releaseWritebackLease(tx, mapping.mappingId, fence))
      .catch(() => undefined);
  }
}

/** Applies a plan under a lease that is already held. */
export async function applyHeld(
  deps: WritebackDependencies,
  workspaceId: string,
  mapping: WritebackMapping,
  plan: WritebackPlan,
  fence: number,
): Promise<ApplyOutcome> {
  const { database } = deps;
  const { planId } = plan;
  await database.inWorkspace(workspaceId, async (tx) => {
    await moveWritebackPlan(tx, planId, ['approved', 'applying'], { state: 'applying' }, deps.now());
    const left = (await writebackItems(tx, planId)).filter(
      (item) => item.state === 'planned' && item.conflict !== null,
    );
    await recordWritebackSteps(
      tx,
      left.map((item) => ({ itemId: item.itemId, state: 'skipped' as const })),
    );
  });
  const read = () => database.inWorkspace(workspaceId, (tx) => writebackItems(tx, planId));
  try {
    const items = await read();
    if (items.some(isOpen)) {
      const opened = await deps.openWriter(workspaceId, mapping.installationId);
      await ensureProperty(deps, workspaceId, mapping, opened);
      await applyItems({ deps, workspaceId, mapping, opened, fence }, read);
    }
  } catch (error) {
    const fault = faultOf(error);
    if (!fault) throw error;
    const resumeAt = deps.now() + pauseFor(fault, deps.now());
    const to = { state: 'applying', resumeAt, resumeReason: fault.message } as const;
    await database.inWorkspace(workspaceId, (tx) => moveWritebackPlan(tx, planId, ['applying'], to, deps.now()));
    return { kind: 'deferred', counts: countItems(await read()), resumeAt, fault };
  }
  const counts = countItems(await read());
  const at = deps.now();
  await database.inWorkspace(workspaceId, async (tx) => {
    const ended = await moveWritebackPlan(tx, planId, ['applying'], { state: 'done', finished: true }, at);
    if (!ended) return;
    const actor = plan.approvedBy ?? 'system';
    const detail = { mapping: mapping.mappingId, kind: plan.kind, ...counts };
    await recordAudit(tx, { at, actor, action: 'writeback.applied', subject: planId, detail });
  });
  return { kind: 'done', counts };
}

async function applyItems(run: Application, read: () => Promise<readonly WritebackItem[]>): Promise<void> {
  const inState = async (...states: readonly WritebackItemState[]) =>
    (await read()).filter((item) => states.includes(item.state));
  await recover(run, await inState('clearing', 'writing', 'written'));
  // Blank records first: they are the ones that a cut has left worse than they were.
  await writeCleared(run, await inState('cleared'));
  await writePlanned(run, await inState('planned'));
  await writeCleared(run, await inState('cleared'));
}

async function ensureProperty(
  deps: WritebackDependencies,
  workspaceId: string,
  mapping: WritebackMapping,
  { writer, client }: OpenWriter,
): Promise<void> {
  const described = await writer.describe(client, mapping.property);
  if (described !== null && !(described.extensible === true && writer.addOptions)) return;
  const stages = await deps.stages(workspaceId, mapping.journey);
  const options = stages.flatMap((stage) => {
    const value = mapping.values[stage.id];
    return value === null || value === undefined ? [] : [{ value, label: stage.title }];
  });
  const unique = options.filter(
    (option, index) => options.findIndex((other) => other.value === option.value) === index,
  );
  if (described === null) {
    await writer.createProperty(client, mapping.property, 'Journey stage', unique);
    return;
  }
  // Stages that the journey has gained since the property was made.
  const missing = unique.filter(({ value }) => !described.options.some((there) => there.value === value));
  if (missing.length > 0) await writer.addOptions?.(client, mapping.property, missing);
}

const isOpen = (item: WritebackItem): boolean => !['verified', 'failed', 'skipped'].includes(item.state);

function countItems(items: readonly WritebackItem[]): ApplyCounts {
  const count = (state: WritebackItemState) => items.filter((item) => item.state === state).length;
  return {
    verified: count('verified'),
    failed: count('failed'),
    skipped: count('skipped'),
    open: items.filter(isOpen).length,
  };
}

function faultOf(error: unknown): Fault | undefined {
  return error instanceof ApplicationStopped || error instanceof ConnectorFault ? error.fault : undefined;
}

/** How long a fault keeps a plan waiting, ms. */
function pauseFor(fault: Fault, now: number): number {
  switch (fault.kind) {
    case 'quota-exhausted':
      return Math.max(retryMs, fault.resumeAt - now);
    case 'auth-revoked':
    case 'scope-missing':
    case 'token-expired':
    case 'rejected':
    case 'defect':
      return askMs;
    case 'rate-limited':
    case 'transient':
      return fault.retryAfterMs ?? retryMs;
    case 'record-gone':
    case 'cursor-expired':
      return retryMs;
  }
}
