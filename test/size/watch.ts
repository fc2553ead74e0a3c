import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, workspaces, type Database, type Tx } from '@waymark/store';
import type { ServerProcess } from '../faults/server-process.ts';

/** How far a reading is, and how large the process. */
export interface Sample {
  /** Milliseconds since the watch began. */
  readonly atMs: number;
  /** Records read so far by all streams, as the rows say. */
  readonly done: number;
  readonly expected: number;
  /** Resident memory of the process, megabytes; 0 where it has ended. */
  readonly rssMb: number;
  readonly holders: readonly string[];
  /** First readings that are not at their end, and accounts to fold. */
  readonly open: number;
}

/** A database of the home, for looking on. Open it only while a server runs. */
export interface Lookout {
  readonly database: Database;
  readonly inside: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

export async function openLookout(home: string): Promise<Lookout> {
  const database = await openDatabase({ home, poolSize: 2, applicationName: 'waymark size test', migrate: false });
  const [workspace] = await database.global((tx) => workspaces(tx));
  if (!workspace) throw new Error('There is no workspace in this home.');
  return {
    database,
    inside: (work) => database.inWorkspace(workspace.workspaceId, work),
    close: () => database.close(),
  };
}

/** Coverage is looked at a second after a run, and may change answers. */
export const quietMs = 3000;

/** Looks on until everything is read and folded, or the process has ended. Throws where that takes longer than the limit. */
export async function watch(
  lookout: Lookout,
  server: ServerProcess,
  options: { readonly everyMs: number; readonly limitMs: number; readonly say?: (sample: Sample) => void },
): Promise<readonly Sample[]> {
  const startedAt = Date.now();
  const samples: Sample[] = [];
  let busyAt = Date.now();
  for (;;) {
    const sample = { atMs: Date.now() - startedAt, rssMb: await residentMb(server.pid), ...(await progress(lookout)) };
    samples.push(sample);
    options.say?.(sample);
    if (sample.open > 0) busyAt = Date.now();
    if (!server.isAlive() || Date.now() - busyAt > quietMs) return samples;
    if (sample.atMs > options.limitMs)
      throw new Error(
        `Not at rest after ${options.limitMs / 1000} s: ${JSON.stringify(sample)}\n${server.output().slice(-2000)}`,
      );
    await Promise.race([sleep(options.everyMs), server.ended]);
  }
}

export async function progress({ inside }: Lookout): Promise<Omit<Sample, 'atMs' | 'rssMb'>> {
  return inside(async (tx) => {
    const { rows } = await tx.query<{ done: number; expected: number; open: number; streams: number }>(
      `SELECT coalesce(sum(progress_done), 0)::int AS done, coalesce(sum(progress_expected), 0)::int AS expected,
              count(*) FILTER (WHERE backfill_done_at IS NULL)::int AS open, count(*)::int AS streams
         FROM stream_state WHERE workspace_id = $1`,
      [tx.workspaceId],
    );
    const { rows: unread } = await tx.query<{ n: number }>(
      `SELECT (SELECT count(*) FROM account_wake WHERE workspace_id = $1)::int
            + (SELECT count(*) FROM installation WHERE workspace_id = $1 AND connector <> 'slack' AND (next_run_at IS NULL OR wanted_at IS NOT NULL OR hinted_at IS NOT NULL))::int AS n`,
      [tx.workspaceId],
    );
    const { rows: holders } = await tx.query<{ holder: string }>(
      'SELECT DISTINCT lease_holder AS holder FROM installation WHERE workspace_id = $1 AND lease_holder IS NOT NULL',
      [tx.workspaceId],
    );
    const [state] = rows;
    return {
      done: state?.done ?? 0,
      expected: state?.expected ?? 0,
      open: (state?.open ?? 0) + (unread[0]?.n ?? 0) + (state?.streams === 0 ? 1 : 0),
      holders: holders.map((row) => row.holder),
    };
  });
}

/** Resident memory by the kernel's own account (proc(5)); 0 where the process is gone or the system has no /proc. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/mu.exec(status)?.[1] ?? 0) / 1024;
}
