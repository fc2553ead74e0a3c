import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../apps/cli/src/waymark.mjs', import.meta.url));
const startLimitMs = 30_000;

/** How a server process came to its end. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `waymark start` as a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  /** Milliseconds from the start of the process until `/readyz` said yes. Rejects where it does not, or the process ends first. */
  readonly ready: () => Promise<number>;
  readonly ended: Promise<Ending>;
  readonly isAlive: () => boolean;
  /** SIGKILL, and waits until it is gone. */
  readonly kill: () => Promise<void>;
  /** SIGTERM, and waits for the orderly end. */
  readonly stop: () => Promise<Ending>;
  /** All that it wrote. */
  readonly output: () => string;
}

export interface ServerOptions {
  readonly home: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  /** What it does, by commas; everything without it. */
  readonly roles?: string;
  /** Flags of Node itself, such as a limit of the heap. */
  readonly nodeFlags?: readonly string[];
}

/** Starts `waymark start` on a home. */
export function startServerProcess(options: ServerOptions): ServerProcess {
  const startedAt = Date.now();
  const child: ChildProcess = spawn(
    process.execPath,
    [...(options.nodeFlags ?? []), entry, 'start', '--json', ...rolesOf(options)],
    {
      env: {
        ...process.env,
        WAYMARK_LOG: 'warn',
        ...options.environment,
        WAYMARK_HOME: options.home,
        WAYMARK_PORT: String(options.port),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error('The server process could not be started.');
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const url = `http://127.0.0.1:${options.port}`;
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const ended = once(child, 'close').then((): Ending => ({ code: child.exitCode, signal: child.signalCode }));
  return {
    pid,
    url,
    isAlive,
    ended,
    output: () => output,
    ready: async () => {
      while (Date.now() - startedAt < startLimitMs) {
        if (!isAlive())
          throw new Error(
            `The server ended at its start (${child.exitCode ?? child.signalCode}): ${output.slice(-2000)}`,
          );
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
        if (answer?.ok) return Date.now() - startedAt;
        await sleep(50);
      }
      throw new Error(`The server was not ready within ${startLimitMs / 1000} s: ${output.slice(-2000)}`);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    stop: async () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

const rolesOf = ({ roles }: ServerOptions): readonly string[] => (roles === undefined ? [] : ['--roles', roles]);

/** A TCP port of loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port could be had.');
  return address.port;
}
