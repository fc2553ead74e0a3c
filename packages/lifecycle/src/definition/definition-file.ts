import { journeyDefinition } from '@waymark/journey';
import type { JourneyDefinition } from '@waymark/journey';
import { adviceOn } from './definition-advice.ts';
import { checkDefinition } from './definition-check.ts';
import { complaintsOf } from './definition-complaint.ts';
import { readSource } from './definition-source.ts';

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
  const source = readSource(text);
  if (!('value' in source)) {
    const issues = source.issues.map((issue) => ({ ...issue, path: '(file)' }));
    throw new DefinitionError('definition-syntax', fileName, issues);
  }
  const place = (path: Path) => ({
    line: source.lineOf(path),
    path: path.length === 0 ? '(file)' : path.map(String).join('.'),
  });
  const refuse = (problems: readonly { readonly path: Path; readonly message: string; readonly remedy: string }[]) =>
    new DefinitionError(
      'definition-invalid',
      fileName,
      problems.map(({ path, message, remedy }) => ({ ...place(path), message, remedy })),
    );
  if (source.value === null)
    throw refuse([{ path: [], message: 'the file is empty', remedy: 'begin with a copy of a shipped template' }]);
  const parsed = journeyDefinition.safeParse(source.value);
  if (!parsed.success) throw refuse(complaintsOf(parsed.error.issues, source.value));
  const problems = checkDefinition(parsed.data);
  if (problems.length > 0) throw refuse(problems);
  return { definition: parsed.data, place };
}
