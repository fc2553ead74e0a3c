import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort, startServerProcess } from './server-process.ts';

let home = '';
beforeAll(async () => {
  home = await temporaryHome('broken');
});
afterAll(() => removeHome(home));

const badly = {
  'a rejection that nobody handles': `Promise.reject(new Error('planted'))`,
  'an error that nobody catches': `setImmediate(() => { throw new Error('planted') })`,
};

it('R22: ends at whatever nobody handles, and is healthy again within 30 s of its restart', async () => {
  const port = await freePort();
  for (const [what, statement] of Object.entries(badly)) {
    const plant = `process.on('SIGUSR2', () => { ${statement}; });`;
    const server = startServerProcess({
      home,
      port,
      environment: {},
      nodeFlags: ['--import', `data:text/javascript,${encodeURIComponent(plant)}`],
    });
    try {
      // Bounded by the 30 s that the process gives itself (I14); the second round starts where the first one broke off.
      expect(await server.ready()).toBeLessThan(30_000);
      process.kill(server.pid, 'SIGUSR2');
      const ending = await Promise.race([server.ended, new Promise((resolve) => setTimeout(resolve, 10_000))]);
      expect(ending, `it lives on after ${what}`).toMatchObject({ signal: null });
      expect(ending, `it ends as if all were well after ${what}`).not.toMatchObject({ code: 0 });
      expect(server.output()).toContain('planted');
    } finally {
      if (server.isAlive()) await server.kill();
    }
  }
  const after = startServerProcess({ home, port, environment: {} });
  expect(await after.ready()).toBeLessThan(30_000);
  expect(await after.stop()).toMatchObject({ code: 0 });
}, 150_000);
