import type { TestDatabase } from '@waymark/store/testing';

/** All rows of a workspace as text, by table: for telling that nothing was stored, or that a text stands nowhere. */
export async function rowsOfAll(
  database: TestDatabase,
  workspaceId: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  return database.withOwner(async (query) => {
    const tables = await query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'workspace_id' ORDER BY 1`,
    );
    const all: Record<string, readonly string[]> = {};
    for (const { name } of tables) {
      const rows = await query<{ row: string }>(
        `SELECT t::text AS row FROM ${name} t WHERE workspace_id = $1 ORDER BY 1`,
        [workspaceId],
      );
      all[name] = rows.map((one) => one.row);
    }
    return all;
  });
}
