import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretsIn } from './canaries.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

// In two parts, so that this file is no finding when it is printed.
const canary = ['CANARY', 'planted-here'].join('-');

let folder = '';
beforeAll(async () => {
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
  folder = await mkdtemp(join(root, 'node_modules/.cache/canary-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs one test in a vitest of its own under the reporter of the house. */
async function runPlanted(body: string): Promise<{ readonly code: number; readonly output: string }> {
  const file = join(folder, 'planted.test.ts');
  await writeFile(
    file,
    `import { execFileSync } from 'node:child_process';\nimport { expect, it } from 'vitest';\nconst canary = ['CANARY', 'planted-here'].join('-');\nit('planted', () => {\n${body}\n});\n`,
  );
  const args = [
    'run',
    '--root',
    folder,
    '--reporter=default',
    `--reporter=${join(root, 'test/house/canary-reporter.ts')}`,
  ];
  const env = { ...process.env, NO_COLOR: '1' };
  return run(join(root, 'node_modules/.bin/vitest'), args, { cwd: folder, env }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  );
}

describe('the search for secrets in the output of the tests (I7)', () => {
  it.each([
    ['a log line', 'console.log(`token ${canary}`);'],
    ['a direct write', 'process.stdout.write(`${canary}\\n`);'],
    ['a write to standard error', 'process.stderr.write(`${canary}\\n`);'],
    ['the output of a child process', "execFileSync('sh', ['-c', 'echo $0', canary], { stdio: 'inherit' });"],
    ['an error of a failed test', 'throw new Error(`refused: ${canary}`);'],
    ['a difference that an assertion shows', 'expect({ token: canary }).toEqual({});'],
  ])('finds one in %s', async (_where, body) => {
    const { code, output } = await runPlanted(body);
    expect(code).not.toBe(0);
    expect(output).toContain('Secrets or mail text in the output of the tests');
  });

  it('lets a run without one pass', async () => {
    const { code, output } = await runPlanted("console.log('all is well');");
    expect(output).toContain('all is well');
    expect(code).toBe(0);
  });

  it('knows the shapes of tokens and secrets', () => {
    const tail = 'A1b2C3d4E5f6G7h8I9j0';
    for (const text of [
      canary,
      ['ya29', tail].join('.'),
      `1//0${tail}`,
      ['xoxb', '123456789', tail].join('-'),
      ['waymark', 'demo', 'secret'].join('-'),
      `postgres://app:${tail}@127.0.0.1/waymark`,
    ])
      expect(secretsIn(`before ${text} after`), text.slice(0, 6)).toHaveLength(1);
    expect(secretsIn('a token, a secret and postgres://app@127.0.0.1/waymark')).toEqual([]);
  });
});
