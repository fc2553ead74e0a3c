import { createHash } from 'node:crypto';
import { Command } from 'commander';
import { accounts } from '@waymark/store';
import { explainAccount } from '@waymark/server';
import { chooseWorkspace, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

/** `waymark replay`: derives every account from the log again and compares with what is stored. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('Derive every account from the log again and compare with what is stored')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: { readonly workspace?: string; readonly json?: boolean }) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const now = waymark.now();
        const digest = createHash('sha256');
        const differences: { account: string; journey: string }[] = [];
        let transitions = 0;
        let flags = 0;
        const list = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => accounts(tx));
        for (const account of [...list].sort((a, b) => (a.accountId < b.accountId ? -1 : 1))) {
          const explained = await waymark.database.inWorkspace(workspace.workspaceId, (tx) =>
            explainAccount(tx, account.accountId, now),
          );
          for (const { answer, agrees } of explained) {
            digest.update(answer.digest);
            transitions += answer.periods.length;
            flags += answer.flags.length;
            if (!agrees) differences.push({ account: account.name, journey: answer.journey });
          }
        }
        const result = { digest: digest.digest('hex'), accounts: list.length, transitions, flags, differences };
        if (differences.length > 0) process.exitCode = 2;
        output.result(
          result,
          () =>
            `${list.length} accounts, ${transitions} stage changes, ${flags} flags; digest ${result.digest}\n${differences.length === 0 ? 'What is stored agrees with the log.' : `Differs: ${differences.map((one) => one.account).join(', ')}`}`,
        );
      });
    });
}
