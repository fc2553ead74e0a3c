import type { Tx } from '../tenancy.ts';

/** Times are epoch milliseconds. `approvedBy` of a rejected plan is who rejected it; null where a newer plan took its place. */
export interface WritebackPlan {
  readonly planId: string;
  readonly mappingId: string;
  readonly kind: 'forward' | 'undo';
  readonly state: 'draft' | 'approved' | 'applying' | 'done' | 'rejected';
  readonly undoOf: string | null;
  readonly approvedBy: string | null;
  readonly approvedAt: number | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  /** When a plan that a passing fault cut short is tried again, and what the fault was. */
  readonly resumeAt: number | null;
  readonly resumeReason: string | null;
}

export type WritebackItemState =
  | 'planned'
  | 'clearing'
  | 'cleared'
  | 'writing'
  | 'written'
  | 'verified'
  | 'failed'
  | 'skipped';

/** One value of one record: the difference, and after it the journal. An empty value is no value. */
export interface WritebackItem {
  readonly itemId: string;
  readonly planId: string;
  readonly accountId: string;
  readonly externalId: string;
  readonly property: string;
  readonly before: string;
  readonly beforeChangedAt: number | null;
  readonly after: string;
  readonly why: Readonly<Record<string, unknown>>;
  /** Why a person has to look first; null where nothing stands against it. */
  readonly conflict: string | null;
  readonly backward: boolean;
  readonly state: WritebackItemState;
  readonly readBack: string | null;
  readonly error: string | null;
  readonly writtenAt: number | null;
  readonly verifiedAt: number | null;
}

interface PlanRow {
  plan_id: string;
  mapping_id: string;
  kind: WritebackPlan['kind'];
  state: WritebackPlan['state'];
  undo_of: string | null;
  approved_by: string | null;
  approved_at: Date | null;
  created_at: Date;
  finished_at: Date | null;
  resume_at: Date | null;
  resume_reason: string | null;
}

interface ItemRow {
  item_id: string;
  plan_id: string;
  account_id: string;
  external_id: string;
  property: string;
  before_value: string | null;
  before_changed_at: Date | null;
  after_value: string;
  why: Record<string, unknown>;
  conflict: string | null;
  backward: boolean;
  state: WritebackItemState;
  read_back: string | null;
  error: string | null;
  written_at: Date | null;
  verified_at: Date | null;
}

const planColumns =
  'plan_id, mapping_id, kind, state, undo_of, approved_by, approved_at, created_at, finished_at, resume_at, resume_reason';
const itemColumns =
  'item_id, plan_id, account_id, external_id, property, before_value, before_changed_at, after_value, why, conflict, backward, state, ' +
  'read_back, error, written_at, verified_at';

const ms = (date: Date | null) => date?.getTime() ?? null;
const date = (time: number | null) => (time === null ? null : new Date(time));

const toPlan = (row: PlanRow): WritebackPlan => ({
  planId: row.plan_id,
  mappingId: row.mapping_id,
  kind: row.kind,
  state: row.state,
  undoOf: row.undo_of,
  approvedBy: row.approved_by,
  approvedAt: ms(row.approved_at),
  createdAt: ms(row.created_at) ?? 0,
  finishedAt: ms(row.finished_at),
  resumeAt: ms(row.resume_at),
  resumeReason: row.resume_reason,
});

const toItem = (row: ItemRow): WritebackItem => ({
  itemId: row.item_id,
  planId: row.plan_id,
  accountId: row.account_id,
  externalId: row.external_id,
  property: row.property,
  before: row.before_value ?? '',
  beforeChangedAt: ms(row.before_changed_at),
  after: row.after_value,
  why: row.why,
  conflict: row.conflict,
  backward: row.backward,
  state: row.state,
  readBack: row.read_back,
  error: row.error,
  writtenAt: ms(row.written_at),
  verifiedAt: ms(row.verified_at),
});

/** The plans of the workspace or of one mapping, newest first. */
export async function writebackPlans(
  tx: Tx,
  filter: {
    readonly mappingId?: string;
    readonly states?: readonly WritebackPlan['state'][];
    readonly limit?: number;
  } = {},
): Promise<readonly WritebackPlan[]> {
  const { rows } = await tx.query<PlanRow>(
    `SELECT ${planColumns} FROM writeback_plan
      WHERE workspace_id = $1 AND ($2::uuid IS NULL OR mapping_id = $2) AND ($3::text[] IS NULL OR state = ANY($3))
      ORDER BY created_at DESC, plan_id DESC LIMIT $4`,
    [tx.workspaceId, filter.mappingId ?? null, filter.states ?? null, filter.limit ?? 1000],
  );
  return rows.map(toPlan);
}

