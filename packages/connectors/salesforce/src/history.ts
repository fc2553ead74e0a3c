import type { GatheredRecord, PastValue } from './record.ts';

/** A change from one value to another; `from` is absent on the first. */
export interface Transition extends PastValue {
  readonly from: string | undefined;
}

/** A field's versions, oldest first, equal neighbors as one. */
export function versions(record: GatheredRecord, field: string): readonly PastValue[] {
  const all = Object.hasOwn(record.gathered.past, field) ? (record.gathered.past[field] ?? []) : [];
  return all.filter((version, index) => version.value !== all[index - 1]?.value);
}

/**
 * The changes of a field, oldest first. A blank that was followed by another value is left out: setting a stage back may take a
 * clear and a set (failure H2).
 */
export function transitions(record: GatheredRecord, field: string): Transition[] {
  const all = versions(record, field);
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
export function valueAt(all: readonly PastValue[], at: number): string | undefined {
  return all.findLast((version) => version.at <= at)?.value;
}

/** Who made a change, for telling our own writes when they come back (failure H1). */
export function madeBy(version: PastValue): { source?: string; sourceId?: string; assumed?: boolean } {
  return {
    ...(version.by === undefined ? {} : { source: 'user', sourceId: version.by }),
    ...(version.assumed === undefined ? {} : { assumed: version.assumed }),
  };
}
