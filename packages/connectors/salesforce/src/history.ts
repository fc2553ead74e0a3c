import { changesOf, distinctValues, type ChangeSource, type FieldChange } from '@waymark/connector-kit';
import type { GatheredRecord, PastValue } from './record.ts';

export type Transition = FieldChange<PastValue>;

/** A field's versions, oldest first, equal neighbors as one. */
export function versions(record: GatheredRecord, field: string): readonly PastValue[] {
  const all = Object.hasOwn(record.gathered.past, field) ? (record.gathered.past[field] ?? []) : [];
  return distinctValues(all);
}

/** The changes of a field, oldest first. */
export function transitions(record: GatheredRecord, field: string): Transition[] {
  return changesOf(versions(record, field));
}

/** Who made a change, for telling our own writes when they come back (failure H1). */
export function madeBy(version: PastValue): ChangeSource {
  return {
    ...(version.by === undefined ? {} : { source: 'user', sourceId: version.by }),
    ...(version.assumed === undefined ? {} : { assumed: version.assumed }),
  };
}
