import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { errorCode, StoreError } from './errors.ts';

/**
 * The bytes of a file that is made once and never written again (mode 0600). Whoever finds none makes it of `make()`; of several who
 * do so at a time, in one process or many, one wins whole and the others get what it wrote.
 *
 * @throws StoreError `home_unusable` where the file can be neither read nor made
 */
export async function readKeyFile(path: string, make: () => string | Buffer): Promise<Buffer> {
  const unusable = (cause: unknown): StoreError =>
    new StoreError(
      'home_unusable',
      `${path} can be neither read nor made: run Waymark as the user who made it, in a folder that allows links.`,
      { cause },
    );
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw unusable(error);
  }
  // A name of this call alone: the draft is linked to the file, and who wrote it again would write the file.
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, make(), { mode: 0o600, flag: 'wx', flush: true });
    await link(draft, path).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    return await readFile(path);
  } catch (error) {
    throw unusable(error);
  } finally {
    await rm(draft, { force: true });
  }
}
