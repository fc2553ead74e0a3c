import type { Tx } from '../tenancy.ts';

/** The active journey definitions of the workspace. */
export interface StoredDefinition {
  readonly journey: string;
  readonly digest: string;
  readonly version: number;
  readonly source: string;
  readonly activatedAt: number;
}

export async function activeDefinitions(tx: Tx): Promise<readonly StoredDefinition[]> {
  const { rows } = await tx.query<{
    journey: string;
    digest: string;
    version: number;
    source: string;
    activated_at: Date;
  }>(
    // The journey that was in force first comes first, whatever version of it was switched last.
    `SELECT journey, digest, version, source, activated_at FROM journey_definition AS held
      WHERE workspace_id = $1 AND activated_at IS NOT NULL AND retired_at IS NULL
      ORDER BY LEAST(activated_at, (SELECT min(change.at) FROM journey_activation AS change
                                     WHERE change.workspace_id = $1 AND change.journey = held.journey)), journey`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({ ...row, activatedAt: row.activated_at.getTime() }));
}

/** Makes a definition the active one of its journey and wakes all accounts; the former one is retired, never deleted. */
export async function activateDefinition(
  tx: Tx,
  definition: { readonly journey: string; readonly digest: string; readonly version: number; readonly source: string },
  by: string,
  at: number,
): Promise<void> {
  await tx.query(
    `UPDATE journey_definition SET retired_at = $4 WHERE workspace_id = $1 AND journey = $2 AND digest <> $3 AND retired_at IS NULL`,
    [tx.workspaceId, definition.journey, definition.digest, new Date(at)],
  );
  await tx.query(
    `INSERT INTO journey_definition (workspace_id, journey, digest, version, source, activated_at, activated_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (workspace_id, journey, digest) DO UPDATE SET activated_at = excluded.activated_at, activated_by = excluded.activated_by, retired_at = NULL`,
    [tx.workspaceId, definition.journey, definition.digest, definition.version, definition.source, new Date(at), by],
  );
  await wakeAllAccounts(tx, at);
}

/** What an account was last found to be in a journey, and by what. The states that it came from are kept apart. Times are epoch milliseconds. */
export interface Checkpoint {
  readonly accountId: string;
  readonly journey: string;
  readonly definitionDigest: string;
  readonly engineVersion: number;
  readonly contextDigest: string;
  readonly stage: string | null;
  readonly health: number | null;
  readonly digest: string;
  readonly asOf: number;
  readonly nextChangeAt: number | null;
}

interface Row {
  account_id: string;
  journey: string;
  definition_digest: string;
  engine_version: number;
  context_digest: string;
  stage: string | null;
  health: string | null;
  digest: string;
  as_of: Date;
  next_change_at: Date | null;
}

const columns =
  'account_id, journey, definition_digest, engine_version, context_digest, stage, health, digest, as_of, next_change_at';

const toCheckpoint = (row: Row): Checkpoint => ({
  accountId: row.account_id,
  journey: row.journey,
  definitionDigest: row.definition_digest,
  engineVersion: row.engine_version,
  contextDigest: row.context_digest,
  stage: row.stage,
  health: row.health === null ? null : Number(row.health),
  digest: row.digest,
  asOf: row.as_of.getTime(),
  nextChangeAt: row.next_change_at?.getTime() ?? null,
});

export async function checkpoint(tx: Tx, accountId: string, journey: string): Promise<Checkpoint | undefined> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM engine_state WHERE workspace_id = $1 AND account_id = $2 AND journey = $3`,
    [tx.workspaceId, accountId, journey],
  );
  return rows[0] && toCheckpoint(rows[0]);
}

export async function checkpoints(tx: Tx, journey?: string): Promise<readonly Checkpoint[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM engine_state WHERE workspace_id = $1 AND ($2::text IS NULL OR journey = $2) ORDER BY account_id, journey`,
    [tx.workspaceId, journey ?? null],
  );
  return rows.map(toCheckpoint);
}

