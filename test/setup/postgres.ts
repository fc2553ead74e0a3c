import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate, startEmbedded, type EmbeddedServer } from '@waymark/store/embedded';

const template = 'waymark';
const prefix = `waymark-test-${process.getuid?.() ?? 0}-`;
type Running = { readonly home: string; readonly server: EmbeddedServer; users: number };
// Vitest calls this once for each project that names it; all of a run share one server.
let running: Promise<Running> | undefined;

/** Starts one embedded PostgreSQL for the run, with a template database migrated once. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  running ??= start();
  const { home, server } = await running;
  (await running).users += 1;
  project.provide('waymarkPostgres', { owner: server.owner, app: server.app, template });
  return async () => {
    const state = await running;
    if (!state || (state.users -= 1) > 0) return;
    running = undefined;
    await server.close();
    await rm(home, { recursive: true, force: true });
  };
}

async function start(): Promise<Running> {
  await sweep();
  const home = await mkdtemp(join(tmpdir(), prefix));
  // For root, whose server runs as another account.
  await chmod(home, 0o711);
  await writeFile(join(home, 'run.pid'), String(process.pid));
  // Nothing of a test outlives its run, so durability is traded for speed here, and only here (failure R7).
  const tuning = {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    autovacuum: 'off',
    max_connections: '400',
  };
  const server = await startEmbedded({ home, tuning });
  await migrate(server.owner);
  return { home, server, users: 0 };
}

/** Ends what a killed run left behind: its server and its folder. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const home = join(tmpdir(), name);
    const owner = Number(await readFile(join(home, 'run.pid'), 'utf8').catch(() => ''));
    if (!owner || alive(owner)) continue;
    const pid = Number(
      (await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0],
    );
    if (pid && (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() === 'postgres')
      process.kill(pid, 'SIGQUIT');
    await rm(home, { recursive: true, force: true }).catch(() => undefined);
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
