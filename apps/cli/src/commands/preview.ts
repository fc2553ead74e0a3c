import { userInfo } from 'node:os';
import { Command } from 'commander';
import { installations, type Installation, type Workspace } from '@waymark/store';
import { acceptPreview, exclude, previewInstallation, type ConnectPreview } from '@waymark/sync';
import type { Waymark } from '@waymark/server';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table, type Output } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly limit?: string;
  readonly domain?: readonly string[];
  readonly person?: readonly string[];
  readonly label?: readonly string[];
  readonly keyword?: readonly string[];
}

type Work = (waymark: Waymark, workspace: Workspace, output: Output) => Promise<void>;

/** `waymark preview show|accept|exclude`: what connecting an account would keep and drop, before anything of it is stored. */
export function previewCommand(): Command {
  const command = new Command('preview').description(
    'Show what would be kept and dropped of an account connected with --preview, then accept it',
  );
  const shared = (made: Command) => made.option('-w, --workspace <slug>').option('--json');
  const run = async (options: Options, work: Work) => {
    const output = createOutput(options.json === true);
    await withWaymark(async (waymark) => work(waymark, await chooseWorkspace(waymark, options.workspace), output));
  };
  const collect = (value: string, former: readonly string[]): readonly string[] => [...former, value];
  shared(command.command('show [installation]', { isDefault: true }))
    .description('Read the newest records and say what would become of them; stores nothing')
    .option('--limit <n>', 'records of each stream to look at', '1000')
    .action((named: string | undefined, options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
          throw new CommandError('--limit wants a number from 1 to 10000.');
        const shown: ConnectPreview[] = [];
        for (const one of await meant(waymark, workspaceId, named))
          shown.push(await previewInstallation(waymark.sync, workspaceId, one.installationId, { limit }));
        output.result(shown, () => shown.map(previewText).join('\n\n'));
      }),
    );
  shared(command.command('accept <installation>'))
    .description('Read it from now on')
    .action((named: string, options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const accepted: Installation[] = [];
        for (const one of await meant(waymark, workspaceId, named))
          accepted.push(
            await waymark.database.inWorkspace(workspaceId, (tx) =>
              acceptPreview(tx, one.installationId, person(), waymark.now()),
            ),
          );
        output.result(
          accepted.map(({ installationId, connector, label }) => ({ installationId, connector, label })),
          () => accepted.map((one) => `${one.connector} ${one.label} is read from now on.`).join('\n'),
        );
      }),
    );
  shared(command.command('exclude <installation>'))
    .description('Exclude something of it before it is accepted')
    .option('--domain <domain>', 'repeat it', collect, [])
    .option('--person <address>', 'repeat it', collect, [])
    .option('--label <label>', 'a label or folder; repeat it', collect, [])
    .option('--keyword <word>', 'a word of the subject; repeat it', collect, [])
    .action((named: string, options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const kinds = ['domain', 'person', 'label', 'keyword'] as const;
        const wanted = kinds.flatMap((kind) => (options[kind] ?? []).map((value) => ({ kind, value })));
        if (wanted.length === 0) throw new CommandError('Say what: --domain, --person, --label or --keyword.');
        const made = [];
        for (const one of await meant(waymark, workspaceId, named))
          for (const request of wanted)
            made.push(
              await exclude(waymark, workspaceId, { ...request, installationId: one.installationId }, person()),
            );
        output.result(
          made.map(({ exclusion }) => exclusion),
          () => `${made.length} exclusions made. Look again: waymark preview ${named}`,
        );
      }),
    );
  return command;
}

const person = (): string => `${userInfo().username} on the command line`;

/** The installations that are waiting, or those that a person names by id, label or connector. */
async function meant(
  waymark: Waymark,
  workspaceId: string,
  named: string | undefined,
): Promise<readonly Installation[]> {
  const all = await waymark.database.inWorkspace(workspaceId, (tx) => installations(tx));
  const waiting = all.filter((one) => one.status === 'preview');
  const found =
    named === undefined
      ? waiting
      : waiting.filter((one) => [one.installationId, one.label, one.connector].includes(named));
  if (found.length === 0)
    throw new CommandError(
      named === undefined
        ? 'No account is waiting: connect one with waymark install <connector> --preview.'
        : `No account that is waiting is called ${named}: waymark preview shows those there are.`,
    );
  return found;
}

function previewText(one: ConnectPreview): string {
  const reasons = Object.entries(one.reasons).sort(([, a], [, b]) => b - a);
  const missing = one.missing.length > 0 ? [`Not granted, so not read: ${one.missing.join(', ')}.`] : [];
  return [
    `${one.connector} ${one.label}: of ${one.records} records${one.more ? ' looked at' : ''} ${one.kept} would be kept, ${one.dropped} dropped. Nothing is stored.`,
    table(['why', 'records'], reasons),
    table(
      ['domain', 'kept', 'dropped', 'why'],
      one.domains.slice(0, 40).map((each) => [
        each.domain || '(nobody outside)',
        each.kept,
        each.dropped,
        Object.entries(each.reasons)
          .map(([why, count]) => `${why} ${count}`)
          .join(', '),
      ]),
    ),
    ...missing,
    `Then: waymark preview accept ${one.installationId}, or waymark preview exclude ${one.installationId} --domain …`,
  ].join('\n');
}
