import type { Fault } from './fault.ts';

/** A value to write to one record's property, as text; '' clears it. */
export interface StageWrite {
  readonly externalId: string;
  readonly property: string;
  readonly value: string;
  /** Ties the answer to the request. */
  readonly traceId: string;
}

export type StageWriteResult =
  | { readonly traceId: string; readonly outcome: 'written' }
  | { readonly traceId: string; readonly outcome: 'failed'; readonly fault: Fault };

export interface StageWriter<Client> {
  readonly scopes: readonly string[];
  readonly batchSize: number;
  /**
   * Options of the property as the CRM holds them, in order; empty for a free text property. Null where it does not exist.
   * `extensible` where we made it, so that `addOptions` may add what is missing.
   */
  describe(
    client: Client,
    property: string,
  ): Promise<{
    readonly options: readonly { value: string; label: string }[];
    readonly extensible?: boolean;
  } | null>;
  /** Creates the custom property where the mapping wants one of our own. */
  createProperty(
    client: Client,
    property: string,
    label: string,
    options: readonly { value: string; label: string }[],
  ): Promise<void>;
  /** Adds to a property that we made the options that it lacks, after those that are there, which stay as they are. */
  addOptions?(client: Client, property: string, options: readonly { value: string; label: string }[]): Promise<void>;
  read(client: Client, property: string, externalIds: readonly string[]): Promise<ReadonlyMap<string, StageValue>>;
  /** At most `batchSize` writes, no record twice. Throws ConnectorFault when the whole batch has one outcome. */
  write(client: Client, writes: readonly StageWrite[]): Promise<readonly StageWriteResult[]>;
  /** Whether the CRM silently ignores a move from one option to an earlier one, so that it must be cleared first (H2). */
  backwardNeedsClear(property: string): boolean;
}

export interface StageValue {
  readonly value: string;
  readonly changedAt?: number;
  /** Who wrote last, as the CRM tells: ours, another integration, a person. */
  readonly source?: string;
}
