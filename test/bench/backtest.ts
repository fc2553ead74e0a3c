import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BacktestReport } from '@waymark/lifecycle';
import { makeHistory } from '../backtest/confounded-history.ts';
import { startWaymark } from '../e2e/waymark-process.ts';
import { inHome } from './bench-home.ts';
import { median, size, type BenchRow } from './measure.ts';

/**
 * `waymark backtest` of the shipped template over 18 months of a made history that is full of what misleads a rule, imported before and read from
 * the database: how long it takes, what memory it needs, and how good its alerts are. Each run is a process of its own.
 */
export async function backtestRow(): Promise<BenchRow> {
  const accounts = size('WAYMARK_BENCH_BACKTEST_ACCOUNTS', 400);
  const seed = size('WAYMARK_BENCH_SEED', 12);
  const runs = size('WAYMARK_BENCH_BACKTEST_RUNS', 3);
  const { lines } = makeHistory({ seed, accounts });
  return inHome('backtest', async (home) => {
    const waymark = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await startWaymark([...args, '--json'], { WAYMARK_HOME: home }).ended;
      if (code !== 0) throw new Error(`waymark ${args.join(' ')} ended with ${code}: ${stderr}`);
      return { answer: JSON.parse(stdout), stderr };
    };
    const file = join(home, 'log.ndjson');
    await writeFile(file, lines.join('\n'));
    await waymark('workspace', 'create', 'bench');
    await waymark('import', file);
    const [seconds, megabytes]: [number[], number[]] = [[], []];
    let report: BacktestReport | undefined;
    for (let run = 0; run < runs; run += 1) {
      const { answer, stderr } = await waymark('backtest');
      const [, took, held] = /Took ([\d.]+) s of computing and (\d+) MB/.exec(stderr) ?? [];
      seconds.push(Number(took));
      megabytes.push(Number(held));
      report = answer;
    }
    if (!report) throw new Error('No backtest was run.');
    const { overall, messagesPerCsmPerWeek } = report;
    const { precision, recall, leadDays } = overall;
    const took = median(seconds);
    const at = (value: number | null) => value ?? Number.NaN;
    return {
      row: 'backtest',
      setting: { accounts, months: 18, events: lines.length, seed, runs },
      figures: [
        { name: 'processor time', value: took, unit: 's', aim: '< 60', met: took < 60 },
        { name: 'highest memory', value: Math.max(...megabytes), unit: 'MB' },
        { name: 'precision', value: at(precision.value), unit: '', aim: '>= 0.75', met: at(precision.value) >= 0.75 },
        {
          name: 'recall, of all churned',
          value: at(recall.value),
          unit: '',
          aim: '>= 0.8',
          met: at(recall.value) >= 0.8,
        },
        { name: 'median lead', value: at(leadDays.p50), unit: 'days', aim: '>= 21', met: at(leadDays.p50) >= 21 },
        {
          name: 'messages a CSM and week',
          value: messagesPerCsmPerWeek,
          unit: '',
          aim: '<= 2',
          met: messagesPerCsmPerWeek <= 2,
        },
      ],
      runs: { backtest: seconds },
    };
  });
}
