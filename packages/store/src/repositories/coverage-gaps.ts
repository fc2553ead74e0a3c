import type { Tx } from '../tenancy.ts';

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

/** The gaps, those that were read later only where asked for; with `knownAt` as they were known then. */
export async function gaps(
  tx: Tx,
  options: { readonly unhealedOnly: boolean; readonly knownAt?: number },
): Promise<readonly Gap[]> {
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
      WHERE workspace_id = $1 AND (NOT $2 OR healed_at IS NULL OR healed_at > $3)
        AND ($3::timestamptz IS NULL OR coalesce(opened_at, from_at) <= $3) ORDER BY from_at`,
    [tx.workspaceId, options.unhealedOnly, options.knownAt === undefined ? null : new Date(options.knownAt)],
  );
  const by = options.knownAt ?? Infinity;
  const then = (date: Date | null): number | null => (date !== null && date.getTime() <= by ? date.getTime() : null);
  return rows.map((row) => ({
    gapId: row.gap_id,
    installationId: row.installation_id,
    stream: row.stream,
    partition: row.partition,
    from: row.from_at.getTime(),
    to: then(row.to_at),
    reason: row.reason,
    healedAt: then(row.healed_at),
  }));
}

/** Opens a gap that was noticed at an instant, unless one is open for the partition. Returns whether it is new. */
export async function openGap(tx: Tx, gap: Omit<Gap, 'to' | 'healedAt'>, at: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO coverage_gap (workspace_id, gap_id, installation_id, stream, partition, from_at, reason, opened_at)
     SELECT $1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::timestamptz, $7::text, $8::timestamptz
      WHERE NOT EXISTS (SELECT 1 FROM coverage_gap g WHERE g.workspace_id = $1 AND g.installation_id = $3 AND g.stream = $4
                          AND g.partition = $5 AND g.to_at IS NULL AND g.healed_at IS NULL)
     ON CONFLICT (workspace_id, gap_id) DO NOTHING`,
    [
      tx.workspaceId,
      gap.gapId,
      gap.installationId,
      gap.stream,
      gap.partition,
      new Date(gap.from),
      gap.reason,
      new Date(at),
    ],
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
