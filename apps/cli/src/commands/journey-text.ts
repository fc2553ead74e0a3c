import type { DefinitionChange, DefinitionDiff, DefinitionIssue } from '@waymark/lifecycle';
import type { JourneyBook } from '@waymark/server';
import { table } from '../output.ts';

/** One place of a file, as editors and terminals make a link of it. */
export function issueText(file: string, { line, path, message, remedy }: DefinitionIssue): string {
  return `  ${file}:${line} ${path}: ${message}; ${remedy}`;
}

/** A comparison of two definitions, as a person reads it. */
export function diffText(diff: DefinitionDiff): string {
  const { before, after, changes } = diff;
  const head = `${before.id} version ${before.version} (${before.digest.slice(0, 12)}) and ${after.id} version ${after.version} (${after.digest.slice(0, 12)})`;
  if (diff.same) return `${head} mean the same.`;
  const [moving, telling] = [changes.filter((one) => one.affectsAnswers), changes.filter((one) => !one.affectsAnswers)];
  return [
    `${head} differ in ${changes.length === 1 ? 'one thing' : `${changes.length} things`}.`,
    ...(moving.length > 0 ? ['', 'What changes answers about accounts:', ...moving.map(changeText)] : []),
    ...(telling.length > 0 ? ['', 'What only people read:', ...telling.map(changeText)] : []),
    ...(diff.notes.length > 0 ? ['', ...diff.notes.map((note) => `Note: ${note}`)] : []),
    '',
    'Which accounts it concerns: waymark whatif <file>',
  ].join('\n');
}

function changeText(one: DefinitionChange): string {
  const named = one.part === 'journey' ? 'the journey' : `${one.part} ${one.id}`;
  const place = `${named}${one.field === undefined ? '' : `, ${one.field}`}`;
  const what =
    one.change === 'changed'
      ? `\n    before: ${one.before === '' ? '(nothing)' : one.before}\n    after:  ${one.after === '' ? '(nothing)' : one.after}`
      : ` ${one.change}${one.after ? `: ${one.after}` : ''}`;
  return `  ${place}${one.change === 'changed' ? ':' : ''}${what}${one.means ? `\n    so: ${one.means}` : ''}`;
}

/** The book of definitions, as a person reads it. */
export function bookText(book: JourneyBook): string {
  const { definitions, history, shadows } = book;
  const versions = new Map(book.definitions.map((one) => [one.digest, one.version]));
  const versionOf = (digest: string | null) => (digest === null ? '' : String(versions.get(digest) ?? '?'));
  return [
    table(
      ['journey', 'version', 'digest', 'state', 'since', 'by'],
      definitions.map((one) => [
        one.journey,
        one.version,
        one.digest.slice(0, 12),
        one.state.replace('_', ' '),
        one.activatedAt ?? '',
        one.activatedBy ?? '',
      ]),
    ),
    '',
    table(
      ['when', 'journey', 'change', 'from version', 'to version', 'who'],
      history.map((one) => [
        one.at,
        one.journey,
        one.change.replace('_', ' '),
        versionOf(one.formerDigest),
        versionOf(one.digest),
        one.by,
      ]),
    ),
    ...shadows.map(
      (one) =>
        `\nIn shadow: ${one.journey} version ${one.version} (${one.digest.slice(0, 12)}), since ${one.since} by ${one.by}.`,
    ),
  ].join('\n');
}

/** What a switch of the definition came to. */
export function activatedText(result: {
  readonly journey: string;
  readonly version: number;
  readonly digest: string;
  readonly formerDigest: string | null;
  readonly changed: boolean;
  /** Whether it was in force before and is again. */
  readonly returned: boolean;
  readonly accounts: number;
  readonly digests: number;
  readonly plans: readonly { readonly planId: string; readonly writes: number }[];
  readonly faults: readonly string[];
}): string {
  const name = `${result.journey} version ${result.version} (${result.digest.slice(0, 12)})`;
  if (!result.changed) return `${name} is in force already.`;
  return [
    `${name} is in force${result.formerDigest === null ? '' : `, in the place of ${result.formerDigest.slice(0, 12)}`}; ${result.accounts} accounts were judged anew.`,
    `${result.digests === 1 ? 'One digest waits' : `${result.digests} digests wait`} to be posted.`,
    ...result.plans.map((plan) =>
      plan.writes === 0
        ? 'The CRM holds all stages already.'
        : `${plan.writes} records of the CRM differ: waymark writeback show ${plan.planId}, then waymark writeback approve ${plan.planId}`,
    ),
    ...result.faults.map((fault) => `The CRM could not be compared yet: ${fault}`),
    ...(result.formerDigest === null || result.returned
      ? []
      : [`Back again: waymark journey rollback ${result.journey}`]),
  ].join('\n');
}
