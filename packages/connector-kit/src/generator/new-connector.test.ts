import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newConnector, registryLine } from './new-connector.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-new-connector-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a new connector', () => {
  it('is the template under another name, with nothing left of the old one', async () => {
    const files = await newConnector('help-scout2', join(folder, 'it'));
    expect(files).toEqual(
      expect.arrayContaining(['BEHAVIOR.md', 'package.json', 'src/contract.test.ts', 'src/index.ts']),
    );
    const texts = await Promise.all(files.map((file) => readFile(join(folder, 'it', file), 'utf8')));
    expect(texts.join('\n')).not.toMatch(/example.?desk/i);
    expect(texts[files.indexOf('src/index.ts')]).toContain('export const helpScout2: Connector<HelpScout2Client>');
    expect(JSON.parse(texts[files.indexOf('package.json')] ?? '')).toMatchObject({
      name: '@waymark/connector-help-scout2',
    });
    expect(texts[files.indexOf('src/manifest.ts')]).toContain("name: 'Help Scout2'");
  });

  it('says the line that the list needs', () => {
    expect(registryLine('intercom')).toBe(
      "intercom: async () => (await import('@waymark/connector-intercom')).intercom,",
    );
    expect(registryLine('my-desk')).toBe("'my-desk': async () => (await import('@waymark/connector-my-desk')).myDesk,");
  });

  it.each(['', 'My-Desk', '../x', 'my_desk', 'my--desk', '-desk', 'a'.repeat(41)])('refuses the id %j', async (id) => {
    await expect(newConnector(id, join(folder, 'it'))).rejects.toMatchObject({ code: 'NEW_CONNECTOR' });
  });

  it('overwrites nothing', async () => {
    await newConnector('my-desk', join(folder, 'it'));
    await expect(newConnector('my-desk', join(folder, 'it'))).rejects.toThrow('exists already');
  });
});
