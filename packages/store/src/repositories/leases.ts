import type { Tx } from '../tenancy.ts';

/**
 * Takes the lease for one worker, if it is free or has run out (A14). Returns the fence that every commit of the run must
 * name: a later lease has a higher one, so a worker that was paused cannot write (A15).
 */
export async function takeLease(
  tx: Tx,
  installationId: string,
  holder: string,
  at: number,
  leaseMs: number,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ lease_fence: string }>(
    `UPDATE installation SET lease_holder = $3, lease_until = $5, lease_fence = lease_fence + 1
      WHERE workspace_id = $1 AND installation_id = $2 AND status = 'active'
        AND (lease_holder IS NULL OR lease_until < $4)
      RETURNING lease_fence`,
    [tx.workspaceId, installationId, holder, new Date(at), new Date(at + leaseMs)],
  );
  return rows[0] && Number(rows[0].lease_fence);
}

/** Extends a lease that is still ours. False: it was lost. */
export async function renewLease(
  tx: Tx,
  installationId: string,
  fence: number,
  at: number,
  leaseMs: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    'UPDATE installation SET lease_until = $4 WHERE workspace_id = $1 AND installation_id = $2 AND lease_fence = $3 AND lease_holder IS NOT NULL',
    [tx.workspaceId, installationId, fence, new Date(at + leaseMs)],
  );
  return rowCount === 1;
}

/**
 * Gives a lease back and says when the next run is due. A wish that came while the run went on stays for the next, and so does a hint
 * that it has not looked at.
 */
export async function releaseLease(
  tx: Tx,
  installationId: string,
  fence: number,
  next: {
    readonly nextRunAt: number;
    readonly resumeAt: number | null;
    readonly resumeReason: string | null;
    readonly resynced: boolean;
    /** The wish as the run found it. */
    readonly wantedAt: number | null;
    /** Keys of the hints that it has read or tried to; undefined where it ended before it looked. */
    readonly hintsSeen: readonly string[] | undefined;
  },
  at: number,
): Promise<void> {
  const { rowCount } = await tx.query(
    `UPDATE installation SET lease_holder = NULL, lease_until = NULL, next_run_at = $4, resume_at = $5, resume_reason = $6,
            last_resync_at = CASE WHEN $7 THEN $8::timestamptz ELSE last_resync_at END,
            wanted_at = CASE WHEN wanted_at = $9::timestamptz THEN NULL ELSE wanted_at END
      WHERE workspace_id = $1 AND installation_id = $2 AND lease_fence = $3`,
    [
      tx.workspaceId,
      installationId,
      fence,
      new Date(next.nextRunAt),
      next.resumeAt === null ? null : new Date(next.resumeAt),
      next.resumeReason,
      next.resynced,
      new Date(at),
      next.wantedAt === null ? null : new Date(next.wantedAt),
    ],
  );
  if (rowCount === 0 || next.hintsSeen === undefined) return;
  // A statement of its own: behind the row's lock it sees the hints of every webhook that had it before, and later ones say so themselves.
  await tx.query(
    `UPDATE installation SET hinted_at = NULL
      WHERE workspace_id = $1 AND installation_id = $2 AND hinted_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM hint WHERE workspace_id = $1 AND installation_id = $2 AND taken_at IS NULL
                           AND dedupe_key <> ALL($3::text[]))`,
    [tx.workspaceId, installationId, next.hintsSeen],
  );
}

/** Frees the leases of a holder that is known to be dead, such as this very process before it was killed (I14). */
export async function releaseLeasesOf(tx: Tx, holderPrefix: string): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE installation SET lease_holder = NULL, lease_until = NULL WHERE workspace_id = $1 AND starts_with(lease_holder, $2)`,
    [tx.workspaceId, holderPrefix],
  );
  return rowCount ?? 0;
}

/** Asks for a run of all streams as soon as possible: a person connected it anew or pressed the button. */
export async function wantRun(tx: Tx, installationId: string, at: number): Promise<void> {
  await tx.query(
    // No two wishes are the same instant, so that a run knows the one that it found.
    `UPDATE installation SET wanted_at = greatest($3::timestamptz, wanted_at + interval '1 millisecond')
      WHERE workspace_id = $1 AND installation_id = $2`,
    [tx.workspaceId, installationId, new Date(at)],
  );
}

/**
 * Asks for the hints of these installations to be read as soon as possible. Call it last in the transaction that keeps them: whoever ends
 * a run waits for its lock, and then sees them.
 */
export async function wantHints(tx: Tx, installationIds: readonly string[], at: number): Promise<void> {
  if (installationIds.length === 0) return;
  await tx.query(
    `UPDATE installation SET hinted_at = coalesce(hinted_at, $3::timestamptz)
      WHERE workspace_id = $1 AND installation_id = ANY($2::uuid[])`,
    [tx.workspaceId, installationIds, new Date(at)],
  );
}

/** Active installations of these connectors that are due and that no living worker holds. */
export async function dueInstallations(tx: Tx, connectors: readonly string[], at: number): Promise<readonly string[]> {
  const { rows } = await tx.query<{ installation_id: string }>(
    `SELECT installation_id FROM installation
      WHERE workspace_id = $1 AND status = 'active' AND connector = ANY($3::text[]) AND (lease_holder IS NULL OR lease_until < $2)
        AND (resume_at IS NULL OR resume_at <= $2) AND (wanted_at IS NOT NULL OR hinted_at IS NOT NULL OR next_run_at IS NULL OR next_run_at <= $2)
      ORDER BY least(wanted_at, hinted_at) NULLS LAST, next_run_at NULLS FIRST, created_at`,
    [tx.workspaceId, new Date(at), connectors],
  );
  return rows.map((row) => row.installation_id);
}

/** Whether an active source has not ended its first run yet. */
export async function isFirstRunOpen(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query(
    `SELECT 1 FROM installation
      WHERE workspace_id = $1 AND connector <> 'slack' AND status = 'active' AND next_run_at IS NULL LIMIT 1`,
    [tx.workspaceId],
  );
  return rows.length > 0;
}

/** Who holds leases now. */
export async function leaseHolders(tx: Tx): Promise<readonly string[]> {
  const { rows } = await tx.query<{ lease_holder: string }>(
    'SELECT DISTINCT lease_holder FROM installation WHERE workspace_id = $1 AND lease_holder IS NOT NULL',
    [tx.workspaceId],
  );
  return rows.map((row) => row.lease_holder);
}
