import type { RowOptions, SalesforceClient } from './client.ts';
import { isId, type Row } from './record.ts';
import { idList, soql } from './soql.ts';

/** As many ids as fit a request's address: Salesforce refuses URIs above 16,384 bytes. */
const IDS = 200;
const PAGE = 2000;

/** A list in parts of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}

/**
 * All rows of an object whose `field` names one of the ids, in the order of their own ids. Paged by the last id seen, never by a
 * locator: what Salesforce cuts short is asked for again from there.
 */
export async function rowsFor(
  client: SalesforceClient,
  wanted: {
    readonly object: string;
    readonly select: readonly string[];
    readonly field: string;
    readonly ids: readonly string[];
    readonly and?: string;
  } & RowOptions,
): Promise<Row[]> {
  const found: Row[] = [];
  const select = ['Id', ...wanted.select];
  for (const part of chunks([...new Set(wanted.ids.filter(isId))], IDS)) {
    let after = '';
    for (;;) {
      const conditions = [
        `${wanted.field} IN (${idList(part)})`,
        ...(wanted.and === undefined ? [] : [wanted.and]),
        ...(after === '' ? [] : [`Id > '${after}'`]),
      ];
      const question = soql({ select, from: wanted.object, where: conditions, orderBy: 'Id', limit: PAGE });
      const page = await client.rows(question, { all: wanted.all ?? false, urgent: wanted.urgent ?? false });
      found.push(...page.rows);
      const last = page.rows.at(-1)?.Id;
      if (last === undefined || (!page.cut && page.rows.length < PAGE)) break;
      after = last;
    }
  }
  return found;
}
