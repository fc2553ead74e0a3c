import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../database.ts';
import { removeHome, temporaryHome } from '../testing-home.ts';
import { serverAccount } from './account.ts';
import { findPostmaster } from './postmaster.ts';
import { startEmbedded, type EmbeddedServer } from './server.ts';

// Only the first test is about durability; the others need not wait for the disk.
const tuning = { fsync: 'off' };
const source = join(import.meta.dirname, 'server.ts');
const holder = `import { startEmbedded } from ${JSON.stringify(source)};
const server = await startEmbedded({ home: process.argv[1], tuning: { fsync: 'off' } });
process.stdout.write(JSON.stringify({ started: server.started, pid: server.postmaster.pid }) + '\\n');
process.stdin.on('data', async () => { await server.close(); process.exit(0); });`;

const gone = async (home: string): Promise<boolean> =>
  (await findPostmaster(join(home, 'postgres/data'))) === undefined;

const ask = async (server: EmbeddedServer, sql: string): Promise<unknown> => {
  const client = new Client({ ...server.app });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
};

// Each test makes a cluster, which a busy machine does slowly.
describe('the embedded server', { timeout: 60_000 }, () => {
  const homes: string[] = [];
  const children: ChildProcess[] = [];
  const newHome = async (...inside: string[]): Promise<string> => {
    const root = await temporaryHome('embedded');
    homes.push(root);
    return join(root, ...inside);
  };
  const hold = async (home: string) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder, home], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = await once(child.stdout, 'data');
    const said: { started: boolean; pid: number } = JSON.parse(String(line));
    return { ...said, child };
  };
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const home of homes.splice(0)) await removeHome(home);
  });

  it('R7: keeps its rows over a stop, durably set, on a socket alone, with no password in any file', async () => {
    const home = await newHome();
    const first = await openDatabase({ home });
    expect(first.server).toBe('started');
    await first.global((tx) =>
      tx.query(
        `INSERT INTO directory (kind, key, workspace_id) VALUES ('x', 'kept', '018f0000-0000-7000-8000-00000000000a')`,
      ),
    );
    const { rows } = await first.app.query(
      `SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS tcp`,
    );
    expect(rows).toEqual([{ fsync: 'on', tcp: '' }]);
    await first.close();
    expect(await gone(home)).toBe(true);

    const again = await openDatabase({ home });
    expect((await again.global((tx) => tx.query('SELECT key FROM directory'))).rows).toEqual([{ key: 'kept' }]);
    const password = String(again.owner?.password);
    await again.close();
    for (const file of ['postgres/access.key', 'postgres/data/pg_hba.conf', 'logs/postgres.log']) {
      expect((await readFile(join(home, file))).includes(password)).toBe(false);
    }
    expect(await readFile(join(home, 'postgres/data/pg_hba.conf'), 'utf8')).not.toMatch(/trust/);
  });

  it('is shared: who comes second joins, and the last to leave stops it', async () => {
    const home = await newHome();
    const other = await hold(home);
    expect(other.started).toBe(true);
    const mine = await startEmbedded({ home, tuning });
    expect(mine).toMatchObject({ started: false, postmaster: { pid: other.pid } });
    other.child.stdin.write('leave');
    await once(other.child, 'exit');
    expect(await ask(mine, 'SELECT 1 AS one')).toEqual({ one: 1 });
    await mine.close();
    expect(await gone(home)).toBe(true);
  });

  it('is one, however many processes start it at a time', async () => {
    const home = await newHome();
    const all = await Promise.all([1, 2, 3].map(() => startEmbedded({ home, tuning })));
    expect(new Set(all.map((server) => server.postmaster.pid)).size).toBe(1);
    await Promise.all(all.map((server) => server.close()));
    expect(await gone(home)).toBe(true);
    expect((await readdir(join(home, 'postgres'))).filter((name) => name.startsWith('data-'))).toEqual([]);
  });

  it('R8: that outlived a killed process is joined, and stopped by who joined it', async () => {
    const home = await newHome();
    const { child, pid } = await hold(home);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const mine = await startEmbedded({ home, tuning });
    expect(mine).toMatchObject({ started: false, postmaster: { pid } });
    await mine.close();
    expect(await gone(home)).toBe(true);
  });

  it('R8: is stopped by the last to leave though a killed process is yet to be noticed', async () => {
    const home = await newHome();
    const { child } = await hold(home);
    const mine = await startEmbedded({ home, tuning });
    child.kill('SIGKILL');
    await once(child, 'exit');
    // What the server still keeps of a process that is gone, for a while that can be told.
    const ghost = new Client({
      ...mine.owner,
      database: 'postgres',
      application_name: `waymark presence ${child.pid}`,
    });
    await ghost.connect();
    await ghost.query('SELECT pg_advisory_lock_shared(7291630)');
    const closed = mine.close();
    await sleep(300);
    await ghost.end();
    await closed;
    expect(await gone(home)).toBe(true);
  });

  it('R8: recovers after a kill of the server itself, also while in use', async () => {
    const home = await newHome();
    const notices: string[] = [];
    const mine = await startEmbedded({ home, tuning, onNotice: (notice) => notices.push(notice) });
    process.kill(mine.postmaster.pid, 'SIGKILL');
    const until = Date.now() + 30_000;
    while (notices.length < 2 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(notices).toEqual([
      'The embedded PostgreSQL went away; starting it again.',
      'The embedded PostgreSQL is back.',
    ]);
    expect(await ask(mine, 'SELECT 1 AS one')).toEqual({ one: 1 });
    await mine.close();
    expect(await gone(home)).toBe(true);
  });

  it('R8: starts over a lock file whose number now belongs to another program', async () => {
    const home = await newHome();
    await (await startEmbedded({ home, tuning })).close();
    const data = join(home, 'postgres/data');
    const other = spawn('sleep', ['60'], serverAccount().switched ? { uid: 65534, gid: 65534 } : {});
    children.push(other);
    await once(other, 'spawn');
    await writeFile(
      join(data, 'postmaster.pid'),
      `${String(other.pid)}\n${data}\n1\n5432\n${home}/postgres/run\n\n\nready   \n`,
    );
    if (serverAccount().switched) await chown(join(data, 'postmaster.pid'), 65534, 65534);
    const mine = await startEmbedded({ home, tuning });
    expect(mine.started).toBe(true);
    await mine.close();
  });

  it('R8: starts over a lock file whose number now belongs to a server of another folder', async () => {
    const [home, other] = [await newHome(), await newHome()];
    await (await startEmbedded({ home, tuning })).close();
    const theirs = await startEmbedded({ home: other, tuning });
    const data = join(home, 'postgres/data');
    const lock = join(data, 'postmaster.pid');
    await writeFile(lock, `${theirs.postmaster.pid}\n${data}\n1\n5432\n${home}/postgres/run\n\n\nready   \n`);
    if (serverAccount().switched) await chown(lock, 65534, 65534);
    const mine = await startEmbedded({ home, tuning });
    expect(mine.started).toBe(true);
    await mine.close();
    expect(await ask(theirs, 'SELECT 1 AS one')).toEqual({ one: 1 });
    await theirs.close();
  });

  it('R8: leaves no server behind that it started again while it was being closed', async () => {
    const home = await newHome();
    const away = Promise.withResolvers<void>();
    const mine = await startEmbedded({ home, tuning, onNotice: () => away.resolve() });
    process.kill(mine.postmaster.pid, 'SIGKILL');
    await away.promise;
    // Until the next one is there, but has not answered yet.
    while (await gone(home)) await sleep(1);
    await mine.close();
    expect(await gone(home)).toBe(true);
  });

  it('works in a folder with a long path and parents that its account cannot enter', async () => {
    const home = await newHome('a-folder-with-a-long-name-'.repeat(4), 'and-one-more-below-it', '.waymark');
    await mkdir(home, { recursive: true });
    await chmod(dirname(home), 0o700);
    const first = await startEmbedded({ home, tuning });
    expect(first.postmaster.socketFolder.startsWith(home)).toBe(false);
    expect(await ask(first, 'SELECT 1 AS one')).toEqual({ one: 1 });
    await first.close();
    // The same folder again, so that it is found by a second start.
    const second = await startEmbedded({ home, tuning });
    expect(second.postmaster.socketFolder).toBe(first.postmaster.socketFolder);
    await second.close();
    await rm(first.postmaster.socketFolder, { recursive: true });
  });

  it('R9: says what is wrong when it cannot start', async () => {
    const home = await newHome();
    const start = startEmbedded({ home, tuning: { shared_buffers: 'nonsense' } });
    await expect(start).rejects.toThrow(/does not start.*shared_buffers/s);
  });
});
