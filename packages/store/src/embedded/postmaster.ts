import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, chown, link, mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, StoreError } from '../errors.ts';
import { reachable, spawnAs, type ServerAccount } from './account.ts';
import type { Binaries } from './binaries.ts';
import { dataArgument, serverEnvironment } from './cluster.ts';

/** sun_path holds 108 bytes with its end (unix(7)); the file's own name takes part of them. */
const longestSocketPath = 107;
const socketPort = 5432;
const largestLog = 10 * 1024 * 1024;

/** A running server: its process and the folder of its socket. */
export type Postmaster = { readonly pid: number; readonly socketFolder: string; readonly port: number };

/** Settings of the server, as `-c name=value`. */
export type Tuning = Readonly<Record<string, string>>;

/**
 * The server that owns the data folder, read from its `postmaster.pid`; undefined where none is alive. A lock file of a dead
 * server is left to PostgreSQL, which knows better (failure R8); one whose number now belongs to another program, or to a server of
 * another folder, as after a restart of a container, is removed.
 */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const path = join(data, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new StoreError('home_unusable', `${path} cannot be read: run Waymark as the user who started the database.`, {
      cause: error,
    });
  });
  if (text === undefined) return undefined;
  const [pid, , , port, socketFolder] = text.split('\n');
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0) return undefined;
  const alive = await isServerOf(data, number);
  if (alive === 'other program') await removeStale(path, text);
  return alive === 'postgres' && socketFolder ? { pid: number, socketFolder, port: Number(port) } : undefined;
}

/** Removes a lock file that says `text`, and never one that a server has written since. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== text) await link(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** What has this number: a server that works in this folder, which is where every PostgreSQL goes to, something else, or nothing. */
async function isServerOf(data: string, pid: number): ReturnType<typeof isPostgres> {
  const alive = await isPostgres(pid);
  if (alive !== 'postgres' || process.platform !== 'linux') return alive;
  // Of a process that is another user's, its name has to do.
  const folder = await stat(`/proc/${pid}/cwd`).catch(() => undefined);
  if (folder === undefined) return 'postgres';
  // One folder has many paths: links and mounts.
  const own = await stat(data);
  return folder.dev === own.dev && folder.ino === own.ino ? 'postgres' : 'other program';
}

/** Whether there is a process of this number, whosever it is. */
export function isLiving(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

async function isPostgres(pid: number): Promise<'postgres' | 'other program' | 'dead'> {
  if (!isLiving(pid)) return 'dead';
  if (process.platform !== 'linux') return 'postgres';
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  if (status === '' || /^State:\s+[ZX]/m.test(status)) return 'dead';
  return /^Name:\s+postgres/m.test(status) ? 'postgres' : 'other program';
}

/** What a start needs to know. */
export type StartOptions = {
  readonly folder: string;
  readonly data: string;
  readonly logs: string;
  readonly binaries: Binaries;
  readonly account: ServerAccount;
  readonly tuning: Tuning;
  /** Also listen on 127.0.0.1 at this port; by default only the Unix socket is there. */
  readonly tcpPort?: number | undefined;
};

/**
 * Starts the server in a session of its own, so that neither a Ctrl-C nor the end of this process ends it before its users are
 * done. Resolves when the process is there, not when it answers. A start that loses to another process's resolves with `false`.
 */
export async function startPostmaster(
  options: StartOptions,
): Promise<{ readonly exited: () => Promise<string | undefined> }> {
  const { data, account, binaries } = options;
  const socketFolder = await socketFolderFor(options);
  const path = await rotatedLog(options.logs);
  const log = await open(path, 'a', 0o600);
  const from = (await log.stat()).size;
  const settings: Tuning = {
    listen_addresses: options.tcpPort === undefined ? '' : '127.0.0.1',
    port: String(options.tcpPort ?? socketPort),
    unix_socket_directories: socketFolder,
    unix_socket_permissions: '0700',
    timezone: 'UTC',
    log_timezone: 'UTC',
    max_connections: '200',
    password_encryption: 'scram-sha-256',
    // Terse leaves out the DETAIL line, which quotes the row (guarantee I7).
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    ...options.tuning,
  };
  const args = [
    '-D',
    await dataArgument(data, account),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const child = spawn(binaries.postgres, args, {
    cwd: data,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: serverEnvironment,
    ...spawnAs(account),
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`exit ${String(code ?? signal)}`));
  });
  child.unref();
  await log.close();
  return {
    exited: async () => {
      const how = await Promise.race([ended, sleep(0, undefined)]);
      if (how === undefined) return undefined;
      const text = await readFile(path).catch(() => Buffer.alloc(0));
      return `${how}: ${text.subarray(from).toString().trim().slice(-1500)}`;
    },
  };
}

/** Ends the server: fast shutdown (SIGINT), which checkpoints; after 30 s an immediate one, from which it recovers by itself. */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  for (const [signal, wait] of [
    ['SIGINT', 30_000],
    ['SIGQUIT', 10_000],
  ] as const) {
    try {
      process.kill(postmaster.pid, signal);
    } catch (error) {
      if (errorCode(error) === 'ESRCH') return;
      throw error;
    }
    for (let waited = 0; waited < wait; waited += 10) {
      if ((await isPostgres(postmaster.pid)) !== 'postgres') return;
      await sleep(10);
    }
  }
}

async function socketFolderFor(options: StartOptions): Promise<string> {
  const { folder, account } = options;
  const near = join(folder, 'run');
  const usable = async (path: string): Promise<boolean> =>
    Buffer.byteLength(join(path, `.s.PGSQL.${options.tcpPort ?? socketPort}`)) <= longestSocketPath &&
    (await reachable(path, account));
  await mkdir(near, { recursive: true, mode: 0o700 });
  let place = near;
  if (!(await usable(near))) {
    const note = join(folder, 'socket-folder');
    const known = (await readFile(note, 'utf8').catch(() => '')).trim();
    const owner = known ? await stat(known).catch(() => undefined) : undefined;
    if (owner && owner.uid === account.uid && (owner.mode & 0o077) === 0) return known;
    const parent = (await usable(join(tmpdir(), 'wm-123456')).catch(() => false)) ? tmpdir() : '/tmp';
    place = await mkdtemp(join(parent, 'wm-'));
    await writeFile(note, place, { mode: 0o600 });
  }
  await chmod(place, 0o700);
  if (account.switched) await chown(place, account.uid, account.gid);
  return place;
}

async function rotatedLog(logs: string): Promise<string> {
  const path = join(logs, 'postgres.log');
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  // Another start may have moved it meanwhile.
  if (size > largestLog)
    await rename(path, `${path}.1`).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
    });
  return path;
}
