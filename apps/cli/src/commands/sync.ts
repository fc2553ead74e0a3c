import { Command } from 'commander';
import { installations } from '@waymark/store';
import { syncInstallation } from '@waymark/sync';
import { connectorIds } from '@waymark/server';
import { chooseWorkspace, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';
import { foldAll } from '../fold-all.ts';

interface SyncResult {
  readonly connector: string;
  readonly account: string;
  readonly outcome: string;
  readonly records: number;
  readonly faults: readonly { readonly stream: string; readonly kind: string; readonly message: string }[];
}

/** `waymark sync`: reads every installation of a workspace once, now, and folds what changed. Alerts follow when the server runs. */
export function syncCommand(): Command {
  return new Command('sync')
    .description('Read every installation once, now')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: { readonly workspace?: string; readonly json?: boolean }) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const all = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => installations(tx));
        const results: SyncResult[] = [];
        for (const one of all.filter((installation) => connectorIds.includes(installation.connector))) {
          const outcome = await syncInstallation(
            waymark.sync,
            workspace.workspaceId,
            one.installationId,
            new AbortController().signal,
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
          ),
        );
      });
    });
}
