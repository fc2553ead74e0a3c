import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { backfill } from './backfill.ts';
import { backtestRow } from './backtest.ts';
import { crmBackfill } from './crm-backfill.ts';
import { foldRow } from './fold.ts';
import { ingest } from './ingest.ts';
import { late } from './late.ts';
import { latency } from './latency.ts';
import { mappers } from './mappers.ts';
import { oneMore } from './one-more.ts';
import type { BenchRow } from './measure.ts';
import { replay } from './replay.ts';
import { start } from './start.ts';

/** The rows of the benchmark, in the order in which they run. */
const rows: Readonly<Record<string, () => Promise<BenchRow>>> = {
  ingest,
  mappers,
  backfill,
  'crm-backfill': crmBackfill,
  latency,
  start,
  fold: foldRow,
  late,
  'one-more': oneMore,
  replay,
  backtest: backtestRow,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(rows, name));
if (unknown.length > 0) {
  console.error(`There is no row ${unknown.join(', ')}. There are: ${Object.keys(rows).join(', ')}.`);
  process.exit(2);
}
const results: BenchRow[] = [];
for (const [name, run] of Object.entries(rows)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(`${name} …`);
  const result = await run();
  results.push(result);
  for (const line of linesOf(result)) console.log(line);
}
const machine = {
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? '',
  load: loadavg().map((load) => Number(load.toFixed(2))),
};
const path = join(import.meta.dirname, 'results.json');
// Rows that were not asked for keep the figures of an earlier run.
const kept = (await earlier(path)).filter((row) => !results.some((one) => one.row === row.row));
const all = Object.keys(rows).flatMap((name) => [...results, ...kept].find((one) => one.row === name) ?? []);
await writeFile(path, `${JSON.stringify({ at: new Date().toISOString(), machine, rows: all }, null, 2)}\n`);
console.error(`Written to ${path}.`);

function linesOf({ row, setting, figures }: BenchRow): string[] {
  const head = `${row} (${Object.entries(setting)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')})`;
  return [
    head,
    ...figures.map(({ name, value, unit, aim, met }) => {
      const figure = value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
      const verdict = aim === undefined ? '' : `aim ${aim}${met === undefined ? '' : met ? ', met' : ', missed'}`;
      return `  ${name.padEnd(32)} ${figure.padStart(10)} ${unit.padEnd(8)} ${verdict}`.trimEnd();
    }),
    '',
  ];
}

async function earlier(file: string): Promise<readonly BenchRow[]> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const parsed: { readonly rows?: readonly BenchRow[] } = JSON.parse(text);
  return parsed.rows ?? [];
}
