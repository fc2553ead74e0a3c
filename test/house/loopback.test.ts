import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import nock from 'nock';
import { expect, it } from 'vitest';
import { z } from 'zod';

// What every connector's test runs behind.
await import('../setup/loopback-only.ts');

const root = join(import.meta.dirname, '../..');

it('H6: a test of a connector that misses its fixture fails; it does not ask the vendor', async () => {
  // The address is of no host (RFC 6761), so that a setup that lets calls through fails otherwise, and harms nobody.
  const told: unknown = await fetch('http://vendor.invalid/v1/tickets').catch((error: unknown) => error);
  expect(told).toHaveProperty('cause.message', expect.stringContaining('Disallowed net connect'));
});

it('H6: native fetch is answered by a fixture, and a server on this machine by itself', async () => {
  nock('http://vendor.invalid').get('/v1/tickets').reply(200, { from: 'the fixture' });
  expect(await (await fetch('http://vendor.invalid/v1/tickets')).json()).toEqual({ from: 'the fixture' });
  const server = createServer((_request, response) => response.end('here')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text()).toBe('here');
  server.close();
});

it('H6: every connector is tested behind it, with a nock that sees native fetch', () => {
  expect(readFileSync(join(root, 'vitest.config.ts'), 'utf8')).toMatch(
    /setupFiles: folder\.startsWith\('packages\/connectors\/'\) \? \[join\(root, 'test\/setup\/loopback-only\.ts'\)\]/,
  );
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, 'node_modules/nock/package.json'), 'utf8')));
  expect(Number(version.split('.')[0])).toBeGreaterThanOrEqual(14);
});
