import { randomUUID } from 'node:crypto';
import { OBJECT_FACTS } from './object-type.ts';
import type { CrmChange } from './portal-book.ts';
import type { HubSpotState, JournalEntry, JournalState } from './state.ts';

/** How long an entry is kept. https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/journal-entries/guide */
const KEPT_MS = 3 * 86_400_000;

const ACTIONS = {
  creation: 'CREATE',
  propertyChange: 'UPDATE',
  deletion: 'DELETE',
  merge: 'MERGE',
  restore: 'RESTORE',
  associationChange: 'ASSOCIATION_ADDED',
} as const;

/** The journal of a state; an older state has none yet. */
export function journalOf(state: HubSpotState): JournalState {
  state.journal ??= { subscriptions: [], entries: [] };
  return state.journal;
}

/** Puts a change on record where a subscription asks for it, in an entry of its own. */
export function takeToJournal(state: HubSpotState, change: CrmChange, now: number): void {
  const journal = journalOf(state);
  const { typeId } = OBJECT_FACTS[change.type];
  const association = change.kind === 'associationChange';
  const action = association && change.removed ? 'ASSOCIATION_REMOVED' : ACTIONS[change.kind];
  const wanted = journal.subscriptions.some(
    (each) =>
      each.portalId === change.portalId &&
      each.objectTypeId === typeId &&
      each.subscriptionType === (association ? 'ASSOCIATION' : 'OBJECT') &&
      each.actions.includes(action) &&
      (change.kind !== 'propertyChange' || (each.properties ?? []).includes(change.property)) &&
      (!association || (each.associatedObjectTypeIds ?? []).includes(OBJECT_FACTS[change.toType].typeId)),
  );
  if (!wanted) return;
  journal.entries.push({
    offset: randomUUID(),
    portalId: change.portalId,
    publishedAt: now,
    event: {
      type: association ? 'association' : 'object',
      portalId: change.portalId,
      occurredAt: new Date(change.at).toISOString(),
      action,
      objectTypeId: typeId,
      objectId: Number(change.id),
      ...(change.kind === 'propertyChange' ? { propertyChanges: { [change.property]: change.value } } : {}),
      ...(change.kind === 'merge'
        ? { newObjectId: Number(change.newId), mergedObjectIds: change.mergedIds.map(Number) }
        : {}),
      ...(association
        ? { associatedObjectTypeId: OBJECT_FACTS[change.toType].typeId, associatedObjectId: Number(change.toId) }
        : {}),
    },
  });
}

/** The entries of a portal that are not too old, oldest first. */
export function journalEntries(state: HubSpotState, portalId: number, now: number): readonly JournalEntry[] {
  const journal = journalOf(state);
  journal.entries = journal.entries.filter((entry) => now - entry.publishedAt < KEPT_MS);
  return journal.entries.filter((entry) => entry.portalId === portalId);
}
