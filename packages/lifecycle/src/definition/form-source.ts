import { isNode, LineCounter, parseDocument, type Document } from 'yaml';

/** What is wrong with a text before its meaning is looked at. `line` counts from 1. */
export interface SyntaxIssue {
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

/** What a YAML text holds, and where; or what keeps it from being read. */
export type FormSource =
  | { readonly issues: readonly SyntaxIssue[] }
  | {
      readonly issues: readonly [];
      readonly value: unknown;
      readonly lineOf: (path: readonly PropertyKey[]) => number;
    };

/** More than any journey or mapping needs; beyond it a file is something else. */
const MOST_LETTERS = 1_000_000;
const MOST_DEPTH = 60;
const MOST_ISSUES = 20;

/** Reads the text of a file that people write: YAML 1.2 with merge keys (`<<`), one document, no tags of other languages. */
export function readSource(text: string, noun: string): FormSource {
  if (text.length > MOST_LETTERS)
    return alone(1, `the file has ${text.length} letters, at most ${MOST_LETTERS} are read`, `give a ${noun}`);
  const strange = strangeLetter(text);
  if (strange) return { issues: [strange] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const rows = text.split('\n');
  const faults = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const { line } = lines.linePos(pos[0]);
    return { line, ...faultWords(code, message, rows[line - 1] ?? '', noun) };
  });
  if (faults.length > 0) return { issues: firstOfEachLine(faults) };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const isBomb = error.message.startsWith('Excessive');
    const alias = /: (\S+)$/.exec(error.message)?.[1];
    return alone(
      alias === undefined ? 1 : lineOfText(text, `*${alias}`),
      isBomb ? 'its aliases (*name) unfold to far too much' : `there is no anchor "${alias ?? ''}" before its alias`,
      isBomb ? 'write out what they stand for' : `put &${alias ?? 'name'} where it is said first, or write it out`,
    );
  }
  const odd = oddPlace(value);
  const lineOf = (path: readonly PropertyKey[]) => lineIn(document, lines, path);
  if (odd) return alone(lineOf(odd.path), odd.message, odd.remedy);
  return { issues: [], value, lineOf };
}

const alone = (line: number, message: string, remedy: string): FormSource => ({
  issues: [{ line, message, remedy }],
});

const lineOfText = (text: string, part: string): number =>
  text.slice(0, Math.max(0, text.indexOf(part))).split('\n').length;

/** Letters that no text has and that a database does not take. */
function strangeLetter(text: string): SyntaxIssue | undefined {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  const at = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFD]/.exec(text)?.index;
  if (at === undefined) return undefined;
  const isOtherCode = text.includes('\0') || text.charCodeAt(at) >= 0xfffd;
  return {
    line: text.slice(0, at).split('\n').length,
    message: isOtherCode ? 'the file is not written in UTF-8' : 'there is a control character',
    remedy: isOtherCode ? 'save it as UTF-8' : 'remove it',
  };
}

/** What the parser complains of, in words of the file rather than of the parser. */
function faultWords(code: string, message: string, row: string, noun: string): Omit<SyntaxIssue, 'line'> {
  if (code === 'MULTIPLE_DOCS')
    return {
      message: 'here a second document begins',
      remedy: `keep one ${noun} in a file: remove \`---\` and what follows`,
    };
  // As text copied from a web page or a word processor has it: it looks like a space and is none.
  if (/[\u00A0\u2007\u202F]/.test(row) && /key|mapping|character/i.test(message))
    return { message: 'there is a non-breaking space', remedy: 'type it anew as an ordinary space' };
  return { message, remedy: remedyFor(code, message) };
}

function remedyFor(code: string, message: string): string {
  if (message.startsWith('Maximum call stack')) return `nest at most ${MOST_DEPTH} deep`;
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'DUPLICATE_KEY':
      return 'keep one of the two';
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
    case 'MISSING_CHAR':
      return 'look for a missing space after a colon, a missing quote or bracket, here or just before';
    case 'TAG_RESOLVE_FAILED':
      return 'remove the tag (what begins with !)';
    default:
      return /block scalar indicator|reserved character/.test(message)
        ? "put it in quotes, as in op: '>='"
        : 'mend the YAML, most often the indentation or a missing quote';
  }
}

/** One fault makes others: of each line the first is told. */
function firstOfEachLine(faults: readonly SyntaxIssue[]): SyntaxIssue[] {
  const tabs = faults.filter((fault) => fault.remedy === 'indent with spaces');
  const byLine = new Map<number, SyntaxIssue>();
  for (const fault of tabs.length > 0 ? tabs : faults) if (!byLine.has(fault.line)) byLine.set(fault.line, fault);
  return [...byLine.values()].slice(0, MOST_ISSUES);
}

/** What YAML can say and a definition cannot mean: endless nesting, half letters, names that are the language's own. */
function oddPlace(
  root: unknown,
): { readonly path: readonly PropertyKey[]; readonly message: string; readonly remedy: string } | undefined {
  const open: { readonly value: unknown; readonly path: readonly PropertyKey[] }[] = [{ value: root, path: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && !value.isWellFormed())
      return {
        path,
        message: 'it holds half of a letter',
        remedy: 'write the letter itself instead of \\uD800 and the like',
      };
    if (typeof value !== 'object' || value === null) continue;
    if (path.length > MOST_DEPTH)
      return { path: path.slice(0, 6), message: 'it is nested too deeply', remedy: `nest at most ${MOST_DEPTH} deep` };
    for (const [key, one] of Object.entries(value)) {
      if (key === '__proto__')
        return { path: [...path, key], message: `nothing can be called "${key}"`, remedy: 'choose another name' };
      open.push({ value: one, path: [...path, Array.isArray(value) ? Number(key) : key] });
    }
  }
  return undefined;
}

function lineIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
