import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../tenancy.ts';

/** Where one partition of one stream stands. Times are epoch milliseconds. */
export interface StreamState {
  readonly installationId: string;
  readonly stream: string;
  readonly partition: string;
  readonly label: string | null;
  readonly cursor: unknown;
  readonly cursorKind: string | null;
  readonly cursorFormat: number | null;
  readonly cursorVersion: number;
  readonly enumeration: string | null;
  readonly enumerationStartedAt: number | null;
  readonly backfilledFrom: number | null;
  readonly backfillDoneAt: number | null;
  readonly lastAttemptAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly fault: { readonly kind: string; readonly message: string; readonly since: number } | null;
  readonly pausedReason: string | null;
  readonly progressDone: number;
  readonly progressExpected: number | null;
  /** Touchpoints through which it sees contact. */
  readonly sees: readonly string[];
  /** Runs in a row that ended with a fault. */
  readonly failures: number;
  /** Before then the clock alone does not ask for it again. */
  readonly retryAt: number | null;
  /** The last complete enumeration saw so few of the known records that none of the others was ended. */
  readonly heldBack: HeldBack | null;
}

/** Records that an enumeration did not see, of how many that are known, and when (epoch ms). */
export interface HeldBack {
  readonly records: number;
  readonly of: number;
  readonly at: number;
}

interface Row {
  installation_id: string;
  stream: string;
  partition: string;
  label: string | null;
  cursor: unknown;
  cursor_kind: string | null;
  cursor_format: number | null;
  cursor_version: string;
  enumeration: string | null;
  enumeration_started_at: Date | null;
  backfilled_from: Date | null;
  backfill_done_at: Date | null;
  last_attempt_at: Date | null;
  last_success_at: Date | null;
  fault: StreamState['fault'];
  paused_reason: string | null;
  progress_done: string;
  progress_expected: string | null;
  sees: string[] | null;
  failures: number;
  retry_at: Date | null;
  held_back: HeldBack | null;
}

const columns =
  'installation_id, stream, partition, label, cursor, cursor_kind, cursor_format, cursor_version, enumeration, enumeration_started_at, ' +
  'backfilled_from, backfill_done_at, last_attempt_at, last_success_at, fault, paused_reason, progress_done, progress_expected, ' +
  'sees, failures, retry_at, held_back';

const ms = (date: Date | null) => date?.getTime() ?? null;
const date = (at: number | null | undefined) => (at === null || at === undefined ? null : new Date(at));

const toState = (row: Row): StreamState => ({
  installationId: row.installation_id,
  stream: row.stream,
  partition: row.partition,
  label: row.label,
  cursor: row.cursor,
  cursorKind: row.cursor_kind,
  cursorFormat: row.cursor_format,
  cursorVersion: Number(row.cursor_version),
  enumeration: row.enumeration,
  enumerationStartedAt: ms(row.enumeration_started_at),
  backfilledFrom: ms(row.backfilled_from),
  backfillDoneAt: ms(row.backfill_done_at),
  lastAttemptAt: ms(row.last_attempt_at),
  lastSuccessAt: ms(row.last_success_at),
  fault: row.fault,
  pausedReason: row.paused_reason,
  progressDone: Number(row.progress_done),
  progressExpected: row.progress_expected === null ? null : Number(row.progress_expected),
  sees: row.sees ?? [],
  failures: row.failures,
  retryAt: ms(row.retry_at),
  heldBack: row.held_back,
});

