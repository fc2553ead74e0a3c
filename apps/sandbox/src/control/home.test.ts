import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { refuseRunning, SandboxRunningError, type KeptSandbox } from './home.ts';

const listeners: Server[] = [];
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.close();
});

/** Something that listens and never answers. */
async function busy(): Promise<string> {
  const listener = createServer((socket) => void socket.unref()).listen(0, '127.0.0.1');
  listeners.push(listener);
  await once(listener, 'listening');
  const address = listener.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

const kept = (pid: number, control: string): KeptSandbox => ({
  pid,
  seed: 7,
  stack: 'google-hubspot',
  anchor: 0,
  urls: { google: '', hubspot: '', slack: '', control },
  ports: { google: 1, hubspot: 2, slack: 3, control: 4 },
});

it('takes a sandbox that lives and listens for running, also while it is too busy to answer', async () => {
  await expect(refuseRunning('home', kept(process.ppid, await busy()))).rejects.toThrow(SandboxRunningError);
});

it('takes one for gone whose process has ended, or whose address nobody listens at', async () => {
  const address = await busy();
  // Numbers end far below it: proc_sys_kernel(5), pid_max.
  await expect(refuseRunning('home', kept(2 ** 31 - 1, address))).resolves.toBeUndefined();
  for (const listener of listeners.splice(0)) await new Promise((resolve) => listener.close(resolve));
  await expect(refuseRunning('home', kept(process.ppid, address))).resolves.toBeUndefined();
});
