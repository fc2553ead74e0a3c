import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one row of the benchmark, removed when its work has ended. */
export async function inHome<T>(name: string, work: (home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), `waymark-bench-${name}-`));
  // For root, whose embedded server runs as another account.
  await chmod(home, 0o711);
  try {
    return await work(home);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
