import type { Access } from './access.ts';
import { isArchived } from './derived.ts';
import { invalidField, invalidType } from './errors.ts';
import { comparable, predicateOf } from './soql-filter.ts';
import { columnOf, type Column } from './soql-path.ts';
import type { Ordering, Path, SoqlQuery } from './soql-query.ts';
import type { FieldValue, ObjectSchema, SObject } from './state.ts';
import { csvValue, jsonValue } from './value.ts';

export interface RunOptions {
  /** `queryAll`: deleted and archived records, too. */
  readonly all: boolean;
  readonly now: number;
  /** `/services/data/v66.0`, for the addresses of records. */
  readonly root: string;
}

/** The answer to a query, before it is cut into batches. */
export interface QueryResult {
  readonly schema: ObjectSchema;
  /** Rows in order; none for `SELECT COUNT()`. */
  readonly rows: readonly SObject[];
  /** Number of rows, or what `COUNT()` counted. */
  readonly total: number;
  json(row: SObject): Record<string, unknown>;
  /** The CSV's first line. */
  readonly header: readonly string[];
  csv(row: SObject): string[];
}

/** Runs a query as a user. @throws SalesforceRefusal in the vendor's words. */
export function runSoql(access: Access, query: SoqlQuery, options: RunOptions): QueryResult {
  const schema = access.object(query.object);
  if (schema === undefined) throw invalidType(query.object);
  const { now, root } = options;
  const column = (path: Path): Column => {
    // The object's own name may stand before a field: Account.Name in a query of accounts.
    const own = path.names.length === 2 && path.names[0]?.toLowerCase() === schema.name.toLowerCase();
    const direct = own && !access.fields(schema.name).has(`${schema.name.toLowerCase()}id`);
    return columnOf(access, query.text, schema.name, direct ? { ...path, names: path.names.slice(1) } : path, now);
  };
  const selected = query.select.map((item) => ({ item, column: column(item.path) }));
  const matches = query.where === undefined ? undefined : predicateOf(query.where, { column, now });
  const order = query.orderBy.map((each) => sorting(each, column(each.path)));
  const found = access.book
    .rows(schema.name)
    .filter((row) => options.all || (row['IsDeleted'] !== true && !isArchived(schema.name, row, now)))
    .filter((row) => access.seesRecord(row))
    .filter(access.seesHistory(schema.name))
    .filter((row) => matches?.(row) ?? true);
  const shared = { schema, header: selected.map((each) => each.column.names.join('.')) };
  if (selected.length === 0) {
    return {
      ...shared,
      rows: [],
      total: Math.min(found.length, query.limit ?? found.length),
      json: () => ({}),
      csv: () => [],
    };
  }
  if (selected.some((each) => each.item.kind === 'aggregate')) {
    return { ...shared, rows: [{}], total: 1, json: () => aggregateJson(selected, found), csv: () => [] };
  }
  // The order of the same query's rows without ORDER BY is nowhere promised; by id is what is seen.
  const rows = found.toSorted((a, b) => {
    for (const compare of order) {
      const sign = compare(a, b);
      if (sign !== 0) return sign;
    }
    return String(a['Id']) < String(b['Id']) ? -1 : 1;
  });
  const cut = query.limit === undefined ? rows : rows.slice(0, query.limit);
  const columns = selected.map((each) => each.column);
  return {
    ...shared,
    rows: cut,
    total: cut.length,
    json: (row) => recordJson(schema.name, row, columns, root),
    csv: (row) => columns.map((each) => csvValue(each.definition, each.value(row))),
  };
}

/** Nulls come first, in both directions, unless NULLS LAST asks otherwise. */
function sorting(ordering: Ordering, column: Column): (a: SObject, b: SObject) => number {
  if (!column.definition.filterable) {
    throw invalidField(`field '${column.definition.name}' can not be sorted in a query call`);
  }
  const sign = ordering.descending ? -1 : 1;
  return (a, b) => {
    const [left, right] = [comparable(column, a), comparable(column, b)];
    if (left === right) return 0;
    if (left === null || right === null) return (left === null) === ordering.nullsLast ? 1 : -1;
    return left < right ? -sign : sign;
  };
}

interface Level {
  [name: string]: unknown;
}

export function attributes(object: string, id: FieldValue | undefined, root: string): Record<string, unknown> {
  return { type: object, url: `${root}/sobjects/${object}/${String(id)}` };
}

/** A record with its parents nested, each with `attributes`; an empty reference is null. */
function recordJson(object: string, row: SObject, columns: readonly Column[], root: string): Level {
  const json: Level = { attributes: attributes(object, row['Id'], root) };
  for (const column of columns) {
    const owners = column.owners(row);
    let level: Level | undefined = json;
    for (const [index, owner] of owners.entries()) {
      const name = column.names[index] ?? '';
      const existing: unknown = level[name];
      const next: Level | null =
        owner === undefined
          ? null
          : isLevel(existing)
            ? existing
            : { attributes: attributes(owner.object, owner.record['Id'], root) };
      level[name] = next;
      level = next ?? undefined;
      if (level === undefined) break;
    }
    const last = column.names.at(-1);
    if (level !== undefined && last !== undefined) level[last] = jsonValue(column.definition, column.value(row));
  }
  return json;
}

function isLevel(value: unknown): value is Level {
  return typeof value === 'object' && value !== null;
}

function aggregateJson(
  selected: readonly { readonly item: SoqlQuery['select'][number]; readonly column: Column }[],
  rows: readonly SObject[],
): Level {
  const json: Level = { attributes: { type: 'AggregateResult' } };
  for (const { item, column } of selected) {
    if (item.kind === 'field') {
      throw invalidField(`Field must be grouped or aggregated: ${column.definition.name}`, 'MALFORMED_QUERY');
    }
    const values = rows.map((row) => column.value(row)).filter((value) => value !== null);
    if (item.name === 'count') json[item.alias] = values.length;
    else {
      const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const picked = item.name === 'min' ? sorted[0] : sorted.at(-1);
      json[item.alias] = picked === undefined ? null : jsonValue(column.definition, picked);
    }
  }
  return json;
}
