import { userInfo } from 'node:os';
import { Command } from 'commander';
import { installations } from '@waymark/store';
import { disconnect } from '@waymark/server';
import { foldAll } from '../fold-all.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly purge?: boolean;
}

/** `waymark disconnect <installation>`: an account is read no more; what was read stays unless it is to be purged. */
export function disconnectCommand(): Command {
  return new Command('disconnect')
    .description('Read an account no more: subscriptions end, the grant is given back, the tokens are forgotten')
    .argument('<installation>', 'its id, or its label as waymark status shows it')
    .option('-w, --workspace <slug>')
    .option('--purge', 'also take away all that it read, with a receipt')
    .option('--json')
    .action(async (named: string, options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const all = await waymark.database.inWorkspace(workspaceId, (tx) => installations(tx));
        const meant = all.filter(
          (one) => one.installationId === named || one.label.toLowerCase() === named.toLowerCase(),
        );
        const [only, second] = meant;
        if (!only) throw new CommandError(`No installation is called ${named}: waymark status lists them.`);
        if (second)
          throw new CommandError(
            `${named} is the label of several: give one of ${meant.map((one) => `${one.connector} ${one.installationId}`).join(', ')}.`,
          );
        const { installationId } = only;
        const by = `${userInfo().username} on the command line`;
        const done = await disconnect(waymark, { workspaceId, installationId, by, purge: options.purge === true });
        const folded = await foldAll(waymark, workspaceId);
        const { revocation, subscriptions, receipt } = done;
        output.result({ installationId, connector: only.connector, revocation, subscriptions, receipt, folded }, () =>
          [
            `${only.connector} ${only.label} is read no more. ${revocation.note}`,
            receipt
              ? `Purged: ${receipt.counts['events'] ?? 0} events, ${receipt.counts['records'] ?? 0} records. Receipt ${receipt.receiptId}, digest ${receipt.digest}.`
              : `What was read is kept; waymark disconnect ${installationId} --purge takes it away.`,
          ].join('\n'),
        );
      });
    });
}
