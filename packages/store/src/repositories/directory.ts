import type { Transaction } from '../tenancy.ts';

/** What an outside name is: a Slack team, a CRM portal, an API token's hash, an OAuth state's hash, a webhook's address. */
export type DirectoryKind =
  | 'api_token'
  | 'oauth_state'
  | 'slack_team'
  | 'hubspot_portal'
  | 'salesforce_org'
  | 'webhook'
  | (string & {});

/** Where an outside name leads. */
export type DirectoryEntry = {
  readonly kind: string;
  readonly key: string;
  readonly workspaceId: string;
  readonly installationId: string | null;
  /** Epoch milliseconds, null for never. */
  readonly expiresAt: number | null;
};

type Row = { kind: string; key: string; workspace_id: string; installation_id: string | null; expires_at: Date | null };
const columns = 'kind, key, workspace_id, installation_id, expires_at';
const fromRow = (row: Row): DirectoryEntry => ({
  kind: row.kind,
  key: row.key,
  workspaceId: row.workspace_id,
  installationId: row.installation_id,
  expiresAt: row.expires_at?.getTime() ?? null,
});

/** The workspaces that a name leads to at a time; two of them may share one CRM portal. */
export async function resolveDirectory(
  tx: Transaction,
  kind: DirectoryKind,
  key: string,
  at: number,
): Promise<readonly DirectoryEntry[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM directory WHERE kind = $1 AND key = $2 AND (expires_at IS NULL OR expires_at > $3) ORDER BY workspace_id`,
    [kind, key, new Date(at)],
  );
  return rows.map(fromRow);
}

/** Leads a name to a workspace, or changes where in it. */
export async function putDirectory(tx: Transaction, entry: DirectoryEntry): Promise<void> {
  await tx.query(
    `INSERT INTO directory (kind, key, workspace_id, installation_id, expires_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (kind, key, workspace_id) DO UPDATE SET installation_id = excluded.installation_id, expires_at = excluded.expires_at`,
    [
      entry.kind,
      entry.key,
      entry.workspaceId,
      entry.installationId,
      entry.expiresAt === null ? null : new Date(entry.expiresAt),
    ],
  );
}

/** Takes one name from one workspace. Returns whether it was there. */
export async function removeDirectory(
  tx: Transaction,
  kind: DirectoryKind,
  key: string,
  workspaceId: string,
): Promise<boolean> {
  const { rowCount } = await tx.query('DELETE FROM directory WHERE kind = $1 AND key = $2 AND workspace_id = $3', [
    kind,
    key,
    workspaceId,
  ]);
  return (rowCount ?? 0) > 0;
}

/** The names of one kind that lead to a workspace. */
export async function directoryOf(
  tx: Transaction,
  kind: DirectoryKind,
  workspaceId: string,
): Promise<readonly DirectoryEntry[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM directory WHERE kind = $1 AND workspace_id = $2 ORDER BY key`,
    [kind, workspaceId],
  );
  return rows.map(fromRow);
}

/** Removes what has expired. Returns how many. */
export async function sweepDirectory(tx: Transaction, at: number): Promise<number> {
  return (await tx.query('DELETE FROM directory WHERE expires_at <= $1', [new Date(at)])).rowCount ?? 0;
}
