import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { HubSpotClient } from './client.ts';
import { TYPE_IDS } from './gathering.ts';
import { askAsApp } from './journal-call.ts';
import { watchedObjects } from './object-streams.ts';

const subscription = z.looseObject({
  subscriptionType: z.string(),
  portalId: z.number().nullish(),
  objectTypeId: z.string().nullish(),
  actions: z.array(z.string()).default([]),
  properties: z.array(z.string()).nullish(),
});
const subscriptions = z.looseObject({ results: z.array(subscription).default([]) });

interface Wanted {
  readonly subscriptionType: 'OBJECT' | 'ASSOCIATION';
  readonly portalId: number;
  readonly objectTypeId: string;
  readonly actions: readonly string[];
  /** None means every object of the type. */
  readonly objectIds: readonly number[];
  readonly properties?: readonly string[];
  readonly associatedObjectTypeIds?: readonly string[];
}

/**
 * Has the journal tell of what the streams read in one account: changes of the properties that are asked for, and companies that records
 * gain or lose, which no search shows. What is subscribed already is left as it is; HubSpot takes the rest as new or changed.
 * https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/subscriptions/create-subscription
 */
export async function subscribeJournal(client: HubSpotClient, portalId: number): Promise<void> {
  const call = { bucket: 'portal', path: paths.journalSubscriptions, idempotent: true, doc: docs.journal } as const;
  const there = (await askAsApp(client, { ...call, method: 'GET', answer: subscriptions }))?.results ?? [];
  for (const wanted of wantedSubscriptions(client, portalId)) {
    const known = there.some(
      (each) =>
        each.subscriptionType === wanted.subscriptionType &&
        each.portalId === portalId &&
        each.objectTypeId === wanted.objectTypeId &&
        holds(each.actions, wanted.actions) &&
        holds(each.properties ?? [], wanted.properties ?? []),
    );
    if (!known) await askAsApp(client, { ...call, method: 'POST', body: wanted, answer: z.unknown() });
  }
}

function wantedSubscriptions(client: HubSpotClient, portalId: number): Wanted[] {
  return watchedObjects(client.declaration).flatMap(({ type, properties, toCompanies }): Wanted[] => {
    const target = { portalId, objectTypeId: TYPE_IDS[type], objectIds: [] };
    const changes: Wanted = {
      ...target,
      subscriptionType: 'OBJECT',
      actions: ['CREATE', 'UPDATE', 'DELETE', 'MERGE', 'RESTORE'],
      properties,
    };
    const companies: Wanted = {
      ...target,
      subscriptionType: 'ASSOCIATION',
      actions: ['ASSOCIATION_ADDED', 'ASSOCIATION_REMOVED'],
      associatedObjectTypeIds: [TYPE_IDS.companies],
    };
    return toCompanies ? [changes, companies] : [changes];
  });
}

const holds = (all: readonly string[], some: readonly string[]): boolean => some.every((each) => all.includes(each));
