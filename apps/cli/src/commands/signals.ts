import { Command } from 'commander';
import { runSignalTable } from '@waymark/server';
import type { SignalTable } from '@waymark/lifecycle';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';
import { readDefinitionOrActive } from '../definition-text.ts';

interface Options {
  readonly workspace?: string;
  readonly horizon: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** `waymark signals [definition]`: what each signal was worth on the own history. */
export function signalsCommand(): Command {
  return new Command('signals')
    .description('Show lift, precision and lead of every signal on the own history')
    .argument('[definition]', 'a journey definition that declares outcomes; the active one without it')
    .option('-w, --workspace <slug>')
    .option('--horizon <days>', 'within how many days after a warning a churn counts', '60')
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
        const found = await runSignalTable(waymark, workspaceId, {
          horizonDays,
          seed,
          ...(definition && { definition }),
        });
        output.result(found, () => signalsText(found));
      });
    });
}

function signalsText(found: SignalTable): string {
  if (!found.sufficient) return found.because;
  const percent = (value: number | null): string => (value === null ? '–' : `${Math.round(value * 100)} %`);
  const rows = found.signals
    .filter((one) => one.warnings > 0)
    .map((one) => [
      one.tells ? 'yes' : 'no',
      one.label,
      one.cut === null ? '–' : `${one.cut.op} ${one.cut.value}`,
      one.lift.value === null ? '–' : `${one.lift.value} (${one.lift.low} to ${one.lift.high})`,
      `${percent(one.precision.value)} (${percent(one.precision.low)} to ${percent(one.precision.high)})`,
      one.leadDays === null ? '–' : `${one.leadDays} days`,
    ]);
  return [
    found.because,
    `Cuts from before ${found.laterFrom.slice(0, 10)}, figures from after it; seed ${found.seed}.`,
    '',
    table(['tells', 'signal', 'cut', 'lift', 'precision', 'lead'], rows),
  ].join('\n');
}
