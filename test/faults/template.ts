import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openWaymark, readConfiguration, startServer } from '@waymark/server';
import { prepareSample } from '../../apps/cli/src/demo/prepare.ts';
import { openOutside } from './outside.ts';
import { freePort } from './server-process.ts';

/** How much of the sample company a run reads. */
export interface TemplateSize {
  readonly historyDays: number;
  readonly people: number;
}

const copy = promisify(execFile);

/** The two homes of a run: the world's and Waymark's. */
export interface Homes {
  readonly outside: string;
  readonly waymark: string;
}

export const homesIn = (folder: string): Homes => ({
  outside: join(folder, 'outside'),
  waymark: join(folder, 'waymark'),
});

/**
 * Makes a folder in which a workspace is connected to Slack, HubSpot and some mailboxes by the providers' own consent, and nothing has
 * been read yet. Every run starts from a copy of it: same seed, same anchor, same tokens.
 */
export async function makeTemplate(folder: string, size: TemplateSize): Promise<void> {
  const homes = homesIn(folder);
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const outside = await openOutside(homes.outside);
  try {
    const port = await freePort();
    const environment = {
      ...outside.environment,
      WAYMARK_LOG: 'error',
      WAYMARK_HOME: homes.waymark,
      WAYMARK_PORT: String(port),
    };
    const waymark = await openWaymark(readConfiguration(environment));
    // Nobody works yet: the first reading belongs to the runs.
    const server = await startServer(waymark, { roles: new Set(['http'] as const) });
    try {
      await prepareSample(waymark, server, outside.sandbox.urls, size);
    } finally {
      await server.close();
      await waymark.close();
    }
  } finally {
    await outside.close();
  }
}

/** Copies a template, with the owners of the embedded database's files. */
export async function copyTemplate(from: string, to: string): Promise<Homes> {
  await mkdir(to, { recursive: true, mode: 0o711 });
  await copy('cp', ['-a', `${from}/.`, to]);
  return homesIn(to);
}
