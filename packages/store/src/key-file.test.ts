import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPasswords } from './embedded/access-key.ts';
import { readKeyFile } from './key-file.ts';
import { loadMasterKey } from './secrets.ts';

describe('a key file', () => {
  let home = '';
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'waymark-key-'));
  });
  afterEach(async () => rm(home, { recursive: true, force: true }));

  it.each([
    ['of the embedded server', (folder: string) => readPasswords(folder)],
    ['of the secrets', (folder: string) => loadMasterKey({ home: folder })],
  ] as const)('%s is one, however many starts of one process make it at a time', async (_, read) => {
    for (let round = 0; round < 60; round += 1) {
      const folder = join(home, String(round));
      await mkdir(folder);
      const starts = Array.from({ length: 6 }, async (_start, at) => {
        for (let turn = 0; turn < (at * round) % 17; turn += 1) await setImmediate();
        return read(folder);
      });
      const all = (await Promise.all(starts)).map((key) => JSON.stringify(key));
      expect(new Set([...all, JSON.stringify(await read(folder))]).size).toBe(1);
      expect(await readdir(folder)).toHaveLength(1);
    }
  });

  it('is readable by its owner alone and stays what it was', async () => {
    const path = join(home, 'a.key');
    expect(await readKeyFile(path, () => 'first')).toEqual(Buffer.from('first'));
    expect(await readKeyFile(path, () => 'second')).toEqual(Buffer.from('first'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toBe('first');
  });

  it('that cannot be made says so with its path, and leaves nothing behind', async () => {
    await writeFile(join(home, 'file'), '');
    const path = join(home, 'file', 'a.key');
    await expect(readKeyFile(path, () => 'key')).rejects.toMatchObject({
      code: 'home_unusable',
      message: expect.stringContaining(path),
    });
    await mkdir(join(home, 'taken.key'));
    await expect(readKeyFile(join(home, 'taken.key'), () => 'key')).rejects.toMatchObject({ code: 'home_unusable' });
    expect((await readdir(home)).toSorted()).toEqual(['file', 'taken.key']);
  });
});
