import { Command } from 'commander';
import { createWorkspace, readSettings } from '@waymark/store';
import { changeSettings } from '@waymark/sync';
import { activateTemplate, templateSource } from '@waymark/server';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';

interface CreateOptions {
  readonly json?: boolean;
  readonly name?: string;
  readonly domain: readonly string[];
  readonly timezone?: string;
  readonly template: string;
}

const collect = (value: string, former: readonly string[]): readonly string[] => [...former, value];

/** `waymark workspace create|list|settings`. */
export function workspaceCommand(): Command {
  const command = new Command('workspace').description('Make workspaces and set them up');
  command
    .command('create <slug>')
    .description('Make a workspace with the nine-stage journey')
    .option('--name <name>', 'its name; the slug without it')
    .option('--domain <domain>', 'a mail domain of your own people; may be given several times', collect, [])
    .option('--timezone <zone>', 'its time zone, such as Europe/Berlin')
    .option('--template <name>', 'the journey to begin with', 'nine-stages')
    .option('--json')
    .action(async (slug: string, options: CreateOptions) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        // A name that is none is refused before anything is made.
        await templateSource(options.template);
        const now = waymark.now();
        const workspace = await createWorkspace(
          waymark.database,
          waymark.sealer,
          {
            slug,
            name: options.name ?? slug,
            settings: { ownDomains: [...options.domain], ...(options.timezone && { timezone: options.timezone }) },
          },
          now,
        );
        await activateTemplate(waymark, workspace.workspaceId, options.template, 'waymark workspace create');
        output.result(
          workspace,
          () => `Workspace ${workspace.slug} is made. Next: waymark install hubspot --workspace ${workspace.slug}`,
        );
      });
    });
  command
    .command('list')
    .option('--json')
    .action(async (options: { readonly json?: boolean }) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const all = await waymark.workspaces();
        output.result(all, () =>
          table(
            ['slug', 'name', 'id'],
            all.map((one) => [one.slug, one.name, one.workspaceId]),
            'There is no workspace yet: waymark workspace create <slug> makes one.',
          ),
        );
      });
    });
  command
    .command('settings [changes]')
    .description('Show the settings, or change some given as JSON')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (changes: string | undefined, options: { readonly json?: boolean; readonly workspace?: string }) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const { settings, reread } = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => {
          const current = await readSettings(tx);
          return changes === undefined
            ? { settings: current, reread: [] }
            : changeSettings(tx, parseChanges(changes, Object.keys(current)), waymark.now());
        });
        if (reread.length > 0)
          output.note(
            `${reread.length} sources are read again: which way a mail went depends on whose domains are ours.`,
          );
        output.result(settings, () => JSON.stringify(settings, null, 2));
      });
    });
  return command;
}

function parseChanges(text: string, known: readonly string[]): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new CommandError(`The changes are not JSON; give an object such as '{"defaultChannel":"cs-alerts"}'.`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new CommandError('The changes must be one JSON object.');
  const unknown = Object.keys(parsed).find((key) => !known.includes(key));
  if (unknown) throw new CommandError(`There is no setting ${unknown}. There are: ${known.join(', ')}.`);
  return { ...parsed };
}
