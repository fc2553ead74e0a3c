/** The CRM objects this service holds, by the plural name that stands in the dated paths. */
export const OBJECT_TYPES = [
  'companies',
  'contacts',
  'deals',
  'tickets',
  'meetings',
  'emails',
  'feedback_submissions',
] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

export interface ObjectFacts {
  readonly singular: string;
  /** `objectTypeId` of the vendor: 0-1 contact, 0-2 company, 0-3 deal, 0-5 ticket, 0-19 survey response, 0-47 meeting, 0-49 email. */
  readonly typeId: string;
  /** The read-only properties that mirror createdAt and updatedAt; they differ by object (failure D5). */
  readonly created: string;
  readonly modified: string;
  /** Returned when a call names no properties. */
  readonly defaults: readonly string[];
  /** All of them are needed. */
  readonly readScopes: readonly string[];
  readonly writeScopes: readonly string[];
  /** Prefix of webhook subscription types: objects without one of their own come as `object.*`. */
  readonly eventPrefix: string;
}

/**
 * What differs between the objects. Scopes are those of HubSpot's public API description for the dated paths:
 * https://github.com/HubSpot/HubSpot-public-api-spec-collection
 */
export const OBJECT_FACTS: Readonly<Record<ObjectType, ObjectFacts>> = {
  companies: {
    singular: 'company',
    typeId: '0-2',
    created: 'createdate',
    modified: 'hs_lastmodifieddate',
    defaults: ['name', 'domain'],
    readScopes: ['crm.objects.companies.read'],
    writeScopes: ['crm.objects.companies.write'],
    eventPrefix: 'company',
  },
  contacts: {
    singular: 'contact',
    typeId: '0-1',
    created: 'createdate',
    modified: 'lastmodifieddate',
    defaults: ['firstname', 'lastname', 'email'],
    readScopes: ['crm.objects.contacts.read'],
    writeScopes: ['crm.objects.contacts.write'],
    eventPrefix: 'contact',
  },
  deals: {
    singular: 'deal',
    typeId: '0-3',
    created: 'createdate',
    modified: 'hs_lastmodifieddate',
    defaults: ['dealname', 'dealstage', 'pipeline', 'amount', 'closedate'],
    readScopes: ['crm.objects.deals.read'],
    writeScopes: ['crm.objects.deals.write'],
    eventPrefix: 'deal',
  },
  tickets: {
    singular: 'ticket',
    typeId: '0-5',
    created: 'createdate',
    modified: 'hs_lastmodifieddate',
    defaults: ['subject', 'content', 'hs_pipeline', 'hs_pipeline_stage', 'hs_ticket_priority'],
    readScopes: ['tickets'],
    writeScopes: ['tickets'],
    eventPrefix: 'ticket',
  },
  meetings: {
    singular: 'meeting',
    typeId: '0-47',
    created: 'hs_createdate',
    modified: 'hs_lastmodifieddate',
    defaults: [],
    readScopes: ['crm.objects.contacts.read'],
    writeScopes: ['crm.objects.contacts.write'],
    eventPrefix: 'object',
  },
  emails: {
    singular: 'email',
    typeId: '0-49',
    created: 'hs_createdate',
    modified: 'hs_lastmodifieddate',
    defaults: [],
    readScopes: ['crm.objects.contacts.read', 'sales-email-read'],
    writeScopes: ['crm.objects.contacts.write'],
    eventPrefix: 'object',
  },
  // Responses to surveys are read-only: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/feedback-submissions/guide
  feedback_submissions: {
    singular: 'feedback_submission',
    typeId: '0-19',
    created: 'hs_createdate',
    modified: 'hs_lastmodifieddate',
    defaults: [],
    readScopes: ['crm.objects.contacts.read', 'crm.objects.feedback_submissions.read'],
    writeScopes: ['no app can be granted this'],
    eventPrefix: 'object',
  },
};

/** Reads a path segment or an `associations` value: plural, singular or type id, as the vendor does; undefined if unknown. */
export function parseObjectType(text: string): ObjectType | undefined {
  return OBJECT_TYPES.find(
    (type) => type === text || OBJECT_FACTS[type].singular === text || OBJECT_FACTS[type].typeId === text,
  );
}
