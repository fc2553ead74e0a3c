import { setFlagsFromString } from 'node:v8';
import { findWorkspace, type Workspace } from '@waymark/store';
import { openWaymark, type Waymark } from '@waymark/server';
import { commandConfiguration } from './configuration.ts';

/** A command that cannot go on, with what to do. */
export class CommandError extends Error {
  readonly code = 'COMMAND';

  constructor(message: string) {
    super(message);
    this.name = 'CommandError';
  }
}

/**
 * Opens Waymark for one command and closes it after. The log stays quiet but for errors. Garbage is collected once memory has
 * grown to twice what is held: by itself V8 lets that of a walk through the whole log grow to four times of it. Unlike a limit it stops no command
 * that needs more. The flag is read at each collection.
 * https://github.com/v8/v8/blob/main/src/flags/flag-definitions.h
 */
export async function withWaymark<T>(work: (waymark: Waymark) => Promise<T>): Promise<T> {
  setFlagsFromString('--heap-growing-percent=100');
  const waymark = await openWaymark(commandConfiguration({ WAYMARK_LOG: 'error', ...process.env }));
  try {
    return await work(waymark);
  } finally {
    await waymark.close();
  }
}

/** The workspace that a command means: the named one, or the only one there is. Throws CommandError. */
export async function chooseWorkspace(waymark: Waymark, name: string | undefined): Promise<Workspace> {
  if (name !== undefined) {
    const found = await waymark.database.global((tx) => findWorkspace(tx, name));
    if (!found) throw new CommandError(`There is no workspace ${name}: waymark workspace list shows those there are.`);
    return found;
  }
  const all = await waymark.workspaces();
  const [only] = all;
  if (!only) throw new CommandError('There is no workspace yet: make one with waymark workspace create <slug>.');
  if (all.length > 1)
    throw new CommandError(
      `There are several workspaces; say which with --workspace: ${all.map((one) => one.slug).join(', ')}.`,
    );
  return only;
}
