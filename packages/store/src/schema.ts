import type pg from 'pg';

/** The tables that are not a workspace's: known before a workspace is, or about the schema itself. */
export const globalTables: readonly string[] = ['workspace', 'directory', 'schema_migration'];

/** The names of all tenant tables, from the catalog: those of the schema `public` that are not global. */
export async function tenantTables(client: Pick<pg.ClientBase, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL ($1)
      ORDER BY 1`,
    [globalTables],
  );
  return rows.map((row) => row.name);
}
