import { Command } from 'commander';
import { runBacktest, runComparison } from '@waymark/server';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { dateFrom } from '../date.ts';
import { readDefinitionOrActive } from '../definition-text.ts';
import { createOutput } from '../output.ts';
import { backtestText } from './backtest-text.ts';

interface Options {
  readonly workspace?: string;
  readonly from?: string;
  readonly to?: string;
  readonly horizon?: string;
  readonly compare?: string;
  readonly json?: boolean;
}

/** `waymark backtest [definition]`: what a definition would have told over the history, against how the accounts went on. */
export function backtestCommand(): Command {
  return new Command('backtest')
    .description('Go through the history with a definition and compare its alerts with churns and renewals')
    .argument('[definition]', 'a journey definition file, a template or active; the one in force without it')
    .option('-w, --workspace <slug>')
    .option('--from <date>', 'count alerts and outcomes from here')
    .option('--to <date>', 'know nothing of what was recorded later')
    .option('--horizon <days>', 'within how many days after an alert a churn counts as foretold', '120')
    .option('--compare <definition>', 'a second definition over the same history')
    .option('--json')
    .action(async (file: string | undefined, options: Options) => {
      const output = createOutput(options.json === true);
      const from = dateOf(options.from, '--from');
      const to = dateOf(options.to, '--to');
      const horizonDays = Number(options.horizon);
      if (!(horizonDays > 0 && horizonDays <= 3650)) throw new CommandError('--horizon wants a number of days.');
      const read = (name: string | undefined) =>
        name === undefined ? undefined : readDefinitionOrActive(name, options.workspace);
      const definition = await read(file);
      const second = await read(options.compare);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const request = {
          horizonDays,
          ...(definition && { definition }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
        };
        if (second) {
          const compared = await runComparison(waymark, workspace.workspaceId, request, second);
          output.result(compared, () =>
            [backtestText(compared.first), '', backtestText(compared.second), '', compared.sentence].join('\n'),
          );
          output.note(effort());
          return;
        }
        const report = await runBacktest(waymark, workspace.workspaceId, request);
        output.result(report, () => backtestText(report));
        output.note(effort());
      });
    });
}

/** What it took, so that nobody has to guess how a larger history would do. */
function effort(): string {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return `Took ${((userCPUTime + systemCPUTime) / 1e6).toFixed(1)} s of computing and ${Math.round(maxRSS / 1024)} MB at most.`;
}

function dateOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const at = dateFrom(text);
  if (at === null) throw new CommandError(`${option} wants a date such as 2026-01-31; ${text} is none.`);
  return at;
}
