import { userInfo } from 'node:os';
import { Command } from 'commander';
import { journeyBook, shadowReports, startShadow, stopShadow, type ShadowReport, type Waymark } from '@waymark/server';
import type { Workspace } from '@waymark/store';
import { readDefinitionText } from '../definition-text.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table, type Output } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
}

/** `waymark journey shadow <file>|report|stop`: a definition beside the one in force, with nothing posted and nothing written. */
export function shadowCommand(): Command {
  const command = new Command('shadow').description(
    'Run a definition beside the one in force, with nothing posted and nothing written, and tell how they differ',
  );
  const shared = (made: Command) => made.option('-w, --workspace <slug>').option('--json');
  const run = async (
    options: Options,
    work: (waymark: Waymark, workspace: Workspace, output: Output) => Promise<void>,
  ) => {
    const output = createOutput(options.json === true);
    await withWaymark(async (waymark) => work(waymark, await chooseWorkspace(waymark, options.workspace), output));
  };
  shared(command.command('start <file>', { isDefault: true }))
    .description('Begin; a file or a template name')
    .action((file: string, options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const { definition, digest } = await startShadow(
          waymark,
          workspaceId,
          await readDefinitionText(file),
          person(),
        );
        const { id, version } = definition;
        output.result({ journey: id, version, digest }, () =>
          [
            `${id} version ${version} (${digest.slice(0, 12)}) runs beside the one in force from now on; nothing is posted or written for it.`,
            'How they differ: waymark journey shadow report',
          ].join('\n'),
        );
      }),
    );
  shared(command.command('report'))
    .description('How the two have differed since it began')
    .action((options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const reports = await shadowReports(waymark, workspaceId);
        if (reports.length === 0)
          throw new CommandError('No definition runs in shadow: begin with waymark journey shadow <file>.');
        output.result(reports, () => reports.map(reportText).join('\n\n'));
      }),
    );
  shared(command.command('stop [journey]'))
    .description('End it')
    .action((journey: string | undefined, options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const named = journey ?? (await onlyShadow(waymark, workspaceId));
        await stopShadow(waymark, workspaceId, named);
        output.result({ journey: named, stopped: true }, () => `${named} runs in shadow no longer.`);
      }),
    );
  return command;
}

const person = (): string => `${userInfo().username} on the command line`;

async function onlyShadow(waymark: Waymark, workspaceId: string): Promise<string> {
  const { shadows } = await journeyBook(waymark, workspaceId);
  const [only] = shadows;
  if (!only) throw new CommandError('No definition runs in shadow.');
  if (shadows.length > 1)
    throw new CommandError(`Several run in shadow; say which: ${shadows.map((one) => one.journey).join(', ')}.`);
  return only.journey;
}

function reportText(report: ShadowReport): string {
  const { shadow, inForce, flags, differing } = report;
  const days = Math.round(((report.asOf - report.since) / 86_400_000) * 10) / 10;
  const lines = differing.map((one) => {
    const apart = Math.round((one.stageApartMs / 86_400_000) * 10) / 10;
    return [
      one.name,
      one.csm ?? '',
      apart === 0 ? '' : `${apart} days (${one.stages.before ?? 'none'} / ${one.stages.after ?? 'none'})`,
      one.onlyBefore.map((flag) => flag.rule).join(', '),
      one.onlyAfter.map((flag) => flag.rule).join(', '),
    ];
  });
  return [
    `${report.journey}: in force ${inForce ? `version ${inForce.version} (${inForce.digest.slice(0, 12)})` : 'nothing of that id, so that all of it is new'}, in shadow version ${shadow.version} (${shadow.digest.slice(0, 12)}), over ${days} days and ${report.accounts} accounts.`,
    `${flags.both} flags raised by both, ${flags.onlyInForce} by the one in force alone, ${flags.onlyShadow} by the shadow alone.`,
    ...(report.byRule.length === 0
      ? []
      : [
          '',
          table(
            ['rule', 'in force alone', 'shadow alone'],
            report.byRule.map((one) => [one.rule, one.onlyInForce, one.onlyShadow]),
          ),
        ]),
    ...(lines.length === 0
      ? ['No account took another course.']
      : ['', table(['account', 'csm', 'stages apart', 'flags in force alone', 'flags in shadow alone'], lines)]),
  ].join('\n');
}
