import { userInfo } from 'node:os';
import { Command } from 'commander';
import {
  accounts,
  activeDefinitions,
  installations,
  saveWritebackMapping,
  writebackMappings,
  writebackPlans,
  type Installation,
  type Workspace,
  type WritebackMapping,
} from '@waymark/store';
import { activeJourneys } from '@waymark/sync';
import {
  applyPlan,
  approvePlan,
  createPlan,
  mappingDefaults,
  ownProperty,
  planView,
  undoPlan,
  type PlanView,
} from '@waymark/writeback';
import { writebackDependencies, type Waymark } from '@waymark/server';
import { v7 as uuidv7 } from 'uuid';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table, type Output } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly property?: string;
  readonly allowBackward?: boolean;
  readonly accept?: readonly string[];
}

type Work = (waymark: Waymark, workspace: Workspace, output: Output) => Promise<void>;

/** `waymark writeback plan|show|approve|undo`: the stage to the CRM, as a reviewed difference. */
export function writebackCommand(): Command {
  const command = new Command('writeback').description(
    'Write the stage back to the CRM, as a reviewed difference with undo',
  );
  const collect = (value: string, former: readonly string[]): readonly string[] => [...former, value];
  const shared = (made: Command) => made.option('-w, --workspace <slug>').option('--json');
  const run = async (options: Options, work: Work) => {
    const output = createOutput(options.json === true);
    await withWaymark(async (waymark) => work(waymark, await chooseWorkspace(waymark, options.workspace), output));
  };
  shared(command.command('plan'))
    .description('Compare the stages with the CRM and show what would be written; writes nothing')
    .option('--property <name>', 'the CRM property', ownProperty)
    .option('--allow-backward', 'let a stage move back')
    .action((options: Options) =>
      run(options, async (waymark, workspace, output) => {
        const mapping = await mappingFor(waymark, workspace.workspaceId, options);
        const view = await createPlan(writebackDependencies(waymark), workspace.workspaceId, mapping.mappingId);
        const names = await accountNames(waymark, workspace.workspaceId);
        output.result(
          view,
          () =>
            `${planText(view, names)}\n${view.inSync} records are in sync already.\nApprove with: waymark writeback approve ${view.plan.planId}`,
        );
      }),
    );
  shared(command.command('show [plan]'))
    .description('List the plans, or show one with its journal')
    .action((plan: string | undefined, options: Options) =>
      run(options, async (waymark, workspace, output) => {
        if (plan === undefined) {
          const plans = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => writebackPlans(tx));
          output.result(plans, () =>
            table(
              ['plan', 'kind', 'state', 'approved by', 'made'],
              plans.map((one) => [
                one.planId,
                one.kind,
                one.state,
                one.approvedBy ?? '',
                new Date(one.createdAt).toISOString(),
              ]),
            ),
          );
          return;
        }
        const view = await planView(writebackDependencies(waymark), workspace.workspaceId, plan);
        const names = await accountNames(waymark, workspace.workspaceId);
        output.result(view, () => planText(view, names));
      }),
    );
  shared(command.command('approve <plan>'))
    .description('Approve a plan and apply it; later plans of its mapping apply by themselves')
    .option('--accept <item>', 'also write this item in spite of its conflict', collect, [])
    .action((plan: string, options: Options) =>
      run(options, async (waymark, workspace, output) => {
        const deps = writebackDependencies(waymark);
        await approvePlan(deps, workspace.workspaceId, plan, { by: person(), accept: options.accept ?? [] });
        const outcome = await applyPlan(deps, workspace.workspaceId, plan);
        if (outcome.kind !== 'busy' && outcome.counts.failed > 0) process.exitCode = 1;
        output.result(outcome, () => outcomeText(outcome));
      }),
    );
  shared(command.command('undo <plan>'))
    .description('Give the records of a plan what they held before; what was changed since is left alone')
    .action((plan: string, options: Options) =>
      run(options, async (waymark, workspace, output) => {
        const outcome = await undoPlan(writebackDependencies(waymark), workspace.workspaceId, plan, { by: person() });
        output.result(outcome, () => outcomeText(outcome));
      }),
    );
  return command;
}

const person = (): string => `${userInfo().username} on the command line`;

async function mappingFor(waymark: Waymark, workspaceId: string, options: Options): Promise<WritebackMapping> {
  const property = options.property ?? ownProperty;
  const { crm, known, journey } = await waymark.database.inWorkspace(workspaceId, async (tx) => ({
    crm: (await installations(tx)).find((one) => one.connector === 'hubspot' && one.status === 'active'),
    known: await writebackMappings(tx),
    journey: (await activeJourneys(tx))[0],
    definitions: await activeDefinitions(tx),
  }));
  if (!crm) throw new CommandError('No CRM is connected: run waymark install hubspot --writeback.');
  if (!journey) throw new CommandError('No journey is active: make the workspace with waymark workspace create.');
  const existing = known.find((one) => one.installationId === crm.installationId && one.property === property);
  if (existing) return existing;
  return makeMapping(waymark, workspaceId, crm, journey.definition, property, options.allowBackward);
}

async function makeMapping(
  waymark: Waymark,
  workspaceId: string,
  crm: Installation,
  definition: Parameters<typeof mappingDefaults>[0] & { readonly id: string },
  property: string,
  allowBackward: boolean | undefined,
): Promise<WritebackMapping> {
  const { writer, client } = await writebackDependencies(waymark).openWriter(workspaceId, crm.installationId);
  const proposed = mappingDefaults(definition, await writer.describe(client, property), property);
  const mapping: WritebackMapping = {
    mappingId: uuidv7(),
    installationId: crm.installationId,
    journey: definition.id,
    property,
    values: proposed.values,
    allowBackward: allowBackward ?? proposed.allowBackward,
    approvedAt: null,
    approvedBy: null,
    enabled: true,
    createdAt: waymark.now(),
  };
  await waymark.database.inWorkspace(workspaceId, (tx) => saveWritebackMapping(tx, mapping));
  return mapping;
}

async function accountNames(waymark: Waymark, workspaceId: string): Promise<ReadonlyMap<string, string>> {
  const list = await waymark.database.inWorkspace(workspaceId, (tx) => accounts(tx));
  return new Map(list.map((one) => [one.accountId, one.name]));
}

function planText(view: PlanView, names: ReadonlyMap<string, string>): string {
  const rows = view.items.map((item) => [
    names.get(item.accountId) ?? item.accountId,
    item.externalId,
    item.property,
    item.before === '' ? '(blank)' : item.before,
    item.after === '' ? '(blank)' : item.after,
    item.conflict ?? item.state,
    item.itemId,
  ]);
  return [
    ...view.warnings.map((warning) => `Warning: ${warning}`),
    table(['account', 'record', 'property', 'before', 'after', 'state', 'item'], rows),
    `${view.items.length} records differ.`,
  ].join('\n');
}

function outcomeText(outcome: Awaited<ReturnType<typeof applyPlan>>): string {
  if (outcome.kind === 'busy') return 'Another worker is writing for this mapping; it goes on with the plan.';
  const { verified, failed, skipped, open } = outcome.counts;
  const rest =
    outcome.kind === 'deferred'
      ? ` It goes on at ${new Date(outcome.resumeAt).toISOString()}: ${outcome.fault.message}`
      : '';
  return `${verified} written and read back, ${failed} failed, ${skipped} skipped, ${open} still open.${rest}`;
}
