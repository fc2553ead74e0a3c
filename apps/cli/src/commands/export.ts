import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { findAccounts } from '@waymark/store';
import { exportLines, exportOcel, exportXes } from '@waymark/sync';
import type { Waymark } from '@waymark/server';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

const formats = { ndjson: exportLines, xes: exportXes, ocel: exportOcel } as const;

interface Options {
  readonly format: keyof typeof formats;
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
  readonly output?: string;
  readonly workspace?: string;
}

/** `waymark export`: the log as CloudEvents, one a line, as it was imported; or as XES or OCEL for process-mining tools. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write the log: CloudEvents 1.0, one JSON object a line; or XES or OCEL 2.0 for process-mining tools')
    .addOption(new Option('-f, --format <format>').choices(Object.keys(formats)).default('ndjson'))
    .option('-a, --account <name>', 'only the events of one account: its name, domain or id')
    .option('--from <date>', 'only events from here on')
    .option('--to <date>', 'only events before')
    .option('-o, --output <file>', 'write to a file instead of standard output')
    .option('-w, --workspace <slug>')
    .action(async (options: Options) => {
      const from = dateOf(options.from, '--from');
      const to = dateOf(options.to, '--to');
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const accountId = await accountOf(waymark, workspaceId, options.account);
        const range = {
          ...(accountId !== undefined && { accountId }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
        };
        const bytes = await waymark.database.inWorkspace(workspaceId, async (tx) => {
          let count = 0;
          async function* counted() {
            for await (const block of formats[options.format](tx, range)) {
              const chunk = Buffer.from(block);
              count += chunk.length;
              yield chunk;
            }
          }
          const target = options.output === undefined ? process.stdout : createWriteStream(options.output);
          await pipeline(Readable.from(counted(), { highWaterMark: 4 }), target, { end: options.output !== undefined });
          return count;
        });
        if (options.output !== undefined) createOutput(false).note(`${bytes} bytes written to ${options.output}.`);
      });
    });
}

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
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new CommandError(`${option} wants a date such as 2026-01-31.`);
  return at;
}
