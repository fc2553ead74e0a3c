import { spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, StoreError } from '../errors.ts';
import { scramVerifier, type Passwords } from './access-key.ts';
import { reachable, spawnAs, type ServerAccount } from './account.ts';
import type { Binaries } from './binaries.ts';

/** The owner of the embedded cluster and of Waymark's tables. */
export const ownerRole = 'waymark_owner';
/** The application's role: owns nothing, cannot bypass row level security. */
export const appRole = 'waymark_app';
/** The database that holds Waymark's tables. */
export const databaseName = 'waymark';

/**
 * How the server is to be told its data folder. A path that its account cannot walk to is named through the working directory,
 * which it inherits: `/proc/self/cwd` leads there without touching the folders above.
 */
export async function dataArgument(data: string, account: ServerAccount): Promise<string> {
  if (await reachable(data, account)) return data;
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new StoreError(
    'home_unusable',
    `PostgreSQL cannot enter ${data}: set WAYMARK_HOME to a folder whose parents all users may enter.`,
  );
}

/**
 * Makes `<folder>/data` if there is none. The work is done beside it and moved into place when complete, so that neither a crash
 * nor a second process leaves half a cluster.
 */
export async function ensureCluster(
  folder: string,
  binaries: Binaries,
  account: ServerAccount,
  passwords: Passwords,
  options: { readonly sync: boolean },
): Promise<string> {
  const data = join(folder, 'data');
  const found = await readFile(join(data, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new StoreError('home_unusable', `${data} cannot be read: run Waymark as the user who made it.`, {
      cause: error,
    });
  });
  if (found !== undefined) {
    if (found.trim() === binaries.major) return data;
    throw new StoreError(
      'embedded_failed',
      `${data} was made by PostgreSQL ${found.trim()} and this is ${binaries.major}: export with the former Waymark and import here.`,
    );
  }
  const draft = await mkdtemp(join(folder, 'data-'));
  try {
    if (account.switched) await chown(draft, account.uid, account.gid);
    const at = await dataArgument(draft, account);
    const settings = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    // --auth=reject: initdb wants a password file for anything better, and pg_hba.conf is written below.
    const initdb = ['-D', at, '-U', ownerRole, '--auth=reject', ...settings, ...(options.sync ? [] : ['--no-sync'])];
    await run(binaries.initdb, initdb, draft, account, '');
    await writeFile(
      join(draft, 'pg_hba.conf'),
      'local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n',
    );
    // Single-user mode takes one statement a line and needs no sign-in.
    const statements = [
      `ALTER ROLE ${ownerRole} PASSWORD '${scramVerifier(passwords.owner)}'`,
      `CREATE ROLE ${appRole} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '${scramVerifier(passwords.app)}'`,
      `CREATE DATABASE ${databaseName}`,
    ];
    await run(binaries.postgres, ['--single', '-D', at, 'postgres'], draft, account, `${statements.join('\n')}\n`);
    await rename(draft, data).catch(async (error: unknown) => {
      // Another process was first; its cluster is as good.
      if (!(await stat(join(data, 'PG_VERSION')).catch(() => undefined))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return data;
}

/** Makes Waymark's folders so that the server's account may pass through them, and nobody else may list them. */
export async function ensureFolders(home: string): Promise<{ readonly folder: string; readonly logs: string }> {
  const folder = join(home, 'postgres');
  const logs = join(home, 'logs');
  for (const path of [home, folder, logs]) await mkdir(path, { recursive: true, mode: 0o711 });
  return { folder, logs };
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  account: ServerAccount,
  input: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: serverEnvironment,
      ...spawnAs(account),
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('error', (cause) =>
      reject(new StoreError('embedded_failed', `${program} cannot be run: ${cause.message}.`, { cause })),
    );
    child.on('close', (code) => {
      // Single-user mode ends with 0 even after an error in a statement.
      if (code === 0 && !/\b(ERROR|FATAL|PANIC):/.test(output)) resolve();
      else
        reject(
          new StoreError('embedded_failed', `${program} ended with ${String(code)}: ${output.trim().slice(-1500)}`),
        );
    });
  });
}

/** The little that PostgreSQL needs from the environment; nothing of ours (keys, URLs) reaches it. */
export const serverEnvironment = { LC_ALL: 'C', TZ: 'UTC' };
