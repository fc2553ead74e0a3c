import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import {
  activateDefinition,
  createSealer,
  createWorkspace,
  eventColumns,
  openDatabase,
  targetUrl,
  type Database,
} from '@waymark/store';
import { foldDue, importFile, linesOf, noPoint } from '@waymark/sync';
import { inHome } from './bench-home.ts';
import { writeHistory } from './history.ts';
import { cpuSeconds, median, size, timed, type BenchRow } from './measure.ts';

/** What every run leaves behind, emptied before the next. */
const filled = [
  'account',
  'account_known',
  'account_wake',
  'assignment',
  'engine_state',
  'flag',
  'import_progress',
  'journey_event',
  'kept_state',
  'live_check',
  'peer_check',
  'peer_median',
  'season_known',
  'set_aside',
  'source_check',
  'source_outage',
  'stage_period',
  'unmatched',
  'workspace_season',
];

/**
 * Ingest through the full path (read, parse, validate, identify, match, dedupe, store, fold each touched account), and the same in a workspace
 * where no journey is in force, so that nothing is folded, against a bare COPY of the same rows into the same table, indexes and all, by its
 * owner. One connection each; fsync on; runs alternate.
 */
export async function ingest(): Promise<BenchRow> {
  const events = size('WAYMARK_BENCH_EVENTS', 200_000);
  const accounts = size('WAYMARK_BENCH_ACCOUNTS', 400);
  const runs = size('WAYMARK_BENCH_RUNS', 5);
  const until = Date.now();
  return inHome('ingest', async (home) => {
    const file = join(home, 'history.ndjson');
    const bytes = await writeHistory(file, { events, accounts, until });
    const database = await openDatabase({ home, poolSize: 1 });
    const owner = new pg.Client({ connectionString: targetUrl(database.owner ?? database.target) });
    await owner.connect();
    try {
      const sealer = createSealer({ database, masterKey: Buffer.alloc(32, 7) });
      const settings = { ownDomains: ['vendor.example'] };
      const workspace = (slug: string) => createWorkspace(database, sealer, { slug, name: slug, settings }, until);
      const { workspaceId: folding } = await workspace('folding');
      const { workspaceId: storing } = await workspace('storing');
      await activateTemplate(database, folding, until);
      const ingestInto = async (workspaceId: string) => {
        const deps = { database, sealer, now: () => until, afterFold: () => Promise.resolve() };
        const lines = linesOf(createReadStream(file, { highWaterMark: 256 * 1024 }));
        const { stored } = await importFile(deps, workspaceId, lines);
        if (stored !== events) throw new Error(`${stored} of ${events} events were stored.`);
        const fold = { database, workspaceId, now: () => until, point: noPoint, afterFold: () => Promise.resolve() };
        for (let done = 1; done > 0;) done = await foldDue(fold);
      };
      const fresh = async () => {
        await owner.query(`TRUNCATE ${filled.join(', ')}`);
        await owner.query('CHECKPOINT');
      };
      await ingestInto(folding);
      const rows = await copyOut(owner);
      const bare = () =>
        pipeline(
          Readable.from(rows),
          owner.query(copyFrom(`COPY journey_event (workspace_id, ${eventColumns}) FROM STDIN`)),
        );
      await fresh();
      await bare();
      const times = { copy: [] as number[], store: [] as number[], full: [] as number[], processor: [] as number[] };
      for (let run = 0; run < runs; run += 1) {
        await fresh();
        times.copy.push(await timed(bare));
        await fresh();
        times.store.push(await timed(() => ingestInto(storing)));
        await fresh();
        const before = cpuSeconds();
        times.full.push(await timed(() => ingestInto(folding)));
        times.processor.push(cpuSeconds() - before);
      }
      const [copy, store, whole] = [median(times.copy), median(times.store), median(times.full)];
      return {
        row: 'ingest',
        setting: { events, accounts, runs, connections: 1, megabytes: Math.round(bytes / 1e6) },
        figures: [
          { name: 'of raw COPY', value: copy / whole, unit: 'ratio', aim: '>= 0.6', met: copy / whole >= 0.6 },
          { name: 'store alone, of raw COPY', value: copy / store, unit: 'ratio' },
          { name: 'events a second', value: events / whole, unit: '1/s' },
          { name: 'raw COPY', value: copy, unit: 's' },
          { name: 'full path', value: whole, unit: 's' },
          { name: 'without folding', value: store, unit: 's' },
          { name: 'our processor time', value: median(times.processor), unit: 's' },
        ],
        runs: times,
      };
    } finally {
      await owner.end();
      await database.close();
    }
  });
}

async function activateTemplate(database: Database, workspaceId: string, at: number): Promise<void> {
  const source = await readFile(templateFile('nine-stages'), 'utf8');
  const { digest, definition } = compileJourney(parseDefinition(source, 'nine-stages.yaml'));
  const stored = { journey: definition.id, digest, version: definition.version, source };
  await database.inWorkspace(workspaceId, (tx) => activateDefinition(tx, stored, 'bench', at));
}

/** The rows as COPY's own text, in the order in which they were stored. */
async function copyOut(owner: pg.Client): Promise<readonly Buffer[]> {
  const rows: Buffer[] = [];
  const stream = owner.query(copyTo(`COPY (SELECT workspace_id, ${eventColumns} FROM journey_event) TO STDOUT`));
  for await (const chunk of stream) rows.push(Buffer.from(chunk));
  // As large as our own chunks: COPY gives one a row.
  const whole = Buffer.concat(rows);
  return Array.from({ length: Math.ceil(whole.length / 131_072) }, (_, at) =>
    whole.subarray(at * 131_072, (at + 1) * 131_072),
  );
}
