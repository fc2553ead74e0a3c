import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { namesLike } from '@waymark/lifecycle';
import { CsvError, parse } from 'csv-parse';
import { columnsOf, MappingInvalid, type CsvMapping } from './csv-mapping.ts';
import { mapRow } from './csv-row.ts';
import { longestLine, type ImportLine, type NumberedLine } from './lines.ts';

/** A file that cannot be read as a table. The message tells what to do. */
export class CsvUnreadable extends Error {
  readonly code = 'CSV_UNREADABLE';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'CsvUnreadable';
  }
}

/** What became of the rows so far. `events` is more than one for some rows. */
export interface CsvCounts {
  readonly rows: number;
  readonly skipped: number;
}

const rowsABlock = 200;

/**
 * The events of a table (RFC 4180) by its mapping, as lines for `importFile`, in memory bounded by the longest row. Each carries the
 * number of its row's first line in the file and, where it is refused, the row itself. Throws MappingInvalid where the mapping does not
 * fit the header, CsvUnreadable where encoding or quotation marks are broken.
 */
export async function* csvLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mapping: CsvMapping,
  onRow: (counts: CsvCounts) => void = () => undefined,
): AsyncGenerator<readonly NumberedLine[]> {
  const source = textOf(chunks, mapping.encoding);
  const { head, rest } = await withHead(source);
  // Some spreadsheets write the delimiter into a line of its own.
  const told = /^\ufeff?sep=(.)\r?\n/i.exec(head)?.[1];
  const delimiter = mapping.delimiter ?? told ?? delimiterOf(head, columnsOf(mapping));
  const parser = parse({
    delimiter,
    from_line: told === undefined ? 1 : 2,
    info: true,
    raw: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: longestLine,
  });
  const input = Readable.from(rest, { objectMode: true });
  input.on('error', (error) => parser.destroy(error));
  input.pipe(parser);
  let header: readonly string[] | undefined;
  let block: NumberedLine[] = [];
  const counts = { rows: 0, skipped: 0 };
  try {
    for await (const each of parser) {
      const { cells, raw, line } = recordOf(each);
      if (!header) {
        header = headerOf(cells, mapping);
        continue;
      }
      counts.rows += 1;
      if (cells.length > header.length && cells.slice(header.length).some((cell) => cell !== '')) {
        const detail = `the row has ${cells.length} cells where the header has ${header.length}: is a quotation mark missing?`;
        block.push(refused(line, raw, 'too-many-cells', detail));
      } else {
        const all = header.map((name, at) => [name, (cells[at] ?? '').trim()] as const);
        const mapped = mapRow({ number: counts.rows, cells: firstOf(all), all }, mapping);
        if (mapped.kind === 'skipped') counts.skipped += 1;
        else if (mapped.kind === 'refused') block.push(refused(line, raw, mapped.reason, mapped.detail));
        else for (const event of mapped.events) block.push({ number: line, line: JSON.stringify(event), row: raw });
      }
      if (block.length < rowsABlock) continue;
      onRow({ ...counts });
      yield block;
      block = [];
    }
  } catch (error) {
    // The rows before the one that cannot be read are good.
    if (block.length > 0) yield block;
    throw unreadable(error);
  } finally {
    input.destroy();
    parser.destroy();
  }
  if (!header) throw new CsvUnreadable('The file is empty: its first line should name the columns.');
  onRow({ ...counts });
  if (block.length > 0) yield block;
}