/** All partitions of all streams, or those of one installation. */
export async function streamStates(tx: Tx, installationId?: string): Promise<readonly StreamState[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM stream_state
      WHERE workspace_id = $1 AND ($2::uuid IS NULL OR installation_id = $2) ORDER BY installation_id, stream, partition`,
    [tx.workspaceId, installationId ?? null],
  );
  return rows.map(toState);
}

/** The state of one partition, made if it is new. `sees` are the touchpoints that its stream declares; none without it. */
export async function openStream(
  tx: Tx,
  key: {
    readonly installationId: string;
    readonly stream: string;
    readonly partition: string;
    readonly label: string;
    readonly sees?: readonly string[];
  },
): Promise<StreamState> {
  const { rows } = await tx.query<Row>(
    `INSERT INTO stream_state (workspace_id, installation_id, stream, partition, label, cursor_version, progress_done, sees)
     VALUES ($1, $2, $3, $4, $5, 0, 0, $6)
     ON CONFLICT (workspace_id, installation_id, stream, partition) DO UPDATE SET label = excluded.label, sees = excluded.sees
     RETURNING ${columns}`,
    [tx.workspaceId, key.installationId, key.stream, key.partition, key.label, key.sees ?? []],
  );
  const row = rows[0];
  if (!row) throw new Error('the stream state was not returned');
  return toState(row);
}

export interface CursorCommit {
  readonly installationId: string;
  readonly stream: string;
  readonly partition: string;
  readonly cursor: unknown;
  readonly cursorKind: string;
  readonly cursorFormat: number;
  /** The version that this run read: another writer in between makes the commit fail. */
  readonly seenVersion: number;
  readonly leaseFence: number;
  readonly records: number;
  readonly expected: number | null;
  readonly enumeration: string | null;
  readonly at: number;
  /** The last page of a run. */
  readonly done: boolean;
  readonly backfilledFrom: number | null;
  /** At the end of a complete enumeration: what was held back, or null; undefined on all other pages. */
  readonly heldBack?: HeldBack | null;
}

/**
 * Moves a cursor in the transaction that stored its page (I2), only while the lease is still held and nobody else moved it (A15).
 * False: the lease was lost and the whole transaction has to be rolled back.
 */
export async function commitCursor(tx: Tx, commit: CursorCommit): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE stream_state s SET cursor = $5::jsonb, cursor_kind = $6, cursor_format = $7, cursor_version = s.cursor_version + 1,
            progress_done = s.progress_done + $10, progress_expected = coalesce($11, s.progress_expected),
            enumeration = CASE WHEN $14 THEN NULL ELSE $12::text END,
            enumeration_started_at = CASE WHEN $14 OR $12::text IS NULL THEN NULL WHEN s.enumeration = $12 THEN s.enumeration_started_at ELSE $13::timestamptz END,
            last_attempt_at = $13, fault = NULL, paused_reason = NULL,
            failures = CASE WHEN $14 THEN 0 ELSE s.failures END, retry_at = CASE WHEN $14 THEN NULL ELSE s.retry_at END,
            last_success_at = CASE WHEN $14 THEN $13::timestamptz ELSE s.last_success_at END,
            backfill_done_at = CASE WHEN $14 THEN coalesce(s.backfill_done_at, $13::timestamptz) ELSE s.backfill_done_at END,
            backfilled_from = coalesce(least(s.backfilled_from, $15::timestamptz), s.backfilled_from, $15::timestamptz),
            held_back = CASE WHEN $16 THEN $17::jsonb ELSE s.held_back END
       FROM installation i
      WHERE s.workspace_id = $1 AND s.installation_id = $2 AND s.stream = $3 AND s.partition = $4 AND s.cursor_version = $8
        AND i.workspace_id = $1 AND i.installation_id = s.installation_id AND i.lease_fence = $9`,
    [
      tx.workspaceId,
      commit.installationId,
      commit.stream,
      commit.partition,
      JSON.stringify(commit.cursor),
      commit.cursorKind,
      commit.cursorFormat,
      commit.seenVersion,
      commit.leaseFence,
      commit.records,
      commit.expected,
      commit.enumeration,
      new Date(commit.at),
      commit.done,
      date(commit.backfilledFrom),
      commit.heldBack !== undefined,
      commit.heldBack ? JSON.stringify(commit.heldBack) : null,
    ],
  );
  return rowCount === 1;
}

/**
 * Forgets a cursor that the provider no longer knows (A1): the next pull resyncs. The history floor and counts stay. False where the
 * lease was lost: another worker's cursor stays as it is.
 */
