import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;

/** The workspace packages: every folder with a package.json under packages, packages/connectors and apps. */
const packages = ['packages', 'packages/connectors', 'apps'].flatMap((group) =>
  readdirSync(join(root, group), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, group, entry.name, 'package.json')))
    .map((entry) => ({
      folder: `${group}/${entry.name}`,
      name: shortName(join(root, group, entry.name, 'package.json')),
    })),
);

function shortName(manifest: string): string {
  const parsed: { name?: string } = JSON.parse(readFileSync(manifest, 'utf8'));
  return (parsed.name ?? '').replace('@waymark/', '');
}

// Only what stores rows waits for a database; the pure packages start at once.
const withDatabase = new Set(['store', 'sync', 'writeback', 'slack-bot', 'server', 'cli', 'e2e']);
const project = (name: string, folder: string) => ({
  test: {
    name,
    root: join(root, folder),
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: withDatabase.has(name) ? [join(root, 'test/setup/postgres.ts')] : [],
    setupFiles: folder.startsWith('packages/connectors/') ? [join(root, 'test/setup/loopback-only.ts')] : [],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    // Most of the long tests wait for processes of their own: two at a time fit two cores.
    maxWorkers: 2,
    // Everything that tests print is searched for secrets.
    reporters: ['default', join(root, 'test/house/canary-reporter.ts')],
    projects: [...packages.map(({ name, folder }) => project(name, folder)), project('e2e', 'test')],
  },
});
