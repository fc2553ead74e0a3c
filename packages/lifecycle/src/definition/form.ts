import type { z } from 'zod';
import { complaintsOf, type Judged } from './form-complaint.ts';
import { readSource } from './form-source.ts';

/** One thing wrong with a file that people write. `line` counts from 1. */
export interface FormIssue {
  readonly line: number;
  /** The field, as in `rules.2.when.all.0.signal`. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/** What a file should be, beside its schema. */
export interface FormDescription extends Omit<Judged, 'root'> {
  /** What it holds one of: `journey`. */
  readonly noun: string;
  /** What to do about a file without anything in it. */
  readonly ifEmpty: string;
}

/** Where a field stands in a file, and how its path is written. */
export type FormPlace = (path: readonly PropertyKey[]) => Pick<FormIssue, 'line' | 'path'>;

/** What a file holds and where; or everything wrong with it, where `isYaml` tells whether it could be read at all. */
export type FormRead<T> =
  | { readonly ok: true; readonly value: T; readonly place: FormPlace }
  | { readonly ok: false; readonly isYaml: boolean; readonly issues: readonly FormIssue[] };

/** Reads a YAML file by its schema. Never throws: what is wrong is told with line, field and remedy. */
export function readForm<T>(text: string, schema: z.ZodType<T>, form: FormDescription): FormRead<T> {
  const source = readSource(text, form.noun);
  if (!('value' in source))
    return { ok: false, isYaml: false, issues: source.issues.map((issue) => ({ ...issue, path: '(file)' })) };
  const place: FormPlace = (path) => ({
    line: source.lineOf(path),
    path: path.length === 0 ? '(file)' : path.map(String).join('.'),
  });
  if (source.value === null) {
    const issue = { ...place([]), message: 'the file is empty', remedy: form.ifEmpty };
    return { ok: false, isYaml: true, issues: [issue] };
  }
  const parsed = schema.safeParse(source.value);
  if (parsed.success) return { ok: true, value: parsed.data, place };
  const complaints = complaintsOf(parsed.error.issues, { ...form, root: source.value });
  const issues = complaints.map(({ path, message, remedy }) => ({ ...place(path), message, remedy }));
  return { ok: false, isYaml: true, issues };
}

/** All that is wrong with a file, a line for each place, as editors and terminals make a link of it. */
export function correctionsText(fileName: string, issues: readonly FormIssue[]): string {
  const lines = issues.map((issue) => `  ${fileName}:${issue.line} ${issue.path}: ${issue.message}; ${issue.remedy}`);
  return `Correct ${issues.length === 1 ? 'one place' : `${issues.length} places`} in ${fileName}:\n${lines.join('\n')}`;
}