/** The names of a table's columns, for a person who writes a mapping. Throws CsvUnreadable. */
export async function csvColumns(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<readonly string[]> {
  const { head } = await withHead(textOf(chunks, 'utf-8'));
  const delimiter = delimiterOf(head, new Set());
  return (head.split(/\r\n|\n|\r/)[0] ?? '').split(delimiter).map((cell) => cell.trim().replaceAll('"', ''));
}

function recordOf(each: unknown): { readonly cells: readonly string[]; readonly raw: string; readonly line: number } {
  const field = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  const record = field(each, 'record');
  const cells = Array.isArray(record) ? record.map(String) : [];
  const raw = String(field(each, 'raw') ?? '');
  const within = raw.replace(/(?:\r\n|\n|\r)+$/, '').replace(/^(?:\r\n|\n|\r)+/, '');
  const ends = Number(field(field(each, 'info'), 'lines') ?? 0);
  return { cells, raw: within, line: ends - (within.match(/\r\n|\n|\r/g)?.length ?? 0) };
}

function headerOf(cells: readonly string[], mapping: CsvMapping): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  const wanted = columnsOf(mapping);
  // A help desk writes one column for each comment, all by one name: that is nothing to stop at where nobody asks for them.
  const double = names.find((name, at) => wanted.has(name) && names.indexOf(name) !== at);
  if (double !== undefined) throw new MappingInvalid(`The file has two columns "${double}": rename one of them.`);
  const missing = [...wanted].filter((name) => !names.includes(name));
  if (missing.length > 0) {
    const like = (name: string) => namesLike(name, names, 1).map((one) => ` (did you mean "${one}"?)`);
    throw new MappingInvalid(
      `The mapping names ${missing.map((name) => `"${name}"${like(name).join('')}`).join(', ')}; the file has the columns ${names.map((name) => `"${name}"`).join(', ')}.`,
    );
  }
  return names;
}

/** Cells by the names of their columns; of columns that share one, the first. */
const firstOf = (all: readonly (readonly [string, string])[]): ReadonlyMap<string, string> => new Map(all.toReversed());

function refused(number: number, raw: string, reason: string, detail: string): NumberedLine {
  const line: ImportLine = { reason, detail, raw: Buffer.from(raw), digest: hash('sha256', raw) };
  return { number, line };
}

/** The whole file as text; bytes that are none of its encoding end it, since what follows cannot be trusted either. */
async function* textOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let bytes = 0;
  let first = true;
  try {
    for await (const chunk of chunks) {
      if (first && isUtf16(chunk) && !decoder.encoding.startsWith('utf-16'))
        throw new CsvUnreadable(
          `The file is UTF-16: put "encoding: ${chunk[0] === 0xff ? 'utf-16le' : 'utf-16be'}" into the mapping.`,
        );
      first = false;
      const text = decoder.decode(chunk, { stream: true });
      bytes += chunk.byteLength;
      if (text !== '') yield text;
    }
    yield decoder.decode();
  } catch (cause) {
    if (cause instanceof CsvUnreadable || !(cause instanceof TypeError)) throw cause;
    throw new CsvUnreadable(
      `The file is not ${decoder.encoding.toUpperCase()} beyond byte ${bytes}: save it as UTF-8, or put its encoding into the mapping, such as "encoding: windows-1252".`,
      { cause },
    );
  }
}

const isUtf16 = (chunk: Uint8Array): boolean =>
  (chunk[0] === 0xff && chunk[1] === 0xfe) || (chunk[0] === 0xfe && chunk[1] === 0xff);

/** Looks at the first line without losing it. */
async function withHead(source: AsyncGenerator<string>) {
  let head = '';
  while (!/[\r\n]/.test(head) && head.length < longestLine) {
    const next = await source.next();
    if (next.done) break;
    head += next.value;
  }
  async function* rest(): AsyncGenerator<string> {
    yield head;
    yield* source;
  }
  return { head, rest: rest() };
}

/** The delimiter by which the header has the columns that the mapping names; else the one that is there most often. */
function delimiterOf(head: string, columns: ReadonlySet<string>): string {
  const line = head.split(/\r\n|\n|\r/)[0] ?? '';
  const candidates = [',', ';', '\t', '|'].map((delimiter) => {
    const names = line.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    return { delimiter, named: names.filter((name) => columns.has(name)).length, count: names.length };
  });
  candidates.sort((a, b) => b.named - a.named || b.count - a.count);
  return candidates[0]?.delimiter ?? ',';
}

function unreadable(error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  const line: unknown = Reflect.get(error, 'lines');
  const where = typeof line === 'number' ? ` at line ${line}` : '';
  const quote = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
  return new CsvUnreadable(
    quote
      ? `A quotation mark is not closed: the row that ends${where} runs on to the end, or over ${longestLine} characters. Rows before it are taken; mend it and import the file again.`
      : `The table cannot be read${where} (${error.code}). Rows before it are taken; mend it and import the file again.`,
    { cause: error },
  );
}
