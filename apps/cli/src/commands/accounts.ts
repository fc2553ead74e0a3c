import { Command } from 'commander';
import { accounts, standings } from '@waymark/store';
import { flagReports } from '@waymark/server';
import { chooseWorkspace, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';

/** `waymark accounts`: every account with its stage, health, CSM and open flags. */
export function accountsCommand(): Command {
  return new Command('accounts')
    .description('List accounts with their stage, health, CSM and open flags')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: { readonly workspace?: string; readonly json?: boolean }) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const list = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => {
          const states = new Map((await standings(tx)).map((one) => [one.accountId, one]));
          const open = Map.groupBy(await flagReports(tx), ({ accountId }) => accountId);
          return (await accounts(tx)).map((account) => ({
            id: account.accountId,
            name: account.name,
            domain: account.domain,
            customer: account.isCustomer,
            csm: account.csmEmail,
            csmBasis: account.csmBasis,
            stage: states.get(account.accountId)?.stage ?? null,
            health: states.get(account.accountId)?.health ?? null,
            flags: (open.get(account.accountId) ?? []).map((flag) => flag.rule),
          }));
        });
        output.result(list, () =>
          table(
            ['account', 'domain', 'stage', 'health', 'CSM', 'flags'],
            list.map((one) => [
              one.name,
              one.domain ?? '',
              one.stage ?? '',
              one.health === null ? '' : String(Math.round(one.health)),
              one.csm ?? '',
              one.flags.join(', '),
            ]),
            'There are no accounts yet: connect a CRM (waymark install) or import events (waymark import).',
          ),
        );
      });
    });
}
