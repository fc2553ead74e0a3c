import { isId } from './record.ts';

/** A question in Salesforce's own query language. Names of fields and objects are ours, the declaration's or Salesforce's, all checked. */
export interface Soql {
  /** Fields, or the count of what is found. */
  readonly select: readonly string[] | 'COUNT()';
  readonly from: string;
  /** Conditions that hold together. */
  readonly where?: readonly string[];
  readonly orderBy?: string;
  readonly limit?: number;
}

/** The text of a question. https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm */
export function soql({ select, from, where = [], orderBy, limit }: Soql): string {
  const what = select === 'COUNT()' ? select : [...new Set(select)].join(', ');
  return [
    `SELECT ${what} FROM ${from}`,
    ...(where.length === 0 ? [] : [`WHERE ${where.join(' AND ')}`]),
    ...(orderBy === undefined ? [] : [`ORDER BY ${orderBy}`]),
    ...(limit === undefined ? [] : [`LIMIT ${limit}`]),
  ].join(' ');
}

/** Ids, quoted, for an IN list. Only what is an id gets into a query. */
export function idList(ids: readonly string[]): string {
  return ids
    .filter(isId)
    .map((id) => `'${id}'`)
    .join(',');
}

/** A text as a literal. https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm */
export function literal(text: string): string {
  return `'${text
    .replace(/[\\'"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')}'`;
}
