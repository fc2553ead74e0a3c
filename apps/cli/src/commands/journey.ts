import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import {
  DefinitionError,
  definitionDigest,
  diffDefinitions,
  parseDefinition,
  reviewDefinition,
} from '@waymark/lifecycle';
import {
  activateJourney,
  commandBot,
  followActivation,
  journeyBook,
  retireJourney,
  rollbackJourney,
  settleActivations,
  type Activated,
  type Waymark,
} from '@waymark/server';
import type { Workspace } from '@waymark/store';
import { readDefinitionOrActive, readDefinitionText } from '../definition-text.ts';
import { foldAll } from '../fold-all.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, type Output } from '../output.ts';
import { activatedText, bookText, diffText, issueText } from './journey-text.ts';
import { shadowCommand } from './journey-shadow.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
}

/** `waymark journey check|diff|list|activate|rollback|retire|shadow`: the definition in the hands of who writes it. */
export function journeyCommand(): Command {
  const command = new Command('journey').description('Check, compare, try and switch journey definitions');
  const shared = (made: Command) => made.option('-w, --workspace <slug>').option('--json');
  const run = async (
    options: Options,
    work: (waymark: Waymark, workspace: Workspace, output: Output) => Promise<void>,
  ) => {
    const output = createOutput(options.json === true);
    await withWaymark(async (waymark) => work(waymark, await chooseWorkspace(waymark, options.workspace), output));
  };
  command
    .command('check <file>')
    .description(
      'Say with line, field and remedy what is wrong with a definition; 1 is the exit code of one that cannot be used',
    )
    .option('--json')
    .action((file: string, options: Options) => check(file, createOutput(options.json === true)));
  shared(command.command('diff <before> <after>'))
    .description('Compare two definitions by meaning; a file, a template name, active or active:<journey>')
    .action(async (before: string, after: string, options: Options) => {
      const [one, other] = [
        await readDefinitionOrActive(before, options.workspace),
        await readDefinitionOrActive(after, options.workspace),
      ];
      const diff = diffDefinitions(parseDefinition(one.source, one.file), parseDefinition(other.source, other.file));
      createOutput(options.json === true).result(diff, () => diffText(diff));
    });
  shared(command.command('list'))
    .description('List the definitions there are and were, who put them in force and when')
    .action((options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const book = await journeyBook(waymark, workspaceId);
        output.result(book, () => bookText(book));
      }),
    );
  shared(command.command('activate <file>'))
    .description('Put a definition in force; what follows is one digest for each CSM and a plan for the CRM to approve')
    .action((file: string, options: Options) =>
      run(options, async (waymark, workspace, output) => {
        const definition = await readDefinitionText(file);
        const activated = await activateJourney(waymark, workspace.workspaceId, definition, person());
        await follow(waymark, workspace, activated, output);
      }),
    );
  shared(command.command('rollback [journey]'))
    .description('Put the definition before the present one in force again')
    .action((journey: string | undefined, options: Options) =>
      run(options, async (waymark, workspace, output) => {
        const named = journey ?? (await onlyJourney(waymark, workspace.workspaceId));
        await follow(
          waymark,
          workspace,
          await rollbackJourney(waymark, workspace.workspaceId, named, person()),
          output,
        );
      }),
    );
  shared(command.command('retire <journey>'))
    .description('Take a journey out of force; its flags and stages are withdrawn, its definitions kept')
    .action((journey: string, options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        await retireJourney(waymark, workspaceId, journey, person());
        await foldAll(waymark, workspaceId);
        await settleActivations(waymark, workspaceId, commandBot(waymark));
        output.result({ journey, retired: true }, () => `${journey} is out of force.`);
      }),
    );
  command.addCommand(shadowCommand());
  return command;
}

const person = (): string => `${userInfo().username} on the command line`;

async function check(file: string, output: Output): Promise<void> {
  const { source, file: name } = await readDefinitionText(file);
  try {
    const { definition, advice } = reviewDefinition(source, name);
    const { id, version, stages, milestones, rules, segments } = definition;
    const digest = definitionDigest(definition);
    const counts = {
      stages: stages.length,
      milestones: milestones.length,
      rules: rules.length,
      segments: segments.length,
    };
    output.result({ ok: true, file: name, id, version, digest, ...counts, issues: [], advice }, () =>
      [
        `${name} can be used: ${id} version ${version}, ${digest.slice(0, 12)}; ${counts.stages} stages, ${counts.milestones} milestones, ${counts.rules} rules.`,
        ...(advice.length > 0 ? ['Worth a look:', ...advice.map((one) => issueText(name, one))] : []),
      ].join('\n'),
    );
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    process.exitCode = 1;
    const { code, issues } = error;
    output.result({ ok: false, file: name, code, issues, advice: [] }, () =>
      [
        `${name} cannot be used: ${issues.length === 1 ? 'one place' : `${issues.length} places`} to correct.`,
        ...issues.map((one) => issueText(name, one)),
      ].join('\n'),
    );
  }
}

/** A server that runs beside may have accounts in hand for so long, ms. */
const longestWaitMs = 60_000;

/** Has every account folded by what is in force now, and tells what follows from it. */
async function follow(waymark: Waymark, workspace: Workspace, activated: Activated, output: Output): Promise<void> {
  const { workspaceId } = workspace;
  const folded = await foldAll(waymark, workspaceId);
  const { activationId } = activated;
  const own =
    activationId === null
      ? undefined
      : await followActivation(waymark, workspaceId, activationId, commandBot(waymark), {
          limitMs: longestWaitMs,
          pause: (ms) => sleep(ms),
        });
  const { id, version } = activated.journey.definition;
  const { digest } = activated.journey;
  const result = {
    journey: id,
    version,
    digest,
    formerDigest: activated.formerDigest,
    changed: activationId !== null,
    returned: activated.kind === 'rolled_back',
    accounts: folded,
    digests: own?.digests ?? 0,
    plans: own?.plans ?? [],
    faults: own?.faults ?? [],
  };
  output.result(result, () => activatedText(result));
}

async function onlyJourney(waymark: Waymark, workspaceId: string): Promise<string> {
  const { definitions } = await journeyBook(waymark, workspaceId);
  const active = definitions.filter((one) => one.state === 'in_force');
  const [only] = active;
  if (!only) throw new CommandError('No journey is in force: waymark journey activate puts one in force.');
  if (active.length > 1)
    throw new CommandError(`Several journeys are in force; say which: ${active.map((one) => one.journey).join(', ')}.`);
  return only.journey;
}
