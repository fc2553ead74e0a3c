import { styleText } from 'node:util';
import { Command } from 'commander';
import { countRecords, endsText, runDoctor, type RecordCount } from '@waymark/server';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly counts?: boolean;
  readonly days: string;
}

/** `waymark doctor`: each thing that is broken, with its fix. Ends with 1 where there is an error. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Name each thing that is broken, with its fix')
    .option('-w, --workspace <slug>')
    .option('--counts', 'compare what the providers count with what is here, record by record')
    .option('--days <n>', 'with --counts: over so many days', '14')
    .option('--json')
    .action(async (options: Options) => {
      const output = createOutput(options.json === true);
      const days = Number(options.days);
      if (!Number.isInteger(days) || days < 1 || days > 366)
        throw new CommandError('--days wants a number from 1 to 366.');
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        if (options.counts === true) {
          const counts = (await countRecords(waymark, workspace.workspaceId, days)) ?? [];
          output.result(counts, () => countsText(counts));
          return;
        }
        const findings = await runDoctor(waymark, workspace.workspaceId);
        if (findings.some((one) => one.severity === 'error')) process.exitCode = 1;
        const color = { error: 'red', warning: 'yellow', info: 'gray' } as const;
        output.result(findings, () =>
          findings.length === 0
            ? 'Nothing is wrong.'
            : findings
                .map(
                  (one) =>
                    `${styleText(color[one.severity], one.severity)} ${one.code}: ${one.message}\n  Fix: ${one.fix}`,
                )
                .join('\n'),
        );
      });
    });
}

/** A line a stream, then each record that is not stored, with why. */
function countsText(counts: readonly RecordCount[]): string {
  if (counts.length === 0) return 'No provider counts the streams that were read so far.';
  const rows = counts.map((one) => [
    one.installation,
    `${one.stream}${one.partition === '' ? '' : ` (${one.label ?? one.partition})`}`,
    one.provider,
    endsText(one),
  ]);
  const records = counts.flatMap((one) =>
    one.differing.map((each) => [
      one.installation,
      one.stream,
      each.id,
      each.ends.replaceAll('_', ' '),
      each.reason ?? '',
    ]),
  );
  return [
    table(['account', 'stream', 'provider', 'here'], rows),
    ...(records.length > 0 ? ['', table(['account', 'stream', 'record', 'ended', 'why'], records)] : []),
  ].join('\n');
}
