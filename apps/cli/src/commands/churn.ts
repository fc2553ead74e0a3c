import { Command } from 'commander';
import { runChurnModel } from '@waymark/server';
import type { ChurnReport } from '@waymark/lifecycle';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';
import { readDefinitionOrActive } from '../definition-text.ts';

interface Options {
  readonly workspace?: string;
  readonly horizon: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** `waymark churn [definition]`: how likely each customer churns, where the history shows that it can be told at all. */
export function churnCommand(): Command {
  return new Command('churn')
    .description('Learn from the early history what comes before churns, and say what that is worth on the later one')
    .argument('[definition]', 'a journey definition that declares outcomes; the active one without it')
    .option('-w, --workspace <slug>')
    .option('--horizon <days>', 'within how many days a churn is foretold', '60')
    .option('--seed <number>', 'of the resampling', '1')
    .option('--json')
    .action(async (name: string | undefined, options: Options) => {
      const output = createOutput(options.json === true);
      const [horizonDays, seed] = [Number(options.horizon), Number(options.seed)];
      if (!(horizonDays > 0 && horizonDays <= 365)) throw new CommandError('--horizon wants a number of days.');
      if (!Number.isInteger(seed)) throw new CommandError('--seed wants a whole number.');
      const definition = name === undefined ? undefined : await readDefinitionOrActive(name, options.workspace);
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const report = await runChurnModel(waymark, workspaceId, {
          horizonDays,
          seed,
          ...(definition && { definition }),
        });
        output.result(report, () => churnText(report));
      });
    });
}

const percent = (value: number | null): string => (value === null ? '–' : `${Math.round(value * 1000) / 10} %`);
const interval = ({ value, low, high }: { value: number; low: number; high: number }): string =>
  `${value.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;

function churnText(report: ChurnReport): string {
  const { judgment, scores, counts, weights } = report;
  const lines = [report.because];
  if (!judgment) return lines.join('\n');
  lines.push(
    `Later part from ${report.laterFrom.slice(0, 10)}: ${counts.later.readings} monthly readings, ${counts.later.churned} accounts churned within ${report.horizonDays} days of one.`,
    '',
    table(
      ['', 'log loss', 'Brier', `precision of ${judgment.alerts} alerts`],
      (['model', 'base', 'plain'] as const).map((way) => [
        { model: 'model', base: 'base rate', plain: 'no word in 30 days' }[way],
        judgment[way].logLoss.toFixed(4),
        judgment[way].brier.toFixed(4),
        percent(judgment[way].precision),
      ]),
    ),
    '',
    `Log loss smaller than the base rate's by ${interval(judgment.gainOverBase)}, than the plain rule's by ${interval(judgment.gainOverPlain)}; 99 % intervals, ${judgment.resamples} resamplings of accounts, seed ${judgment.seed}.`,
  );
  if (!report.claims) return lines.join('\n');
  lines.push('', 'What it weighs (log-odds for a standard deviation):');
  for (const { label, logOdds } of weights.slice(0, 8)) lines.push(`  ${signed(logOdds)}  ${label}`);
  lines.push('', 'Likeliest to churn:');
  for (const { account, probability, parts } of scores.slice(0, 20)) {
    const said = parts
      .filter((one) => one.value !== null)
      .slice(0, 3)
      .map((one) => `${one.label}: ${one.value} (${signed(one.logOdds)})`);
    lines.push(`  ${percent(probability).padStart(7)}  ${account}  ${said.join('; ')}`);
  }
  return lines.join('\n');
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
