import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, type ClientBase } from 'pg';
import { clientConfig, type Target } from './connection.ts';
import { appRole } from './embedded/cluster.ts';
import { errorCode, StoreError } from './errors.ts';
import { migrateJobs } from './jobs.ts';
import { globalTables, tenantTables } from './schema.ts';
import { splitStatements, sqlTokens } from './sql-tokens.ts';

const migrationLock = 7_291_631;

/** One numbered file of `migrations/`. */
export type Migration = { readonly name: string; readonly digest: string; readonly statements: readonly string[] };

/** The migrations that this version of Waymark knows, in order. */
export async function readMigrations(folder = join(import.meta.dirname, 'migrations')): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{3}-[a-z0-9-]+\.sql$/.test(file)).toSorted();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(join(folder, file), 'utf8');
      // Over the tokens, so that a comment or a line break changes nothing.
      const digest = createHash('sha256');
      for (const token of sqlTokens(sql)) digest.update(`${token.text}\n`);
      return { name: file.replace(/\.sql$/, ''), digest: digest.digest('hex'), statements: splitStatements(sql) };
    }),
  );
}

/**
 * Brings the schema up to date as its owner: each migration in a transaction of its own, one statement a call, under an advisory
 * lock, so that any number of processes may start at once. After each, all tenant tables have row level security and their grants.
 * Then the job queue's schema. Safe to repeat.
 *
 * @returns the names of the migrations that were run now
 * @throws StoreError `migration_failed`, or `migration_changed` where an applied file has since been altered
 */
export async function migrate(owner: Target, migrations?: readonly Migration[]): Promise<string[]> {
  const client = new Client(clientConfig(owner, 'waymark migrate'));
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await ensureAppRole(client);
    await client.query(
      'CREATE TABLE IF NOT EXISTS schema_migration (name text PRIMARY KEY, digest text NOT NULL, applied_at timestamptz(3) NOT NULL)',
    );
    const { rows } = await client.query<{ name: string; digest: string }>('SELECT name, digest FROM schema_migration');
    const applied = new Map(rows.map((row) => [row.name, row.digest]));
    const run: string[] = [];
    for (const migration of migrations ?? (await readMigrations())) {
      const digest = applied.get(migration.name);
      if (digest === migration.digest) continue;
      if (digest !== undefined) {
        throw new StoreError(
          'migration_changed',
          `Migration ${migration.name} is not the one this database was made with: restore the file, or start with a new WAYMARK_HOME.`,
        );
      }
      await apply(client, migration);
      run.push(migration.name);
    }
    await migrateJobs(owner, client);
    return run;
  } finally {
    await client.end();
  }
}

/** @throws StoreError `schema_behind` where a migration has not been applied */
export async function requireCurrentSchema(client: Pick<ClientBase, 'query'>): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migration').catch((error: unknown) => {
    if (errorCode(error) === '42P01' || errorCode(error) === '42501') return { rows: [] };
    throw error;
  });
  const applied = new Set(rows.map((row) => row.name));
  const missing = (await readMigrations()).filter((migration) => !applied.has(migration.name));
  if (missing.length > 0) {
    throw new StoreError(
      'schema_behind',
      `The database lacks ${missing.map((migration) => migration.name).join(', ')}: set WAYMARK_ADMIN_DATABASE_URL to its owner and start once.`,
    );
  }
}

async function apply(client: Client, migration: Migration): Promise<void> {
  let current = '';
  try {
    await client.query('BEGIN');
    for (const statement of migration.statements) {
      current = statement;
      await client.query(statement);
    }
    await secureTables(client);
    await client.query('INSERT INTO schema_migration (name, digest, applied_at) VALUES ($1, $2, $3)', [
      migration.name,
      migration.digest,
      new Date(),
    ]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(
      'migration_failed',
      `Migration ${migration.name} failed: ${reason} In: ${current.slice(0, 300)}`,
      { cause },
    );
  }
}

async function secureTables(client: Client): Promise<void> {
  const quote = (name: string): string => client.escapeIdentifier(name);
  const { rows: secured } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)`,
  );
  const done = new Set(secured.map(({ name }) => name));
  for (const table of await tenantTables(client)) {
    if (done.has(table)) continue;
    const condition = `workspace_id::text = current_setting('app.workspace', true)`;
    await client.query(`ALTER TABLE ${quote(table)} ENABLE ROW LEVEL SECURITY`);
    await client.query(
      `CREATE POLICY workspace_only ON ${quote(table)} USING (${condition}) WITH CHECK (${condition})`,
    );
    await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${quote(table)} TO ${appRole}`);
  }
  await client.query(`GRANT USAGE ON SCHEMA public TO ${appRole}`);
  await client.query(`GRANT SELECT ON schema_migration TO ${appRole}`);
  for (const table of globalTables) {
    if (table === 'schema_migration') continue;
    const { rows } = await client.query<{ found: string | null }>('SELECT to_regclass($1)::text AS found', [
      `public.${table}`,
    ]);
    if (rows[0]?.found) await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${quote(table)} TO ${appRole}`);
  }
}

/** Makes the application's role where the server has none, and lets the owner act as it. */
async function ensureAppRole(client: Client): Promise<void> {
  const { rows } = await client.query<{ found: boolean }>(
    'SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS found',
    [appRole],
  );
  if (!rows[0]?.found) {
    await client.query(`CREATE ROLE ${appRole} NOLOGIN NOSUPERUSER NOBYPASSRLS`).catch((cause: unknown) => {
      // Two databases of one server may be migrated at once; roles are the server's.
      if (errorCode(cause) === '42710' || errorCode(cause) === '23505') return;
      throw new StoreError(
        'role_unsafe',
        `The database's owner may not create roles: have its administrator run CREATE ROLE ${appRole} NOLOGIN.`,
        {
          cause,
        },
      );
    });
  }
  const member = await client.query<{ member: boolean }>('SELECT pg_has_role(current_user, $1, $2) AS member', [
    appRole,
    'MEMBER',
  ]);
  if (!member.rows[0]?.member) await client.query(`GRANT ${appRole} TO CURRENT_USER`);
}
