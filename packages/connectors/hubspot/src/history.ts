import {
  changesOf,
  distinctValues,
  type ChangeSource,
  type FieldChange,
  type FieldValue,
} from '@waymark/connector-kit';
import type { CrmObject, HistoryEntry } from './record.ts';
import { parseTime } from './time.ts';

/** One value of a property from the instant at which it began to hold. */
export interface Version extends FieldValue {
  readonly source: string | undefined;
  readonly sourceId: string | undefined;
}

export type Transition = FieldChange<Version>;

/** A property's versions, oldest first; entries without a time are left out, equal neighbors are one. */
export function versions(record: CrmObject, property: string): readonly Version[] {
  const entries = record.propertiesWithHistory[property] ?? [];
  // The sort is stable: entries of one instant stay in HubSpot's own order.
  const dated = entries
    .flatMap((entry) => toVersion(entry))
    .toReversed()
    .toSorted((a, b) => a.at - b.at);
  return distinctValues(dated);
}

/** The changes of a property, oldest first. */
export function transitions(record: CrmObject, property: string): Transition[] {
  return changesOf(versions(record, property));
}

function toVersion(entry: HistoryEntry): Version[] {
  const at = parseTime(String(entry.timestamp));
  if (at === undefined) return [];
  return [{ value: entry.value?.trim() ?? '', at, source: entry.sourceType, sourceId: entry.sourceId }];
}

/** Who made a change, for telling our own writes when they come back (failure H1). */
export function madeBy(version: Version): ChangeSource {
  return {
    ...(version.source === undefined ? {} : { source: version.source }),
    ...(version.sourceId === undefined ? {} : { sourceId: version.sourceId }),
  };
}
