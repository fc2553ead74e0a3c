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

const periodColumns =
  'period_id, account_id, journey, stage, entered_at, exited_at, detail, recorded_at, superseded_at';
const flagColumns =
  'flag_id, generation, account_id, journey, rule, kind, severity, opened_at, cleared_at, detail, recorded_at, superseded_at';

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

/** What is in force now, in the words of the index over it; or what was at an instant. */
const inForce = (knownAt: number | undefined, at: string): string =>
  knownAt === undefined
    ? 'superseded_at IS NULL'
    : `recorded_at <= ${at} AND (superseded_at IS NULL OR superseded_at > ${at})`;
const known = (knownAt: number | undefined): Date[] => (knownAt === undefined ? [] : [new Date(knownAt)]);

/** The stage periods in force, of one account or of all, oldest first; with `knownAt` those that were in force then. */
export async function stagePeriods(
  tx: Tx,
  filter: { readonly accountId?: string; readonly journey?: string; readonly knownAt?: number } = {},
): Promise<readonly StoredPeriod[]> {
  const { rows } = await tx.query<PeriodRow>(
    `SELECT ${periodColumns} FROM stage_period
      WHERE workspace_id = $1 AND ($2::uuid IS NULL OR account_id = $2) AND ($3::text IS NULL OR journey = $3)
        AND ${inForce(filter.knownAt, '$4')}
      ORDER BY account_id, journey, entered_at, period_id`,
    [tx.workspaceId, filter.accountId ?? null, filter.journey ?? null, ...known(filter.knownAt)],
  );
  return rows.map(toPeriod);
}

/** The flags in force (open, and past ones unless `openOnly`), oldest first; with `knownAt` those that were in force then. */
export async function flags(
  tx: Tx,
  filter: {
    readonly accountId?: string;
    readonly flagId?: string;
    readonly openOnly?: boolean;
    readonly knownAt?: number;
  } = {},
): Promise<readonly StoredFlag[]> {
  const { rows } = await tx.query<FlagRow>(
    `SELECT ${flagColumns} FROM flag
      WHERE workspace_id = $1 AND ($2::uuid IS NULL OR account_id = $2) AND ($3::uuid IS NULL OR flag_id = $3)
        AND (NOT $4 OR cleared_at IS NULL)
        AND ${inForce(filter.knownAt, '$5')}
      ORDER BY opened_at, flag_id`,
    [
      tx.workspaceId,
      filter.accountId ?? null,
      filter.flagId ?? null,
      filter.openOnly ?? false,
      ...known(filter.knownAt),
    ],
  );
  return rows.map(toFlag);
}

/** The stage periods in force of these accounts, oldest first. */
export async function stagePeriodsOf(tx: Tx, accountIds: readonly string[]): Promise<readonly StoredPeriod[]> {
  const { rows } = await tx.query<PeriodRow>(
    `SELECT ${periodColumns} FROM stage_period
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) AND superseded_at IS NULL
      ORDER BY account_id, journey, entered_at, period_id`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toPeriod);
}

/** The flags in force of these accounts, open and past ones, oldest first; with `past` of the past ones only these. */
export async function flagsOf(
  tx: Tx,
  accountIds: readonly string[],
  of: { readonly past?: readonly string[] } = {},
): Promise<readonly StoredFlag[]> {
  const { rows } = await tx.query<FlagRow>(
    `SELECT ${flagColumns} FROM flag
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) AND superseded_at IS NULL
        AND ($3::uuid[] IS NULL OR cleared_at IS NULL OR flag_id = ANY($3::uuid[])) ORDER BY opened_at, flag_id`,
    [tx.workspaceId, accountIds, of.past ?? null],
  );
  return rows.map(toFlag);
}

/** An account in a journey, and the instant (epoch ms) before which nothing of it is asked; -Infinity for all. */
export interface AnswerSince {
  readonly accountId: string;
  readonly journey: string;
  readonly since: number;
}

