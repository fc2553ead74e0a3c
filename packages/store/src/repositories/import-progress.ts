import type { Tx } from '../tenancy.ts';

/** How far an import came, with its counts until then. */
export interface ImportProgress {
  readonly line: number;
  readonly counts: unknown;
}

/** How far the import came that was cut off; undefined where none was. */
export async function importProgress(tx: Tx, importId: string): Promise<ImportProgress | undefined> {
  const { rows } = await tx.query<{ line: string; counts: unknown }>(
    'SELECT line, counts FROM import_progress WHERE workspace_id = $1 AND import_id = $2',
    [tx.workspaceId, importId],
  );
  return rows[0] && { line: Number(rows[0].line), counts: rows[0].counts };
}

/** Keeps how far an import came, in the transaction that stores the lines. */
export async function keepImportProgress(
  tx: Tx,
  importId: string,
  { line, counts }: ImportProgress,
  at: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO import_progress (workspace_id, import_id, line, counts, updated_at) VALUES ($1, $2, $3, $4::jsonb, $5)
     ON CONFLICT (workspace_id, import_id) DO UPDATE SET line = excluded.line, counts = excluded.counts, updated_at = excluded.updated_at`,
    [tx.workspaceId, importId, line, JSON.stringify(counts), new Date(at)],
  );
}

/** An import that has ended begins anew the next time. */
export async function endImportProgress(tx: Tx, importId: string): Promise<void> {
  await tx.query('DELETE FROM import_progress WHERE workspace_id = $1 AND import_id = $2', [tx.workspaceId, importId]);
}
