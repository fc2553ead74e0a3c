import type { Tx } from '../tenancy.ts';

/** How many messages accounts have had in a team: the ordinal that tells an account's next one's key apart. None is left out. */
export async function countAccountMessages(
  tx: Tx,
  accountIds: readonly string[],
  teamId: string,
): Promise<ReadonlyMap<string, number>> {
  if (accountIds.length === 0) return new Map();
  const { rows } = await tx.query<{ account_id: string; n: number }>(
    `SELECT account_id, count(*)::int AS n FROM alert_message
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) AND team_id = $3 AND kind = 'account' GROUP BY account_id`,
    [tx.workspaceId, accountIds, teamId],
  );
  return new Map(rows.map((row) => [row.account_id, row.n]));
}

/** Alerts that destinations got, each since an instant: posts of accounts and further flags in their threads, without what was held. */
export async function countAlertsSince(
  tx: Tx,
  asked: readonly { readonly destination: string; readonly since: number }[],
): Promise<readonly number[]> {
  if (asked.length === 0) return [];
  const { rows } = await tx.query<{ ordinal: number; n: number }>(
    `WITH asked AS MATERIALIZED (
       SELECT * FROM unnest($2::text[], $3::timestamptz[]) WITH ORDINALITY AS a(destination, since, ordinal))
     SELECT a.ordinal::int AS ordinal, count(*)::int AS n
       FROM asked a
       JOIN alert_message m ON m.workspace_id = $1 AND m.kind = 'account' AND m.destination = a.destination
       JOIN outbox o ON o.workspace_id = $1 AND o.message_id = m.message_id AND o.created_at >= a.since
        AND o.action IN ('post', 'reply') AND o.held_reason IS NULL AND o.state <> 'canceled'
      GROUP BY a.ordinal`,
    [tx.workspaceId, asked.map((one) => one.destination), asked.map((one) => new Date(one.since))],
  );
  const counts = new Map(rows.map((row) => [row.ordinal, row.n]));
  return asked.map((_, index) => counts.get(index + 1) ?? 0);
}
