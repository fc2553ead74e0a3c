import { userInfo } from 'node:os';
import { Command } from 'commander';
import { exclusions, findAccounts, installations, receipts, type Workspace } from '@waymark/store';
import { exclude, readmit, type ExclusionRequest } from '@waymark/sync';
import type { Waymark } from '@waymark/server';
import { foldAll } from '../fold-all.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table, type Output } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly installation?: string;
}

const kinds = ['domain', 'person', 'pair', 'label', 'keyword', 'installation'] as const;

/** `waymark exclude add|list|remove|receipts`: what is neither read nor kept, and the receipts of what was purged. */
export function excludeCommand(): Command {
  const command = new Command('exclude').description(
    'Say what is neither read nor kept; what is stored of it is purged',
  );
  const shared = (made: Command) => made.option('-w, --workspace <slug>').option('--json');
  const run = async (
    options: Options,
    work: (waymark: Waymark, workspace: Workspace, output: Output) => Promise<void>,
  ) => {
    const output = createOutput(options.json === true);
    await withWaymark(async (waymark) => work(waymark, await chooseWorkspace(waymark, options.workspace), output));
  };
  shared(command.command('add <kind> <value> [other]'))
    .description(`Exclude a ${kinds.join(', ')}; a pair is an address with another, or with an account`)
    .option('--installation <installation>', 'only there: its id, or its label as waymark status shows it')
    .action((kind: string, value: string, other: string | undefined, options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const request = await requestOf(waymark, workspaceId, { kind, value, other, scope: options.installation });
        const done = await exclude(waymark, workspaceId, request, person());
        const folded = await foldAll(waymark, workspaceId);
        output.result({ ...done, folded }, () =>
          [
            `Excluded. Purged: ${countsText(done.receipt.counts)}.`,
            `Receipt ${done.receipt.receiptId}, digest ${done.receipt.digest}.`,
            ...(done.reread.length > 0
              ? [`${done.reread.length} sources are read again to find what their stored form does not tell.`]
              : []),
          ].join('\n'),
        );
      }),
    );
  shared(command.command('list'))
    .description('Show what is excluded')
    .action((options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const all = await waymark.database.inWorkspace(workspaceId, (tx) => exclusions(tx));
        output.result(all, () =>
          table(
            ['exclusion', 'kind', 'what', 'with', 'only in', 'by', 'since'],
            all.map((one) => [
              one.exclusionId,
              one.kind,
              one.value,
              one.other,
              one.scope,
              one.createdBy,
              new Date(one.createdAt).toISOString(),
            ]),
            'Nothing is excluded.',
          ),
        );
      }),
    );
  shared(command.command('remove <exclusion>'))
    .description('Take an exclusion back: what the sources still have is read again')
    .action((exclusionId: string, options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(exclusionId))
          throw new CommandError('An exclusion is named by its id: waymark exclude list shows them.');
        const done = await readmit(waymark, workspaceId, exclusionId, person());
        output.result(done, () =>
          [
            `Taken back; ${done.reread.length} sources are read again. What does not come back:`,
            ...done.lost.map((one) => `  ${one}`),
          ].join('\n'),
        );
      }),
    );
  shared(command.command('receipts'))
    .description('Show what was purged, in figures')
    .action((options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const all = await waymark.database.inWorkspace(workspaceId, (tx) => receipts(tx));
        output.result(all, () =>
          table(
            ['receipt', 'exclusion', 'kind', 'what', 'counts', 'at', 'digest'],
            all.map((one) => [
              one.receiptId,
              one.exclusionId,
              one.kind,
              one.action,
              countsText(one.counts),
              new Date(one.at).toISOString(),
              one.digest.slice(0, 16),
            ]),
            'Nothing was purged.',
          ),
        );
      }),
    );
  return command;
}

const person = (): string => `${userInfo().username} on the command line`;

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ') || 'nothing was there';

const isKind = (kind: string): kind is (typeof kinds)[number] => kinds.some((one) => one === kind);

async function requestOf(
  waymark: Waymark,
  workspaceId: string,
  given: {
    readonly kind: string;
    readonly value: string;
    readonly other: string | undefined;
    readonly scope: string | undefined;
  },
): Promise<ExclusionRequest> {
  const { kind, value, other, scope } = given;
  if (!isKind(kind)) throw new CommandError(`There is no kind ${kind}; there are ${kinds.join(', ')}.`);
  const named = async (text: string) => {
    const all = await waymark.database.inWorkspace(workspaceId, (tx) => installations(tx));
    const found = all.filter((one) => one.installationId === text || one.label.toLowerCase() === text.toLowerCase());
    const [only, second] = found;
    if (!only) throw new CommandError(`No installation is called ${text}: waymark status lists them.`);
    if (second)
      throw new CommandError(
        `${text} is the label of several: give one of ${found.map((one) => `${one.connector} ${one.installationId}`).join(', ')}.`,
      );
    return only.installationId;
  };
  return {
    kind,
    value: kind === 'installation' ? await named(value) : value,
    ...(scope !== undefined && { installationId: await named(scope) }),
    ...(other !== undefined && {
      other: other.includes('@') ? { address: other } : { accountId: await accountNamed(waymark, workspaceId, other) },
    }),
  };
}

async function accountNamed(waymark: Waymark, workspaceId: string, text: string): Promise<string> {
  const found = await waymark.database.inWorkspace(workspaceId, (tx) => findAccounts(tx, text, 2));
  const [only, second] = found;
  if (!only) throw new CommandError(`No account is named like ${text}: waymark accounts lists them.`);
  if (second && only.name.toLowerCase() !== text.toLowerCase() && only.accountId !== text)
    throw new CommandError(`${text} could be ${only.name} or ${second.name}: give the id.`);
  return only.accountId;
}
