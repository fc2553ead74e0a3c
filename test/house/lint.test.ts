import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const report = z.object({ diagnostics: z.array(z.object({ code: z.string(), severity: z.string() })) });

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-lint-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the linter, with the settings of the house, holds against one source. */
async function faults(source: string): Promise<readonly string[]> {
  const file = join(folder, 'planted.ts');
  await writeFile(file, source);
  const args = ['-c', join(root, '.oxlintrc.json'), '-f', 'json', file];
  const { stdout } = await run(join(root, 'node_modules/.bin/oxlint'), args, { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  return report.parse(JSON.parse(stdout)).diagnostics.map(({ code }) => code);
}

describe('the linter', () => {
  it.each([
    ['export default 1;', 'no-default-export'],
    ['export const x: any = 1;', 'no-explicit-any'],
    ['export const x = (y: string | undefined) => y!.length;', 'no-non-null-assertion'],
    ['// @ts-ignore\nexport const x = 1;', 'ban-ts-comment'],
    ['export const x = (y: number) => y == 1;', 'eqeqeq'],
    ['export const x = 1;\n// more'.concat('\n'.repeat(401)), 'max-lines'],
  ])('refuses %j', async (source, rule) => {
    expect((await faults(source)).join(' ')).toContain(rule);
  });

  it('has nothing against plain code', async () => {
    expect(await faults('export const x = (y: number) => y === 1;\n')).toEqual([]);
  });
});
