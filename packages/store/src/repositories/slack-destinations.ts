import type { Tx } from '../tenancy.ts';

/** A destination in Slack: the channel it stands for, and why it is not used, if so. */
export interface SlackDestination {
  readonly destination: string;
  readonly channel: string | null;
  readonly pausedReason: string | null;
  readonly toldAdminAt: number | null;
  readonly updatedAt: number;
}

export async function slackDestinations(tx: Tx, teamId: string): Promise<readonly SlackDestination[]> {
  const { rows } = await tx.query<{
    destination: string;
    channel: string | null;
    paused_reason: string | null;
    told_admin_at: Date | null;
    updated_at: Date;
  }>(
    `SELECT destination, channel, paused_reason, told_admin_at, updated_at FROM slack_destination WHERE workspace_id = $1 AND team_id = $2`,
    [tx.workspaceId, teamId],
  );
  return rows.map((row) => ({
    destination: row.destination,
    channel: row.channel,
    pausedReason: row.paused_reason,
    toldAdminAt: row.told_admin_at?.getTime() ?? null,
    updatedAt: row.updated_at.getTime(),
  }));
}

/** Writes what is known of a destination. */
export async function writeSlackDestination(
  tx: Tx,
  teamId: string,
  one: Omit<SlackDestination, 'updatedAt'>,
  at: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO slack_destination (workspace_id, team_id, destination, channel, paused_reason, told_admin_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (workspace_id, team_id, destination) DO UPDATE SET channel = excluded.channel, paused_reason = excluded.paused_reason,
       told_admin_at = excluded.told_admin_at, updated_at = excluded.updated_at`,
    [
      tx.workspaceId,
      teamId,
      one.destination,
      one.channel,
      one.pausedReason,
      one.toldAdminAt === null ? null : new Date(one.toldAdminAt),
      new Date(at),
    ],
  );
}
