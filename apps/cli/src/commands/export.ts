import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import { parseTime } from '@waymark/journey';
import { findAccounts, type Tx } from '@waymark/store';
import { clearRejected, exportLines, exportOcel, exportRejected, exportXes } from '@waymark/sync';
import type { Waymark } from '@waymark/server';
import { writeExport, writeNewFile } from '../export-target.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

const formats = { ndjson: exportLines, xes: exportXes, ocel: exportOcel } as const;

interface Options {
  readonly format: keyof typeof formats;
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
  readonly rejected?: boolean;
  readonly clear?: boolean;
  readonly output?: string;
  readonly workspace?: string;
  readonly json?: boolean;
}

/** `waymark export`: the log as CloudEvents, one a line, as it was imported; or as XES or OCEL for process-mining tools. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write the log: CloudEvents 1.0, one JSON object a line; or XES or OCEL 2.0 for process-mining tools')
    .addOption(new Option('-f, --format <format>').choices(Object.keys(formats)).default('ndjson'))
    .option('-a, --account <name>', 'only the events of one account: its name, domain or id')
    .option('--from <date>', 'only events from here on (UTC)')
    .option('--to <date>', 'only events before (UTC)')
    .option('--rejected', 'the lines that imports refused instead, as they came; with --json each with the reason')
    .option('--clear', 'with --rejected and --output: set the lines that are written aside no longer')
    .option('-o, --output <file>', 'write to a file instead of standard output')
    .option('-w, --workspace <slug>')
    .option('--json', 'with --output: what was written, as one JSON object')
    .action(async (options: Options) => {
      const from = dateOf(options.from, '--from');
      const to = dateOf(options.to, '--to');
      if (options.rejected && [options.account, from, to].some((one) => one !== undefined))
        throw new CommandError('--rejected gives all lines that were refused: leave --account, --from and --to out.');
      if (options.clear) {
        if (!options.rejected || options.output === undefined)
          throw new CommandError('--clear goes with --rejected and --output: the lines are kept in that file alone.');
        await clear(options, options.output);
        return;
      }
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const accountId = await accountOf(waymark, workspaceId, options.account);
        const range = {
          ...(accountId !== undefined && { accountId }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
        };
        const blocks = (tx: Tx): AsyncIterable<string | Uint8Array> =>
          options.rejected
            ? exportRejected(tx, waymark.sealer, { explained: options.json === true })
            : formats[options.format](tx, range);
        const bytes = await waymark.database.inWorkspace(workspaceId, (tx) => writeExport(blocks(tx), options.output));
        if (bytes === undefined) process.exitCode = closedPipe;
        else if (options.output !== undefined && options.json)
          createOutput(true).result({ output: options.output, bytes }, () => '');
        else if (options.output !== undefined) createOutput(false).note(`${bytes} bytes written to ${options.output}.`);
      });
    });
}

/** Writes the refused lines to a new file, and keeps them nowhere else. */
async function clear(options: Options, file: string): Promise<void> {
  await withWaymark(async (waymark) => {
    const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
    const by = `${userInfo().username} on the command line`;
    const asked = { explained: options.json === true, by, at: waymark.now() };
    const cleared = await waymark.database.inWorkspace(workspaceId, (tx) =>
      clearRejected(tx, waymark.sealer, asked, (blocks) => writeNewFile(blocks, file)),
    );
    createOutput(options.json === true).result(
      { output: file, ...cleared },
      () =>
        `${cleared.lines} lines are in ${file} and set aside no longer (SHA-256 ${cleared.digest}). What you mend of them: waymark import.`,
    );
  });
}

/** As a shell tells of a program that a closed pipe ended. */
const closedPipe = 141;

async function accountOf(waymark: Waymark, workspaceId: string, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const found = await waymark.database.inWorkspace(workspaceId, (tx) => findAccounts(tx, name, 2));
  const [first, second] = found;
  if (!first) throw new CommandError(`There is no account ${name}: waymark accounts lists them.`);
  const exact = [first.accountId, first.name, first.domain].includes(name);
  if (second && !exact) throw new CommandError(`Several accounts fit ${name}: give its domain or id.`);
  return first.accountId;
}

function dateOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const at = parseTime(text.length === 10 ? `${text}T00:00:00Z` : text);
  if (at === undefined)
    throw new CommandError(`${option} wants a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z.`);
  return at;
}
