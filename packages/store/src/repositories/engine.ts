import type { Tx } from '../tenancy.ts';
import { wakeAllAccounts } from './wakes.ts';

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

/** Serializes folds of one account across processes, for the rest of the transaction. */
export async function lockAccount(tx: Tx, accountId: string): Promise<void> {
  await tx.query('SELECT account_id FROM account WHERE workspace_id = $1 AND account_id = $2 FOR UPDATE', [
    tx.workspaceId,
    accountId,
  ]);
}
