import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { otherConnector } from './other-connector.ts';
import { connectorIds, offerConnectors } from './registry.ts';

const good = `export const desk = {
  manifest: { id: 'desk', name: 'Desk', crm: false, auth: { kind: 'address', provider: 'desk' }, baseUrls: {}, baseScopes: [], buckets: {}, consoleSteps: [] },
  settings: { safeParse: () => ({ success: true }) },
  connect: async () => ({}), identify: async () => ({}), classify: () => ({ kind: 'transient', message: '' }),
  streams: [{ name: 'a', object: 'a', scopes: [], cursor: {}, raw: {}, order: 1, pull() {}, map() {} }],
};`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-other-'));
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});
const install = async (name: string, source: string) => {
  await mkdir(join(folder, 'node_modules', name), { recursive: true });
  const manifest = { name, version: '1.0.0', type: 'module', exports: './index.js' };
  await writeFile(join(folder, 'node_modules', name, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'node_modules', name, 'index.js'), source);
};

describe('a connector of somebody else', () => {
  it('is found by the name of its package and offered by its id', async () => {
    await install('waymark-connector-desk', good);
    const { id, load } = otherConnector('waymark-connector-desk');
    expect(id).toBe('desk');
    expect((await load()).manifest.name).toBe('Desk');
    offerConnectors(['waymark-connector-desk']);
    offerConnectors(['waymark-connector-desk']);
    expect(connectorIds.filter((one) => one === 'desk')).toHaveLength(1);
  });

  it.each([
    ['another id than its name', 'waymark-connector-other', good, 'its manifest says desk'],
    ['no connector', '@me/waymark-connector-half', 'export const half = { manifest: {} };', 'exports no connector'],
  ])('with %s is refused', async (_what, name, source, why) => {
    await install(name, source);
    await expect(otherConnector(name).load()).rejects.toThrow(why);
  });

  it('that is not installed, is no such package or takes a shipped id is refused', async () => {
    await expect(otherConnector('waymark-connector-none').load()).rejects.toThrow('it is not installed');
    expect(() => otherConnector('left-pad')).toThrow('waymark-connector-<id>');
    expect(() => otherConnector('waymark-connector-../x')).toThrow('waymark-connector-<id>');
    expect(() => offerConnectors(['waymark-connector-gmail'])).toThrow('there is a connector gmail already');
  });
});
