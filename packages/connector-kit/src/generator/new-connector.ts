import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** A connector that cannot be made under this id. */
export class NewConnectorError extends Error {
  readonly code = 'NEW_CONNECTOR';

  constructor(message: string) {
    super(message);
    this.name = 'NewConnectorError';
  }
}

const template = join(import.meta.dirname, '../../template');
const left = new Set(['node_modules', '.turbo']);

/** The forms in which a connector's id stands in its sources: `my-desk`, `myDesk`, `MyDesk`, `MY_DESK`, `My Desk`. */
function formsOf(id: string): ReadonlyMap<string, string> {
  const words = id.split('-');
  const title = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  const pascal = words.map(title).join('');
  return new Map([
    ['example-desk', id],
    ['exampleDesk', pascal.charAt(0).toLowerCase() + pascal.slice(1)],
    ['ExampleDesk', pascal],
    ['EXAMPLE_DESK', words.join('_').toUpperCase()],
    ['Example Desk', words.map(title).join(' ')],
  ]);
}

/**
 * Writes a connector that passes the contract from the template, into a folder that must not exist yet. `id`: lower case words joined by
 * hyphens, as in `my-desk`. Returns the files, relative to the folder, in order. Throws NewConnectorError.
 */
export async function newConnector(id: string, folder: string): Promise<readonly string[]> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 40)
    throw new NewConnectorError(
      `${JSON.stringify(id)} is no id: use lower case words joined by hyphens, such as my-desk.`,
    );
  if (await stat(folder).catch(() => undefined))
    throw new NewConnectorError(`${folder} exists already: choose another id.`);
  const forms = formsOf(id);
  const written: string[] = [];
  for (const entry of await readdir(template, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = relative(template, file);
    if (!entry.isFile() || path.split(/[/\\]/).some((part) => left.has(part))) continue;
    let text = await readFile(file, 'utf8');
    for (const [from, to] of forms) text = text.replaceAll(from, to);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
    written.push(path);
  }
  return written.sort();
}

/** The line that the server's list of connectors needs. */
export function registryLine(id: string): string {
  const name = formsOf(id).get('exampleDesk') ?? id;
  const key = id.includes('-') ? `'${id}'` : id;
  return `${key}: async () => (await import('@waymark/connector-${id}')).${name},`;
}
