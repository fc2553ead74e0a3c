import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StackName } from '@waymark/sandbox';
import { z } from 'zod';

const ready = z.object({
  ready: z.literal(true),
  urls: z.object({
    google: z.string(),
    hubspot: z.string(),
    slack: z.string(),
    microsoft: z.string(),
    salesforce: z.string(),
    zendesk: z.string(),
    control: z.string(),
  }),
});
export type SandboxUrls = z.infer<typeof ready>['urls'];

export interface SandboxProcess {
  readonly urls: SandboxUrls;
  /** Lets it save its state and end. */
  readonly stop: () => Promise<void>;
}

/** Starts the sandbox as a process of its own that ends with this one; `stack` counts where the home is new. */
export async function startSandboxProcess(home: string, stack?: StackName): Promise<SandboxProcess> {
  const main = fileURLToPath(new URL('../../../sandbox/src/main.ts', import.meta.url));
  const args = [main, '--home', home, '--caps', 'generous', '--auto-consent', '--parent', String(process.pid)];
  if (stack !== undefined) args.push('--stack', stack);
  // A group of its own: Ctrl-C in the terminal reaches us alone, and we stop it in order.
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const urls = await firstLine(child);
  return {
    urls,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function firstLine(child: ChildProcess): Promise<SandboxUrls> {
  if (!child.stdout) throw new Error('The sandbox has no standard output.');
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`The sandbox ended at its start with ${String(code)}.`)),
    ),
  ]);
  return ready.parse(JSON.parse(line)).urls;
}
