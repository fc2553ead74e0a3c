import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { contentUuid } from '@waymark/journey';
import { bytesDigest, type CsvMapping } from '@waymark/sync';
import { CommandError } from './open.ts';

const chunkBytes = 256 * 1024;

/** Where an import reads from. */
export interface ImportSource {
  readonly chunks: () => AsyncIterable<Uint8Array>;
  /** Bytes, where they are known beforehand. */
  readonly size: number | undefined;
  /** Names the file by its content, so that an import of it that was cut off is known; undefined for what can be read but once. */
  readonly importId: (mapping: CsvMapping | undefined) => Promise<string | undefined>;
}

/** A file, a named pipe, or (`-`) standard input. Throws CommandError. */
export async function importSource(file: string): Promise<ImportSource> {
  const once = { size: undefined, importId: () => Promise.resolve(undefined) };
  if (file === '-') return { ...once, chunks: () => process.stdin };
  const there = await stat(file).catch(() => undefined);
  if (!there) throw new CommandError(`There is no file ${file}.`);
  if (there.isDirectory()) throw new CommandError(`${file} is a folder: name one of the files in it.`);
  const chunks = () => createReadStream(file, { highWaterMark: chunkBytes });
  if (!there.isFile()) return { ...once, chunks };
  return {
    chunks,
    size: there.size,
    importId: async (mapping) => {
      const digest = await bytesDigest(createReadStream(file, { highWaterMark: 4 * chunkBytes }));
      return contentUuid('import', digest, JSON.stringify(mapping ?? null));
    },
  };
}
