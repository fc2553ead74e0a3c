import { datedField, type DatedField, type EventDraft } from '@waymark/journey';
import { crmBase, type CrmRecord } from './crm-record.ts';
import type { FieldChange, FieldValue } from './field-history.ts';

/** Who made a change, for telling our own writes when they come back (failure H1). */
export interface ChangeSource {
  readonly source?: string;
  readonly sourceId?: string;
  /** The time is not the vendor's: the first value, taken to have held since the record was made. */
  readonly assumed?: boolean;
}

/** The fields of an account's record whose past is told, and where to find it. */
export interface AccountPast<V extends FieldValue> {
  readonly stage: string;
  readonly owner: string;
  /** Further fields, each with what the declaration calls it, if anything. */
  readonly watched: ReadonlyMap<string, string | undefined>;
  changes(field: string): readonly FieldChange<V>[];
  madeBy(change: V): ChangeSource;
}

/** The longest value that an event keeps, in characters. */
const LONGEST_VALUE = 500;

/** The dated changes of an account's record as events: of its stage, of its owner, and of each field that is watched. */
export function accountChanges<V extends FieldValue>(record: CrmRecord, past: AccountPast<V>): EventDraft[] {
  return [
    ...past.changes(past.stage).map((change): EventDraft => ({
      ...crmBase(record, past.stage, change.at),
      type: 'crm.stage_changed',
      attributes: { ...fromOf(change), to: kept(change.value), property: past.stage, ...past.madeBy(change) },
    })),
    ...past.changes(past.owner).map((change): EventDraft => ({
      ...crmBase(record, past.owner, change.at),
      type: 'crm.owner_changed',
      attributes: { ...fromOf(change), owner: kept(change.value), ...past.madeBy(change) },
    })),
    ...[...past.watched]
      .filter(([field]) => field !== past.stage && field !== past.owner)
      .flatMap(([field, role]) =>
        past.changes(field).map((change): EventDraft => ({
          ...crmBase(record, field, change.at),
          type: 'crm.property_changed',
          attributes: {
            ...fromOf(change),
            to: kept(change.value),
            property: field,
            ...(role === undefined ? {} : { role }),
            ...past.madeBy(change),
          },
        })),
      ),
  ];
}

/** Fields whose past is kept, with what the declaration calls them. */
export function watchedFields(properties: {
  readonly onboardingStatus?: string | undefined;
  readonly renewalDate?: string | undefined;
  readonly csm?: string | undefined;
  readonly tier?: string | undefined;
  readonly value?: string | undefined;
  readonly watch: readonly string[];
}): ReadonlyMap<string, string | undefined> {
  const { onboardingStatus, renewalDate, csm, tier, value, watch } = properties;
  const watched = new Map<string, string | undefined>(watch.map((field) => [field, undefined]));
  for (const [role, field] of Object.entries({ onboardingStatus, renewalDate, csm, tier, value })) {
    if (field !== undefined) watched.set(field, role);
  }
  return watched;
}

/** The fields of which these changes tell all that they ever were, for the account's fact. What is only assumed to have held tells nothing. */
export function datedFields(changes: readonly EventDraft[]): { dated?: DatedField[] } {
  const told = new Set(
    changes.flatMap(({ attributes }) => (attributes['assumed'] === true ? [] : [attributes['role']])),
  );
  const dated = datedField.options.filter((role) => told.has(role));
  return dated.length === 0 ? {} : { dated };
}

function fromOf(change: FieldChange<FieldValue>): { from?: string } {
  return change.from === undefined ? {} : { from: kept(change.from) };
}

function kept(value: string): string {
  return value.slice(0, LONGEST_VALUE);
}
