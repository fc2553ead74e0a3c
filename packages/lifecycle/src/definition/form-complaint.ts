import type { z } from 'zod';
import { fieldNamesAt } from './field-names.ts';
import { namesLike, remedyForName } from './near-name.ts';

/** What a schema complains of, for a person: where, what and what to do. */
export interface Complaint {
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** What is complained of: what was read from a file, and what may stand in it. */
export interface Judged {
  readonly root: unknown;
  /** Of what the file may hold. */
  readonly jsonSchema: () => Readonly<Record<string, unknown>>;
  /** The page that tells more. */
  readonly docs: string;
}

const kindWords: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a block of fields',
  record: 'a block of fields',
};

const told = (text: string): string => `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;

/** What a value is, in words. */
function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isFinite(value)) return 'no finite number';
  if (typeof value === 'string') return `the text ${told(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  return kindWords[typeof value] ?? typeof value;
}

function isBlock(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of what was read; undefined if there is none. */
function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isBlock(value) && Object.hasOwn(value, step)) value = value[String(step)];
    else return undefined;
  }
  return value;
}

/** Says every complaint of a schema about what was read from a file, each at the place that has to be changed. */
export function complaintsOf(issues: readonly Issue[], judged: Judged): Complaint[] {
  // A field that is not known says more than one that is missing beside it.
  const strange = (issue: Issue) => (issue.code === 'unrecognized_keys' ? 0 : 1);
  return issues.toSorted((a, b) => strange(a) - strange(b)).flatMap((issue) => complaints(issue, [], judged));
}

function complaints(issue: Issue, above: Path, judged: Judged): Complaint[] {
  const path = [...above, ...issue.path];
  const value = valueAt(judged.root, path);
  if (issue.code === 'invalid_union') return unionComplaints(issue.errors, path, value, judged);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => unknownField(name, path, isBlock(value) ? Object.keys(value) : [], judged));
  return [{ path, ...worded(issue, value, judged.docs) }];
}

