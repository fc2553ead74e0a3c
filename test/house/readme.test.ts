import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const names = (text: string, shape: RegExp): readonly string[] => [
  ...new Set([...text.matchAll(shape)].map(([all, name]) => name ?? all)),
];

describe('the README and the documents', () => {
  const readme = read('README.md');
  const documents = ['README.md', 'apps/sandbox/README.md', ...globSync('docs/*.md', { cwd: root })];

  it('lists every setting that there is, and no other', () => {
    const known = [
      ...names(read('apps/server/src/configuration.ts'), /^ {2}([A-Z][A-Z_]+):/gm),
      ...names(read('apps/cli/src/commands/app-credentials.ts'), /process\.env\.(\w+)/g),
    ];
    const table = readme.slice(readme.indexOf('## Configuration'), readme.indexOf('## In this version'));
    const listed = names(table, /`((?:WAYMARK|DATABASE)_[A-Z_]+)`/g);
    expect(listed.toSorted()).toEqual([...new Set(known)].toSorted());
  });

  it('lists every command that there is, and no other', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'apps/cli/src/waymark.mjs'), '--help'], { cwd: root });
    const known = names(stdout.slice(stdout.indexOf('Commands:')), /^ {2}([a-z]+)\b/gm).filter(
      (name) => name !== 'help',
    );
    const table = readme.slice(readme.indexOf('## Commands'), readme.indexOf('## Configuration'));
    expect(names(table, /^\| `waymark ([a-z]+)/gm).toSorted()).toEqual(known.toSorted());
  });

  it('names scripts that exist', () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    const named = documents.flatMap((path) => names(read(path), /npm run ([a-z:]+)/g));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it.each(documents)('%s links to files that exist', (path) => {
    const links = names(read(path), /\]\((?!https?:|#)([^)#]+)/g);
    expect(links.filter((link) => !existsSync(join(root, dirname(path), link)))).toEqual([]);
  });
});
