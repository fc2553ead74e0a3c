import { setTimeout as sleep } from 'node:timers/promises';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerProcess } from '../faults/server-process.ts';
import { truthOf } from './bulk.ts';
import { doublePosts, mailReads } from './reading.ts';
import { openSizeRig, type SizeRig } from './size-rig.ts';
import { judgeSize } from './verdict.ts';
import { openLookout, progress, quietMs, type Lookout } from './watch.ts';

// As many installations as the two have room for side by side, so that nothing waits behind the survivor's own work.
const size = { mails: 1800, mailboxes: 6, records: 100 };
const pidOf = (holder: string): number => Number(holder.split('/')[1]);

describe('two workers on one database', () => {
  let folder: string;
  let rig: SizeRig;
  let lookout: Lookout;
  let first: ServerProcess;
  let second: ServerProcess;
  /** Processes that held an installation, in the order in which they were seen first. */
  const workers = new Set<number>();
  let heldAtDeath: readonly string[] = [];
  let takenOverMs = Number.POSITIVE_INFINITY;
  let faults: readonly string[] = [];

  beforeAll(async () => {
    folder = await temporaryHome('two');
    rig = await openSizeRig(folder, size);
    const server = await rig.start({ roles: 'http,bot' });
    await server.ready();
    lookout = await openLookout(rig.home);
    [first, second] = await Promise.all([
      rig.start({ roles: 'workers', beside: true }),
      rig.start({ roles: 'workers', beside: true }),
    ]);
    try {
      await until(async () => {
        await look();
        return workers.size === 2 && (await heldBy(first)).length > 0;
      }, 60_000);
      heldAtDeath = await heldBy(first);
      await first.kill();
      const diedAt = Date.now();
      await until(async () => (await heldBy(first)).length === 0, 40_000);
      takenOverMs = Date.now() - diedAt;
      let busyAt = Date.now();
      await until(async () => {
        if ((await progress(lookout)).open > 0) busyAt = Date.now();
        return Date.now() - busyAt > quietMs;
      }, 300_000);
      faults = await lookout.inside((tx) => judgeSize(tx, truthOf(rig.sandbox, size.mailboxes)));
    } finally {
      await Promise.all([first, second, server].filter((one) => one.isAlive()).map((one) => one.stop()));
    }
  }, 600_000);
  afterAll(async () => {
    await lookout?.close();
    await rig.close();
    await removeHome(folder);
  });

  async function look(): Promise<void> {
    for (const holder of (await progress(lookout)).holders) workers.add(pidOf(holder));
  }

  async function heldBy(worker: ServerProcess): Promise<readonly string[]> {
    const { rows } = await lookout.inside((tx) =>
      tx.query<{ id: string; holder: string }>(
        'SELECT installation_id AS id, lease_holder AS holder FROM installation WHERE workspace_id = $1 AND lease_holder IS NOT NULL',
        [tx.workspaceId],
      ),
    );
    return rows.flatMap(({ id, holder }) => (pidOf(holder) === worker.pid ? [id] : []));
  }

  it('share the installations', () => {
    expect(workers).toEqual(new Set([first.pid, second.pid]));
  });

  it('I14: the one takes over what the other held when it was killed, within 30 s', () => {
    expect(heldAtDeath.length).toBeGreaterThan(0);
    expect(takenOverMs).toBeLessThan(30_000);
  });

  it('I1, I2: hold every mail and record once', () => {
    expect(faults).toEqual([]);
  });

  it('I4: post no alert twice', () => {
    expect(doublePosts(rig)).toEqual([]);
  });

  it('never read the same page both: only what the dead one had in hand is read again', () => {
    const inHand = heldAtDeath.length * 100;
    expect(mailReads(rig)).toBeLessThan(size.mails * 1.05 + inHand + size.mailboxes * 15);
  });
});

async function until(done: () => Promise<boolean>, limitMs: number): Promise<void> {
  const limit = Date.now() + limitMs;
  while (!(await done())) {
    if (Date.now() > limit) throw new Error(`It did not come about within ${limitMs / 1000} s.`);
    await sleep(50);
  }
}
