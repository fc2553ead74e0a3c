import { readFile, stat } from 'node:fs/promises';
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
    const { size } = await stat(name);
    // What is larger is no definition; its text is not even looked at.
    if (size > mostBytes)
      throw new CommandError(`${name} has ${size} bytes, a definition has at most ${mostBytes}: give another file.`);
    return { source: decoded(await readFile(name)), file: name };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      `The definition ${name} cannot be read: give a file, or one of ${templateNames.join(', ')}.`,
    );
  }
}

const mostBytes = 2_000_000;

/** The text of a file by its byte order mark, as Windows editors put it: UTF-16 either way; else UTF-8. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const label =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(label).decode(bytes);
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
