import { invalidLocator } from './errors.ts';
import { numberedId } from './record-id.ts';
import type { QueryResult } from './soql-run.ts';

interface Cursor {
  readonly result: QueryResult;
  readonly owner: string;
  readonly batch: number;
}

/** Open cursors of one user; the oldest makes room. https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm */
const MOST_CURSORS = 10;

/**
 * The cursors behind `nextRecordsUrl`. They belong to the session that opened them, are few, and do not outlive a restart (D11).
 */
export class LocatorShelf {
  readonly #cursors = new Map<string, Cursor>();
  #number = 0;

  /** Keeps a result and gives its locator, to which the place of the next row is added: `01g…-2000`. */
  keep(result: QueryResult, owner: string, batch: number): string {
    const mine = [...this.#cursors].filter(([, cursor]) => cursor.owner === owner);
    if (mine.length >= MOST_CURSORS) this.#cursors.delete(mine[0]?.[0] ?? '');
    const locator = numberedId('01g', ++this.#number);
    this.#cursors.set(locator, { result, owner, batch });
    return locator;
  }

  /** @throws SalesforceRefusal INVALID_QUERY_LOCATOR. */
  at(text: string, owner: string): { readonly locator: string; readonly start: number; readonly cursor: Cursor } {
    const [locator = '', start] = text.split('-');
    const cursor = this.#cursors.get(locator);
    if (cursor === undefined || cursor.owner !== owner || !/^\d+$/.test(start ?? '')) throw invalidLocator();
    return { locator, start: Number(start), cursor };
  }

  /** Lets every cursor expire. */
  clear(): void {
    this.#cursors.clear();
  }
}
