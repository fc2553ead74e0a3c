import { userInfo } from 'node:os';
import { Command } from 'commander';
import {
  accounts,
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
import { connectorIds, loadConnector, writebackDependencies, type Waymark } from '@waymark/server';
import { v7 as uuidv7 } from 'uuid';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table, type Output } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly property?: string;
  readonly crm?: string;
  readonly allowBackward?: boolean;
  readonly accept?: readonly string[];
}

/** What our own property is called where a CRM does not take the usual name. */
const ownFields: Readonly<Record<'salesforce', string>> & Readonly<Record<string, string | undefined>> = {
  salesforce: 'Waymark_Stage__c',
};

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
    .option('--crm <connector>', 'which CRM, where several are connected')
    .option(
      '--property <name>',
      `the CRM property; ${ownProperty}, or ${ownFields.salesforce} in Salesforce, without it`,
    )
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
              'There are no plans: waymark writeback plan makes one.',
            ),
          );
          return;
        }
        const view = await planView(writebackDependencies(waymark), workspace.workspaceId, idOf(plan));
        const names = await accountNames(waymark, workspace.workspaceId);
        output.result(view, () => planText(view, names));
      }),
    );
  shared(command.command('approve <plan>'))
    .description('Approve a plan and apply it; later plans of its mapping apply by themselves')
    .option('--accept <item>', 'also write this item in spite of its conflict', collect, [])
    .action((named: string, options: Options) =>
      run(options, async (waymark, workspace, output) => {
        const deps = writebackDependencies(waymark);
        const plan = idOf(named);
        await approvePlan(deps, workspace.workspaceId, plan, {
          by: person(),
          accept: (options.accept ?? []).map(itemOf),
        });
        const outcome = await applyPlan(deps, workspace.workspaceId, plan);
        if (outcome.kind !== 'busy' && outcome.counts.failed > 0) process.exitCode = 1;
        output.result(outcome, () => outcomeText(outcome));
      }),
    );
  shared(command.command('undo <plan>'))
    .description('Give the records of a plan what they held before; what was changed since is left alone')
    .action((plan: string, options: Options) =>
      run(options, async (waymark, workspace, output) => {
        const outcome = await undoPlan(writebackDependencies(waymark), workspace.workspaceId, idOf(plan), {
          by: person(),
        });
        output.result(outcome, () => outcomeText(outcome));
      }),
    );
  return command;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id of a plan. Throws CommandError for what cannot be one. */
function idOf(plan: string): string {
  if (uuid.test(plan)) return plan.toLowerCase();
  throw new CommandError(`A plan is named by its id, ${plan} is none: waymark writeback show lists them.`);
}

/** The id of what a plan would write. Throws CommandError for what cannot be one. */
function itemOf(item: string): string {
  if (uuid.test(item)) return item.toLowerCase();
  throw new CommandError(`An item is named by its id, ${item} is none: waymark writeback show <plan> lists them.`);
}

const person = (): string => `${userInfo().username} on the command line`;

async function mappingFor(waymark: Waymark, workspaceId: string, options: Options): Promise<WritebackMapping> {
  const { connected, known, journey } = await waymark.database.inWorkspace(workspaceId, async (tx) => ({
    connected: (await installations(tx)).filter((one) => one.status === 'active'),
    known: await writebackMappings(tx),
    journey: (await activeJourneys(tx))[0],
  }));
  const crm = await writableCrm(connected, options.crm);
  if (!journey) throw new CommandError('No journey is active: make the workspace with waymark workspace create.');
  const property = options.property ?? ownFields[crm.connector] ?? ownProperty;
  const existing = known.find((one) => one.installationId === crm.installationId && one.property === property);
  if (existing) return existing;
  return makeMapping(waymark, workspaceId, crm, journey.definition, property, options.allowBackward);
}

/** The one installation that stages can be written to. Throws CommandError where there is none, or none that is meant for certain. */
async function writableCrm(connected: readonly Installation[], wanted: string | undefined): Promise<Installation> {
  const writable: Installation[] = [];
  for (const one of connected) {
    if (wanted !== undefined && one.connector !== wanted) continue;
    if (connectorIds.includes(one.connector) && (await loadConnector(one.connector)).write) writable.push(one);
  }
  const [crm, ...others] = writable;
  if (!crm)
    throw new CommandError(
      `No CRM${wanted === undefined ? '' : ` ${wanted}`} is connected to write to: run waymark install hubspot --writeback, or salesforce.`,
    );
  if (others.length > 0)
    throw new CommandError(
      `Several CRMs are connected: say --crm with one of ${writable.map((one) => one.connector).join(', ')}.`,
    );
  return crm;
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
