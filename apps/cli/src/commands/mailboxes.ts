import { Command } from 'commander';
import { installMailboxes, removeMailbox } from '@waymark/server';
import { installations, watchedMailboxes } from '@waymark/store';
import { chooseWorkspace, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';
import { keyText, mailboxList, mailboxResult, mailboxText } from './install-mailboxes.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly key?: string;
}

/** `waymark mailboxes list|add|remove`: which mailboxes are read under an organization's grant. No other is ever asked for. */
export function mailboxesCommand(): Command {
  const command = new Command('mailboxes').description("The mailboxes that are read under an organization's grant");
  command
    .command('list')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const rows = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => {
          const known = new Map((await installations(tx)).map((one) => [one.installationId, one]));
          return (await watchedMailboxes(tx)).map((one) => {
            const reads = one.installationId === null ? undefined : known.get(one.installationId);
            return {
              connector: one.connector,
              mailbox: one.mailbox,
              status: reads?.status ?? 'never read',
              reason: reads?.statusReason ?? null,
              addedAt: new Date(one.addedAt).toISOString(),
            };
          });
        });
        output.result(rows, () =>
          rows.length === 0
            ? 'None: each account has consented by itself.'
            : table(
                ['connector', 'mailbox', 'status', 'since', 'why'],
                rows.map((one) => [one.connector, one.mailbox, one.status, one.addedAt.slice(0, 10), one.reason ?? '']),
              ),
        );
      });
    });
  command
    .command('add <connector> <mailboxes>')
    .description('Choose further mailboxes; the grant is that of waymark install --organization')
    .option('--key <file>', "another key of Google's service account")
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (connector: string, mailboxes: string, options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const key = await keyText(options.key);
        const outcomes = await installMailboxes(waymark, {
          workspaceId,
          connector,
          mailboxes: mailboxList(mailboxes),
          ...(key !== undefined && { key }),
        });
        const result = mailboxResult(connector, outcomes);
        output.result(result, () => mailboxText(result));
      });
    });
  command
    .command('remove <connector> <mailboxes>')
    .description('Read these no more; what was read is kept')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (connector: string, mailboxes: string, options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const removed = mailboxList(mailboxes);
        for (const mailbox of removed) await removeMailbox(waymark, { workspaceId, connector, mailbox });
        output.result({ connector, removed }, () => `Not read any more: ${removed.join(', ')}.`);
      });
    });
  return command;
}
