import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfiguration } from './configuration.ts';
import { openWaymark } from './waymark.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-opening-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const key = Buffer.alloc(32, 7).toString('base64');

describe('what cannot be opened is told by its setting', () => {
  it('a home that is a file, or a name that no folder can have', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const home of [file, join(file, 'below'), join(folder, 'x'.repeat(300))])
      await expect(openWaymark(readConfiguration({ WAYMARK_HOME: home }))).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining('WAYMARK_HOME'),
      });
  });

  it('a database that is not there, whose password is told nowhere', async () => {
    const env = {
      WAYMARK_HOME: folder,
      WAYMARK_MASTER_KEY: key,
      DATABASE_URL: 'postgresql://someone:hush@127.0.0.1:1/x',
    };
    const opened = openWaymark(readConfiguration(env));
    await expect(opened).rejects.toThrow(/DATABASE_URL cannot be used: nothing listens there/);
    await expect(opened).rejects.not.toThrow(/hush/);
  });

  it.each([
    ['WAYMARK_PORT', 'abc', 'give a port from 0 to 65535'],
    ['WAYMARK_LOG', 'loud', 'give one of silent, error, warn, info, debug'],
    ['WAYMARK_PUBLIC_URL', 'waymark', 'give an address such as https://waymark.example.com'],
    ['WAYMARK_POLL_SECONDS', '1', 'give whole seconds from 5 to 86400'],
  ])('%s that is none, without its value', (name, value, remedy) => {
    const read = () => readConfiguration({ [name]: value });
    expect(read).toThrow(`${name}: ${remedy}`);
    expect(read).not.toThrow(/expected|received|Invalid/);
  });
});
