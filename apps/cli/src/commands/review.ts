import { userInfo } from 'node:os';
import { Command } from 'commander';
import { confirm, isCancel } from '@clack/prompts';
import { decisionsMade, findAccounts, type Tx, type Workspace } from '@waymark/store';
import {
  asShown,
  decide,
  decisionAbout,
  previewOf,
  reviewQueue,
  undoDecided,
  type Decided,
  type DecisionPreview,
  type Verdict,
} from '@waymark/sync';
import type { Waymark } from '@waymark/server';
import { foldAll } from '../fold-all.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table, type Output } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly account?: string;
  readonly customer?: boolean;
  readonly split?: boolean;
  readonly limit?: string;
}

type Work = (waymark: Waymark, workspace: Workspace, output: Output) => Promise<void>;

/** `waymark review list|decide|decisions|undo`: whose is what, decided by a person, with a preview before and an undo after. */
export function reviewCommand(): Command {
  const command = new Command('review').description('Decide whose mail it is that matches no account, and undo it');
  const shared = (made: Command) => made.option('-w, --workspace <slug>').option('--json');
  const run = async (options: Options, work: Work) => {
    const output = createOutput(options.json === true);
    await withWaymark(async (waymark) => work(waymark, await chooseWorkspace(waymark, options.workspace), output));
  };
  shared(command.command('list'))
    .description('Show what waits for a decision, with the accounts that would claim it')
    .option('--limit <n>', 'how many', '50')
    .action((options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1) throw new CommandError('--limit wants a number such as 50.');
        const entries = await waymark.database.inWorkspace(workspaceId, (tx) => reviewQueue(tx, limit));
        output.result(entries, () =>
          table(
            ['id', 'who', 'why', 'candidates', 'events', 'last'],
            entries.map((one) => [
              one.id,
              one.subject,
              one.reason,
              one.candidates.map((each) => each.name).join(', '),
              one.events,
              new Date(one.lastSeenAt).toISOString().slice(0, 10),
            ]),
            'Nothing waits for a decision.',
          ),
        );
      }),
    );
  shared(command.command('decide <entry>'))
    .description('Decide about an entry, by its id or subject: shows what would change, and asks')
    .option('--account <account>', 'it belongs to this account: name, domain or id')
    .option('--not-customer', 'it is nobody’s customer')
    .option('--split', 'a domain of several: decide about each of its people')
    .option('--yes', 'without asking')
    .action((entry: string, options: Options & { readonly notCustomer?: boolean }) =>
      run(options, async (waymark, workspace, output) => {
        await change(waymark, workspace, options, output, async (tx) => {
          const about = await decisionAbout(tx, entry, await verdictOf(tx, options));
          return (inner, at) => decide(inner, [about], person(), at);
        });
      }),
    );
  shared(command.command('decisions'))
    .description('List what was decided, newest first')
    .action((options: Options) =>
      run(options, async (waymark, { workspaceId }, output) => {
        const made = await waymark.database.inWorkspace(workspaceId, (tx) => decisionsMade(tx));
        output.result(made, () =>
          table(
            ['decision', 'about', 'verdict', 'account', 'by', 'at', 'undone'],
            made.map((one) => [
              one.decisionId,
              `${one.kind} ${one.subject}`,
              one.verdict,
              one.accountId ?? '',
              one.by,
              new Date(one.at).toISOString(),
              one.undoneAt === null ? '' : `${new Date(one.undoneAt).toISOString()} by ${one.undoneBy ?? 'someone'}`,
            ]),
            'Nothing was decided by hand yet.',
          ),
        );
      }),
    );
  shared(command.command('undo <decision>'))
    .description('Undo a decision: shows what would change, and asks')
    .option('--yes', 'without asking')
    .action((decisionId: string, options: Options) =>
      run(options, async (waymark, workspace, output) => {
        if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(decisionId))
          throw new CommandError('A decision is named by its id: waymark review decisions lists them.');
        await change(waymark, workspace, options, output, () =>
          Promise.resolve((tx, at) => undoDecided(tx, decisionId, person(), at)),
        );
      }),
    );
  return command;
}

const person = (): string => `${userInfo().username} on the command line`;

async function verdictOf(tx: Tx, options: Options & { readonly notCustomer?: boolean }): Promise<Verdict> {
  const given = [options.account !== undefined, options.notCustomer === true, options.split === true];
  if (given.filter(Boolean).length !== 1)
    throw new CommandError('Say one of --account <account>, --not-customer and --split.');
  if (options.notCustomer) return { verdict: 'not_customer' };
  if (options.split) return { verdict: 'split' };
  const text = options.account ?? '';
  const found = await findAccounts(tx, text, 5);
  const exact = found.filter((one) => [one.accountId, one.name.toLowerCase(), one.domain].includes(text.toLowerCase()));
  const [only, second] = exact.length > 0 ? exact : found;
  if (!only) throw new CommandError(`No account is named like ${text}: waymark accounts lists them.`);
  if (second)
    throw new CommandError(
      `${text} could be ${found.map((one) => `${one.name} (${one.accountId})`).join(', ')}: give one of the ids.`,
    );
  return { accountId: only.accountId };
}

/** Previews a change, asks, makes exactly that change, and folds what it touched. */
async function change(
  waymark: Waymark,
  { workspaceId }: Workspace,
  options: Options,
  output: Output,
  prepare: (tx: Tx) => Promise<(tx: Tx, at: number) => Promise<Decided>>,
): Promise<void> {
  const at = waymark.now();
  const { preview, work } = await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const made = await prepare(tx);
    return { work: made, preview: await previewOf(tx, at, (inner) => made(inner, at)) };
  });
  if (!(await agreed(options, preview, output))) {
    if (output.json || options.yes !== true)
      output.result({ preview, confirmed: false }, () => `${previewText(preview)}\nNothing was changed.`);
    return;
  }
  const decided = await waymark.database.inWorkspace(workspaceId, (tx) =>
    asShown(tx, at, preview.digest, (inner) => work(inner, at)),
  );
  const folded = await foldAll(waymark, workspaceId);
  output.result({ preview, confirmed: true, ...decided, folded }, () =>
    [
      previewText(preview),
      `Done: ${decided.accounts.length} accounts changed, ${folded} folded.`,
      `To take it back: waymark review undo ${decided.decisionId}`,
    ].join('\n'),
  );
}

async function agreed(options: Options, preview: DecisionPreview, output: Output): Promise<boolean> {
  if (options.yes) return true;
  if (output.json || !process.stdin.isTTY) return false;
  output.note(previewText(preview));
  const answer = await confirm({ message: 'Do it?', initialValue: false });
  return !isCancel(answer) && answer;
}

function previewText(preview: DecisionPreview): string {
  const lines = preview.accounts.flatMap((one) => [
    `${one.name}: ${one.gained} events more, ${one.lost} fewer; ${moved('stage', one.stage)}; ${moved('health', one.health)}; ` +
      `${one.alerts.posted} alerts to post, ${one.alerts.takenBack} to take back`,
    ...one.flags.map(
      (flag) => `  ${flag.change === 'opens' ? '+' : '-'} ${flag.rule} (${flag.severity}): ${flag.reason}`,
    ),
  ]);
  return [`${preview.moves.length} events would move.`, ...lines].join('\n');
}

const moved = (what: string, value: { readonly before: unknown; readonly after: unknown }): string =>
  value.before === value.after
    ? `${what} stays ${String(value.after ?? 'unknown')}`
    : `${what} ${String(value.before ?? 'none')} to ${String(value.after ?? 'none')}`;