/** The complaints of the branch of a union that was meant: the one that knows the fields that were written. */
function unionComplaints(branches: readonly Issue[][], path: Path, value: unknown, judged: Judged): Complaint[] {
  const fitting = branches.filter(
    (errors) => errors.length > 0 && !errors.some((one) => one.path.length === 0 && one.code === 'invalid_type'),
  );
  if (isBlock(value) && fitting.length > 0) {
    const names = Object.keys(value);
    const [best, ...others] = fitting
      .map((errors) => {
        const strange = errors.flatMap((one) =>
          one.code === 'unrecognized_keys' && one.path.length === 0 ? one.keys : [],
        );
        const missing = errors.flatMap(({ path: [field, ...rest] }) =>
          field !== undefined && rest.length === 0 && !Object.hasOwn(value, field) ? [String(field)] : [],
        );
        return { errors, strange, missing, knows: names.length - strange.length };
      })
      .toSorted(
        (a, b) => b.knows - a.knows || a.strange.length + a.missing.length - (b.strange.length + b.missing.length),
      );
    if (best && best.knows > 0) return best.errors.flatMap((one) => complaints(one, path, judged));
    const fields = [best, ...others].flatMap((one) => one?.missing.slice(0, 1) ?? []);
    const [name] = names;
    if (name === undefined) return [{ path, message: 'this is empty', remedy: remedyForName(undefined, fields) }];
    return [
      {
        path: [...path, name],
        message: `"${name}" is none of what can stand here`,
        remedy: remedyForName(synonyms[name] ?? name, fields),
      },
    ];
  }
  // Of branches that want something else altogether, the one that comes furthest wants what was written.
  const likely = fitting.length > 0 ? fitting : branches;
  const found = likely.flatMap(([first]) => (first ? [complaints(first, path, judged)] : []));
  const furthest = found.toSorted((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0] ?? [];
  const [first] = furthest;
  if (first && first.path.length > path.length) return furthest;
  // A word that is none of a list's says more than that a list or a block would do as well.
  const listed = typeof value === 'string' ? branches.flat().find((one) => one.code === 'invalid_value') : undefined;
  if (listed && listed.path.length === 0) return [{ path, ...worded(listed, value, judged.docs) }];
  const remedies = new Set(found.flat().map((one) => one.remedy));
  return [
    {
      path,
      message: value === undefined ? 'this is missing' : `it is ${kindOf(value)}`,
      remedy: [...remedies].slice(0, 3).join(', or '),
    },
  ];
}

/** What people write who know other rule languages. */
const synonyms: Readonly<Record<string, string>> = { and: 'all', or: 'any', none: 'not', every: 'all', some: 'any' };

/** What a condition is made of: one of them a block. */
const conditionFields = new Set(['all', 'any', 'not', 'known', 'unknown', 'watched', 'signal']);

function unknownField(name: string, path: Path, beside: readonly string[], judged: Judged): Complaint {
  const fields = fieldNamesAt(judged.jsonSchema(), path);
  const other = beside.find((one) => one !== name && conditionFields.has(one));
  if (conditionFields.has(name) && fields.includes(name) && other !== undefined)
    return {
      path: [...path, name],
      message: `"${other}" and "${name}" cannot stand side by side`,
      remedy: `put both in one list, as in all: [{ ${other}: … }, { ${name}: … }]`,
    };
  const like = namesLike(name, fields);
  const meant =
    like.length > 0
      ? `; did you mean ${like.join(' or ')}?`
      : fields.length > 0 && fields.length <= MOST_FIELDS
        ? `; what can stand here is ${fields.join(', ')}`
        : '';
  return {
    path: [...path, name],
    message: `there is no field "${name}" here`,
    remedy: `remove or rename "${name}"${meant}`,
  };
}

/** More fields than these are left to the documentation. */
const MOST_FIELDS = 12;

function worded(issue: Issue, value: unknown, docs: string): { readonly message: string; readonly remedy: string } {
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = kindWords[issue.expected] ?? issue.expected;
      if (value === undefined) return { message: 'this is missing', remedy: `add it: ${wanted}` };
      return { message: `it is ${kindOf(value)}`, remedy: typeRemedy(issue.expected, value) };
    }
    case 'invalid_value': {
      const remedy = remedyForName(value, issue.values.map(String));
      if (value === undefined) return { message: 'this is missing', remedy };
      return { message: `${kindOf(value).replace('the text ', '')} is not known here`, remedy };
    }
    case 'too_small':
      return {
        message: `it is ${sizeOf(value)}, which is too little`,
        remedy: `give at least ${String(issue.minimum)}`,
      };
    case 'too_big':
      return { message: `it is ${sizeOf(value)}, which is too much`, remedy: `give at most ${String(issue.maximum)}` };
    case 'invalid_format':
      return { message: `${kindOf(value)} does not have the form that is asked for`, remedy: issue.message };
    case 'invalid_key': {
      const name = String(issue.path.at(-1));
      return { message: `${told(name)} cannot be a name here`, remedy: issue.issues[0]?.message ?? 'choose another' };
    }
    // A refusal of our own says what to give.
    case 'custom':
      return { message: `it is ${kindOf(value)}`, remedy: issue.message };
    default:
      return { message: issue.message, remedy: `see ${docs}` };
  }
}

function sizeOf(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : `a text of ${value.length} letters`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  return String(value);
}

function typeRemedy(expected: string, value: unknown): string {
  const wanted = kindWords[expected] ?? expected;
  if (value === null) return `give ${wanted}, or remove the line`;
  if (expected === 'array' && typeof value === 'string') return `write a list: [${value}]`;
  if (expected === 'array') return `write a list: each entry on its own line after "- "`;
  if ((expected === 'number' || expected === 'int') && typeof value === 'string') return numberRemedy(value, wanted);
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `put it in quotes: '${value}'`;
  return `give ${wanted}`;
}

/** Days in what people write for a time. */
const daysIn: Readonly<Record<string, number>> = { h: 1 / 24, d: 1, w: 7, m: 30, y: 365 };

/** How a number that was written with its unit is written; `isShare` where percent can be meant, `isTime` where days are. */
export function numberRemedy(text: string, wanted = 'a number', { isShare = true, isTime = true } = {}): string {
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text)?.[1];
  if (percent !== undefined && isShare) return `write the share: ${Number(percent) / 100}`;
  const [, figure, word] =
    /^\s*P?T?(\d+(?:\.\d+)?)\s*((?:(?:business )?d|h|w|m|y)(?:ays?|ours?|rs?|eeks?|onths?|ears?)?)?\s*$/i.exec(text) ??
    [];
  if (figure === undefined) return `give ${wanted}, without quotes and unit`;
  const unit = word
    ?.replace(/^business /i, '')
    .charAt(0)
    .toLowerCase();
  if (unit === undefined || unit === 'd') return `write ${figure}, without quotes and unit`;
  if (!isTime) return `give ${wanted}, without quotes and unit`;
  return `write the number of days: ${Math.round(Number(figure) * (daysIn[unit] ?? 1) * 100) / 100}`;
}
