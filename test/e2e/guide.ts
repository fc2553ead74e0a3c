import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(import.meta.dirname, '../../docs');

/** One command of the guide, with the lines that go on in quotes. */
export interface GuideCommand {
  readonly text: string;
  /** The nearest heading above it. */
  readonly section: string;
}

/** The commands of docs/install.md that stand in blocks marked `sh walk`, in order. */
export function guideCommands(guide: string): readonly GuideCommand[] {
  const commands: { text: string; section: string }[] = [];
  let section = '';
  let inside = false;
  for (const line of guide.split('\n')) {
    if (!inside && line.startsWith('#')) section = line.replace(/^#+ /, '');
    if (line.startsWith('```')) inside = line === '```sh walk';
    else if (inside && /^(waymark|curl) /.test(line)) commands.push({ text: line, section });
    else if (inside) {
      const last = commands.at(-1);
      if (last) last.text += `\n${line}`;
    }
  }
  return commands;
}

/** A file of docs, as text. */
export const readDoc = (path: string): string => readFileSync(join(docs, path), 'utf8');

/** The `NAME=value` lines of an environment file. */
export function readEnvironment(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}
