import { OBJECT_FACTS } from './object-type.ts';
import type { CrmChange } from './portal-book.ts';
import type { WebhookEvent } from './state.ts';

/** `company.propertyChange`, or `object.propertyChange` for objects without a prefix of their own. */
export function subscriptionType(change: CrmChange): string {
  return `${OBJECT_FACTS[change.type].eventPrefix}.${change.kind}`;
}

/**
 * A change as the vendor tells it. https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide,
 * merge and association fields: https://developers.hubspot.com/changelog/new-subscription-types-for-webhooks.
 * Every second event shares its `eventId` with the one before, since the vendor does not promise that it is unique (E11).
 */
export function webhookEvent(change: CrmChange, sequence: number, appId: number): WebhookEvent {
  const facts = OBJECT_FACTS[change.type];
  const type = subscriptionType(change);
  const base = {
    eventId: 1_000_000 + Math.floor(sequence / 2),
    subscriptionId: 100 + ([...type].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 900),
    portalId: change.portalId,
    appId,
    occurredAt: change.at,
    subscriptionType: type,
    attemptNumber: 0,
    objectId: Number(change.id),
    changeSource: change.source.type,
    ...(change.source.id === undefined ? {} : { sourceId: change.source.id }),
    ...(facts.eventPrefix === 'object' ? { objectTypeId: facts.typeId } : {}),
  };
  switch (change.kind) {
    case 'creation':
      return { ...base, changeFlag: 'NEW' };
    case 'deletion':
      return { ...base, changeFlag: 'DELETED' };
    case 'restore':
      return { ...base, changeFlag: 'RESTORED' };
    case 'propertyChange':
      return { ...base, propertyName: change.property, propertyValue: change.value };
    case 'merge':
      return {
        ...base,
        primaryObjectId: Number(change.id),
        mergedObjectIds: change.mergedIds.map(Number),
        newObjectId: Number(change.newId),
        numberOfPropertiesMoved: change.moved,
      };
    case 'associationChange':
      return {
        ...base,
        associationType: `${facts.singular}_TO_${OBJECT_FACTS[change.toType].singular}`.toUpperCase(),
        fromObjectId: Number(change.id),
        toObjectId: Number(change.toId),
        associationRemoved: change.removed,
        isPrimaryAssociation: false,
      };
  }
}
