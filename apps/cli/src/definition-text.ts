import { readFile } from 'node:fs/promises';
import { templateNames } from '@waymark/lifecycle';
import { definitionInForce, templateSource, type Waymark } from '@waymark/server';
import { chooseWorkspace, CommandError, withWaymark } from './open.ts';

/** The text of a definition and how it is called in messages. */
export interface DefinitionText {
  readonly source: string;
  readonly file: string;
}

/** Reads a definition file, or a shipped template by its name. Throws CommandError. */
export async function readDefinitionText(name: string): Promise<DefinitionText> {
  if (templateNames.some((known) => known === name))
    return { source: await templateSource(name), file: `${name}.yaml` };
  try {
    return { source: await readFile(name, 'utf8'), file: name };
  } catch {
    throw new CommandError(
      `The definition ${name} cannot be read: give a file, or one of ${templateNames.join(', ')}.`,
    );
  }
}

/** The same, where `active` (or `active:<journey>`) stands for what is in force in the workspace. */
export async function readDefinitionOrActive(name: string, workspace: string | undefined): Promise<DefinitionText> {
  const [word, journey] = name.split(':');
  if (word !== 'active') return readDefinitionText(name);
  return withWaymark(async (waymark: Waymark) => {
    const { workspaceId } = await chooseWorkspace(waymark, workspace);
    const found = await definitionInForce(waymark, workspaceId, journey);
    if (!found) throw new CommandError(`No journey ${journey ?? ''} is in force: see waymark journey list.`);
    return { source: found.source, file: `${found.journey} in force` };
  });
}
