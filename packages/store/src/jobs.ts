import type pg from 'pg';
import { PgBoss } from 'pg-boss';
import { clientConfig, type Target } from './connection.ts';
import { appRole } from './embedded/cluster.ts';
import type { Transaction } from './tenancy.ts';

/** The schema of pg-boss's own tables; they hold no tenant's data but ids. */
const jobSchema = 'pgboss';

/** Creates or updates pg-boss's schema as the owner, and lets the application's role use it. */
export async function migrateJobs(owner: Target, client: pg.Client): Promise<void> {
  const boss = new PgBoss({
    ...connection(owner, 'waymark migrate'),
    supervise: false,
    schedule: false,
    migrate: true,
    createSchema: true,
  });
  boss.on('error', () => undefined);
  await boss.start();
  await boss.stop({ graceful: false });
  const { rows } = await client.query<{ open: number }>(
    `SELECT count(*) AS open FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT has_table_privilege($2, c.oid, 'INSERT')`,
    [jobSchema, appRole],
  );
  if (rows[0]?.open === 0) return;
  await client.query(`GRANT USAGE ON SCHEMA ${jobSchema} TO ${appRole}`);
  await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${jobSchema} TO ${appRole}`);
  await client.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${jobSchema} TO ${appRole}`);
  await client.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${jobSchema} TO ${appRole}`);
}

/**
 * Starts pg-boss as the application's role, picking jobs up through LISTEN/NOTIFY. A queue must be created with `notify: true` for
 * that. Delivery is at least once (failure R10): a job is a wake-up, the row is the truth.
 */
export async function openJobs(
  database: { readonly target: Target },
  options: { readonly onError: (error: Error) => void; readonly poolSize?: number },
): Promise<PgBoss> {
  const boss = new PgBoss({
    ...connection(database.target, 'waymark jobs'),
    max: options.poolSize ?? 6,
    migrate: false,
    createSchema: false,
    useListenNotify: true,
    // Rebuilding an index wants its owner.
    reindex: false,
  });
  boss.on('error', options.onError);
  await boss.start();
  return boss;
}

/**
 * What a worker needs so that no job waits for the next poll: notices that come during a handler fold into one, so a full fetch must
 * be followed by another. pg-boss does that only for batches of two and more.
 */
export const promptWork = { batchSize: 2, burstWhenBatchFull: true } as const;

/** Lets `boss.send(…, { db })` take part in a transaction. The row is still the truth: on Citus the two are not one act (rule S7). */
export function jobDatabase(tx: Transaction): {
  executeSql: (text: string, values?: unknown[]) => Promise<{ rows: pg.QueryResultRow[] }>;
} {
  return { executeSql: async (text, values) => ({ rows: (await tx.query(text, values)).rows }) };
}

function connection(target: Target, applicationName: string): ConstructorParameters<typeof PgBoss>[0] & object {
  const { host, port, user, password, database, ssl, options } = clientConfig(target, applicationName);
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(typeof password === 'string' ? { password } : {}),
    ...(database === undefined ? {} : { database }),
    ...(ssl === undefined ? {} : { ssl }),
    ...(options === undefined ? {} : { options }),
    application_name: applicationName,
    schema: jobSchema,
  };
}
