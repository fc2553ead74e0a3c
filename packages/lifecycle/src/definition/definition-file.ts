import { journeyDefinition, journeyDefinitionJsonSchema } from '@waymark/journey';
import type { JourneyDefinition } from '@waymark/journey';
import { adviceOn } from './definition-advice.ts';
import { checkDefinition } from './definition-check.ts';
import { correctionsText, readForm, type FormIssue } from './form.ts';

/** One thing wrong with a definition file. */
export type DefinitionIssue = FormIssue;

/** A definition file that cannot be used; `issues` names every line, field and remedy. */
export class DefinitionError extends Error {
  readonly code: 'definition-syntax' | 'definition-invalid';
  readonly issues: readonly DefinitionIssue[];

  constructor(code: DefinitionError['code'], fileName: string, issues: readonly DefinitionIssue[]) {
    super(correctionsText(fileName, issues));
    this.name = 'DefinitionError';
    this.code = code;
    this.issues = issues;
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
  const read = readForm(text, journeyDefinition, form);
  if (!read.ok)
    throw new DefinitionError(read.isYaml ? 'definition-invalid' : 'definition-syntax', fileName, read.issues);
  const problems = checkDefinition(read.value);
  if (problems.length > 0)
    throw new DefinitionError(
      'definition-invalid',
      fileName,
      problems.map(({ path, message, remedy }) => ({ ...read.place(path), message, remedy })),
    );
  return { definition: read.value, place: read.place };
}

let jsonSchema: Readonly<Record<string, unknown>> | undefined;
const form = {
  jsonSchema: () => (jsonSchema ??= journeyDefinitionJsonSchema()),
  noun: 'journey',
  docs: 'docs/journey-definition.md',
  ifEmpty: 'begin with a copy of a shipped template',
};
