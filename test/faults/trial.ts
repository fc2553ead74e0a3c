import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { samplePortals } from '@waymark/sandbox';
import { describeKill, type Kill } from './kill-plan.ts';
import { openOutside, type Outside, type OutsideLedger } from './outside.ts';
import { untilAtRest } from './house.ts';
import { openRows, type Holdings } from './rows.ts';
import { freePort, startServerProcess, type ServerProcess } from './server-process.ts';
import { homesIn } from './template.ts';

const healthyLimitMs = 30_000;
const pointLimitMs = 120_000;

/** One kill and what came after it. */
export interface KillRecord {
  readonly kill: string;
  /** False where the named instant was not passed within its time: the process was then killed as it was. */
  readonly hit: boolean;
  /** Milliseconds from the restart until `/readyz` said yes, and until everything was well. */
  readonly readyMs: number;
  readonly healthyMs: number;
}

/** How a run on a copy of the template ended. */
export interface Trial {
  readonly kills: readonly KillRecord[];
  readonly holdings: Holdings;
  readonly ledger: OutsideLedger;
  readonly alerts: ReadonlyMap<string, string>;
  readonly journal: readonly JournalLine[];
  readonly orderly: boolean;
  readonly output: string;
}

export interface JournalLine {
  readonly key: string;
  readonly after: string;
  readonly state: string;
}

/** The journal of write-back, in the order of writing. */
export const journalQuery = `SELECT external_id || '.' || property AS key, after_value AS after, state FROM writeback_item
  WHERE workspace_id = $1 AND state <> 'planned' ORDER BY written_at NULLS FIRST, item_id`;

interface Running {
  readonly folder: string;
  readonly outside: Outside;
  readonly port: number;
}

/**
 * Runs Waymark on a copy of the template, kills it as planned, each time starts it again, lets it come to rest and ends it in order.
 * With no kills it is the undisturbed run. Throws where it is not healthy within 30 s of a restart (I14) or never comes to rest.
 */
export async function runTrial(
  folder: string,
  kills: readonly Kill[],
  options: { readonly ticks: number; readonly say?: (line: string) => void },
): Promise<Trial> {
  const homes = homesIn(folder);
  const outside = await openOutside(homes.outside);
  const running: Running = { folder, outside, port: await freePort() };
  outside.pointAt(`http://127.0.0.1:${running.port}`);
  const records: KillRecord[] = [];
  let output = '';
  let server: ServerProcess | undefined;
  try {
    for (const kill of kills) {
      const victim = await start(running, kill);
      server = victim;
      const hit = await killAsPlanned(running, victim, kill);
      output += victim.output();
      const next = await start(running);
      server = next;
      const readyMs = await next.ready();
      const healthyMs = await untilHealthy(running, next);
      records.push({ kill: describeKill(kill), hit, readyMs, healthyMs });
      options.say?.(`${describeKill(kill)}${hit ? '' : ' (not passed)'}: ready ${readyMs} ms, healthy ${healthyMs} ms`);
      await next.kill();
      output += next.output();
    }
    const last = await start(running);
    server = last;
    await last.ready();
    const rows = await openRows(homes.waymark);
    try {
      await untilAtRest(rows, outside, 0);
      for (let tick = 0; tick < options.ticks; tick += 1) await outside.sandbox.tick();
      await outside.sandbox.hubspot.handle.flushWebhooks();
      await untilAtRest(rows, outside, Date.now());
      const result = {
        kills: records,
        holdings: await rows.holdings(),
        ledger: outside.ledger(),
        alerts: await rows.alerts(),
        journal: await rows.query<JournalLine>(journalQuery),
      };
      const ending = await last.stop();
      return { ...result, orderly: ending.code === 0, output: output + last.output() };
    } finally {
      await rows.close();
    }
  } finally {
    if (server?.isAlive()) await server.kill();
    await outside.close();
  }
}

async function start({ folder, outside, port }: Running, kill?: Kill): Promise<ServerProcess> {
  if (kill?.stage === 'token') {
    outside.sandbox.hubspot.handle.expireAccess(samplePortals.main);
  }
  return startServerProcess({
    home: homesIn(folder).waymark,
    port,
    environment: {
      ...outside.environment,
      ...(kill?.at === 'point' && { WAYMARK_STOP_AT: `${kill.name}:${kill.nth}` }),
    },
  });
}

/** Lets life go on around the process until it is dead. Returns whether it died as planned. */
async function killAsPlanned(running: Running, victim: ServerProcess, kill: Kill): Promise<boolean> {
  const until = Date.now() + (kill.at === 'point' ? pointLimitMs : kill.afterMs);
  while (Date.now() < until && victim.isAlive()) {
    if (kill.stage === 'live') {
      await running.outside.sandbox.tick();
      await running.outside.sandbox.hubspot.handle.flushWebhooks().catch(() => undefined);
    }
    await Promise.race([victim.ended, sleep(Math.min(700, Math.max(1, until - Date.now())))]);
  }
  if (!victim.isAlive()) {
    const ending = await victim.ended;
    if (ending.signal !== 'SIGKILL')
      throw new Error(`Waymark ended by itself (${ending.code}): ${victim.output().slice(-2000)}`);
    return true;
  }
  await victim.kill();
  if (kill.at === 'moment' && kill.database) await killDatabase(homesIn(running.folder).waymark);
  return kill.at === 'moment';
}

/** Kills the server of the home's embedded PostgreSQL, which outlives the process that started it. */
async function killDatabase(home: string): Promise<void> {
  const file = await readFile(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(file.split('\n')[0]);
  if (pid > 0) process.kill(pid, 'SIGKILL');
}

/** Healthy: it answers, no stream has a fault, no lease is a dead process's, and every installation is active. */
async function untilHealthy({ folder }: Running, server: ServerProcess): Promise<number> {
  const startedAt = Date.now();
  const rows = await openRows(homesIn(folder).waymark);
  try {
    for (;;) {
      const health = await rows.health();
      if (health.sick.length === 0) return Date.now() - startedAt;
      if (!server.isAlive()) throw new Error(`Waymark died after its restart: ${server.output().slice(-2000)}`);
      if (Date.now() - startedAt > healthyLimitMs)
        throw new Error(
          `Waymark was not healthy within 30 s: ${health.sick.join('; ')}\n${server.output().slice(-2000)}`,
        );
      await sleep(100);
    }
  } finally {
    await rows.close();
  }
}
