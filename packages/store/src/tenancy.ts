import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, StoreError } from './errors.ts';

/** A transaction: one connection, from BEGIN to COMMIT. */
export type Transaction = {
  /** Runs one statement with bind parameters. */
  readonly query: <R extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ) => Promise<pg.QueryResult<R>>;
  /** The connection itself, for COPY into a temporary table. */
  readonly client: pg.PoolClient;
};

/** A transaction inside one workspace: row level security shows and takes this workspace's rows only. */
export type WorkspaceTransaction = Transaction & { readonly workspaceId: string };

/** Short for the argument that every repository function takes first. */
export type Tx = WorkspaceTransaction;

/** How a transaction is run. */
export type TransactionOptions = {
  /** Repeat the whole work on a serialization failure or deadlock (40001, 40P01), at most 4 times. It must be safe to repeat. */
  readonly retry?: boolean;
  /** Every statement sees the database as it was at the first one, and nothing is written: for what is read in many parts that have to agree. */
  readonly snapshot?: boolean;
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const repeatable = new Set(['40001', '40P01']);
const attempts = 5;

/** @throws StoreError `workspace_missing` unless it is a uuid in lower case (failures R1, R23) */
export function requireWorkspace(workspaceId: string): void {
  if (typeof workspaceId !== 'string' || !uuid.test(workspaceId)) {
    throw new StoreError('workspace_missing', 'A store call needs the id of its workspace: pass it explicitly.');
  }
}

/**
 * Runs `work` in one transaction of the pool, after `enter`; commits what it returns from, rolls back what it throws out of.
 * A connection that cannot be rolled back is dropped, never given to another.
 */
export async function inTransaction<Entered extends Transaction, T>(
  pool: pg.Pool,
  enter: (transaction: Transaction) => Promise<Entered>,
  work: (transaction: Entered) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(pool, enter, work, options.snapshot ?? false);
    } catch (error) {
      if (!options.retry || attempt >= attempts || !repeatable.has(errorCode(error) ?? '')) throw error;
      await sleep(5 * 2 ** attempt);
    }
  }
}

async function once<Entered extends Transaction, T>(
  pool: pg.Pool,
  enter: (transaction: Transaction) => Promise<Entered>,
  work: (transaction: Entered) => Promise<T>,
  snapshot: boolean,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  let open = true;
  const query: Transaction['query'] = (text, values) => {
    // A promise that was not awaited must not run in another workspace's transaction.
    if (!open)
      return Promise.reject(
        new StoreError('workspace_missing', 'The transaction has ended: await every query inside it.'),
      );
    return values === undefined ? client.query(text) : client.query(text, [...values]);
  };
  try {
    await client.query(snapshot ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'BEGIN');
    const result = await work(await enter({ query, client }));
    open = false;
    await client.query('COMMIT');
    return result;
  } catch (error) {
    open = false;
    await client.query('ROLLBACK').catch((cause: unknown) => {
      broken = cause instanceof Error ? cause : new Error(String(cause));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Does work within a transaction, keeps what it returns, and takes back all that it stored, as if it had never been done. */
export async function rehearse<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  await tx.query('SAVEPOINT rehearsal');
  try {
    // Another object: what it locks is not locked any more afterwards, and must not be thought to be.
    return await work({ ...tx });
  } finally {
    await tx.query('ROLLBACK TO SAVEPOINT rehearsal');
  }
}
