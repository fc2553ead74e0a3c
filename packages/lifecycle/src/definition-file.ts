import { journeyDefinition } from '@waymark/journey';
import type { JourneyDefinition } from '@waymark/journey';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { adviceOn } from './definition-advice.ts';
import { checkDefinition } from './definition-check.ts';

/** One thing wrong with a definition file. `line` counts from 1. */
export interface DefinitionIssue {
  readonly line: number;
  /** The field, as in `rules.2.when.all.0.signal`. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/** A definition file that cannot be used; `issues` names every line, field and remedy. */
export class DefinitionError extends Error {
  readonly code: 'definition-syntax' | 'definition-invalid';
  readonly issues: readonly DefinitionIssue[];

  constructor(code: DefinitionError['code'], fileName: string, issues: readonly DefinitionIssue[]) {
    const lines = issues.map((issue) => `  ${fileName}:${issue.line} ${issue.path}: ${issue.message}; ${issue.remedy}`);
    super(
      `Correct ${issues.length === 1 ? 'one place' : `${issues.length} places`} in ${fileName}:\n${lines.join('\n')}`,
    );
    this.name = 'DefinitionError';
    this.code = code;
    this.issues = issues;
  }
}

type Path = readonly PropertyKey[];

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** The innermost complaint of a union: that of the branch that came furthest. */
function innermost(issue: z.core.$ZodIssue, above: Path = []): { issue: z.core.$ZodIssue; path: Path } {
  const path = [...above, ...issue.path];
  if (issue.code !== 'invalid_union') return { issue, path };
  let best: { issue: z.core.$ZodIssue; path: Path; odd: number } | undefined;
  for (const branch of issue.errors) {
    const first = branch[0];
    if (!first) continue;
    const found = innermost(first, path);
    // A branch that fails for what the thing is (wrong type, unknown keys at its top) fits less than one that fails deeper down.
    const odd = branch.length;
    if (!best || found.path.length > best.path.length || (found.path.length === best.path.length && odd < best.odd))
      best = { ...found, odd };
  }
  return best ?? { issue, path };
}

function remedyFor(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `remove or rename ${issue.keys.map((name) => `"${name}"`).join(', ')}`;
    case 'invalid_type':
      return `give a value of type ${issue.expected}`;
    case 'invalid_value':
      return `use one of: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `give at least ${String(issue.minimum)}`;
    case 'too_big':
      return `give at most ${String(issue.maximum)}`;
    case 'invalid_format':
      return issue.message;
    default:
      return 'see docs/journey-definition.md';
  }
}

/**
 * Reads a journey definition from the text of its YAML file.
 *
 * @param fileName how the file is called in messages
 * @throws DefinitionError that names line, field and remedy of everything wrong
 */
export function parseDefinition(text: string, fileName: string): JourneyDefinition {
  return readDefinition(text, fileName).definition;
}

/**
 * Reads a definition as `parseDefinition` does, and says with lines what its author should know of it though it can be used.
 *
 * @throws DefinitionError
 */
export function reviewDefinition(
  text: string,
  fileName: string,
): { readonly definition: JourneyDefinition; readonly advice: readonly DefinitionIssue[] } {
  const { definition, place } = readDefinition(text, fileName);
  return {
    definition,
    advice: adviceOn(definition).map(({ path, message, remedy }) => ({ ...place(path), message, remedy })),
  };
}

function readDefinition(text: string, fileName: string) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const issues = document.errors.map((error) => ({
      line: lines.linePos(error.pos[0]).line,
      path: '(file)',
      message: error.message,
      remedy: 'mend the YAML, most often the indentation or a missing quote',
    }));
    throw new DefinitionError('definition-syntax', fileName, issues);
  }
  const place = (path: Path) => ({
    line: lineOf(document, lines, path),
    path: path.length === 0 ? '(file)' : path.map(String).join('.'),
  });
  const parsed = journeyDefinition.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    const issues = parsed.error.issues.map((outer) => {
      const { issue, path: above } = innermost(outer);
      const path = issue.code === 'unrecognized_keys' ? [...above, ...issue.keys.slice(0, 1)] : above;
      return { ...place(path), message: issue.message, remedy: remedyFor(issue) };
    });
    throw new DefinitionError('definition-invalid', fileName, issues);
  }
  const problems = checkDefinition(parsed.data);
  if (problems.length > 0) {
    const issues = problems.map(({ path, message, remedy }) => ({ ...place(path), message, remedy }));
    throw new DefinitionError('definition-invalid', fileName, issues);
  }
  return { definition: parsed.data, place };
}
