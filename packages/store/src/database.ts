import { Pool, type PoolClient } from 'pg';
import { clientConfig, parseTarget, type Target } from './connection.ts';
import { appRole } from './embedded/cluster.ts';
import { startEmbedded, type EmbeddedServer } from './embedded/server.ts';
import type { Tuning } from './embedded/postmaster.ts';
import { StoreError } from './errors.ts';
import { migrate, requireCurrentSchema } from './migrate.ts';
import { tenantTables } from './schema.ts';
import { guardClient } from './statement-guard.ts';
import {
  inTransaction,
  requireWorkspace,
  type Transaction,
  type TransactionOptions,
  type WorkspaceTransaction,
} from './tenancy.ts';

/** How to reach the database. */
export type DatabaseOptions = {
  /** WAYMARK_HOME: holds the embedded database. Not touched where `databaseUrl` is given. */
  readonly home?: string | undefined;
  /** DATABASE_URL: a PostgreSQL 15 or newer; without it the embedded one is started or joined. */
  readonly databaseUrl?: string | undefined;
  /** WAYMARK_ADMIN_DATABASE_URL: the owner, who migrates; else `databaseUrl`'s user does, and the application acts as `waymark_app`. */
  readonly adminDatabaseUrl?: string | undefined;
  /** Whether to bring the schema up to date; true by default. Without an owner's address it is only checked. */
  readonly migrate?: boolean | undefined;
  /** Connections for workspaces' transactions; 10 by default. Another 3 are kept for the directory. */
  readonly poolSize?: number | undefined;
  /** Check every statement against the rules that let the schema be distributed; for tests. */
  readonly assertStatements?: boolean | undefined;
  readonly applicationName?: string | undefined;
  readonly tcpPort?: number | undefined;
  readonly tuning?: Tuning | undefined;
  readonly onNotice?: ((message: string) => void) | undefined;
};

/** An open database: the one way to its rows is a transaction in a workspace, or in the global directory. */
export type Database = {
  /** Who the application is, for clients of its own (LISTEN, jobs). Holds a password: never log it. */
  readonly target: Target;
  /** Who owns the schema; undefined where only the application's role is known. Holds a password. */
  readonly owner: Target | undefined;
  /** Whether this process started the embedded server, joined it, or uses another. */
  readonly server: 'started' | 'joined' | 'external';
  /** The application's pool. Prefer `inWorkspace`: a bare connection sees no tenant's row. */
  readonly app: Pool;
  /** Runs `work` in one transaction that sees this workspace's rows only. */
  readonly inWorkspace: <T>(
    workspaceId: string,
    work: (transaction: WorkspaceTransaction) => Promise<T>,
    options?: TransactionOptions,
  ) => Promise<T>;
  /** Runs `work` in one transaction on the global tables (workspace, directory). On connections of its own: it may be called inside `inWorkspace`. */
  readonly global: <T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions) => Promise<T>;
  /** Ends all connections; the last user of an embedded server stops it. */
  readonly close: () => Promise<void>;
};

/**
 * Opens the database, embedded or by address, migrates it, and checks that the application's role cannot bypass row level security.
 *
 * @throws StoreError `role_unsafe`, `schema_behind`, `migration_failed`, `embedded_failed`
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const reached = await reach(options);
  try {
    if (reached.owner && options.migrate !== false) await migrate(reached.owner);
    return await connectDatabase(reached, options);
  } catch (error) {
    await reached.embedded?.close();
    throw error;
  }
}

type Reached = { readonly app: Target; readonly owner: Target | undefined; readonly embedded?: EmbeddedServer };

async function reach(options: DatabaseOptions): Promise<Reached> {
  if (options.databaseUrl === undefined) {
    if (options.home === undefined)
      throw new StoreError('home_unusable', 'Set WAYMARK_HOME to a folder, or DATABASE_URL to a PostgreSQL.');
    const embedded = await startEmbedded({
      home: options.home,
      tcpPort: options.tcpPort,
      tuning: options.tuning,
      onNotice: options.onNotice,
    });
    return { app: embedded.app, owner: embedded.owner, embedded };
  }
  const given = parseTarget(options.databaseUrl);
  if (options.adminDatabaseUrl !== undefined) return { app: given, owner: parseTarget(options.adminDatabaseUrl) };
  if (given.user === appRole) return { app: given, owner: undefined };
  return { app: { ...given, options: `-c role=${appRole}` }, owner: given };
}

async function connectDatabase(reached: Reached, options: DatabaseOptions): Promise<Database> {
  const name = options.applicationName ?? 'waymark';
  const pool = (max: number): Pool => {
    const made = new Pool({ ...clientConfig(reached.app, name), max, idleTimeoutMillis: 30_000 });
    // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
    made.on('error', () => undefined);
    // The same for one that breaks between two statements of a transaction: its next statement fails and tells.
    made.on('connect', (client) => client.on('error', () => undefined));
    return made;
  };
  const app = pool(options.poolSize ?? 10);
  const directory = pool(3);
  const close = async (): Promise<void> => {
    await Promise.all([app.end(), directory.end()]);
    await reached.embedded?.close();
  };
  try {
    const client = await app.connect();
    let tenants: ReadonlySet<string>;
    try {
      await requireSafeRole(client);
      await requireCurrentSchema(client);
      tenants = new Set(await tenantTables(client));
    } finally {
      client.release(true);
    }
    if (options.assertStatements) {
      for (const guarded of [app, directory]) guarded.on('connect', (connected) => guardClient(connected, tenants));
    }
  } catch (error) {
    await Promise.all([app.end(), directory.end()]);
    throw error;
  }
  let closed: Promise<void> | undefined;
  return {
    target: reached.app,
    owner: reached.owner,
    server: reached.embedded ? (reached.embedded.started ? 'started' : 'joined') : 'external',
    app,
    inWorkspace: async (workspaceId, work, how) => {
      requireWorkspace(workspaceId);
      const enter = async (transaction: Transaction): Promise<WorkspaceTransaction> => {
        await transaction.query('SELECT waymark_enter($1)', [workspaceId]);
        return { ...transaction, workspaceId };
      };
      return inTransaction(app, enter, work, how);
    },
    global: (work, how) => inTransaction(directory, (transaction) => Promise.resolve(transaction), work, how),
    close: () => (closed ??= close()),
  };
}

/** Row level security does not hold owners, superusers and BYPASSRLS roles (failure R2), so such a role is refused. */
async function requireSafeRole(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string; unsafe: boolean; owns: boolean; member: boolean }>(
    `SELECT current_user AS name, (SELECT r.rolsuper OR r.rolbypassrls FROM pg_roles r WHERE r.rolname = current_user) AS unsafe,
            EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                       AND pg_has_role(current_user, c.relowner, 'USAGE')) AS owns,
            EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = $1)
              AND pg_has_role(current_user, (SELECT r.oid FROM pg_roles r WHERE r.rolname = $1), 'USAGE') AS member`,
    [appRole],
  );
  const role = rows[0];
  if (!role || role.unsafe || role.owns) {
    throw new StoreError(
      'role_unsafe',
      `The application may not connect as ${role?.name ?? 'this role'}, which can bypass row level security: give a role that owns nothing.`,
    );
  }
  if (!role.member) {
    throw new StoreError(
      'role_unsafe',
      `The role ${role.name} lacks its grants: have the owner run GRANT ${appRole} TO ${role.name}.`,
    );
  }
}
