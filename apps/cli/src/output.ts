import { styleText } from 'node:util';
import { wired } from '@waymark/server';

/** Where a command prints: results on standard output, everything else on standard error. */
export interface Output {
  readonly json: boolean;
  /** Prints the result: as one JSON object with its instants in RFC 3339, or as the lines that `text` makes of it. */
  readonly result: (value: unknown, text: () => string) => void;
  readonly note: (line: string) => void;
}

/** An output for a command, by its `--json`. */
export function createOutput(json: boolean): Output {
  return {
    json,
    result: (value, text) => {
      process.stdout.write(json ? `${JSON.stringify(wired(value), null, 2)}\n` : `${text()}\n`);
    },
    note: (line) => {
      process.stderr.write(`${line}\n`);
    },
  };
}

/** A table of text with columns as wide as their widest cell; numbers to the right. Where there are no rows, `ifNone`, if that is given. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  ifNone?: string,
): string {
  if (rows.length === 0 && ifNone !== undefined) return ifNone;
  const cells = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [styleText('bold', line(head)), ...cells.slice(1).map((row) => line(row))].join('\n');
}

/** A span in words: `12 s`, `3 min`, `5 h`, `2 days`. */
export function span(seconds: number | null): string {
  if (seconds === null) return 'never';
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
