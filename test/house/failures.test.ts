import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** How many known failures and guarantees there are of each kind; H5 is not assigned. */
const counts = { A: 15, B: 7, C: 4, D: 14, E: 11, F: 3, G: 11, H: 6, N: 10, R: 27, I: 14 } as const;
const known = Object.entries(counts).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, index) => `${kind}${index + 1}`).filter((id) => id !== 'H5'),
);

/** One row of the table. */
interface Row {
  readonly id: string;
  readonly answer: string;
  readonly cell: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

/** The rows of a table whose columns are id, what goes wrong, what Waymark does, test. */
function rowsOf(markdown: string): readonly Row[] {
  return markdown.split('\n').flatMap((line) => {
    const [, id = '', , answer = '', cell = ''] = line.split(/(?<!\\)\|/).map((part) => part.trim());
    if (!/^[A-Z]\d+$/.test(id)) return [];
    const tests = [...cell.matchAll(/\]\(\.\.\/([^)]+)\): “([^”]+)”/g)].map(([, file = '', title = '']) => ({
      file,
      title: title.replaceAll('\\|', '|'),
    }));
    return [{ id, answer, cell, tests }];
  });
}

const titlesIn = new Map<string, ReadonlySet<string>>();

/** The names of the tests and groups in a file, as they are written: `%s` stands where `each` fills something in. */
function titlesOf(path: string): ReadonlySet<string> {
  const ready = titlesIn.get(path);
  if (ready) return ready;
  const titles = new Set<string>();
  const text = readFileSync(join(root, path), 'utf8');
  new Visitor({
    CallExpression(node) {
      const [first] = node.arguments;
      const callee = text.slice(node.callee.start, node.callee.end);
      if (!/^(it|test|describe)\b/.test(callee) || first === undefined) return;
      if (first.type === 'Literal' && typeof first.value === 'string') titles.add(first.value);
      if (first.type === 'TemplateLiteral') titles.add(text.slice(first.start + 1, first.end - 1));
    },
  }).visit(parseSync(path, text).program);
  titlesIn.set(path, titles);
  return titles;
}

/** What is wrong with a row, one line each. */
function wrongWith({ id, answer, cell, tests }: Row): readonly string[] {
  if (tests.length === 0) {
    const excused = cell === 'none' && answer.startsWith('Does not apply: ');
    return excused ? [] : [`${id} names no test`];
  }
  return tests.flatMap(({ file, title }) => {
    if (!existsSync(join(root, file))) return [`${id}: there is no ${file}`];
    if (!titlesOf(file).has(title)) return [`${id}: ${file} has no test “${title}”`];
    return new RegExp(`\\b${id}\\b`).test(title) ? [] : [`${id} is not in the name “${title}”`];
  });
}

describe('the table of known failures', () => {
  const rows = rowsOf(readFileSync(join(root, 'docs/failures.md'), 'utf8'));

  it('has every known failure and guarantee once, in order', () => {
    expect(rows.map((row) => row.id)).toEqual(known);
  });

  it('names tests that are there, with the id in their name', () => {
    expect(rows.flatMap(wrongWith)).toEqual([]);
  });

  it('is believed in nothing that is wrong', () => {
    const here = 'test/house/failures.test.ts';
    const row = (cell: string, answer = 'Something') => rowsOf(`| A1 | What goes wrong | ${answer} | ${cell} |`);
    const wrong = [
      row('none'),
      row('[x](../test/house/nowhere.test.ts): “A1: is not there”'),
      row(`[x](../${here}): “A1: is not there”`),
      row(`[x](../${here}): “has every known failure and guarantee once, in order”`),
    ];
    for (const planted of wrong) expect(planted.flatMap(wrongWith)).toHaveLength(1);
    expect(row('none', 'Does not apply: there is none').flatMap(wrongWith)).toEqual([]);
  });
});