export async function writebackPlan(tx: Tx, planId: string): Promise<WritebackPlan | undefined> {
  const { rows } = await tx.query<PlanRow>(
    `SELECT ${planColumns} FROM writeback_plan WHERE workspace_id = $1 AND plan_id = $2`,
    [tx.workspaceId, planId],
  );
  return rows[0] && toPlan(rows[0]);
}

/** The items of a plan, in the order in which they were planned. */
export async function writebackItems(tx: Tx, planId: string): Promise<readonly WritebackItem[]> {
  const { rows } = await tx.query<ItemRow>(
    `SELECT ${itemColumns} FROM writeback_item WHERE workspace_id = $1 AND plan_id = $2 ORDER BY item_id`,
    [tx.workspaceId, planId],
  );
  return rows.map(toItem);
}

/** Stores a plan with its items. */
export async function addWritebackPlan(tx: Tx, plan: WritebackPlan, items: readonly WritebackItem[]): Promise<void> {
  await tx.query(
    `INSERT INTO writeback_plan (workspace_id, ${planColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      tx.workspaceId,
      plan.planId,
      plan.mappingId,
      plan.kind,
      plan.state,
      plan.undoOf,
      plan.approvedBy,
      date(plan.approvedAt),
      new Date(plan.createdAt),
      date(plan.finishedAt),
      date(plan.resumeAt),
      plan.resumeReason,
    ],
  );
  await tx.query(
    `INSERT INTO writeback_item (workspace_id, item_id, plan_id, account_id, external_id, property, before_value, before_changed_at,
         after_value, why, conflict, backward, state)
     SELECT $1::uuid, item_id, $2::uuid, account_id, external_id, property, before_value, before_changed_at, after_value, why, conflict,
            backward, state
       FROM jsonb_to_recordset($3::jsonb) AS r(item_id uuid, account_id uuid, external_id text, property text, before_value text,
         before_changed_at timestamptz, after_value text, why jsonb, conflict text, backward boolean, state text)
     ON CONFLICT (workspace_id, item_id) DO NOTHING`,
    [
      tx.workspaceId,
      plan.planId,
      JSON.stringify(
        items.map((one) => ({
          item_id: one.itemId,
          account_id: one.accountId,
          external_id: one.externalId,
          property: one.property,
          before_value: one.before,
          before_changed_at: date(one.beforeChangedAt),
          after_value: one.after,
          why: one.why,
          conflict: one.conflict,
          backward: one.backward,
          state: one.state,
        })),
      ),
    ],
  );
}

/** Moves a plan on from one of the given states. False: it stands elsewhere by now. */
export async function moveWritebackPlan(
  tx: Tx,
  planId: string,
  from: readonly WritebackPlan['state'][],
  to: {
    readonly state: WritebackPlan['state'];
    /** Who approved or rejected it, now. */
    readonly by?: string;
    readonly finished?: boolean;
    readonly resumeAt?: number;
    readonly resumeReason?: string;
  },
  at: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE writeback_plan SET state = $4, approved_by = coalesce($5, approved_by),
            approved_at = CASE WHEN $5::text IS NULL THEN approved_at ELSE $6::timestamptz END,
            finished_at = CASE WHEN $7 THEN $6::timestamptz ELSE finished_at END, resume_at = $8, resume_reason = $9
      WHERE workspace_id = $1 AND plan_id = $2 AND state = ANY($3::text[])`,
    [
      tx.workspaceId,
      planId,
      from,
      to.state,
      to.by ?? null,
      new Date(at),
      to.finished ?? false,
      date(to.resumeAt ?? null),
      to.resumeReason?.slice(0, 500) ?? null,
    ],
  );
  return rowCount === 1;
}

