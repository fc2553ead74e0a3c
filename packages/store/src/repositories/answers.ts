import type { Tx } from '../tenancy.ts';

/** A stage period or flag as the engine gave it, with the times at which it was known. */
export interface StoredPeriod {
  readonly periodId: string;
  readonly accountId: string;
  readonly journey: string;
  readonly stage: string;
  readonly enteredAt: number;
  readonly exitedAt: number | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly recordedAt: number;
  readonly supersededAt: number | null;
}

export interface StoredFlag {
  readonly flagId: string;
  readonly generation: number;
  readonly accountId: string;
  readonly journey: string;
  readonly rule: string;
  readonly kind: string;
  readonly severity: string;
  readonly openedAt: number;
  readonly clearedAt: number | null;
  /** The engine's Flag: title, reason, next step, proof. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly recordedAt: number;
  readonly supersededAt: number | null;
}

interface PeriodRow {
  period_id: string;
  account_id: string;
  journey: string;
  stage: string;
  entered_at: Date;
  exited_at: Date | null;
  detail: Record<string, unknown>;
  recorded_at: Date;
  superseded_at: Date | null;
}

interface FlagRow {
  flag_id: string;
  generation: number;
  account_id: string;
  journey: string;
  rule: string;
  kind: string;
  severity: string;
  opened_at: Date;
  cleared_at: Date | null;
  detail: Record<string, unknown>;
  recorded_at: Date;
  superseded_at: Date | null;
}

const toPeriod = (row: PeriodRow): StoredPeriod => ({
  periodId: row.period_id,
  accountId: row.account_id,
  journey: row.journey,
  stage: row.stage,
  enteredAt: row.entered_at.getTime(),
  exitedAt: row.exited_at?.getTime() ?? null,
  detail: row.detail,
  recordedAt: row.recorded_at.getTime(),
  supersededAt: row.superseded_at?.getTime() ?? null,
});

const toFlag = (row: FlagRow): StoredFlag => ({
  flagId: row.flag_id,
  generation: row.generation,
  accountId: row.account_id,
  journey: row.journey,
  rule: row.rule,
  kind: row.kind,
  severity: row.severity,
  openedAt: row.opened_at.getTime(),
  clearedAt: row.cleared_at?.getTime() ?? null,
  detail: row.detail,
  recordedAt: row.recorded_at.getTime(),
  supersededAt: row.superseded_at?.getTime() ?? null,
});

/** The stage periods in force, of one account or of all, oldest first. */
export async function stagePeriods(
  tx: Tx,
  filter: { readonly accountId?: string; readonly journey?: string } = {},
): Promise<readonly StoredPeriod[]> {
  const { rows } = await tx.query<PeriodRow>(
    `SELECT period_id, account_id, journey, stage, entered_at, exited_at, detail, recorded_at, superseded_at FROM stage_period
      WHERE workspace_id = $1 AND superseded_at IS NULL AND ($2::uuid IS NULL OR account_id = $2) AND ($3::text IS NULL OR journey = $3)
      ORDER BY account_id, journey, entered_at, period_id`,
    [tx.workspaceId, filter.accountId ?? null, filter.journey ?? null],
  );
  return rows.map(toPeriod);
}

/** The flags in force (open, and past ones unless `openOnly`), oldest first. */
export async function flags(
  tx: Tx,
  filter: { readonly accountId?: string; readonly flagId?: string; readonly openOnly?: boolean } = {},
): Promise<readonly StoredFlag[]> {
  const { rows } = await tx.query<FlagRow>(
    `SELECT flag_id, generation, account_id, journey, rule, kind, severity, opened_at, cleared_at, detail, recorded_at, superseded_at FROM flag
      WHERE workspace_id = $1 AND superseded_at IS NULL AND ($2::uuid IS NULL OR account_id = $2) AND ($3::uuid IS NULL OR flag_id = $3)
        AND (NOT $4 OR cleared_at IS NULL) ORDER BY opened_at, flag_id`,
    [tx.workspaceId, filter.accountId ?? null, filter.flagId ?? null, filter.openOnly ?? false],
  );
  return rows.map(toFlag);
}

/** Ends rows that the engine no longer says, in known time. */
export async function supersedePeriods(tx: Tx, periodIds: readonly string[], at: number): Promise<void> {
  if (periodIds.length === 0) return;
  await tx.query('UPDATE stage_period SET superseded_at = $3 WHERE workspace_id = $1 AND period_id = ANY($2::uuid[])', [
    tx.workspaceId,
    periodIds,
    new Date(at),
  ]);
}

export async function addPeriods(tx: Tx, periods: readonly Omit<StoredPeriod, 'supersededAt'>[]): Promise<void> {
  for (const one of periods) {
    await tx.query(
      `INSERT INTO stage_period (workspace_id, period_id, account_id, journey, stage, entered_at, exited_at, detail, recorded_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9) ON CONFLICT (workspace_id, period_id) DO NOTHING`,
      [
        tx.workspaceId,
        one.periodId,
        one.accountId,
        one.journey,
        one.stage,
        new Date(one.enteredAt),
        one.exitedAt === null ? null : new Date(one.exitedAt),
        JSON.stringify(one.detail),
        new Date(one.recordedAt),
      ],
    );
  }
}

export async function supersedeFlags(
  tx: Tx,
  keys: readonly { readonly flagId: string; readonly generation: number }[],
  at: number,
): Promise<void> {
  for (const key of keys) {
    await tx.query('UPDATE flag SET superseded_at = $4 WHERE workspace_id = $1 AND flag_id = $2 AND generation = $3', [
      tx.workspaceId,
      key.flagId,
      key.generation,
      new Date(at),
    ]);
  }
}

export async function addFlags(
  tx: Tx,
  flagsToAdd: readonly Omit<StoredFlag, 'supersededAt' | 'generation'>[],
): Promise<void> {
  for (const one of flagsToAdd) {
    await tx.query(
      `INSERT INTO flag (workspace_id, flag_id, generation, account_id, journey, rule, kind, severity, opened_at, cleared_at, detail, recorded_at)
       SELECT $1::uuid, $2::uuid, coalesce(max(f.generation), 0) + 1, $3::uuid, $4::text, $5::text, $6::text, $7::text, $8::timestamptz,
              $9::timestamptz, $10::jsonb, $11::timestamptz
         FROM flag f WHERE f.workspace_id = $1 AND f.flag_id = $2
       ON CONFLICT (workspace_id, flag_id, generation) DO NOTHING`,
      [
        tx.workspaceId,
        one.flagId,
        one.accountId,
        one.journey,
        one.rule,
        one.kind,
        one.severity,
        new Date(one.openedAt),
        one.clearedAt === null ? null : new Date(one.clearedAt),
        JSON.stringify(one.detail),
        new Date(one.recordedAt),
      ],
    );
  }
}
