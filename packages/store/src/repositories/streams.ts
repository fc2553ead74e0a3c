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
}

const columns =
  'installation_id, stream, partition, label, cursor, cursor_kind, cursor_format, cursor_version, enumeration, enumeration_started_at, ' +
  'backfilled_from, backfill_done_at, last_attempt_at, last_success_at, fault, paused_reason, progress_done, progress_expected';

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

/** The state of one partition, made if it is new. */
export async function openStream(
  tx: Tx,
  key: { readonly installationId: string; readonly stream: string; readonly partition: string; readonly label: string },
): Promise<StreamState> {
  const { rows } = await tx.query<Row>(
    `INSERT INTO stream_state (workspace_id, installation_id, stream, partition, label, cursor_version, progress_done)
     VALUES ($1, $2, $3, $4, $5, 0, 0)
     ON CONFLICT (workspace_id, installation_id, stream, partition) DO UPDATE SET label = excluded.label
     RETURNING ${columns}`,
    [tx.workspaceId, key.installationId, key.stream, key.partition, key.label],
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
            last_success_at = CASE WHEN $14 THEN $13::timestamptz ELSE s.last_success_at END,
            backfill_done_at = CASE WHEN $14 THEN coalesce(s.backfill_done_at, $13::timestamptz) ELSE s.backfill_done_at END,
            backfilled_from = coalesce(least(s.backfilled_from, $15::timestamptz), s.backfilled_from, $15::timestamptz)
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

/** Forgets the partitions of a stream that the provider no longer lists, with their gaps: nobody will read them. Returns how many. */
export async function forgetPartitions(
  tx: Tx,
  stream: { readonly installationId: string; readonly stream: string },
  listed: readonly string[],
): Promise<number> {
  const values = [tx.workspaceId, stream.installationId, stream.stream, listed];
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

/** Records why a stream did not succeed; the first time of the same kind of fault is kept as `since`. */
export async function recordFault(
  tx: Tx,
  key: { readonly installationId: string; readonly stream: string; readonly partition: string },
  fault: { readonly kind: string; readonly message: string; readonly pausedReason: string | null },
  at: number,
): Promise<void> {
  const { rows } = await tx.query<{ fault: StreamState['fault'] }>(
    'SELECT fault FROM stream_state WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND partition = $4',
    [tx.workspaceId, key.installationId, key.stream, key.partition],
  );
  const before = rows[0]?.fault;
  const since = before?.kind === fault.kind ? before.since : at;
  await tx.query(
    `UPDATE stream_state SET fault = $5::jsonb, paused_reason = $6, last_attempt_at = $7
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND partition = $4`,
    [
      tx.workspaceId,
      key.installationId,
      key.stream,
      key.partition,
      JSON.stringify({ kind: fault.kind, message: fault.message.slice(0, 500), since }),
      fault.pausedReason,
      new Date(at),
    ],
  );
}

/** A stretch of time that a stream did not watch. */
export interface Gap {
  readonly gapId: string;
  readonly installationId: string;
  readonly stream: string;
  readonly partition: string;
  readonly from: number;
  readonly to: number | null;
  readonly reason: string;
  readonly healedAt: number | null;
}

export async function gaps(tx: Tx, options: { readonly unhealedOnly: boolean }): Promise<readonly Gap[]> {
  const { rows } = await tx.query<{
    gap_id: string;
    installation_id: string;
    stream: string;
    partition: string;
    from_at: Date;
    to_at: Date | null;
    reason: string;
    healed_at: Date | null;
  }>(
    `SELECT gap_id, installation_id, stream, partition, from_at, to_at, reason, healed_at FROM coverage_gap
      WHERE workspace_id = $1 AND (NOT $2 OR healed_at IS NULL) ORDER BY from_at`,
    [tx.workspaceId, options.unhealedOnly],
  );
  return rows.map((row) => ({
    gapId: row.gap_id,
    installationId: row.installation_id,
    stream: row.stream,
    partition: row.partition,
    from: row.from_at.getTime(),
    to: ms(row.to_at),
    reason: row.reason,
    healedAt: ms(row.healed_at),
  }));
}

/** Opens a gap unless one is open for the partition. Returns whether it is new. */
export async function openGap(tx: Tx, gap: Omit<Gap, 'to' | 'healedAt'>): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO coverage_gap (workspace_id, gap_id, installation_id, stream, partition, from_at, reason)
     SELECT $1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::timestamptz, $7::text
      WHERE NOT EXISTS (SELECT 1 FROM coverage_gap g WHERE g.workspace_id = $1 AND g.installation_id = $3 AND g.stream = $4
                          AND g.partition = $5 AND g.to_at IS NULL AND g.healed_at IS NULL)
     ON CONFLICT (workspace_id, gap_id) DO NOTHING`,
    [tx.workspaceId, gap.gapId, gap.installationId, gap.stream, gap.partition, new Date(gap.from), gap.reason],
  );
  return rowCount === 1;
}

/** Closes and heals the gaps of a partition: a run that went through read what they had missed. Returns how many there were. */
export async function healGaps(
  tx: Tx,
  key: { readonly installationId: string; readonly stream: string; readonly partition: string },
  at: number,
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE coverage_gap SET to_at = coalesce(to_at, $5), healed_at = $5
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND partition = $4 AND healed_at IS NULL`,
    [tx.workspaceId, key.installationId, key.stream, key.partition, new Date(at)],
  );
  return rowCount ?? 0;
}
