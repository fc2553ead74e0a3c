import type { Tx } from '../tenancy.ts';

/** Which stage of a journey is written to which property of a CRM, as which value. Times are epoch milliseconds. */
export interface WritebackMapping {
  readonly mappingId: string;
  readonly installationId: string;
  readonly journey: string;
  readonly property: string;
  /** Our stage to the CRM's value. Null: deliberately not written. Missing: nobody has decided, which a plan shows. */
  readonly values: Readonly<Record<string, string | null>>;
  readonly allowBackward: boolean;
  /** When a person approved a first plan: from then on plans apply by themselves. */
  readonly approvedAt: number | null;
  readonly approvedBy: string | null;
  readonly enabled: boolean;
  readonly createdAt: number;
}

interface MappingRow {
  mapping_id: string;
  installation_id: string;
  journey: string;
  property: string;
  values_map: Record<string, string | null>;
  allow_backward: boolean;
  approved_at: Date | null;
  approved_by: string | null;
  enabled: boolean;
  created_at: Date;
}

const mappingColumns =
  'mapping_id, installation_id, journey, property, values_map, allow_backward, approved_at, approved_by, enabled, created_at';

const toMapping = (row: MappingRow): WritebackMapping => ({
  mappingId: row.mapping_id,
  installationId: row.installation_id,
  journey: row.journey,
  property: row.property,
  values: row.values_map,
  allowBackward: row.allow_backward,
  approvedAt: row.approved_at?.getTime() ?? null,
  approvedBy: row.approved_by,
  enabled: row.enabled,
  createdAt: row.created_at.getTime(),
});

/** The mappings of the workspace, oldest first. */
export async function writebackMappings(tx: Tx): Promise<readonly WritebackMapping[]> {
  const { rows } = await tx.query<MappingRow>(
    `SELECT ${mappingColumns} FROM writeback_mapping WHERE workspace_id = $1 ORDER BY created_at, mapping_id`,
    [tx.workspaceId],
  );
  return rows.map(toMapping);
}

export async function writebackMapping(tx: Tx, mappingId: string): Promise<WritebackMapping | undefined> {
  const { rows } = await tx.query<MappingRow>(
    `SELECT ${mappingColumns} FROM writeback_mapping WHERE workspace_id = $1 AND mapping_id = $2`,
    [tx.workspaceId, mappingId],
  );
  return rows[0] && toMapping(rows[0]);
}

/** Stores a mapping, or changes it. What it writes and whether it may go back are as given, the approval too. */
export async function saveWritebackMapping(tx: Tx, mapping: WritebackMapping): Promise<void> {
  await tx.query(
    `INSERT INTO writeback_mapping (workspace_id, ${mappingColumns})
     VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11)
     ON CONFLICT (workspace_id, mapping_id) DO UPDATE SET
       property = excluded.property, values_map = excluded.values_map, allow_backward = excluded.allow_backward,
       approved_at = excluded.approved_at, approved_by = excluded.approved_by, enabled = excluded.enabled`,
    [
      tx.workspaceId,
      mapping.mappingId,
      mapping.installationId,
      mapping.journey,
      mapping.property,
      JSON.stringify(mapping.values),
      mapping.allowBackward,
      mapping.approvedAt === null ? null : new Date(mapping.approvedAt),
      mapping.approvedBy,
      mapping.enabled,
      new Date(mapping.createdAt),
    ],
  );
}

/** Lets a mapping apply its plans by itself from now on, or (`by` null) no longer. */
export async function approveWritebackMapping(tx: Tx, mappingId: string, by: string | null, at: number): Promise<void> {
  await tx.query(
    'UPDATE writeback_mapping SET approved_at = $3, approved_by = $4 WHERE workspace_id = $1 AND mapping_id = $2',
    [tx.workspaceId, mappingId, by === null ? null : new Date(at), by],
  );
}

/** Takes a mapping for one worker. Returns the fence that every later step must name; undefined where another has it. */
export async function takeWritebackLease(
  tx: Tx,
  mappingId: string,
  holder: string,
  at: number,
  leaseMs: number,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ lease_fence: string }>(
    `UPDATE writeback_mapping SET lease_holder = $3, lease_until = $5, lease_fence = lease_fence + 1
      WHERE workspace_id = $1 AND mapping_id = $2 AND (lease_holder IS NULL OR lease_until < $4) RETURNING lease_fence`,
    [tx.workspaceId, mappingId, holder, new Date(at), new Date(at + leaseMs)],
  );
  return rows[0] && Number(rows[0].lease_fence);
}

/** Extends the lease, and holds it until the transaction ends. False: another worker has it, and nothing may be recorded. */
export async function holdWritebackLease(
  tx: Tx,
  mappingId: string,
  fence: number,
  at: number,
  leaseMs: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE writeback_mapping SET lease_until = $4
      WHERE workspace_id = $1 AND mapping_id = $2 AND lease_fence = $3 AND lease_holder IS NOT NULL`,
    [tx.workspaceId, mappingId, fence, new Date(at + leaseMs)],
  );
  return rowCount === 1;
}

export async function releaseWritebackLease(tx: Tx, mappingId: string, fence: number): Promise<void> {
  await tx.query(
    `UPDATE writeback_mapping SET lease_holder = NULL, lease_until = NULL
      WHERE workspace_id = $1 AND mapping_id = $2 AND lease_fence = $3`,
    [tx.workspaceId, mappingId, fence],
  );
}

/** Who holds mappings of the workspace now. */
export async function writebackLeaseHolders(tx: Tx): Promise<readonly string[]> {
  const { rows } = await tx.query<{ lease_holder: string }>(
    'SELECT DISTINCT lease_holder FROM writeback_mapping WHERE workspace_id = $1 AND lease_holder IS NOT NULL',
    [tx.workspaceId],
  );
  return rows.map((row) => row.lease_holder);
}

/** Frees the leases of a holder that is known to be dead, such as this very process before it was killed (I14). */
export async function releaseWritebackLeasesOf(tx: Tx, holderPrefix: string): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE writeback_mapping SET lease_holder = NULL, lease_until = NULL
      WHERE workspace_id = $1 AND starts_with(lease_holder, $2)`,
    [tx.workspaceId, holderPrefix],
  );
  return rowCount ?? 0;
}
