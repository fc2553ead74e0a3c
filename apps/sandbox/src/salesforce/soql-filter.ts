import { daySpan } from './date-literal.ts';
import { invalidField, malformedQuery } from './errors.ts';
import type { FieldDefinition } from './field.ts';
import { isId, longId } from './record-id.ts';
import type { Column } from './soql-path.ts';
import type { Condition, Literal, Operator, Path } from './soql-query.ts';
import type { FieldValue, SObject } from './state.ts';

export type Predicate = (record: SObject) => boolean;

type Comparable = string | number | boolean;

interface Filtering {
  readonly column: (path: Path) => Column;
  readonly now: number;
}

const NUMERIC: ReadonlySet<string> = new Set(['double', 'currency', 'percent', 'int']);

/** Makes a test of records out of a WHERE clause. @throws SalesforceRefusal for fields that cannot be filtered so. */
export function predicateOf(condition: Condition, filtering: Filtering): Predicate {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.parts.map((part) => predicateOf(part, filtering));
      return (record) => parts.every((part) => part(record));
    }
    case 'or': {
      const parts = condition.parts.map((part) => predicateOf(part, filtering));
      return (record) => parts.some((part) => part(record));
    }
    case 'not': {
      const part = predicateOf(condition.part, filtering);
      return (record) => !part(record);
    }
    case 'in': {
      const column = filterable(filtering.column(condition.path));
      const wanted = new Set(condition.values.map((value) => operand(column.definition, value)));
      return (record) => wanted.has(comparable(column, record)) !== condition.negated;
    }
    case 'compare': {
      const column = filterable(filtering.column(condition.path));
      if (condition.operator === 'like') return likeness(column, condition.value);
      return comparison(column, condition.operator, condition.value, filtering.now);
    }
  }
}

function filterable(column: Column): Column {
  if (column.definition.filterable) return column;
  throw invalidField(`field '${column.definition.name}' can not be filtered in a query call`);
}

/** How two values of a field are compared: text without regard to case, ids with it. */
export function comparable(column: Column, record: SObject): Comparable | null {
  return folded(column.definition, column.value(record));
}

function folded(definition: FieldDefinition, value: FieldValue): Comparable | null {
  if (typeof value !== 'string') return value;
  return definition.type === 'id' || definition.type === 'reference' ? value : value.toLowerCase();
}

function operand(definition: FieldDefinition, literal: Literal): Comparable | null {
  const { name, type } = definition;
  const unfit = (kind: string, quoted: boolean): Error =>
    invalidField(
      `value of filter criterion for field '${name}' must be of type ${kind} and should ${quoted ? '' : 'not '}be enclosed in quotes`,
    );
  if (literal.kind === 'null') return type === 'boolean' ? false : null;
  if (literal.kind === 'named') throw malformedQuery(`unexpected token: '${literal.name}'`);
  if (type === 'datetime') {
    if (literal.kind !== 'datetime') throw unfit('dateTime', false);
    return literal.instant;
  }
  if (type === 'date') {
    if (literal.kind !== 'date') throw unfit('date', false);
    return literal.text;
  }
  if (type === 'boolean') {
    if (literal.kind !== 'boolean') throw unfit('boolean', false);
    return literal.flag;
  }
  if (NUMERIC.has(type)) {
    if (literal.kind !== 'number') throw unfit(type === 'int' ? 'int' : 'double', false);
    return literal.number;
  }
  if (literal.kind !== 'string') throw unfit('string', true);
  if (type !== 'id' && type !== 'reference') return literal.text.toLowerCase();
  if (literal.text !== '' && !isId(literal.text)) {
    throw invalidField(`invalid ID field: ${literal.text}`, 'INVALID_QUERY_FILTER_OPERATOR');
  }
  return longId(literal.text);
}

/** `!=` holds for records without a value, too; the order operators never do. */
function comparison(column: Column, operator: Operator, literal: Literal, now: number): Predicate {
  if (literal.kind === 'named') return dayComparison(column, operator, literal, now);
  const wanted = operand(column.definition, literal);
  if (operator === '=') return (record) => comparable(column, record) === wanted;
  if (operator === '!=') return (record) => comparable(column, record) !== wanted;
  if (column.definition.type === 'boolean') {
    throw invalidField(
      `operator '${operator}' is not valid for field ${column.definition.name}`,
      'INVALID_QUERY_FILTER_OPERATOR',
    );
  }
  return (record) => {
    const value = comparable(column, record);
    if (value === null || wanted === null) return false;
    if (operator === '<') return value < wanted;
    if (operator === '<=') return value <= wanted;
    return operator === '>' ? value > wanted : value >= wanted;
  };
}

function dayComparison(
  column: Column,
  operator: Operator,
  literal: Literal & { kind: 'named' },
  now: number,
): Predicate {
  const { type, name } = column.definition;
  const span = daySpan(literal.name, literal.count, now);
  if (span === undefined) throw malformedQuery(`unexpected token: '${literal.name.toUpperCase()}'`);
  if (type !== 'date' && type !== 'datetime') {
    throw invalidField(`value of filter criterion for field '${name}' must be of type ${type}`);
  }
  return (record) => {
    const value = column.value(record);
    if (value === null) return operator === '!=';
    const at = typeof value === 'string' ? Date.parse(value) : Number(value);
    const inside = at >= span.from && at < span.until;
    if (operator === '=') return inside;
    if (operator === '!=') return !inside;
    if (operator === '<') return at < span.from;
    if (operator === '<=') return at < span.until;
    return operator === '>' ? at >= span.until : at >= span.from;
  };
}

/** `%` stands for any text, `_` for one character. */
function likeness(column: Column, literal: Literal): Predicate {
  const { name, type } = column.definition;
  if (
    literal.kind !== 'string' ||
    ['id', 'reference', 'date', 'datetime', 'boolean'].includes(type) ||
    NUMERIC.has(type)
  ) {
    throw invalidField(`invalid operator on ${type} field '${name}': LIKE`, 'INVALID_QUERY_FILTER_OPERATOR');
  }
  const source = literal.text
    .replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`)
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  const pattern = new RegExp(`^${source}$`, 'is');
  return (record) => {
    const value = column.value(record);
    return typeof value === 'string' && pattern.test(value);
  };
}
