import { hash } from 'node:crypto';
import { fromCloudEvent, type CloudEvent } from '@waymark/journey';
import { longestLine, type ImportLine } from './lines.ts';

/** A line that is no event, with what is kept of it. */
export interface RejectedLine {
  readonly ok: false;
  /** A word to count by. */
  readonly reason: string;
  /** What is wrong, for a person; without the line's content. */
  readonly detail: string;
  readonly raw: string | Uint8Array;
  readonly digest: string;
}

/** An event, with the text that it was read from. */
export type PreparedLine = { readonly ok: true; readonly event: CloudEvent; readonly text: string } | RejectedLine;

const deepest = 64;
/** The most events of one line. */
const longestList = 10_000;
/** Shorter lines cannot nest deep enough to matter. */
const surelyShallow = 1500;
/** Escapes of U+0000 and of surrogates: what PostgreSQL's jsonb refuses, or may. */
const hardEscape = /\\u(?:0000|[dD][89a-fA-F])/;

/** A number that may be beyond what 64 bits hold: it would come back as null. */
const hugeNumber = /\d[eE]\+?0*[1-9]\d{2}|\d{309}/;

/**
 * Reads one line: an event, or a list of events as the JSON batch format has it
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#4-json-batch-format), each of which ends by itself.
 * Never throws, whatever it holds.
 */
export function prepareLines(line: ImportLine): readonly PreparedLine[] {
  const read = readLine(line);
  return isList(read) ? read.map((each) => prepareLine(JSON.stringify(each))) : [read];
}

/** Reads one event. Never throws. */
export function prepareLine(line: ImportLine): PreparedLine {
  const read = readLine(line);
  return isList(read) ? rejectLine(String(line), 'not-an-object', `It is a list. ${oneALine}`) : read;
}

const isList = (read: PreparedLine | readonly unknown[]): read is readonly unknown[] => Array.isArray(read);

/** The event of a line; the values of one that is a list. */
function readLine(line: ImportLine): PreparedLine | readonly unknown[] {
  if (typeof line !== 'string') return { ok: false, ...line };
  if (line.length * 3 > longestLine && Buffer.byteLength(line) > longestLine) {
    return rejectLine(line, 'too-long', `The line has more than ${longestLine} bytes.`);
  }
  if (line.length > surelyShallow && depthOf(line) > deepest) {
    return rejectLine(line, 'too-deep', `The line nests more than ${deepest} levels.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return rejectLine(line, 'not-json', whyNotJson(line, error));
  }
  if (hugeNumber.test(line) && hasInfinity(value)) {
    return rejectLine(
      line,
      'number-too-big',
      'The line holds a number beyond 1.8e308, which cannot be kept: write it as a text.',
    );
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return rejectLine(line, 'not-an-object', 'The line is an empty list.');
    return value.length <= longestList
      ? value
      : rejectLine(line, 'too-long', `The line is a list of more than ${longestList}. ${oneALine}`);
  }
  // An escape may spell any key.
  const escaped = line.includes('\\u');
  if ((escaped || line.includes('__proto__') || line.includes('constructor')) && hasUnsafeKey(value)) {
    return rejectLine(line, 'unsafe-key', 'The line holds a key such as __proto__, which nothing should be named.');
  }
  const kept = escaped && hardEscape.test(line) ? storable(value) : value;
  const read = fromCloudEvent(kept);
  if (!read.ok) {
    const detail = read.issues
      .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
      .join('; ');
    return rejectLine(line, read.reason, detail);
  }
  if (kept === value) return { ok: true, event: read.event, text: line };
  return {
    ok: true,
    text: line,
    event: { ...read.event, attributes: { ...read.event.attributes, cloudevent: { line } } },
  };
}

const oneALine = "Write one object a line, as jq -c '.[]' FILE does of a list.";

/** What is wrong, without the line's content: the message of the error would quote it. */
function whyNotJson(line: string, error: unknown): string {
  const start = line.trim();
  if (start === '[' || start === '{' || start === '},')
    return `The line is no whole object: is the file one JSON document over many lines? ${oneALine}`;
  const message = error instanceof Error ? error.message : '';
  if (/unexpected end|unterminated/i.test(message)) return 'The line is not JSON: it ends too early.';
  if (start.endsWith('},')) return 'The line is not JSON: there is a comma behind the object.';
  const at = /at position (\d+)/.exec(message)?.[1];
  return `The line is not JSON${at === undefined ? '' : ` from character ${Number(at) + 1} on`}.`;
}

/** A line that is refused, kept whole. */
export function rejectLine(line: string, reason: string, detail: string): RejectedLine {
  return { ok: false, reason, detail, raw: line, digest: hash('sha256', line) };
}

/** How deep the brackets of a JSON text nest, those inside strings left out. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 92) at += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > most) most = depth;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return most;
}

/** `__proto__`, or `constructor.prototype`, as an own key anywhere (failure R24). */
function hasUnsafeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  for (const [key, each] of Object.entries(value)) {
    if (key === 'constructor' && typeof each === 'object' && each !== null && Object.hasOwn(each, 'prototype'))
      return true;
    if (hasUnsafeKey(each)) return true;
  }
  return false;
}

function hasInfinity(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInfinity);
}

/** The fields that name the event must be right as they are: they are checked, not mended. */
const asTheyAre = new Set(['id', 'source', 'subject', 'type']);

/** The same value in characters that PostgreSQL can hold; the very same object where it could hold it already. */
function storable(value: unknown): unknown {
  return isPlain(value) ? mendedObject(value, asTheyAre) : value;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mendedObject(value: object, leave: ReadonlySet<string>): object {
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => [
    mend(key),
    leave.has(key) ? each : mended(each),
  ]);
  return entries.some(([key, each]) => !Object.hasOwn(value, key) || Reflect.get(value, key) !== each)
    ? Object.fromEntries(entries)
    : value;
}

const mend = (text: string): string => text.replaceAll('\0', '').toWellFormed();

function mended(value: unknown): unknown {
  if (typeof value === 'string') return mend(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list = value.map(mended);
    return list.some((each, at) => each !== value[at]) ? list : value;
  }
  return mendedObject(value, new Set());
}