export async function dropCursor(
  tx: Tx,
  key: Pick<StreamState, 'installationId' | 'stream' | 'partition'>,
  leaseFence: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE stream_state s SET cursor = NULL, cursor_kind = NULL, cursor_format = NULL, cursor_version = s.cursor_version + 1,
            enumeration = NULL, enumeration_started_at = NULL
       FROM installation i
      WHERE s.workspace_id = $1 AND s.installation_id = $2 AND s.stream = $3 AND s.partition = $4
        AND i.workspace_id = $1 AND i.installation_id = s.installation_id AND i.lease_fence = $5`,
    [tx.workspaceId, key.installationId, key.stream, key.partition, leaseFence],
  );
  return rowCount === 1;
}

/**
 * Forgets the partitions of a stream that the provider no longer lists, with their open gaps: nobody will read them. What they watched
 * until now stays known. Returns how many.
 */
export async function forgetPartitions(
  tx: Tx,
  stream: { readonly installationId: string; readonly stream: string },
  listed: readonly string[],
  at: number,
): Promise<number> {
  const values = [tx.workspaceId, stream.installationId, stream.stream, listed];
  const ended = await tx.query<Row>(
    `SELECT ${columns} FROM stream_state WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND NOT (partition = ANY($4::text[]))`,
    values,
  );
  for (const state of ended.rows.map(toState)) await keepPast(tx, state, at);
  await tx.query(
    `DELETE FROM coverage_gap WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND NOT (partition = ANY($4::text[]))
        AND healed_at IS NULL`,
    values,
  );
  const { rowCount } = await tx.query(
    'DELETE FROM stream_state WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND NOT (partition = ANY($4::text[]))',
    values,
  );
  return rowCount ?? 0;
}

async function keepPast(tx: Tx, state: StreamState, at: number): Promise<void> {
  const { backfilledFrom, lastSuccessAt } = state;
  if (backfilledFrom === null || lastSuccessAt === null || state.sees.length === 0) return;
  await tx.query(
    `INSERT INTO past_coverage (workspace_id, coverage_id, installation_id, stream, partition, label, sees, from_at, to_at, ended_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      tx.workspaceId,
      uuidv7(),
      state.installationId,
      state.stream,
      state.partition,
      state.label,
      state.sees,
      new Date(backfilledFrom),
      new Date(lastSuccessAt),
      new Date(at),
    ],
  );
}

/** What a partition watched that is read no more. Times are epoch milliseconds. */
export interface PastCoverage {
  readonly installationId: string;
  readonly stream: string;
  readonly partition: string;
  readonly label: string | null;
  readonly sees: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** What partitions watched that are read no more, the earliest first. */
export async function pastCoverage(tx: Tx): Promise<readonly PastCoverage[]> {
  const { rows } = await tx.query<{
    installation_id: string;
    stream: string;
    partition: string;
    label: string | null;
    sees: string[];
    from_at: Date;
    to_at: Date;
  }>(
    `SELECT installation_id, stream, partition, label, sees, from_at, to_at FROM past_coverage
      WHERE workspace_id = $1 ORDER BY from_at, coverage_id`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    installationId: row.installation_id,
    stream: row.stream,
    partition: row.partition,
    label: row.label,
    sees: row.sees,
    from: row.from_at.getTime(),
    to: row.to_at.getTime(),
  }));
}

/** How long a stream that fails is left alone, ms: at first, doubled with each further failure, and at most. */
export interface GrowingPause {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Records why a stream did not succeed; the first time of the same kind of fault is kept as `since`. With a pause the stream is left
 * alone for longer with each failure in a row; returns until when.
 */
export async function recordFault(
  tx: Tx,
  key: { readonly installationId: string; readonly stream: string; readonly partition: string },
  fault: { readonly kind: string; readonly message: string; readonly pausedReason: string | null },
  at: number,
  pause?: GrowingPause,
): Promise<number | null> {
  const { rows } = await tx.query<{ fault: StreamState['fault']; failures: number }>(
    'SELECT fault, failures FROM stream_state WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND partition = $4',
    [tx.workspaceId, key.installationId, key.stream, key.partition],
  );
  const before = rows[0]?.fault;
  const since = before?.kind === fault.kind ? before.since : at;
  const failures = rows[0]?.failures ?? 0;
  const retryAt = pause ? at + Math.min(pause.longestMs, pause.firstMs * 2 ** Math.min(failures, 30)) : null;
  await tx.query(
    `UPDATE stream_state SET fault = $5::jsonb, paused_reason = $6, last_attempt_at = $7, failures = $8, retry_at = $9
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND partition = $4`,
    [
      tx.workspaceId,
      key.installationId,
      key.stream,
      key.partition,
      JSON.stringify({ kind: fault.kind, message: fault.message.slice(0, 500), since }),
      fault.pausedReason,
      new Date(at),
      pause ? failures + 1 : failures,
      date(retryAt),
    ],
  );
  return retryAt;
}
