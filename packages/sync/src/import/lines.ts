import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { ImportUnreadable } from './file.ts';

/** A line that cannot be taken: too long, not UTF-8, or a row of a table that makes no event. What is kept of it is in `raw`. */
export interface UnreadableLine {
  readonly reason: string;
  readonly detail: string;
  /** The whole line, or the first 64 KiB of one that is too long. */
  readonly raw: Uint8Array;
  /** SHA-256 of the whole line, hex. */
  readonly digest: string;
}

export type ImportLine = string | UnreadableLine;

/** A line that was made of something else, such as a row of a table: its number there, and what it was made of. */
export interface NumberedLine {
  readonly number: number;
  readonly line: ImportLine;
  /** Kept instead of the line where the line is refused. */
  readonly row?: string;
}

/** The longest line that is read, in bytes. */
export const longestLine = 1024 * 1024;
const keptOfLong = 64 * 1024;
const lineFeed = 10;
const openBracket = 91;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of a file, block by block as they come, in memory bounded by the longest line. Lines end with LF or CRLF; a byte order
 * mark before the first is dropped. Blank lines are given as they are, so that line numbers stay right. Throws ImportUnreadable for UTF-16.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<readonly ImportLine[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let long: LongLine | undefined;
  let first = true;
  for await (const each of chunks) {
    let chunk = Buffer.from(each.buffer, each.byteOffset, each.byteLength);
    if (first && restBytes + chunk.length >= byteOrderMark.length) {
      first = false;
      chunk = Buffer.concat([...rest, chunk]);
      if (isUtf16(chunk))
        throw new ImportUnreadable('The file is UTF-16: save it as UTF-8, as with iconv -f UTF-16 -t UTF-8 FILE.');
      if (chunk.subarray(0, 3).equals(byteOrderMark)) chunk = chunk.subarray(3);
      [rest, restBytes] = [[], 0];
    }
    if (long) {
      const end = chunk.indexOf(lineFeed);
      long.add(end < 0 ? chunk : chunk.subarray(0, end));
      if (end < 0) continue;
      yield [long.end()];
      long = undefined;
      chunk = chunk.subarray(end + 1);
    }
    const last = chunk.lastIndexOf(lineFeed);
    if (last >= 0) {
      yield split(Buffer.concat([...rest, chunk.subarray(0, last)]));
      [rest, restBytes] = [[], 0];
    }
    const tail = chunk.subarray(last + 1);
    rest.push(tail);
    restBytes += tail.length;
    if (restBytes > longestLine) {
      long = new LongLine();
      for (const part of rest) long.add(part);
      [rest, restBytes] = [[], 0];
    }
  }
  if (long) yield [long.end()];
  else if (restBytes > 0) yield split(Buffer.concat(rest));
}

/** By its byte order mark, or by the zero beside the first brace. */
const isUtf16 = ([a, b]: Buffer): boolean =>
  (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (a === 0x7b && b === 0) || (a === 0 && b === 0x7b);

/** Lines of a block that ends before a line feed. Decoded at once where all of it is UTF-8, else line by line. */
function split(block: Buffer): readonly ImportLine[] {
  if (!isUtf8(block)) return [...bytesOfLines(block)].map((line) => (isUtf8(line) ? readable(line) : broken(line)));
  const lines = block.toString('utf8').split('\n');
  return lines.map((line) => (line.length * 3 <= longestLine ? line : readable(Buffer.from(line))));
}

function* bytesOfLines(block: Buffer): Iterable<Buffer> {
  let from = 0;
  for (let at = block.indexOf(lineFeed); at >= 0; at = block.indexOf(lineFeed, from)) {
    yield block.subarray(from, at);
    from = at + 1;
  }
  yield block.subarray(from);
}

function readable(line: Buffer): ImportLine {
  return line.length <= longestLine ? line.toString('utf8') : tooLong(line);
}

function tooLong(line: Buffer): UnreadableLine {
  const long = new LongLine();
  long.add(line);
  return long.end();
}

function broken(line: Buffer): UnreadableLine {
  if (line.length > longestLine) return tooLong(line);
  return {
    reason: 'not-utf8',
    detail: 'The line is not UTF-8: save the file as UTF-8.',
    raw: line,
    digest: createHash('sha256').update(line).digest('hex'),
  };
}

class LongLine {
  readonly #hash = createHash('sha256');
  readonly #head: Buffer[] = [];
  #bytes = 0;

  add(part: Buffer): void {
    this.#hash.update(part);
    if (this.#bytes < keptOfLong) this.#head.push(Buffer.from(part.subarray(0, keptOfLong - this.#bytes)));
    this.#bytes += part.length;
  }

  end(): UnreadableLine {
    const isList = this.#head[0]?.[0] === openBracket;
    const remedy = isList ? " It seems to be a list: write one object a line, as jq -c '.[]' FILE does." : '';
    return {
      reason: 'too-long',
      detail: `The line has ${this.#bytes} bytes; the longest that is read has ${longestLine}. Its first 64 KiB are kept.${remedy}`,
      raw: Buffer.concat(this.#head),
      digest: this.#hash.digest('hex'),
    };
  }
}
