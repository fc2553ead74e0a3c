import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate, startEmbedded, type EmbeddedServer } from '@waymark/store/embedded';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';

const template = 'waymark';
const name = `test-${process.getuid?.() ?? 0}`;
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
    await removeHome(home);
  };
}

async function start(): Promise<Running> {
  await sweep();
  const home = await temporaryHome(name);
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
  for (const at of await readdir(tmpdir())) {
    if (!at.startsWith(`waymark-${name}-`)) continue;
    const home = join(tmpdir(), at);
    const owner = Number(await readFile(join(home, 'run.pid'), 'utf8').catch(() => ''));
    if (!owner || alive(owner)) continue;
    // Another run that begins now may be at it too.
    await removeHome(home).catch(() => undefined);
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
