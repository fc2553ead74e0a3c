import { chmod, mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPostmaster } from './embedded/postmaster.ts';

/** Makes a temporary folder in which embedded servers may run. Remove it with `removeHome`. */
export async function temporaryHome(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `waymark-${name}-`));
  // For root, whose server runs as another account.
  await chmod(folder, 0o711);
  return folder;
}

/**
 * Removes a folder with all that is in it: ends the servers that still run there, such as those of killed processes, and waits until
 * nobody works in it, since a folder in which somebody writes cannot be removed.
 */
export async function removeHome(folder: string): Promise<void> {
  for (const at of await readdir(folder, { recursive: true }).catch(() => [])) {
    if (!at.endsWith('postmaster.pid')) continue;
    const left = await findPostmaster(dirname(join(folder, at)));
    // At once: nothing of a test is kept.
    if (left) process.kill(left.pid, 'SIGQUIT');
  }
  while (await isWorkedIn(folder)) await sleep(10);
  await rm(folder, { recursive: true, force: true });
}

/** Whether a process works in the folder. A PostgreSQL and all its children do so in their data (proc(5): only Linux tells). */
async function isWorkedIn(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const within = `${await realpath(folder).catch(() => folder)}/`;
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(processes.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return places.some((place) => place.startsWith(within));
}
