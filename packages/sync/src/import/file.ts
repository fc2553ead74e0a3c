import { createHash } from 'node:crypto';

/** A file that holds something else than lines. The message tells what to do. */
export class ImportUnreadable extends Error {
  readonly code = 'IMPORT_UNREADABLE';

  constructor(message: string) {
    super(message);
    this.name = 'ImportUnreadable';
  }
}

const signatures = [
  { bytes: [0x1f, 0x8b], message: 'The file is packed (gzip): unpack it, as with gunzip -c FILE | waymark import -.' },
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    message: 'The file is packed (zip, or a spreadsheet): unpack it, or save the sheet as CSV.',
  },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], message: 'The file is packed (zstd): unpack it first.' },
  { bytes: [0x42, 0x5a, 0x68], message: 'The file is packed (bzip2): unpack it first.' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], message: 'The file is packed (xz): unpack it first.' },
  { bytes: [0x50, 0x41, 0x52, 0x31], message: 'The file is a Parquet table: save it as CSV.' },
  { bytes: [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], message: 'The file is a database (SQLite), not lines.' },
] as const;

/** The same bytes. Throws ImportUnreadable where the first are those of a packed file or of a database. */
export async function* plainBytes(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true;
  for await (const chunk of chunks) {
    const found = first ? signatures.find(({ bytes }) => bytes.every((byte, at) => chunk[at] === byte)) : undefined;
    if (found) throw new ImportUnreadable(found.message);
    first = false;
    yield chunk;
  }
}

/** SHA-256 of a file's bytes, hex. */
export async function bytesDigest(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
