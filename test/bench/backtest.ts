import { backtest, type BacktestReport } from '@waymark/lifecycle';
import { makeHistory } from '../backtest/confounded-history.ts';
import { accountsOf } from '../backtest/in-memory.ts';
import { shippedJourney } from './fold.ts';
import { cpuSeconds, median, size, type BenchRow } from './measure.ts';

/**
 * A backtest of the shipped template over 18 months of a made history that is full of what misleads a rule: how long it takes, what memory
 * it needs, and how good its alerts are. Reading the history from the database is not part of it.
 */
export async function backtestRow(): Promise<BenchRow> {
  const accounts = size('WAYMARK_BENCH_BACKTEST_ACCOUNTS', 400);
  const seed = size('WAYMARK_BENCH_SEED', 12);
  const runs = size('WAYMARK_BENCH_BACKTEST_RUNS', 3);
  const journey = await shippedJourney();
  const { lines, from, to } = makeHistory({ seed, accounts });
  const histories = accountsOf(lines, to);
  const seconds: number[] = [];
  let report: BacktestReport | undefined;
  for (let run = 0; run < runs; run += 1) {
    const before = cpuSeconds();
    report = backtest(journey, histories, { from, to });
    seconds.push(cpuSeconds() - before);
  }
  if (!report) throw new Error('No backtest was run.');
  const { precision, recall, leadDays } = report.overall;
  const { messagesPerCsmPerWeek } = report;
  const took = median(seconds);
  const at = (value: number | null) => value ?? Number.NaN;
  return {
    row: 'backtest',
    setting: { accounts, months: 18, events: lines.length, seed, runs },
    figures: [
      { name: 'processor time', value: took, unit: 's', aim: '< 60', met: took < 60 },
      { name: 'highest memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' },
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
}
