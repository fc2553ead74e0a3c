import { Command, Option } from 'commander';
import { parseTime } from '@waymark/journey';
import { findAccounts, type Tx } from '@waymark/store';
import { exportLines, exportOcel, exportRejected, exportXes } from '@waymark/sync';
import type { Waymark } from '@waymark/server';
import { writeExport } from '../export-target.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

const formats = { ndjson: exportLines, xes: exportXes, ocel: exportOcel } as const;

interface Options {
  readonly format: keyof typeof formats;
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
  readonly rejected?: boolean;
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
    .option('-o, --output <file>', 'write to a file instead of standard output')
    .option('-w, --workspace <slug>')
    .option('--json', 'with --output: what was written, as one JSON object')
    .action(async (options: Options) => {
      const from = dateOf(options.from, '--from');
      const to = dateOf(options.to, '--to');
      if (options.rejected && [options.account, from, to].some((one) => one !== undefined))
        throw new CommandError('--rejected gives all lines that were refused: leave --account, --from and --to out.');
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
