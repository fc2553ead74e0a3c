import { z } from 'zod';
import { invalid } from './errors.ts';
import { OBJECT_FACTS, type ObjectType } from './object-type.ts';
import type { PortalBook } from './portal-book.ts';
import type { CrmRecord } from './state.ts';
import { comparable } from './value.ts';

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const filterSchema = z.object({
  propertyName: z.string().min(1),
  operator: z.enum([
    'EQ',
    'NEQ',
    'LT',
    'LTE',
    'GT',
    'GTE',
    'BETWEEN',
    'IN',
    'NOT_IN',
    'HAS_PROPERTY',
    'NOT_HAS_PROPERTY',
    'CONTAINS_TOKEN',
    'NOT_CONTAINS_TOKEN',
  ]),
  value: text.optional(),
  highValue: text.optional(),
  values: z.array(text).optional(),
});

const sortSchema = z.union([
  z.string().transform((propertyName) => ({ propertyName, direction: 'ASCENDING' as const })),
  z.object({ propertyName: z.string(), direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING') }),
]);

/** The body of a search: https://developers.hubspot.com/docs/api-reference/search/guide */
export const searchSchema = z.object({
  filterGroups: z.array(z.object({ filters: z.array(filterSchema) })).default([]),
  filters: z.array(filterSchema).optional(),
  sorts: z.array(sortSchema).default([]),
  query: z.string().optional(),
  properties: z.array(z.string()).optional(),
  limit: z.coerce.number().int().default(10),
  after: z.coerce.number().int().nonnegative().default(0),
});

export type SearchRequest = z.infer<typeof searchSchema>;
type Filter = z.infer<typeof filterSchema>;
type Test = (record: CrmRecord) => boolean;

/** Limits of the vendor's search guide: 200 a page, 10,000 results, 5 groups of 6 filters and 18 in all, 3,000 characters. */
const SEARCH_LIMITS = {
  page: 200,
  results: 10_000,
  groups: 5,
  filtersPerGroup: 6,
  filters: 18,
  characters: 3000,
};

export interface SearchResult {
  readonly total: number;
  readonly records: readonly CrmRecord[];
  /** Where the next page begins; absent on the last. */
  readonly next?: number;
}

/**
 * Finds live records of a type by scanning them. With `asOf` in the past the index lags: records made since are missing and
 * records changed since are found by, and sorted by, what they held then (D3).
 * @throws HubSpotRefusal 400 beyond a limit, for an unknown property or a filter without its value.
 */
export function search(book: PortalBook, type: ObjectType, request: SearchRequest, asOf: number): SearchResult {
  checkLimits(request);
  const groups = [
    ...request.filterGroups,
    ...(request.filters === undefined ? [] : [{ filters: request.filters }]),
  ].map((group) => group.filters.map((filter) => compile(book, type, filter, asOf)));
  const words = request.query?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  const objects = book.portal.objects[type];
  const found: CrmRecord[] = [];
  for (const id of book.ids(type)) {
    const record = objects[id];
    if (record === undefined || record.createdAt > asOf) continue;
    if (record.archivedAt !== undefined && record.archivedAt <= asOf) continue;
    if (groups.length > 0 && !groups.some((tests) => tests.every((test) => test(record)))) continue;
    if (words.length > 0 && !matchesWords(book, type, record, words)) continue;
    found.push(record);
  }
  const sort = request.sorts[0];
  if (sort !== undefined) order(book, type, found, sort.propertyName, sort.direction === 'DESCENDING', asOf);
  const end = request.after + request.limit;
  return {
    total: found.length,
    records: found.slice(request.after, end),
    ...(end < found.length ? { next: end } : {}),
  };
}

function checkLimits(request: SearchRequest): void {
  if (request.limit < 1 || request.limit > SEARCH_LIMITS.page) {
    throw invalid(`Page limit must be between 1 and ${SEARCH_LIMITS.page}, not ${request.limit}`);
  }
  if (request.after + request.limit > SEARCH_LIMITS.results) {
    throw invalid(
      `Cannot page past ${SEARCH_LIMITS.results} results: after ${request.after} with limit ${request.limit}`,
    );
  }
  const sizes = request.filterGroups.map((group) => group.filters.length);
  if (sizes.length > SEARCH_LIMITS.groups) throw invalid(`Too many filterGroups: at most ${SEARCH_LIMITS.groups}`);
  if (sizes.some((size) => size > SEARCH_LIMITS.filtersPerGroup)) {
    throw invalid(`Too many filters in a group: at most ${SEARCH_LIMITS.filtersPerGroup}`);
  }
  if (sizes.reduce((sum, size) => sum + size, 0) > SEARCH_LIMITS.filters) {
    throw invalid(`Too many filters: at most ${SEARCH_LIMITS.filters}`);
  }
  if (request.sorts.length > 1) throw invalid('Only one sort is allowed');
}

/** A property as number or lower-case text, without the detour over ISO dates for the fields that every sync filters by. */
function sortKey(
  book: PortalBook,
  type: ObjectType,
  name: string,
  asOf: number,
): (record: CrmRecord) => number | string | null {
  const facts = OBJECT_FACTS[type];
  if (name === 'hs_object_id') return (record) => Number(record.id);
  if (name === facts.created) return (record) => record.createdAt;
  if (name === facts.modified) {
    return (record) =>
      record.updatedAt <= asOf ? record.updatedAt : Date.parse(book.value(type, record, name, asOf) ?? '');
  }
  const definition = book.definition(type, name);
  if (definition === undefined)
    throw invalid(`There was a problem with the request: property "${name}" does not exist`);
  return (record) => {
    const value = book.value(type, record, name, record.updatedAt <= asOf ? undefined : asOf);
    return value === null ? null : comparable(definition, value);
  };
}

function compile(book: PortalBook, type: ObjectType, filter: Filter, asOf: number): Test {
  const key = sortKey(book, type, filter.propertyName, asOf);
  const definition = book.definition(type, filter.propertyName);
  const operand = (value: string | undefined): number | string => {
    if (value === undefined || definition === undefined) {
      throw invalid(`A value is needed for operator ${filter.operator} on "${filter.propertyName}"`);
    }
    const parsed = comparable(definition, value);
    if (Number.isNaN(parsed)) throw invalid(`"${value}" is not valid for property "${filter.propertyName}"`);
    return parsed;
  };
  const compare =
    (test: (value: number | string) => boolean): Test =>
    (record) => {
      const value = key(record);
      return value !== null && test(value);
    };
  switch (filter.operator) {
    case 'HAS_PROPERTY':
      return (record) => key(record) !== null;
    case 'NOT_HAS_PROPERTY':
      return (record) => key(record) === null;
    case 'IN':
    case 'NOT_IN': {
      if (filter.values === undefined) throw invalid(`values are needed for operator ${filter.operator}`);
      const wanted = new Set(filter.values.map(operand));
      return compare((value) => wanted.has(value) === (filter.operator === 'IN'));
    }
    case 'CONTAINS_TOKEN':
    case 'NOT_CONTAINS_TOKEN': {
      const token = String(operand(filter.value)).replaceAll('*', '');
      return compare((value) => String(value).includes(token) === (filter.operator === 'CONTAINS_TOKEN'));
    }
    default: {
      const low = operand(filter.value);
      const high = filter.operator === 'BETWEEN' ? operand(filter.highValue) : low;
      return compare(COMPARISONS[filter.operator](low, high));
    }
  }
}

const COMPARISONS: Readonly<
  Record<
    'EQ' | 'NEQ' | 'LT' | 'LTE' | 'GT' | 'GTE' | 'BETWEEN',
    (low: number | string, high: number | string) => (value: number | string) => boolean
  >
> = {
  EQ: (low) => (value) => value === low,
  NEQ: (low) => (value) => value !== low,
  LT: (low) => (value) => value < low,
  LTE: (low) => (value) => value <= low,
  GT: (low) => (value) => value > low,
  GTE: (low) => (value) => value >= low,
  BETWEEN: (low, high) => (value) => value >= low && value <= high,
};

function matchesWords(book: PortalBook, type: ObjectType, record: CrmRecord, words: readonly string[]): boolean {
  const haystack = [...OBJECT_FACTS[type].defaults, 'hs_email_subject', 'hs_meeting_title']
    .map((name) => book.value(type, record, name) ?? '')
    .join(' ')
    .toLowerCase();
  return words.every((word) => haystack.includes(word));
}

function order(
  book: PortalBook,
  type: ObjectType,
  found: CrmRecord[],
  name: string,
  descending: boolean,
  asOf: number,
): void {
  if (name === 'hs_object_id') {
    if (descending) found.reverse();
    return;
  }
  const key = sortKey(book, type, name, asOf);
  const keyed = found.map((record) => ({ record, key: key(record) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === b.key) return 0;
    if (a.key === null) return 1;
    if (b.key === null) return -1;
    return a.key < b.key ? -sign : sign;
  });
  keyed.forEach((entry, index) => {
    found[index] = entry.record;
  });
}
