import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientConfig, type Target } from '../connection.ts';
import { errorCode, StoreError } from '../errors.ts';
import { readPasswords, type Passwords } from './access-key.ts';
import { serverAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { appRole, databaseName, ensureCluster, ensureFolders, ownerRole } from './cluster.ts';
import {
  findPostmaster,
  isLiving,
  startPostmaster,
  stopPostmaster,
  type Postmaster,
  type Tuning,
} from './postmaster.ts';

/** Any number will do, as long as it stays. Held shared by every process that uses the server. */
const presenceLock = 7_291_630;
const presenceName = 'waymark presence ';
const patience = 60_000;

/** What may be asked of the embedded server. */
export type EmbeddedOptions = {
  /** The folder that keeps everything (WAYMARK_HOME). */
  readonly home: string;
  /** Also listen on loopback TCP; off by default. */
  readonly tcpPort?: number | undefined;
  /** Server settings. `fsync` off only in tests (failure R7). */
  readonly tuning?: Tuning | undefined;
  /** Told when the server went away and when it is back. */
  readonly onNotice?: ((message: string) => void) | undefined;
};

/** A process's hold on the embedded server. */
export type EmbeddedServer = {
  readonly owner: Target;
  readonly app: Target;
  readonly postmaster: Postmaster;
  /** True where this call started the server, false where it joined one that ran. */
  readonly started: boolean;
  /** Gives up the hold; the last one to do so stops the server. */
  readonly close: () => Promise<void>;
};

/**
 * Starts the embedded PostgreSQL of a home, or joins the one that runs: another process's, or one that outlived a killed process
 * (failure R8). Every user holds a shared lock on a session of its own; who can take it alone on leaving is the last, and stops
 * the server. A kill ends the session and with it the hold, so nothing needs to be cleaned up. Should the server itself die, it
 * is started again.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { folder, logs } = await ensureFolders(options.home);
  const account = serverAccount();
  const binaries = await findBinaries(folder, account);
  const passwords = await readPasswords(folder);
  const data = await ensureCluster(folder, binaries, account, passwords, { sync: options.tuning?.['fsync'] !== 'off' });
  const start = { folder, data, logs, binaries, account, tuning: options.tuning ?? {}, tcpPort: options.tcpPort };

  let closing = false;
  let hold: Hold;
  /** The return of a server that went away, while it goes on. */
  let returning: Promise<void> = Promise.resolve();
  const acquire = async (): Promise<Hold> => {
    const until = Date.now() + patience;
    let attempt: Awaited<ReturnType<typeof startPostmaster>> | undefined;
    let last = 'no answer';
    while (Date.now() < until) {
      const running = await findPostmaster(data);
      if (running) {
        const joined = await join(running, passwords);
        if (typeof joined !== 'string') return { ...joined, started: attempt !== undefined };
        last = joined;
      } else {
        const failure = await attempt?.exited();
        if (failure !== undefined) last = failure;
        // Another process was faster, or a killed server's children have not all gone yet: both pass.
        if (failure !== undefined && !/already exists|still in use|still being|exit 0/.test(failure)) break;
        if (!attempt || failure !== undefined) {
          // Who leaves needs none.
          if (closing) break;
          attempt = await startPostmaster(start);
        }
      }
      await sleep(20);
    }
    throw new StoreError(
      'embedded_failed',
      `The embedded PostgreSQL in ${folder} does not start; see ${logs}/postgres.log. ${last}`,
    );
  };
  const watch = (held: Hold): void => {
    held.client.on('error', () => undefined);
    held.client.once('end', () => {
      if (closing || hold !== held) return;
      options.onNotice?.('The embedded PostgreSQL went away; starting it again.');
      returning = acquire().then(
        (again) => {
          hold = again;
          if (closing) return;
          watch(again);
          options.onNotice?.('The embedded PostgreSQL is back.');
        },
        (error: unknown) => {
          if (!closing) options.onNotice?.(error instanceof Error ? error.message : String(error));
        },
      );
    });
  };
  hold = await acquire();
  watch(hold);
  const target = (user: string, password: string): Target => ({
    host: hold.postmaster.socketFolder,
    port: hold.postmaster.port,
    user,
    password,
    database: databaseName,
  });
  return {
    owner: target(ownerRole, passwords.owner),
    app: target(appRole, passwords.app),
    postmaster: hold.postmaster,
    started: hold.started,
    close: async () => {
      if (closing) return;
      closing = true;
      // Else one that has just been started again would outlive its last user.
      await returning;
      await leave(hold);
    },
  };
}

type Presence = { readonly client: Client; readonly postmaster: Postmaster };
type Hold = Presence & { readonly started: boolean };

async function join(postmaster: Postmaster, passwords: Passwords): Promise<Presence | string> {
  const target = {
    host: postmaster.socketFolder,
    port: postmaster.port,
    user: ownerRole,
    password: passwords.owner,
    database: 'postgres',
  };
  const client = new Client(clientConfig(target, `${presenceName}${process.pid}`));
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock_shared($1)', [presenceLock]);
    return { client, postmaster };
  } catch (error) {
    await client.end().catch(() => undefined);
    if (errorCode(error) === '28P01') {
      throw new StoreError(
        'embedded_failed',
        'The embedded PostgreSQL refuses the key in access.key: restore the one it was made with.',
      );
    }
    return error instanceof Error ? error.message : String(error);
  }
}

/** How long the server may take to notice that a killed process is gone, ms. */
const untilNoticed = 2_000;

async function leave({ client, postmaster }: Presence): Promise<void> {
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1)', [presenceLock]);
    // The lock stays ours until the server is down, so that who comes now waits and then starts a new one.
    if (await isLast(client)) await stopPostmaster(postmaster);
  } catch {
    // The session was lost, with it the hold.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether no other process is left. A session of one that was killed holds the lock until the server notices, and is waited for. */
async function isLast(client: Client): Promise<boolean> {
  const until = Date.now() + untilNoticed;
  for (;;) {
    const { rows } = await client.query<{ alone: boolean }>('SELECT pg_try_advisory_lock($1) AS alone', [presenceLock]);
    if (rows[0]?.alone) return true;
    const others = await client.query<{ process: number }>(
      `SELECT substr(application_name, length($1) + 1)::int AS process FROM pg_stat_activity
       WHERE starts_with(application_name, $1) AND pid <> pg_backend_pid()`,
      [presenceName],
    );
    if (others.rows.some(({ process: other }) => isLiving(other)) || Date.now() > until) return false;
    await sleep(20);
  }
}
