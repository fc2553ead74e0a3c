import type { Tx } from '../tenancy.ts';

/** A value that we sent to a CRM, kept so that it is recognized when it comes back as a change (failure H1). */
export interface OwnWrite {
  readonly writeId: string;
  readonly installationId: string;
  readonly externalId: string;
  readonly property: string;
  readonly value: string;
  /** Epoch milliseconds, before it was sent. */
  readonly writtenAt: number;
}

/** A change as a CRM tells it. */
export interface IncomingChange {
  readonly installationId: string;
  readonly externalId: string;
  readonly property: string;
  readonly value: string;
  /** When it happened by the CRM's clock, epoch milliseconds. */
  readonly at: number;
}

const dayMs = 24 * 3_600_000;
/** How far the CRM's clock may be behind ours, ms. */
const skewMs = 5 * 60_000;

/** Notes writes before they are sent; the same one again is noted with its new time. */
export async function noteOwnWrites(tx: Tx, writes: readonly OwnWrite[]): Promise<void> {
  if (writes.length === 0) return;
  await tx.query(
    `INSERT INTO write_ledger (workspace_id, write_id, installation_id, external_id, property, value, written_at)
     SELECT $1::uuid, write_id, installation_id, external_id, property, value, written_at
       FROM jsonb_to_recordset($2::jsonb) AS r(write_id uuid, installation_id uuid, external_id text, property text, value text,
         written_at timestamptz)
     ON CONFLICT (workspace_id, write_id) DO UPDATE SET written_at = excluded.written_at, seen_back_at = NULL`,
    [
      tx.workspaceId,
      JSON.stringify(
        writes.map((one) => ({
          write_id: one.writeId,
          installation_id: one.installationId,
          external_id: one.externalId,
          property: one.property,
          value: one.value,
          written_at: new Date(one.writtenAt),
        })),
      ),
    ],
  );
}

/** Takes out writes that are known not to have happened, so that a person's own change to that value is heard. */
export async function forgetOwnWrites(tx: Tx, writeIds: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM write_ledger WHERE workspace_id = $1 AND write_id = ANY($2::uuid[])', [
    tx.workspaceId,
    writeIds,
  ]);
}

/**
 * Whether a change is one of our own writes come back: equal in value to what we wrote to this record within 24 hours before, and
 * not told already as a change of another instant. A change found so is marked as seen back; asked again, the answer is the same.
 */
export async function isEcho(tx: Tx, change: IncomingChange): Promise<boolean> {
  const values = [
    tx.workspaceId,
    change.installationId,
    change.externalId,
    change.property,
    change.value,
    new Date(change.at),
    new Date(change.at - dayMs),
    new Date(change.at + skewMs),
  ];
  const { rows } = await tx.query<{ write_id: string; seen_back_at: Date | null }>(
    `SELECT write_id, seen_back_at FROM write_ledger
      WHERE workspace_id = $1 AND installation_id = $2 AND external_id = $3 AND property = $4 AND value = $5
        AND (seen_back_at = $6 OR (seen_back_at IS NULL AND written_at > $7 AND written_at <= $8))
      ORDER BY seen_back_at NULLS LAST, written_at, write_id LIMIT 1`,
    values,
  );
  const found = rows[0];
  if (!found) return false;
  if (found.seen_back_at === null) {
    await tx.query('UPDATE write_ledger SET seen_back_at = $3 WHERE workspace_id = $1 AND write_id = $2', [
      tx.workspaceId,
      found.write_id,
      new Date(change.at),
    ]);
  }
  return true;
}
