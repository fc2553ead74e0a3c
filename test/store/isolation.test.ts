import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const acme = '018f0000-0000-7000-8000-00000000000a';
const other = '018f0000-0000-7000-8000-00000000000b';
const globalTables = ['workspace', 'directory', 'schema_migration'];

type Column = { name: string; type: string; value: string };
/** Something that fits a column, so that a whole row can be planted in any table. */
const samples: Readonly<Record<string, string>> = {
  uuid: '018f0000-0000-7000-8000-0000000000ff',
  jsonb: '{}',
  'text[]': '{}',
  bytea: '\\x00',
  boolean: 'false',
  date: '2026-01-01',
  'timestamp(3) with time zone': '2026-01-01T00:00:00Z',
};

describe('I6: row level security, table by table', () => {
  let database: TestDatabase;
  let tables: Map<string, Column[]>;
  beforeAll(async () => {
    // Statements without a workspace are the point here.
    database = await testDatabase({ assertStatements: false });
    const columns = await database.asOwner<{ table: string; name: string; type: string; checked: string | null }>(
      `SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
              (SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
                WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey) LIMIT 1) AS checked
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND a.attgenerated = '' AND c.relname <> ALL ($1) ORDER BY c.relname, a.attnum`,
      [globalTables],
    );
    tables = new Map();
    for (const { table, name, type, checked } of columns) {
      const allowed = checked?.match(/'([^']*)'/)?.[1];
      tables.set(table, [...(tables.get(table) ?? []), { name, type, value: allowed ?? samples[type] ?? '0' }]);
    }
  });
  afterAll(() => database.close());

  const insert = (table: string, columns: readonly Column[]): string =>
    `INSERT INTO ${table} (${columns.map((column) => column.name).join(', ')}) VALUES (${columns.map((column, at) => `$${at + 1}::${column.type}`).join(', ')})`;
  const row = (columns: readonly Column[], workspace: string): string[] =>
    columns.map((column) => (column.name === 'workspace_id' ? workspace : column.value));

  it('finds the tables', () => {
    expect(tables.size).toBeGreaterThan(25);
  });

  it('a workspace sees, changes, removes and plants nothing of another, in any table', async () => {
    const leaks: string[] = [];
    for (const [table, columns] of tables) {
      await database.inWorkspace(acme, (tx) => tx.query(insert(table, columns), row(columns, acme)));
      const own = await database.inWorkspace(acme, (tx) => tx.query(`SELECT 1 FROM ${table}`));
      if (own.rowCount !== 1) leaks.push(`${table}: its own row is hidden`);
      await database.inWorkspace(other, async (tx) => {
        if ((await tx.query(`SELECT 1 FROM ${table}`)).rowCount !== 0) leaks.push(`${table}: select`);
        if ((await tx.query(`UPDATE ${table} SET workspace_id = workspace_id`)).rowCount !== 0)
          leaks.push(`${table}: update`);
        if ((await tx.query(`DELETE FROM ${table}`)).rowCount !== 0) leaks.push(`${table}: delete`);
      });
      const planted = database.inWorkspace(other, (tx) => tx.query(insert(table, columns), row(columns, acme)));
      await expect(planted, table).rejects.toMatchObject({ code: '42501' });
      const moved = database.inWorkspace(acme, (tx) => tx.query(`UPDATE ${table} SET workspace_id = $1`, [other]));
      await expect(moved, table).rejects.toMatchObject({ code: '42501' });
    }
    expect(leaks).toEqual([]);
  });

  it('R4: the same row in two workspaces collides in no table, so none learns what another holds', async () => {
    for (const [table, columns] of tables) {
      const kept = `${insert(table, columns)} ON CONFLICT DO NOTHING`;
      await database.inWorkspace(acme, (tx) => tx.query(kept, row(columns, acme)));
      await database.inWorkspace(other, (tx) => tx.query(insert(table, columns), row(columns, other)));
    }
  });

  it('outside a workspace nothing is seen or taken', async () => {
    for (const [table, columns] of tables) {
      expect((await database.app.query(`SELECT 1 FROM ${table}`)).rowCount, table).toBe(0);
      await expect(database.app.query(insert(table, columns), row(columns, acme)), table).rejects.toMatchObject({
        code: '42501',
      });
    }
  });

  it('R1: 200 transactions at a time on few connections never see one another', async () => {
    const seen = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => {
        const mine = at % 2 === 0 ? acme : other;
        return database.inWorkspace(mine, async (tx) => {
          await tx.query('SELECT pg_sleep(0.001)');
          const { rows } = await tx.query<{ workspace_id: string }>('SELECT workspace_id FROM account');
          return rows.length === 1 && rows[0]?.workspace_id === mine;
        });
      }),
    );
    expect(seen.filter((right) => !right)).toEqual([]);
  });

  it('the application can neither switch it off nor change the schema', async () => {
    for (const statement of [
      'ALTER TABLE account DISABLE ROW LEVEL SECURITY',
      'DROP POLICY workspace_only ON account',
      'SET ROLE waymark_owner',
      'CREATE TABLE planted (id int)',
      'TRUNCATE account',
      'DELETE FROM schema_migration',
    ]) {
      await expect(database.app.query(statement), statement).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('control: without its policy a table shows every row, and this is noticed', async () => {
    await database.asOwner('ALTER TABLE account DISABLE ROW LEVEL SECURITY');
    const { rowCount } = await database.inWorkspace(other, (tx) => tx.query('SELECT 1 FROM account'));
    expect(rowCount).toBe(2);
  });
});
