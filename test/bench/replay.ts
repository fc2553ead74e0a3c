import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { createSealer, createWorkspace, eventColumns, openDatabase, targetUrl, walkAccounts } from '@waymark/store';
import { importFile, linesOf, replayWorkspace } from '@waymark/sync';
import { inHome } from './bench-home.ts';
import { shippedJourney } from './fold.ts';
import { writeHistory } from './history.ts';
import { median, size, timed, type BenchRow } from './measure.ts';

interface Measured {
  readonly events: number;
  /** Seconds, medians. */
  readonly replay: number;
  readonly copy: number;
  /** Reading all accounts' facts as the replay does, without folding. */
  readonly walk: number;
  readonly runs: Readonly<Record<string, readonly number[]>>;
}

/**
 * A full replay by the template from PostgreSQL against a bare `COPY … TO STDOUT` of the same rows, one connection each, and how the cost of an
 * event goes on as the log grows, each divided by COPY at the same size. 100 events an account. Runs alternate.
 */
export async function replay(): Promise<BenchRow> {
  const most = size('WAYMARK_BENCH_REPLAY_EVENTS', 1_000_000);
  const runs = size('WAYMARK_BENCH_RUNS', 5);
  const sizes = [most / 100, most / 10, most].map(Math.round);
  const measured: Measured[] = [];
  for (const events of sizes) measured.push(await measure(events, runs));
  const [first, last] = [measured[0], measured.at(-1)];
  if (!first || !last) throw new Error('Nothing was measured.');
  const share = last.copy / last.replay;
  const growth = last.replay / last.copy / (first.replay / first.copy);
  return {
    row: 'replay',
    setting: { events: most, accounts: Math.ceil(most / 100), runs, connections: 1 },
    figures: [
      { name: 'of bare COPY TO STDOUT', value: share, unit: 'ratio', aim: '>= 0.5', met: share >= 0.5 },
      { name: 'store alone, of bare COPY', value: last.copy / last.walk, unit: 'ratio' },
      { name: 'events a second', value: last.events / last.replay, unit: '1/s' },
      {
        name: `cost an event, ${sizes[0]} to ${most}`,
        value: growth,
        unit: 'times',
        aim: '<= 1.5',
        met: growth <= 1.5,
      },
      // Of the whole row, the import of its history included.
      { name: 'highest memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' },
    ],
    runs: Object.fromEntries(
      measured.flatMap((one) => Object.entries(one.runs).map(([name, of]) => [`${name} ${one.events}`, of])),
    ),
  };
}

async function measure(events: number, runs: number): Promise<Measured> {
  const until = Date.now();
  const journey = await shippedJourney();
  return inHome('replay', async (home) => {
    const file = join(home, 'history.ndjson');
    await writeHistory(file, { events, accounts: Math.max(1, Math.ceil(events / 100)), until });
    const database = await openDatabase({ home, poolSize: 1 });
    const owner = new pg.Client({ connectionString: targetUrl(database.owner ?? database.target) });
    await owner.connect();
    try {
      const sealer = createSealer({ database, masterKey: Buffer.alloc(32, 7) });
      const settings = { ownDomains: ['vendor.example'] };
      const { workspaceId } = await createWorkspace(
        database,
        sealer,
        { slug: 'bench', name: 'Bench', settings },
        until,
      );
      const deps = { database, sealer, now: () => until, afterFold: () => Promise.resolve() };
      const { stored } = await importFile(deps, workspaceId, linesOf(createReadStream(file)));
      if (stored !== events) throw new Error(`${stored} of ${events} events were stored.`);
      await owner.query('VACUUM ANALYZE journey_event');
      const whole = async () => {
        const report = await replayWorkspace(database, workspaceId, { now: until, journey });
        if (report.events + report.unmatched < events) throw new Error(`${report.events} of ${events} were replayed.`);
      };
      const walk = () =>
        database.inWorkspace(
          workspaceId,
          async (tx) => {
            let facts = 0;
            for await (const { logs } of walkAccounts(tx, { beside: () => Promise.resolve(null) }))
              for (const log of logs) facts += log.facts.length;
            if (facts > events || facts === 0) throw new Error(`${facts} of ${events} were read.`);
          },
          { snapshot: true },
        );
      const bare = () =>
        pipeline(
          owner.query(copyTo(`COPY (SELECT ${eventColumns} FROM journey_event) TO STDOUT`)),
          new Writable({ write: (_chunk, _encoding, done) => done() }),
        );
      const times = { replay: [] as number[], copy: [] as number[], walk: [] as number[] };
      await bare();
      for (let run = 0; run < runs; run += 1) {
        times.copy.push(await timed(bare));
        times.walk.push(await timed(walk));
        times.replay.push(await timed(whole));
      }
      return { events, replay: median(times.replay), copy: median(times.copy), walk: median(times.walk), runs: times };
    } finally {
      await owner.end();
      await database.close();
    }
  });
}
