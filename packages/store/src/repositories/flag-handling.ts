import type { Tx } from '../tenancy.ts';

/** What people did with a flag. Times are epoch milliseconds. */
export interface FlagHandling {
  readonly flagId: string;
  readonly claimedBy: string | null;
  readonly claimedAt: number | null;
  readonly snoozedUntil: number | null;
  readonly answer: string | null;
  readonly answeredBy: string | null;
  readonly answeredAt: number | null;
}

interface HandlingRow {
  flag_id: string;
  claimed_by: string | null;
  claimed_at: Date | null;
  snoozed_until: Date | null;
  answer: string | null;
  answered_by: string | null;
  answered_at: Date | null;
}

const handlingColumns = 'flag_id, claimed_by, claimed_at, snoozed_until, answer, answered_by, answered_at';

const toHandling = (row: HandlingRow): FlagHandling => ({
  flagId: row.flag_id,
  claimedBy: row.claimed_by,
  claimedAt: row.claimed_at?.getTime() ?? null,
  snoozedUntil: row.snoozed_until?.getTime() ?? null,
  answer: row.answer,
  answeredBy: row.answered_by,
  answeredAt: row.answered_at?.getTime() ?? null,
});

export async function flagHandling(tx: Tx, flagIds: readonly string[]): Promise<readonly FlagHandling[]> {
  if (flagIds.length === 0) return [];
  const { rows } = await tx.query<HandlingRow>(
    `SELECT ${handlingColumns} FROM flag_handling WHERE workspace_id = $1 AND flag_id = ANY($2::uuid[])`,
    [tx.workspaceId, flagIds],
  );
  return rows.map(toHandling);
}

/** Writes the whole handling of a flag. */
export async function writeFlagHandling(tx: Tx, one: FlagHandling): Promise<void> {
  const date = (time: number | null) => (time === null ? null : new Date(time));
  await tx.query(
    `INSERT INTO flag_handling (workspace_id, ${handlingColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (workspace_id, flag_id) DO UPDATE SET claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at,
       snoozed_until = excluded.snoozed_until, answer = excluded.answer, answered_by = excluded.answered_by, answered_at = excluded.answered_at`,
    [
      tx.workspaceId,
      one.flagId,
      one.claimedBy,
      date(one.claimedAt),
      date(one.snoozedUntil),
      one.answer,
      one.answeredBy,
      date(one.answeredAt),
    ],
  );
}

/** Flags whose snooze has ended, with their account. */
export async function endedSnoozes(
  tx: Tx,
  at: number,
): Promise<readonly { readonly flagId: string; readonly accountId: string }[]> {
  const { rows } = await tx.query<{ flag_id: string; account_id: string }>(
    `SELECT DISTINCT h.flag_id, f.account_id FROM flag_handling h
       JOIN flag f ON f.workspace_id = $1 AND f.flag_id = h.flag_id AND f.superseded_at IS NULL
      WHERE h.workspace_id = $1 AND h.snoozed_until <= $2 ORDER BY f.account_id, h.flag_id`,
    [tx.workspaceId, new Date(at)],
  );
  return rows.map((row) => ({ flagId: row.flag_id, accountId: row.account_id }));
}
