import { watchedFields, type Stream } from '@waymark/connector-kit';
import type { HubSpotClient } from './client.ts';
import { objectCursorSpec, type ObjectCursor } from './cursor.ts';
import { stageProperties } from './directory.ts';
import { mapCompany } from './map-company.ts';
import { mapContact } from './map-contact.ts';
import { mapDeal } from './map-deal.ts';
import { mapEmail } from './map-email.ts';
import { mapMeeting } from './map-meeting.ts';
import { mapSurvey } from './map-survey.ts';
import { mapTicket } from './map-ticket.ts';
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
  rereadAll: true,
  modified: 'hs_lastmodifieddate',
  created: 'createdate',
  gathering: { companies: false, contacts: false, ownerProperties: [] },
  select: ({ customers, properties }: Declaration) => ({
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
    withHistory: named('hubspot_owner_id', customers.property, properties.stage, ...watchedFields(properties).keys()),
  }),
};

const contacts: ObjectSpec = {
  type: 'contacts',
  rereadAll: true,
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
  rereadAll: true,
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

const tickets: ObjectSpec = {
  type: 'tickets',
  rereadAll: false,
  modified: 'hs_lastmodifieddate',
  created: 'createdate',
  gathering: { companies: true, contacts: true, ownerProperties: [], stages: 'tickets' },
  select: ({ keepSubjects }) => ({
    properties: named(
      'hs_merged_object_ids',
      'createdate',
      'hs_ticket_priority',
      keepSubjects ? 'subject' : undefined,
      ...Object.values(stageProperties.tickets),
    ),
    withHistory: named('hs_ticket_priority', ...Object.values(stageProperties.tickets)),
  }),
};

const meetings: ObjectSpec = {
  type: 'meetings',
  rereadAll: false,
  modified: 'hs_lastmodifieddate',
  created: 'hs_createdate',
  gathering: {
    companies: true,
    contacts: true,
    ownerProperties: ['hubspot_owner_id', 'hs_attendee_owner_ids'],
    datedBy: 'hs_meeting_start_time',
  },
  select: () => ({
    properties: named(
      'hs_meeting_start_time',
      'hs_meeting_end_time',
      'hs_timestamp',
      'hs_meeting_outcome',
      'hs_i_cal_uid',
      'hs_createdate',
      'hubspot_owner_id',
      'hs_attendee_owner_ids',
      // For exclusions by keyword; kept only where titles are wanted.
      'hs_meeting_title',
    ),
    withHistory: ['hs_meeting_outcome'],
  }),
};

const emails: ObjectSpec = {
  type: 'emails',
  rereadAll: false,
  modified: 'hs_lastmodifieddate',
  created: 'hs_createdate',
  gathering: { companies: true, contacts: false, ownerProperties: [], datedBy: 'hs_timestamp' },
  select: () => ({
    properties: named(
      'hs_timestamp',
      'hs_createdate',
      'hs_email_direction',
      'hs_email_status',
      'hs_email_message_id',
      'hs_email_thread_id',
      'hs_email_headers',
      'hs_email_from_email',
      'hs_email_to_email',
      'hs_email_cc_email',
      'hs_object_source',
      'hs_sequence_id',
      // Tells answers of machines, and for exclusions by keyword; kept only where subjects are wanted.
      'hs_email_subject',
    ),
    withHistory: [],
  }),
};

/** Companies are left aside: a response is its contact's, whose company is known. What the person wrote (`hs_content`) is never asked for. */
const surveys: ObjectSpec = {
  type: 'feedback_submissions',
  rereadAll: false,
  modified: 'hs_lastmodifieddate',
  created: 'hs_createdate',
  gathering: { companies: false, contacts: true, ownerProperties: [], datedBy: 'hs_submission_timestamp' },
  select: () => ({
    properties: named('hs_survey_type', 'hs_value', 'hs_response_group', 'hs_submission_timestamp', 'hs_createdate'),
    withHistory: [],
  }),
};

/** What is read of each kind of object, for those who want to hear of its changes. */
export function watchedObjects(declaration: Declaration) {
  return [companies, contacts, deals, tickets, meetings, emails].map(({ type, select, gathering }) => ({
    type,
    properties: select(declaration).properties,
    toCompanies: gathering.companies,
  }));
}

/** What reading and mapping of a kind of object have in common. */
function objectStream(
  spec: ObjectSpec,
  rest: Pick<ObjectStream, 'scopes' | 'optional' | 'sees' | 'order' | 'map'>,
): ObjectStream {
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
  tickets: 'tickets',
  emails: 'sales-email-read',
  surveys: 'crm.objects.feedback_submissions.read',
} as const;

export const companyStream = objectStream(companies, { scopes: [READ.companies], order: 20, map: mapCompany });

export const contactStream = objectStream(contacts, {
  scopes: [READ.contacts, READ.companies],
  order: 30,
  map: mapContact,
});

export const dealStream = objectStream(deals, { scopes: [READ.deals, READ.companies], order: 40, map: mapDeal });

export const ticketStream = objectStream(tickets, {
  scopes: [READ.tickets, READ.companies, READ.contacts],
  sees: ['ticket'],
  order: 50,
  map: mapTicket,
});

export const meetingStream = objectStream(meetings, {
  scopes: [READ.contacts, READ.companies, 'crm.objects.owners.read'],
  sees: ['meeting'],
  order: 60,
  map: mapMeeting,
});

export const emailStream = objectStream(emails, {
  scopes: [READ.contacts, READ.companies, READ.emails],
  sees: ['email'],
  order: 70,
  map: mapEmail,
});

export const surveyStream = objectStream(surveys, {
  scopes: [READ.contacts, READ.surveys],
  // Surveys are a part of Service Hub.
  optional: true,
  order: 80,
  map: mapSurvey,
});

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
  'hs_content',
]);

/** Leaves out what people wrote, of now and of the past, wherever in the record it stands: a set aside record is odd by its nature. */
function withoutBody(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(withoutBody);
  if (typeof raw !== 'object' || raw === null) return raw;
  const kept = Object.entries(raw).filter(([name]) => !WRITTEN.has(name));
  return Object.fromEntries(kept.map(([name, part]): [string, unknown] => [name, withoutBody(part)]));
}
