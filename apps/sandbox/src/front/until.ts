import { setTimeout as sleep } from 'node:timers/promises';

/** Waits in a test until something holds. How long that may take is the test's own limit, and nobody else's guess. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}
