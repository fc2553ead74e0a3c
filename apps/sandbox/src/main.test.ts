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

/** Starts the process and gives its first line, what it cost until then, and its exit. */
async function launch(
  args: readonly string[],
): Promise<{ child: ChildProcess; ready: z.infer<typeof readySchema>; costMs: number; exit: Promise<unknown[]> }> {
  const child = spawn(process.execPath, [MAIN, '--caps', 'generous', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exit = once(child, 'exit');
  if (!child.stdout) throw new Error('The process has no output.');
  const [line]: unknown[] = await once(createInterface(child.stdout), 'line');
  const ready = readySchema.parse(JSON.parse(String(line)));
  return { child, ready, costMs: await processorMs(ready.pid), exit };
}

/** Processor time of a process so far, ms, in ticks of a hundredth of a second (proc(5)); only Linux tells it of another process. */
async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user ?? 0) + Number(system ?? 0)) * 10;
}

afterEach(async () => {
  // A process that still writes would keep its home from being removed.
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const home of homes.splice(0)) await rm(home, { recursive: true, force: true });
});

it('is ready within seconds, refuses a second one on its home, and leaves with 0 and its state on SIGTERM', async () => {
  const home = await newHome();
  const { child, ready, costMs, exit } = await launch(['--home', home, '--live']);
  // Of the processor, so that it says the same on a machine that is busy with other tests.
  expect(costMs).toBeLessThan(4000);
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
  // Not at its exit, when some of what it said may still be on its way.
  expect(await once(child, 'close')).toEqual([2, null]);
  expect(text).toContain('Usage: main.ts');
}, 30_000);