/** The stage periods and flags in force that had not ended before an instant. A long past is not read for each new fact. */
export async function answersSince(
  tx: Tx,
  asked: readonly AnswerSince[],
): Promise<{ readonly periods: readonly StoredPeriod[]; readonly flags: readonly StoredFlag[] }> {
  if (asked.length === 0) return { periods: [], flags: [] };
  const values = [
    tx.workspaceId,
    asked.map((one) => one.accountId),
    asked.map((one) => one.journey),
    asked.map(({ since }) => (since === -Infinity ? '-infinity' : new Date(since).toISOString())),
  ];
  const wanted =
    'asked AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS r(account_id, journey, since))';
  const periods = await tx.query<PeriodRow>(
    `WITH ${wanted}
     SELECT ${of('p', periodColumns)} FROM asked JOIN stage_period p ON p.workspace_id = $1 AND p.account_id = asked.account_id
        AND p.journey = asked.journey AND p.superseded_at IS NULL AND (p.exited_at IS NULL OR p.exited_at >= asked.since)
      ORDER BY p.account_id, p.journey, p.entered_at, p.period_id`,
    values,
  );
  const found = await tx.query<FlagRow>(
    `WITH ${wanted}
     SELECT ${of('f', flagColumns)} FROM asked JOIN flag f ON f.workspace_id = $1 AND f.account_id = asked.account_id
        AND f.journey = asked.journey AND f.superseded_at IS NULL AND (f.cleared_at IS NULL OR f.cleared_at >= asked.since)
      ORDER BY f.opened_at, f.flag_id`,
    values,
  );
  return { periods: periods.rows.map(toPeriod), flags: found.rows.map(toFlag) };
}

const of = (table: string, columns: string): string =>
  columns
    .split(', ')
    .map((column) => `${table}.${column}`)
    .join(', ');

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
  if (periods.length === 0) return;
  await tx.query(
    `INSERT INTO stage_period (workspace_id, period_id, account_id, journey, stage, entered_at, exited_at, detail, recorded_at)
     SELECT $1::uuid, period_id, account_id, journey, stage, entered_at, exited_at, detail, recorded_at
       FROM jsonb_to_recordset($2::jsonb) AS r(period_id uuid, account_id uuid, journey text, stage text, entered_at timestamptz,
         exited_at timestamptz, detail jsonb, recorded_at timestamptz)
     ON CONFLICT (workspace_id, period_id) DO NOTHING`,
    [
      tx.workspaceId,
      JSON.stringify(
        periods.map((one) => ({
          period_id: one.periodId,
          account_id: one.accountId,
          journey: one.journey,
          stage: one.stage,
          entered_at: new Date(one.enteredAt),
          exited_at: one.exitedAt === null ? null : new Date(one.exitedAt),
          detail: one.detail,
          recorded_at: new Date(one.recordedAt),
        })),
      ),
    ],
  );
}

export async function supersedeFlags(
  tx: Tx,
  keys: readonly { readonly flagId: string; readonly generation: number }[],
  at: number,
): Promise<void> {
  if (keys.length === 0) return;
  await tx.query(
    `WITH ended AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::int[]) AS r(flag_id, generation))
     UPDATE flag f SET superseded_at = $4 FROM ended
      WHERE f.workspace_id = $1 AND f.flag_id = ended.flag_id AND f.generation = ended.generation`,
    [tx.workspaceId, keys.map((key) => key.flagId), keys.map((key) => key.generation), new Date(at)],
  );
}

export async function addFlags(
  tx: Tx,
  flagsToAdd: readonly Omit<StoredFlag, 'supersededAt' | 'generation'>[],
): Promise<void> {
  if (flagsToAdd.length === 0) return;
  await tx.query(
    `WITH added AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS r(flag_id uuid, account_id uuid, journey text, rule text, kind text, severity text,
         opened_at timestamptz, cleared_at timestamptz, detail jsonb, recorded_at timestamptz)),
     former AS MATERIALIZED (
       SELECT flag_id, max(generation) AS generation FROM flag WHERE workspace_id = $1 AND flag_id = ANY($3::uuid[]) GROUP BY flag_id)
     INSERT INTO flag (workspace_id, flag_id, generation, account_id, journey, rule, kind, severity, opened_at, cleared_at, detail, recorded_at)
     SELECT $1::uuid, added.flag_id, coalesce(former.generation, 0) + 1, added.account_id, added.journey, added.rule, added.kind,
            added.severity, added.opened_at, added.cleared_at, added.detail, added.recorded_at
       FROM added LEFT JOIN former ON former.flag_id = added.flag_id
     ON CONFLICT (workspace_id, flag_id, generation) DO NOTHING`,
    [
      tx.workspaceId,
      JSON.stringify(
        flagsToAdd.map((one) => ({
          flag_id: one.flagId,
          account_id: one.accountId,
          journey: one.journey,
          rule: one.rule,
          kind: one.kind,
          severity: one.severity,
          opened_at: new Date(one.openedAt),
          cleared_at: one.clearedAt === null ? null : new Date(one.clearedAt),
          detail: one.detail,
          recorded_at: new Date(one.recordedAt),
        })),
      ),
      flagsToAdd.map((one) => one.flagId),
    ],
  );
}
