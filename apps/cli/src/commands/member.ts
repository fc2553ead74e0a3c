import { Command } from 'commander';
import { members, setSlackUser } from '@waymark/store';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
}

/** `waymark member list|slack`: the team, and who is who in Slack. */
export function memberCommand(): Command {
  const command = new Command('member').description('The team, and who is who in Slack');
  command
    .command('list')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const all = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => members(tx));
        output.result(all, () =>
          table(
            ['e-mail', 'name', 'Slack user', 'known by'],
            all.map((one) => [one.email, one.name ?? '', one.slackUserId ?? '', one.slackBasis ?? '']),
            'Nobody is known yet: members come from the owners of the CRM.',
          ),
        );
      });
    });
  command
    .command('slack <email> <user>')
    .description('Say which Slack user a member is; this wins over the address. Give - to forget it.')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (email: string, user: string, options: Options) => {
      const output = createOutput(options.json === true);
      if (user !== '-' && !/^[UW][A-Z0-9]{2,}$/.test(user))
        throw new CommandError(
          'A Slack user id looks like U012AB3CD: open the profile in Slack, More, Copy member ID.',
        );
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const done = await waymark.database.inWorkspace(workspace.workspaceId, (tx) =>
          setSlackUser(tx, email, user === '-' ? null : user, 'map', waymark.now()),
        );
        if (!done) throw new CommandError(`There is no member ${email}: they come from the CRM's owners.`);
        output.result({ email, slackUserId: user === '-' ? null : user }, () => `${email} is ${user} in Slack.`);
      });
    });
  return command;
}
