import { Command } from 'commander';
import { installations, type Installation } from '@waymark/store';
import { syncInstallation } from '@waymark/sync';
import { connectorIds } from '@waymark/server';
import { dateFrom } from '../date.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';
import { foldAll } from '../fold-all.ts';

interface SyncResult {
  readonly connector: string;
  readonly account: string;
  readonly outcome: string;
  readonly records: number;
  readonly faults: readonly { readonly stream: string; readonly kind: string; readonly message: string }[];
}

interface SyncOptions {
  readonly workspace?: string;
  readonly again?: string;
  readonly since?: string;
  readonly confirmDeletions?: boolean;
  readonly json?: boolean;
}

const againDays = 30;
const day = 86_400_000;

/**
 * `waymark sync`: reads every installation of a workspace once, now, and folds what changed. Alerts follow when the server runs. With
 * `--again` one installation is read anew from a day on, so that records that were set aside meet the connector as it is now.
 */
export function syncCommand(): Command {
  return new Command('sync')
    .description('Read every installation once, now')
    .option('-w, --workspace <slug>')
    .option('--again <installation>', 'read one installation anew: its id, label or address')
    .option('--since <date>', `with --again: from when on, such as 2026-01-31; the last ${againDays} days without it`)
    .option(
      '--confirm-deletions',
      'with --again: what the provider does not list any more was really deleted, however much it is',
    )
    .option('--json')
    .action(async (options: SyncOptions) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const all = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => installations(tx));
        const results: SyncResult[] = [];
        const readable = all.filter((installation) => connectorIds.includes(installation.connector));
        const chosen = options.again === undefined ? readable : [named(readable, options.again)];
        const againSince = options.again === undefined ? undefined : sinceOf(options.since, waymark.now());
        if (options.again === undefined && (options.since !== undefined || options.confirmDeletions === true))
          throw new CommandError('--since and --confirm-deletions go with --again <installation>.');
        for (const one of chosen) {
          const outcome = await syncInstallation(
            waymark.sync,
            workspace.workspaceId,
            one.installationId,
            new AbortController().signal,
            {
              byHand: true,
              deletionsConfirmed: options.confirmDeletions === true,
              ...(againSince !== undefined && { againSince }),
            },
          );
          const faults = outcome.kind === 'ran' ? outcome.result.faults : [];
          results.push({
            connector: one.connector,
            account: one.label,
            outcome: outcome.kind,
            records: outcome.kind === 'ran' ? outcome.result.records : 0,
            faults: faults.map(({ stream, fault }) => ({ stream, kind: fault.kind, message: fault.message })),
          });
        }
        const folded = await foldAll(waymark, workspace.workspaceId);
        if (results.some((one) => one.faults.length > 0)) process.exitCode = 1;
        output.result({ installations: results, folded }, () =>
          table(
            ['connector', 'account', 'outcome', 'records', 'faults'],
            results.map((one) => [
              one.connector,
              one.account,
              one.outcome,
              one.records,
              one.faults.map((fault) => fault.message).join('; '),
            ]),
            'Nothing is connected yet: see waymark install --help.',
          ),
        );
      });
    });
}

/** The one installation that a text names. Throws CommandError where none or several are meant. */
function named(all: readonly Installation[], text: string): Installation {
  const wanted = text.toLowerCase();
  const found = all.filter((one) =>
    [one.installationId, one.label, one.address, `${one.connector} ${one.label}`, one.connector].some(
      (name) => name?.toLowerCase() === wanted,
    ),
  );
  const [only] = found;
  if (only && found.length === 1) return only;
  if (all.length === 0) throw new CommandError('Nothing is connected yet: see waymark install --help.');
  const names = (found.length > 1 ? found : all).map((one) => `${one.installationId} (${one.connector} ${one.label})`);
  throw new CommandError(
    `${found.length > 1 ? 'Several installations are' : 'No installation is'} named ${text}. There are: ${names.join(', ')}.`,
  );
}

function sinceOf(text: string | undefined, now: number): number {
  if (text === undefined) return now - againDays * day;
  const since = dateFrom(text);
  if (since === null || since > now) throw new CommandError('--since wants a day in the past, such as 2026-01-31.');
  return since;
}
