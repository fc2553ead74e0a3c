import { badRequest, GraphError } from './graph-error.ts';

/** The system query options that a route may take; any other that starts with `$` is refused, as Graph does. */
export const checkOptions = (query: URLSearchParams, allowed: readonly string[]): void => {
  for (const name of query.keys()) {
    if (name.startsWith('$') && !allowed.includes(name.toLowerCase()))
      throw badRequest(`The query parameter '${name}' is not supported.`);
  }
};

/** Options that a delta round refuses (https://learn.microsoft.com/en-us/graph/api/event-delta#odata-query-parameters). */
export const refuseInDelta = (query: URLSearchParams, resource: string, refused: readonly string[]): void => {
  if (refused.some((name) => query.has(name)))
    throw badRequest(
      `The following parameters are not supported with change tracking over the '${resource}' resource: '${refused.join(', ')}'.`,
      'ErrorInvalidUrlQuery',
    );
};

/** The selected properties, or undefined for all. Throws 400 for one that the type does not have. */
export const selected = (
  query: URLSearchParams,
  type: string,
  known: readonly string[],
): ReadonlySet<string> | undefined => {
  const text = query.get('$select');
  if (text === null || text.trim() === '' || text.trim() === '*') return undefined;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw badRequest(
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type 'microsoft.graph.${type}'.`,
    );
  return new Set(names);
};

/** Only what was selected, and what no listing leaves out: annotations and the id. */
export const project = (
  entity: Readonly<Record<string, unknown>>,
  names: ReadonlySet<string> | undefined,
): Record<string, unknown> =>
  names === undefined
    ? { ...entity }
    : Object.fromEntries(
        Object.entries(entity).filter(([name]) => name.startsWith('@') || name === 'id' || names.has(name)),
      );

/** `$top` with its default and its most, and `$skip`. Throws 400 for what is no number. */
export const pageOf = (query: URLSearchParams, usual: number, most: number): { top: number; skip: number } => {
  const read = (name: string, fallback: number): number => {
    const text = query.get(name);
    if (text === null) return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0)
      throw badRequest(`Invalid value '${text}' for ${name} query option found.`);
    return value;
  };
  const top = read('$top', usual);
  if (top > most)
    throw badRequest(
      `The limit of '${most}' for Top query has been exceeded. The value from the incoming request is '${top}'.`,
    );
  return { top, skip: read('$skip', 0) };
};

/** A term of a filter: a property path, an operator and a value as text. */
export interface FilterTerm {
  readonly property: string;
  readonly operator: 'eq' | 'ne' | 'ge' | 'gt' | 'le' | 'lt';
  readonly value: string;
}

/** A filter of terms joined by `and`; Graph knows more, and the sandbox refuses what it does not. Throws 400. */
export const parseFilter = (text: string | null): readonly FilterTerm[] => {
  if (text === null) return [];
  return text.split(/\s+and\s+/u).map((part) => {
    const match = /^\(?\s*([\w/]+)\s+(eq|ne|ge|gt|le|lt)\s+(?:'((?:[^']|'')*)'|(\S+?))\s*\)?$/u.exec(part.trim());
    const operator = match?.[2];
    if (!match || !isOperator(operator)) throw badRequest(`Invalid filter clause: '${part.trim()}'.`);
    return { property: match[1] ?? '', operator, value: (match[3] ?? match[4] ?? '').replaceAll("''", "'") };
  });
};

const isOperator = (text: string | undefined): text is FilterTerm['operator'] =>
  text !== undefined && ['eq', 'ne', 'ge', 'gt', 'le', 'lt'].includes(text);

/** Whether a value passes a term; moments are compared as moments, else text. */
export const passes = (term: FilterTerm, actual: string | number | boolean): boolean => {
  const expected = typeof actual === 'number' ? momentOf(term.value) : term.value;
  const left = typeof actual === 'number' ? actual : String(actual).toLowerCase();
  const right = typeof expected === 'number' ? expected : expected.toLowerCase();
  switch (term.operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'ge':
      return left >= right;
    case 'gt':
      return left > right;
    case 'le':
      return left <= right;
    case 'lt':
      return left < right;
  }
};

/** A moment as text; without an offset it is in UTC. Throws 400. */
export const momentOf = (text: string): number => {
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/iu.test(text);
  const at = Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`);
  if (Number.isNaN(at)) throw badRequest(`The value '${text}' is not a valid date and time.`, 'ErrorInvalidParameter');
  return at;
};

export interface Preferences {
  readonly pageSize?: number;
  readonly isImmutable: boolean;
  readonly timeZone?: string;
  readonly applied: readonly string[];
}

/** What the Prefer header asks for (https://learn.microsoft.com/en-us/graph/outlook-immutable-id). */
export const preferences = (header: string | undefined): Preferences => {
  const applied: string[] = [];
  let pageSize: number | undefined;
  let isImmutable = false;
  let timeZone: string | undefined;
  for (const part of (header ?? '').split(/[,;]/u).map((text) => text.trim())) {
    const [name = '', quoted = ''] = part.split('=');
    const value = quoted.trim().replace(/^"|"$/gu, '');
    switch (name.trim().toLowerCase()) {
      case 'odata.maxpagesize':
        if (!(Number(value) > 0)) throw badRequest(`Invalid value '${value}' for odata.maxpagesize.`);
        pageSize = Number(value);
        applied.push(part);
        break;
      case 'idtype':
        isImmutable = value.toLowerCase() === 'immutableid';
        applied.push(part);
        break;
      case 'outlook.timezone':
        timeZone = value;
        applied.push(part);
        break;
      case 'outlook.body-content-type':
        applied.push(part);
        break;
    }
  }
  return {
    isImmutable,
    applied,
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(timeZone === undefined ? {} : { timeZone }),
  };
};

/** An opaque state token around plain data. */
export const sealToken = (data: object): string => Buffer.from(JSON.stringify(data)).toString('base64url');

/** The data in a state token. Throws 400 when it is none. */
export const openToken = (token: string): Readonly<Record<string, unknown>> => {
  try {
    const data: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof data === 'object' && data !== null) return { ...data };
  } catch {
    // Falls through to the refusal: whatever it was, it was not made here.
  }
  throw new GraphError(400, 'SyncStateInvalid', 'The sync state is malformed.');
};
