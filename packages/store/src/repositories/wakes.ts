import type { Tx } from '../tenancy.ts';

/**
 * Asks for accounts to be folded, in the transaction that changed their events from `earliest` on: now, or where more of their history is
 * on its way, from a later instant on (`from`, epoch ms). Who asks for the sooner is heard.
 */
export async function wakeAccounts(
  tx: Tx,
  changes: readonly { readonly accountId: string; readonly earliest: number }[],
  from: number,
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
       version = account_wake.version + excluded.version, since = least(account_wake.since, excluded.since),
       earliest = least(account_wake.earliest, excluded.earliest)`,
    [tx.workspaceId, ids, new Date(from), ids.map((id) => new Date(earliest.get(id) ?? from))],
  );
}

/**
 * Asks for all accounts to be folded: what is known of all of them changed, such as a definition or what is watched. Now, or where more
 * such is on its way, from a later instant on (`from`, epoch ms).
 */
export async function wakeAllAccounts(tx: Tx, at: number, from = at): Promise<void> {
  await tx.query(
    `INSERT INTO account_wake (workspace_id, account_id, version, since, earliest)
     SELECT $1::uuid, a.account_id, 1, $3::timestamptz, $2::timestamptz FROM account a WHERE a.workspace_id = $1 ORDER BY a.account_id
     ON CONFLICT (workspace_id, account_id) DO UPDATE SET
       version = account_wake.version + excluded.version, since = least(account_wake.since, excluded.since),
       earliest = least(account_wake.earliest, excluded.earliest)`,
    [tx.workspaceId, new Date(at), new Date(from)],
  );
}

/** Lets accounts that wait for more of their history be folded now: there is no more. Says whether any waited. */
export async function hurryWakes(tx: Tx, at: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    // Locked in the order in which folds and pages lock them.
    `WITH waiting AS MATERIALIZED (
       SELECT account_id FROM account_wake WHERE workspace_id = $1 AND since > $2 ORDER BY account_id FOR UPDATE)
     UPDATE account_wake w SET since = $2 FROM waiting WHERE w.workspace_id = $1 AND w.account_id = waiting.account_id`,
    [tx.workspaceId, new Date(at)],
  );
  return (rowCount ?? 0) > 0;
}

/** An account to fold: with new events from `earliest` on, or (`version` null) because its answer changes by time alone. */
export interface Wake {
  readonly accountId: string;
  readonly version: number | null;
  readonly earliest: number | null;
  /** Since when it may be folded; tells one wake from another of the same version. */
  readonly since: number | null;
}

/** Accounts to fold by now, those with new events first, the longest waiting before. A journey that is no longer active wakes nobody. */
export async function accountsToFold(tx: Tx, at: number, limit: number): Promise<readonly Wake[]> {
  const { rows } = await tx.query<{
    account_id: string;
    version: string | null;
    earliest: Date | null;
    since: Date | null;
  }>(
    `SELECT account_id, version, earliest, since FROM (
       SELECT 0 AS turn, w.since AS due, w.account_id, w.version::text AS version, w.earliest, w.since FROM account_wake w
        WHERE w.workspace_id = $1 AND w.since <= $2
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

/**
 * What accounts wait for now, locked until the transaction ends: events that come meanwhile wait with their own wake, so that settling
 * these loses none. Those that another process has folded already are left out.
 */
export async function lockWakes(tx: Tx, accountIds: readonly string[], at: number): Promise<readonly Wake[]> {
  const { rows } = await tx.query<{ account_id: string; version: string; earliest: Date; since: Date }>(
    `SELECT account_id, version::text AS version, earliest, since FROM account_wake
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) ORDER BY account_id FOR UPDATE`,
    [tx.workspaceId, accountIds],
  );
  const woken = rows.map((row) => ({
    accountId: row.account_id,
    version: Number(row.version),
    earliest: row.earliest.getTime(),
    since: row.since.getTime(),
  }));
  const told = new Set(woken.map(({ accountId }) => accountId));
  const others = accountIds.filter((id) => !told.has(id));
  if (others.length === 0) return woken;
  const due = await tx.query<{ account_id: string }>(
    `SELECT DISTINCT account_id FROM engine_state
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) AND next_change_at <= $3 ORDER BY account_id`,
    [tx.workspaceId, others, new Date(at)],
  );
  const byTime = due.rows.map((row) => ({ accountId: row.account_id, version: null, earliest: null, since: null }));
  return [...woken, ...byTime];
}

/** Ends wakes that were folded, unless more came meanwhile. */
export async function settleWakes(
  tx: Tx,
  settled: readonly { readonly accountId: string; readonly version: number }[],
): Promise<void> {
  if (settled.length === 0) return;
  await tx.query(
    `WITH done AS MATERIALIZED (SELECT account_id, version FROM unnest($2::uuid[], $3::bigint[]) AS r(account_id, version))
     DELETE FROM account_wake w USING done WHERE w.workspace_id = $1 AND w.account_id = done.account_id AND w.version = done.version`,
    [tx.workspaceId, settled.map((one) => one.accountId), settled.map((one) => one.version)],
  );
}
