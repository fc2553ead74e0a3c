import { randomUUID } from 'node:crypto';
import { Client, type QueryResultRow } from 'pg';
import { inject } from 'vitest';
import type { z } from 'zod';
import { clientConfig, targetUrl, type Target } from './connection.ts';
import { openDatabase, type Database, type DatabaseOptions } from './database.ts';
import { createWorkspace, type Workspace, type WorkspaceSettings } from './repositories/workspaces.ts';
import { createSealer, type Sealer } from './secrets.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The run's embedded server; set by test/setup/postgres.ts. */
    waymarkPostgres: { readonly owner: Target; readonly app: Target; readonly template: string };
  }
}

/** Runs one statement and gives its rows. */
export type OwnerQuery = <R extends QueryResultRow = QueryResultRow>(
  text: string,
  values?: readonly unknown[],
) => Promise<R[]>;

/** A database of a test file's own. */
export type TestDatabase = Database & {
  /** DATABASE_URL for a process under test: the application's role. */
  readonly url: string;
  /** WAYMARK_ADMIN_DATABASE_URL for a process under test: the owner. */
  readonly adminUrl: string;
  /** Seals under a fixed master key. */
  readonly sealer: Sealer;
  /** Makes a workspace of its own, by default `acme`. */
  readonly newWorkspace: (slug?: string, settings?: z.input<typeof WorkspaceSettings>) => Promise<Workspace>;
  /** Runs SQL as the owner, past row level security: for looking at what a test left, never for its subject. */
  readonly asOwner: OwnerQuery;
  /** The same, several statements on one connection. */
  readonly withOwner: <T>(work: (query: OwnerQuery) => Promise<T>) => Promise<T>;
};

/**
 * A fresh, migrated database on the run's embedded server, copied from a template (about 30 ms). Every statement of the application
 * is checked against the rules of distribution. Call it in `beforeAll` and `close()` in `afterAll`, which drops it.
 */
export async function testDatabase(
  options: Pick<DatabaseOptions, 'poolSize' | 'assertStatements'> = {},
): Promise<TestDatabase> {
  const server = inject('waymarkPostgres');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // From beside the template: PostgreSQL copies no database to which anybody is connected.
  const beside = { ...server.owner, database: 'postgres' };
  await asOwnerOf(beside, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${server.template}`));
  const owner = { ...server.owner, database: name };
  const url = targetUrl({ ...server.app, database: name });
  const adminUrl = targetUrl(owner);
  const database = await openDatabase({
    databaseUrl: url,
    adminDatabaseUrl: adminUrl,
    migrate: false,
    assertStatements: true,
    ...options,
  });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await database.close();
    await asOwnerOf(beside, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  };
  const withOwner: TestDatabase['withOwner'] = (work) =>
    asOwnerOf(owner, (client) =>
      work(
        async <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
          (await client.query<R>(text, [...values])).rows,
      ),
    );
  const sealer = createSealer({ database, masterKey: Buffer.alloc(32, 7) });
  return {
    ...database,
    sealer,
    newWorkspace: (slug = 'acme', settings = {}) =>
      createWorkspace(database, sealer, { slug, name: slug, settings }, Date.UTC(2026, 0, 1)),
    url,
    adminUrl,
    asOwner: (text, values) => withOwner((query) => query(text, values)),
    withOwner,
    close: () => (closed ??= close()),
  };
}

async function asOwnerOf<T>(target: Target, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(clientConfig(target, 'waymark test'));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
