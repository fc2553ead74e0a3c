import type { SalesforceClient } from './client.ts';
import type { GatheredRecord } from './record.ts';
import type { Declaration } from './settings.ts';

export type Gathered = GatheredRecord['gathered'];

/** What is read beside the rows of a page, by id. */
export type Extras = ReadonlyMap<string, Partial<Gathered>>;

/** What differs between the objects, as far as reading them goes. */
export interface ObjectSpec {
  /** The stream's name. */
  readonly name: string;
  /** The object's API name. */
  readonly object: string;
  /** Without these a record means nothing: where one is hidden the stream stops and says which. */
  readonly required: readonly string[];
  /** Asked for where the connected user may see them. */
  readonly optional: (declaration: Declaration) => readonly string[];
  /** Narrows the object to what the stream is about, by fields that are asked for. */
  readonly where?: { readonly field: string; readonly condition: string };
  /** Users are put away, never deleted. */
  readonly deletable: boolean;
  /** The field that dates an activity: the first list leaves out what is older than wanted, later ones yield no events. */
  readonly datedBy?: string;
  /** Whether the nightly reread lists all of them; the others are listed once a month. */
  readonly rereadAll: boolean;
  readonly pageSize: number;
  gather(client: SalesforceClient, records: readonly Fielded[]): Promise<Extras>;
}

/** A row whose values are text. */
export interface Fielded {
  readonly id: string;
  readonly fields: Readonly<Record<string, string | null>>;
}
