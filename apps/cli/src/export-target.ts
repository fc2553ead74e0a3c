import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CommandError } from './open.ts';

/**
 * Writes blocks to a file, or to standard output; returns how many bytes. A file appears whole or not at all: it is written beside its
 * place, and what stood there before stays until then. Returns undefined where whoever reads standard output has closed it. Throws
 * CommandError where the file cannot be written.
 */
export async function writeExport(
  blocks: AsyncIterable<string | Uint8Array>,
  file: string | undefined,
): Promise<number | undefined> {
  let bytes = 0;
  async function* counted() {
    for await (const block of blocks) {
      const chunk = Buffer.from(block);
      bytes += chunk.length;
      yield chunk;
    }
  }
  const source = Readable.from(counted(), { highWaterMark: 4 });
  if (file === undefined) {
    try {
      await pipeline(source, process.stdout, { end: false });
      return bytes;
    } catch (error) {
      if (codeOf(error) === 'EPIPE') return undefined;
      throw unwritten('standard output', error);
    }
  }
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory()) throw new CommandError(`${file} is a folder: name a file in it.`);
  // A device or a pipe has no beside.
  const place = there ? await realpath(file) : file;
  const beside = !there || there.isFile() ? `${place}.${process.pid}.part` : place;
  try {
    await pipeline(source, createWriteStream(beside));
    if (beside !== place) await rename(beside, place);
    return bytes;
  } catch (error) {
    if (beside !== place) await rm(beside, { force: true }).catch(() => undefined);
    throw unwritten(file, error);
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'syscall' in error && 'code' in error ? error.code : undefined;

/**
 * Writes blocks to a file that is not there yet, so that nothing is written over what stands nowhere else, and waits until the disk has
 * them. Throws CommandError.
 */
export async function writeNewFile(blocks: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  try {
    await pipeline(Readable.from(blocks, { highWaterMark: 4 }), createWriteStream(file, { flags: 'wx', flush: true }));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw new CommandError(`${file} is there already: name a new file.`);
    await rm(file, { force: true }).catch(() => undefined);
    throw unwritten(file, error);
  }
}

/** What the system says of a file, with what it means for the export; anything else is as it was. */
function unwritten(target: string, error: unknown): unknown {
  const why = new Map<unknown, string>([
    ['ENOSPC', 'the disk is full'],
    ['EDQUOT', 'the quota is used up'],
    ['EFBIG', 'the file may not become so large'],
    ['EROFS', 'the disk is read-only'],
    ['EACCES', 'you may not write there'],
    ['EPERM', 'you may not write there'],
    ['ENOENT', 'there is no such folder'],
    ['ENOTDIR', 'there is no such folder'],
    ['EIO', 'the disk fails'],
  ]).get(codeOf(error));
  return why === undefined
    ? error
    : new CommandError(`Nothing whole was written to ${target}: ${why}. Export again to another place.`);
}
