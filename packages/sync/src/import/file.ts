import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** A file that holds something else than lines. The message tells what to do. */
export class ImportUnreadable extends Error {
  readonly code = 'IMPORT_UNREADABLE';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ImportUnreadable';
  }
}

const gzip = [0x1f, 0x8b] as const;

const signatures = [
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    message: 'The file is packed (zip, or a spreadsheet): unpack it, or save the sheet as CSV.',
  },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], message: 'The file is packed (zstd): unpack it first.' },
  { bytes: [0x42, 0x5a, 0x68], message: 'The file is packed (bzip2): unpack it first.' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], message: 'The file is packed (xz): unpack it first.' },
  { bytes: [0x50, 0x41, 0x52, 0x31], message: 'The file is a Parquet table: save it as CSV.' },
  { bytes: [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], message: 'The file is a database (SQLite), not lines.' },
  { bytes: gzip, message: 'The file is packed twice (gzip): unpack it first.' },
] as const;
/** What a tar archive has behind the name of its first file (POSIX.1-2001, pax interchange format). */
const tar = { at: 257, bytes: Buffer.from('ustar') };

const beginsWith = (chunk: Uint8Array, bytes: readonly number[]): boolean =>
  bytes.every((byte, at) => chunk[at] === byte);

/**
 * The same bytes, unpacked where they are packed by gzip, as they come. Throws ImportUnreadable where the first are those of a file packed
 * otherwise, of an archive or of a database, and where what is packed is damaged or cut off: what came before it is good.
 */
export async function* plainBytes(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    const head: Uint8Array[] = [];
    let bytes = 0;
    // A pipe may begin with a single byte.
    while (bytes < tar.at + tar.bytes.length) {
      const next = await source.next();
      if (next.done) break;
      head.push(next.value);
      bytes += next.value.length;
    }
    const first = Buffer.concat(head);
    const all = following(first, source);
    yield* beginsWith(first, gzip) ? unpacked(all) : unpackable(all);
  } finally {
    await source.return?.();
  }
}

async function* following(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** What is no archive is given on. */
async function* unpackable(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true;
  for await (const chunk of chunks) {
    const found = first ? signatures.find(({ bytes }) => beginsWith(chunk, bytes)) : undefined;
    if (found) throw new ImportUnreadable(found.message);
    if (first && tar.bytes.equals(chunk.subarray(tar.at, tar.at + tar.bytes.length)))
      throw new ImportUnreadable('The file is an archive (tar): unpack it, and import the files in it one by one.');
    first = false;
    yield chunk;
  }
}

async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(chunks, { objectMode: false });
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  input.on('error', (error) => gunzip.destroy(error));
  input.pipe(gunzip);
  try {
    yield* unpackable(gunzip);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (typeof code !== 'string' || !code.startsWith('Z_')) throw error;
    throw new ImportUnreadable(
      'The file is packed (gzip), and damaged or cut off. What came before is taken: fetch it anew and import it again.',
      { cause: error },
    );
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}

/** SHA-256 of a file's bytes, hex. */
export async function bytesDigest(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