/** The checkpoints of these accounts in all journeys. */
export async function checkpointsOf(tx: Tx, accountIds: readonly string[]): Promise<readonly Checkpoint[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM engine_state WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) ORDER BY account_id, journey`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toCheckpoint);
}

/** Asks for accounts to be folded, in the transaction that changed their events from `earliest` on. */
export async function wakeAccounts(
  tx: Tx,
  changes: readonly { readonly accountId: string; readonly earliest: number }[],
  at: number,
): Promise<void> {
  if (changes.length === 0) return;
  const earliest = new Map<string, number>();
  for (const one of changes)
    earliest.set(one.accountId, Math.min(one.earliest, earliest.get(one.accountId) ?? Infinity));
  const ids = [...earliest.keys()].sort();
  await tx.query(
    `INSERT INTO account_wake (workspace_id, account_id, version, since, earliest)
     SELECT $1::uuid, id, 1, $3::timestamptz, at FROM unnest($2::uuid[], $4::timestamptz[]) AS w(id, at)
     ON CONFLICT (workspace_id, account_id) DO UPDATE SET
       version = account_wake.version + excluded.version, earliest = least(account_wake.earliest, excluded.earliest)`,
    [tx.workspaceId, ids, new Date(at), ids.map((id) => new Date(earliest.get(id) ?? at))],
  );
}

/** Asks for all accounts to be folded: what is known of all of them changed, such as a definition or what is watched. */
export async function wakeAllAccounts(tx: Tx, at: number): Promise<void> {
  await tx.query(
    `INSERT INTO account_wake (workspace_id, account_id, version, since, earliest)
     SELECT $1::uuid, a.account_id, 1, $2::timestamptz, $2::timestamptz FROM account a WHERE a.workspace_id = $1 ORDER BY a.account_id
     ON CONFLICT (workspace_id, account_id) DO UPDATE SET
       version = account_wake.version + excluded.version, earliest = least(account_wake.earliest, excluded.earliest)`,
    [tx.workspaceId, new Date(at)],
  );
}

/** An account to fold: with new events from `earliest` on, or (`version` null) because its answer changes by time alone. */
export interface Wake {
  readonly accountId: string;
  readonly version: number | null;
  readonly earliest: number | null;
  /** Since when it waits; tells one wake from another of the same version. */
  readonly since: number | null;
}

/** Accounts to fold, those with new events first, the longest waiting before. A journey that is no longer active wakes nobody. */
export async function accountsToFold(tx: Tx, at: number, limit: number): Promise<readonly Wake[]> {
  const { rows } = await tx.query<{
    account_id: string;
    version: string | null;
    earliest: Date | null;
    since: Date | null;
  }>(
    `SELECT account_id, version, earliest, since FROM (
       SELECT 0 AS turn, w.since AS due, w.account_id, w.version::text AS version, w.earliest, w.since FROM account_wake w WHERE w.workspace_id = $1
        UNION ALL
       SELECT 1, min(e.next_change_at), e.account_id, NULL, NULL::timestamptz, NULL::timestamptz FROM engine_state e
         JOIN journey_definition d ON d.workspace_id = $1 AND d.journey = e.journey AND d.digest = e.definition_digest
              AND d.activated_at IS NOT NULL AND d.retired_at IS NULL
        WHERE e.workspace_id = $1 AND e.next_change_at <= $2
          AND NOT EXISTS (SELECT 1 FROM account_wake w WHERE w.workspace_id = $1 AND w.account_id = e.account_id)
        GROUP BY e.account_id) todo
      ORDER BY turn, due, account_id LIMIT $3`,
    [tx.workspaceId, new Date(at), limit],
  );
  return rows.map((row) => ({
    accountId: row.account_id,
    version: row.version === null ? null : Number(row.version),
    earliest: row.earliest?.getTime() ?? null,
    since: row.since?.getTime() ?? null,
  }));
}

/** The next instant at which any account's answer changes by time alone, or a source will have been silent for too long. */
export async function nextWake(tx: Tx): Promise<number | null> {
  const { rows } = await tx.query<{ next: Date | null }>(
    `SELECT min(at) AS next FROM (
       SELECT e.next_change_at AS at FROM engine_state e
         JOIN journey_definition d ON d.workspace_id = $1 AND d.journey = e.journey AND d.digest = e.definition_digest
              AND d.activated_at IS NOT NULL AND d.retired_at IS NULL
        WHERE e.workspace_id = $1
        UNION ALL
       SELECT s.next_at FROM source_check s WHERE s.workspace_id = $1) w`,
    [tx.workspaceId],
  );
  return rows[0]?.next?.getTime() ?? null;
}

/** Serializes folds of one account across processes, for the rest of the transaction. */
export async function lockAccount(tx: Tx, accountId: string): Promise<void> {
  await tx.query('SELECT account_id FROM account WHERE workspace_id = $1 AND account_id = $2 FOR UPDATE', [
    tx.workspaceId,
    accountId,
  ]);
}
