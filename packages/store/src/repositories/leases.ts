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

/** Gives a lease back and says when the next run is due. */
export async function releaseLease(
  tx: Tx,
  installationId: string,
  fence: number,
  next: {
    readonly nextRunAt: number;
    readonly resumeAt: number | null;
    readonly resumeReason: string | null;
    readonly resynced: boolean;
  },
  at: number,
): Promise<void> {
  await tx.query(
    `UPDATE installation SET lease_holder = NULL, lease_until = NULL, next_run_at = $4, resume_at = $5, resume_reason = $6,
            last_resync_at = CASE WHEN $7 THEN $8::timestamptz ELSE last_resync_at END,
            wanted_at = CASE WHEN wanted_at <= $9 THEN NULL ELSE wanted_at END
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
      new Date(at - sameWishMs),
    ],
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

/** Wishes this close are one, so that a burst of webhooks does not wait for the row; a run leaves a wish this young for the next. */
const sameWishMs = 250;

/** Asks for a run as soon as possible: a hint came, a person pressed the button. */
export async function wantRun(tx: Tx, installationId: string, at: number): Promise<void> {
  await tx.query(
    `UPDATE installation SET wanted_at = $3
      WHERE workspace_id = $1 AND installation_id = $2 AND (wanted_at IS NULL OR wanted_at < $4)`,
    [tx.workspaceId, installationId, new Date(at), new Date(at - sameWishMs)],
  );
}

/** Active installations of these connectors that are due and that no living worker holds. */
export async function dueInstallations(tx: Tx, connectors: readonly string[], at: number): Promise<readonly string[]> {
  const { rows } = await tx.query<{ installation_id: string }>(
    `SELECT installation_id FROM installation
      WHERE workspace_id = $1 AND status = 'active' AND connector = ANY($3::text[]) AND (lease_holder IS NULL OR lease_until < $2)
        AND (resume_at IS NULL OR resume_at <= $2) AND (wanted_at IS NOT NULL OR next_run_at IS NULL OR next_run_at <= $2)
      ORDER BY wanted_at NULLS LAST, next_run_at NULLS FIRST, created_at`,
    [tx.workspaceId, new Date(at), connectors],
  );
  return rows.map((row) => row.installation_id);
}

/** Who holds leases now. */
export async function leaseHolders(tx: Tx): Promise<readonly string[]> {
  const { rows } = await tx.query<{ lease_holder: string }>(
    'SELECT DISTINCT lease_holder FROM installation WHERE workspace_id = $1 AND lease_holder IS NOT NULL',
    [tx.workspaceId],
  );
  return rows.map((row) => row.lease_holder);
}
