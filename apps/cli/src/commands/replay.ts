import { Command } from 'commander';
import { compileJourney, parseDefinition, type CompiledJourney } from '@waymark/lifecycle';
import { journeyFromStages, replayWorkspace, type ReplayReport } from '@waymark/sync';
import type { Waymark } from '@waymark/server';
import { readDefinitionText } from '../definition-text.ts';
import { foldAll } from '../fold-all.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

interface Options {
  readonly definition?: string;
  readonly stagesFrom?: string;
  readonly repair?: boolean;
  readonly workspace?: string;
  readonly json?: boolean;
}

/** `waymark replay`: derives every account from the log again and compares with what is stored. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('Derive every account from the log again and compare with what is stored')
    .option(
      '-d, --definition <file>',
      'by this journey definition, or template by its name, instead of the active ones',
    )
    .option('--stages-from <type>', 'by a journey whose stages are the values found, such as crm.stage_changed')
    .option('--repair', 'write what the log says over what is stored and differs')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: Options) => {
      const output = createOutput(options.json === true);
      const { definition: file, stagesFrom, repair = false } = options;
      if (file !== undefined && stagesFrom !== undefined)
        throw new CommandError('Give --definition or --stages-from, not both.');
      if (repair && (file ?? stagesFrom) !== undefined)
        throw new CommandError('--repair goes by the active definitions: leave --definition and --stages-from out.');
      const given = file === undefined ? undefined : await compiled(file);
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const journey = given ?? (await stagesOf(waymark, workspaceId, stagesFrom));
        if (repair) await foldAll(waymark, workspaceId);
        const report = await replayWorkspace(waymark.database, workspaceId, {
          now: waymark.now(),
          repair,
          ...(journey && { journey }),
        });
        // What had no answer at all waits to be folded.
        if (repair && report.differences.length > 0) await foldAll(waymark, workspaceId);
        if (report.differences.length > 0 && !repair) process.exitCode = 2;
        const stages = stagesFrom === undefined ? undefined : journey?.definition.stages.map(({ title }) => title);
        output.result({ ...report, ...(stages && { stages }) }, () => told(report, stages));
      });
    });
}

async function stagesOf(
  waymark: Waymark,
  workspaceId: string,
  type: string | undefined,
): Promise<CompiledJourney | undefined> {
  return type === undefined
    ? undefined
    : waymark.database.inWorkspace(workspaceId, (tx) => journeyFromStages(tx, type));
}

async function compiled(name: string): Promise<CompiledJourney> {
  const { source, file } = await readDefinitionText(name);
  return compileJourney(parseDefinition(source, file));
}

/** Differences that are printed. */
const shown = 50;

function told(report: ReplayReport, stages: readonly string[] | undefined): string {
  const { accounts, events, transitions, flags, digest, differences, repaired, waiting, unmatched } = report;
  return [
    `${accounts} accounts, ${events} events, ${transitions} stage changes, ${flags} flags`,
    `digest ${digest}`,
    ...(stages ? [`Stages: ${stages.join(', ')}`] : []),
    ...(unmatched > 0 ? [`${unmatched} events have no account: waymark review shows them.`] : []),
    ...(waiting > 0 ? [`${waiting} accounts have events that are not folded yet and were not compared.`] : []),
    ...(stages ? ['Nothing is stored by this journey, so nothing was compared.'] : []),
    ...(differences.length === 0 && !stages ? ['What is stored agrees with the log.'] : []),
    ...differences
      .slice(0, shown)
      .map(
        (one) =>
          `  ${one.account} (${one.journey}): ${one.what}: stored ${one.stored ?? '-'}, log ${one.derived ?? '-'}`,
      ),
    ...(differences.length > shown ? [`  and ${differences.length - shown} more; --json has all.`] : []),
    ...(repaired > 0 ? [`${repaired} accounts were set right.`] : []),
    ...(differences.length > 0 && repaired === 0
      ? ['Nothing was changed: waymark replay --repair writes what the log says.']
      : []),
  ].join('\n');
}
