import type { CrmObject, HistoryEntry } from './record.ts';
import { parseTime } from './time.ts';

/** One value of a property from the instant at which it began to hold. */
export interface Version {
  readonly value: string;
  readonly at: number;
  readonly source: string | undefined;
  readonly sourceId: string | undefined;
}

/** A change from one value to another; `from` is absent on the first. */
export interface Transition extends Version {
  readonly from: string | undefined;
}

/** A property's versions, oldest first; entries without a time are left out, equal neighbors are one. */
export function versions(record: CrmObject, property: string): Version[] {
  const entries = record.propertiesWithHistory[property] ?? [];
  // The sort is stable: entries of one instant stay in HubSpot's own order.
  const dated = entries
    .flatMap((entry) => toVersion(entry))
    .toReversed()
    .toSorted((a, b) => a.at - b.at);
  return dated.filter((version, index) => version.value !== dated[index - 1]?.value);
}

/**
 * The changes of a property, oldest first. A blank that was followed by another value is left out: setting a lifecycle stage back
 * takes a clear and a set, and the moment between them is no stage of the account (failure H2).
 */
export function transitions(record: CrmObject, property: string): Transition[] {
  const all = versions(record, property);
  const kept = all.filter((version, index) => version.value !== '' || index === all.length - 1);
  const changes: Transition[] = [];
  for (const version of kept) {
    const from = changes.at(-1)?.value;
    if (version.value === (from ?? '')) continue;
    changes.push({ ...version, from });
  }
  return changes;
}

/** The value that held at an instant; undefined before the first. */
export function valueAt(all: readonly Version[], at: number): string | undefined {
  return all.findLast((version) => version.at <= at)?.value;
}

function toVersion(entry: HistoryEntry): Version[] {
  const at = parseTime(String(entry.timestamp));
  if (at === undefined) return [];
  return [{ value: entry.value?.trim() ?? '', at, source: entry.sourceType, sourceId: entry.sourceId }];
}

/** Who made a change, for telling our own writes when they come back (failure H1). */
export function madeBy(version: Version): { source?: string; sourceId?: string } {
  return {
    ...(version.source === undefined ? {} : { source: version.source }),
    ...(version.sourceId === undefined ? {} : { sourceId: version.sourceId }),
  };
}
