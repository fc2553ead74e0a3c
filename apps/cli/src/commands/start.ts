import { Command } from 'commander';
import { openWaymark, roles as allRoles, startServer, type Role } from '@waymark/server';
import { commandConfiguration } from '../configuration.ts';
import { CommandError } from '../open.ts';
import { createOutput } from '../output.ts';
import { stopPoint } from '../stop-point.ts';

/** `waymark start`: the server, without the sandbox. Ends in order on SIGTERM and Ctrl-C. */
export function startCommand(): Command {
  return new Command('start')
    .description('Run the server: pages, webhooks, workers and the Slack bot')
    .option('--roles <list>', `what this process does, of ${allRoles.join(', ')}`, allRoles.join(','))
    .option('--json', 'print the address as JSON when it is up')
    .action(async (options: { readonly roles: string; readonly json?: boolean }) => {
      const output = createOutput(options.json === true);
      const configuration = commandConfiguration(process.env);
      const waymark = await openWaymark(configuration, { point: stopPoint(configuration.stopAt) });
      try {
        const server = await startServer(waymark, { roles: parseRoles(options.roles) });
        output.result(
          { url: server.url, publicUrl: server.publicUrl, pid: process.pid },
          () => `Waymark is up: ${server.url}`,
        );
        await untilStopped();
        output.note('Stopping.');
        await server.close();
      } finally {
        await waymark.close();
      }
    });
}

function parseRoles(text: string): ReadonlySet<Role> {
  const named = text.split(',').map((one) => one.trim());
  const known = allRoles.filter((role) => named.includes(role));
  const unknown = named.find((name) => !allRoles.some((role) => role === name));
  if (unknown !== undefined) throw new CommandError(`There is no role ${unknown}. There are: ${allRoles.join(', ')}.`);
  return new Set(known);
}

/** Resolves at the first SIGTERM or Ctrl-C; a second one ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}
