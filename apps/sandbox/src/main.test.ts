import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { SandboxRunningError } from './control/home.ts';
import { startSandbox } from './sandbox.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const readySchema = z.object({ ready: z.literal(true), pid: z.number(), urls: z.record(z.string(), z.url()) });
const children: ChildProcess[] = [];
const homes: string[] = [];

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'sandbox-main-'));
  homes.push(home);
  return home;
}

/** Starts the process and gives its first line, the time until then, and its exit. */
async function launch(
  args: readonly string[],
): Promise<{ child: ChildProcess; ready: z.infer<typeof readySchema>; tookMs: number; exit: Promise<unknown[]> }> {
  const from = performance.now();
  const child = spawn(process.execPath, [MAIN, '--caps', 'generous', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exit = once(child, 'exit');
  if (!child.stdout) throw new Error('The process has no output.');
  const [line]: unknown[] = await once(createInterface(child.stdout), 'line');
  return { child, ready: readySchema.parse(JSON.parse(String(line))), tookMs: performance.now() - from, exit };
}

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const home of homes.splice(0)) await rm(home, { recursive: true, force: true });
});

it('is ready within seconds, refuses a second one on its home, and leaves with 0 and its state on SIGTERM', async () => {
  const home = await newHome();
  const { child, ready, tookMs, exit } = await launch(['--home', home, '--live']);
  // Aim: 4 seconds; twice that is allowed for a machine that is busy with other tests.
  expect(tookMs).toBeLessThan(8000);
  await expect(startSandbox({ home })).rejects.toThrow(SandboxRunningError);
  expect((await fetch(`${ready.urls['control']}/status`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  for (const name of ['google', 'hubspot', 'slack', 'microsoft', 'salesforce', 'zendesk', 'sandbox']) {
    expect(JSON.parse(await readFile(join(home, `${name}.json`), 'utf8'))).toBeTypeOf('object');
  }
  const again = await launch(['--home', home]);
  expect(again.ready.urls).toEqual(ready.urls);
}, 30_000);

it('goes when its parent goes', async () => {
  const parent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  children.push(parent);
  const { exit } = await launch(['--parent', String(parent.pid)]);
  const gone = once(parent, 'exit');
  parent.kill('SIGKILL');
  await gone;
  expect(await exit).toEqual([0, null]);
}, 30_000);

it('says how it is used when it is used wrongly', async () => {
  const child = spawn(process.execPath, [MAIN, '--caps', 'unlimited'], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  expect(await once(child, 'exit')).toEqual([2, null]);
  expect(text).toContain('Usage: main.ts');
}, 30_000);
