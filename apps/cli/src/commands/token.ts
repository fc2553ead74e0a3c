import { Command } from 'commander';
import { createToken, listTokens, revokeToken } from '@waymark/store';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly days?: string;
}

/** `waymark token [create|list|revoke]`: tokens for the API and the pages of one workspace. */
export function tokenCommand(): Command {
  const command = new Command('token').description('Make and end tokens for the API and the pages');
  command
    .command('create', { isDefault: true })
    .description('Make a token; it is shown this once')
    .option('-w, --workspace <slug>')
    .option('--days <n>', 'how long it is good; for ever without it')
    .option('--json')
    .action(async (options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const days = options.days === undefined ? undefined : Number(options.days);
        if (days !== undefined && !(days > 0)) throw new CommandError('--days wants a number above 0.');
        const made = await waymark.database.global((tx) =>
          createToken(tx, workspace.workspaceId, {
            expiresAt: days === undefined ? null : waymark.now() + days * 86_400_000,
          }),
        );
        output.result({ workspace: workspace.slug, ...made }, () => made.token);
      });
    });
  command
    .command('list')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const all = await waymark.database.global((tx) => listTokens(tx, workspace.workspaceId));
        output.result(all, () =>
          table(
            ['token', 'good until'],
            all.map((one) => [
              one.tokenId,
              one.expiresAt === null ? 'for ever' : new Date(one.expiresAt).toISOString(),
            ]),
            'There is no token: waymark token makes one.',
          ),
        );
      });
    });
  command
    .command('revoke <token>')
    .description('End a token, by its id or itself')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (token: string, options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const ended = await waymark.database.global((tx) => revokeToken(tx, workspace.workspaceId, token));
        if (!ended) throw new CommandError('There is no such token in this workspace: waymark token list shows them.');
        output.result({ revoked: true }, () => 'The token is ended.');
      });
    });
  return command;
}
