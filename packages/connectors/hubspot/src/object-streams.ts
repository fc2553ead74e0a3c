import type { Stream } from '@waymark/connector-kit';
import type { HubSpotClient } from './client.ts';
import { objectCursorSpec, type ObjectCursor } from './cursor.ts';
import { stageProperties } from './directory.ts';
import { mapCompany, watchedProperties } from './map-company.ts';
import { mapContact } from './map-contact.ts';
import { mapDeal } from './map-deal.ts';
import { countObjects, pullObjects, type ObjectSpec } from './object-pull.ts';
import { gatheredRecord, type GatheredRecord } from './record.ts';
import type { Declaration } from './settings.ts';

type ObjectStream = Stream<HubSpotClient, ObjectCursor, GatheredRecord>;

/** Keeps the names that are declared, each once. */
function named(...names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))];
}

const companies: ObjectSpec = {
  type: 'companies',
  modified: 'hs_lastmodifieddate',
  created: 'createdate',
  gathering: { companies: false, contacts: false, ownerProperties: [] },
  select: ({ customers, properties, ...rest }: Declaration) => ({
    properties: named(
      'name',
      'domain',
      'website',
      'hs_additional_domains',
      'hubspot_owner_id',
      'hs_parent_company_id',
      'hs_merged_object_ids',
      'createdate',
      customers.property,
      properties.stage,
      properties.csm,
      properties.renewalDate,
      properties.value,
      properties.tier,
      properties.customerSince,
      properties.onboardingStatus,
    ),
    withHistory: named(
      'hubspot_owner_id',
      customers.property,
      properties.stage,
      ...watchedProperties({ customers, properties, ...rest }).keys(),
    ),
  }),
};

const contacts: ObjectSpec = {
  type: 'contacts',
  modified: 'lastmodifieddate',
  created: 'createdate',
  gathering: { companies: true, contacts: false, ownerProperties: [] },
  select: (declaration) => ({
    properties: named(
      'email',
      'hs_additional_emails',
      'firstname',
      'lastname',
      'jobtitle',
      'associatedcompanyid',
      'hs_merged_object_ids',
      'createdate',
      declaration.contacts.persona,
      declaration.contacts.leftDate,
    ),
    withHistory: [],
  }),
};

const deals: ObjectSpec = {
  type: 'deals',
  modified: 'hs_lastmodifieddate',
  created: 'createdate',
  gathering: { companies: true, contacts: false, ownerProperties: [], stages: 'deals' },
  select: () => ({
    properties: named(
      'dealname',
      'dealtype',
      'deal_currency_code',
      'hs_is_closed_won',
      'hs_merged_object_ids',
      'createdate',
      'amount',
      'closedate',
      ...Object.values(stageProperties.deals),
    ),
    withHistory: named('amount', 'closedate', ...Object.values(stageProperties.deals)),
  }),
};

/** What reading and mapping of a kind of object have in common. */
function objectStream(spec: ObjectSpec, rest: Pick<ObjectStream, 'scopes' | 'order' | 'map'>): ObjectStream {
  return {
    name: spec.type,
    object: spec.type,
    cursor: objectCursorSpec,
    raw: gatheredRecord,
    pull: (client, from, _partition, context) => pullObjects(client, spec, from, context),
    withoutBody,
    count: (client, _partition, window) => countObjects(client, spec, window),
    ...rest,
  };
}

const READ = {
  companies: 'crm.objects.companies.read',
  contacts: 'crm.objects.contacts.read',
  deals: 'crm.objects.deals.read',
} as const;

export const companyStream = objectStream(companies, { scopes: [READ.companies], order: 20, map: mapCompany });

export const contactStream = objectStream(contacts, {
  scopes: [READ.contacts, READ.companies],
  order: 30,
  map: mapContact,
});

export const dealStream = objectStream(deals, { scopes: [READ.deals, READ.companies], order: 40, map: mapDeal });

/** Properties that hold what people wrote. */
const WRITTEN = new Set([
  'content',
  'subject',
  'hs_email_subject',
  'hs_email_text',
  'hs_email_html',
  'hs_meeting_title',
  'hs_meeting_body',
  'hs_internal_meeting_notes',
]);

/** Leaves out what people wrote, of now and of the past. */
export function withoutBody(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  const entries = Object.entries(raw).map(([key, part]): [string, unknown] =>
    key === 'properties' || key === 'propertiesWithHistory' ? [key, withoutWritten(part)] : [key, part],
  );
  return Object.fromEntries(entries);
}

function withoutWritten(part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(Object.entries(part).filter(([name]) => !WRITTEN.has(name)));
}