/** Lets items be written although something stands against them: a person has seen it. Returns how many. */
export async function acceptWritebackConflicts(
  tx: Tx,
  planId: string,
  itemIds: readonly string[],
  by: string,
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE writeback_item SET why = why || jsonb_build_object('accepted', conflict, 'acceptedBy', $4::text), conflict = NULL
      WHERE workspace_id = $1 AND plan_id = $2 AND item_id = ANY($3::uuid[]) AND conflict IS NOT NULL AND state = 'planned'`,
    [tx.workspaceId, planId, itemIds, by],
  );
  return rowCount ?? 0;
}

/** Claims items that stand in `from`, before their values are sent. Returns those that this call claimed. */
export async function claimWritebackItems(
  tx: Tx,
  itemIds: readonly string[],
  from: WritebackItemState,
  to: 'clearing' | 'writing',
): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ item_id: string }>(
    `UPDATE writeback_item SET state = $4 WHERE workspace_id = $1 AND item_id = ANY($2::uuid[]) AND state = $3 RETURNING item_id`,
    [tx.workspaceId, itemIds, from, to],
  );
  return new Set(rows.map((row) => row.item_id));
}

/** How an item stands after a step. What is left out stays as it was. */
export interface WritebackStep {
  readonly itemId: string;
  readonly state: WritebackItemState;
  readonly conflict?: string;
  readonly readBack?: string;
  readonly error?: string;
  readonly writtenAt?: number;
  readonly verifiedAt?: number;
}

/** Journals steps. */
export async function recordWritebackSteps(tx: Tx, steps: readonly WritebackStep[]): Promise<void> {
  if (steps.length === 0) return;
  await tx.query(
    `WITH step AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS r(item_id uuid, state text, conflict text, read_back text, error text,
         written_at timestamptz, verified_at timestamptz))
     UPDATE writeback_item i SET state = s.state, conflict = coalesce(s.conflict, i.conflict), read_back = coalesce(s.read_back, i.read_back),
            error = coalesce(s.error, i.error), written_at = coalesce(s.written_at, i.written_at),
            verified_at = coalesce(s.verified_at, i.verified_at)
       FROM step s WHERE i.workspace_id = $1 AND i.item_id = s.item_id`,
    [
      tx.workspaceId,
      JSON.stringify(
        steps.map((step) => ({
          item_id: step.itemId,
          state: step.state,
          conflict: step.conflict,
          read_back: step.readBack,
          error: step.error?.slice(0, 1000),
          written_at: date(step.writtenAt ?? null),
          verified_at: date(step.verifiedAt ?? null),
        })),
      ),
    ],
  );
}

/** What a mapping last wrote to each record, and read back. */
export async function lastWrittenValues(
  tx: Tx,
  mapping: { readonly mappingId: string; readonly property: string },
): Promise<ReadonlyMap<string, { readonly value: string; readonly at: number }>> {
  const { rows } = await tx.query<{ external_id: string; read_back: string; verified_at: Date }>(
    `SELECT DISTINCT ON (i.external_id) i.external_id, i.read_back, i.verified_at
       FROM writeback_item i JOIN writeback_plan p ON p.plan_id = i.plan_id AND p.workspace_id = $1
      WHERE i.workspace_id = $1 AND p.mapping_id = $2 AND i.property = $3 AND i.state = 'verified'
      ORDER BY i.external_id, i.verified_at DESC, i.item_id DESC`,
    [tx.workspaceId, mapping.mappingId, mapping.property],
  );
  return new Map(rows.map((row) => [row.external_id, { value: row.read_back, at: row.verified_at.getTime() }]));
}

/** Differences that a person has turned down: as the record stood, and what it would have become. */
export async function rejectedWrites(
  tx: Tx,
  mapping: { readonly mappingId: string; readonly property: string },
): Promise<readonly { readonly externalId: string; readonly before: string; readonly after: string }[]> {
  const { rows } = await tx.query<{ external_id: string; before_value: string | null; after_value: string }>(
    `SELECT DISTINCT i.external_id, i.before_value, i.after_value
       FROM writeback_item i JOIN writeback_plan p ON p.plan_id = i.plan_id AND p.workspace_id = $1
      WHERE i.workspace_id = $1 AND p.mapping_id = $2 AND i.property = $3 AND p.kind = 'forward' AND p.approved_by IS NOT NULL
        AND (p.state = 'rejected' OR (i.state = 'skipped' AND i.read_back IS NULL))`,
    [tx.workspaceId, mapping.mappingId, mapping.property],
  );
  return rows.map((row) => ({ externalId: row.external_id, before: row.before_value ?? '', after: row.after_value }));
}

/** What write-back did in all: values planned with nothing against them, applied, read back as written, and failed. */
export async function writebackSummary(
  tx: Tx,
): Promise<{ planned: number; applied: number; verified: number; failed: number }> {
  const { rows } = await tx.query<{ planned: number; applied: number; verified: number; failed: number }>(
    `SELECT count(*) FILTER (WHERE i.conflict IS NULL)::int AS planned, count(*) FILTER (WHERE i.written_at IS NOT NULL)::int AS applied,
            count(*) FILTER (WHERE i.state = 'verified')::int AS verified, count(*) FILTER (WHERE i.state = 'failed')::int AS failed
       FROM writeback_item i JOIN writeback_plan p ON p.plan_id = i.plan_id AND p.workspace_id = $1
      WHERE i.workspace_id = $1 AND p.state <> 'rejected'`,
    [tx.workspaceId],
  );
  return rows[0] ?? { planned: 0, applied: 0, verified: 0, failed: 0 };
}
