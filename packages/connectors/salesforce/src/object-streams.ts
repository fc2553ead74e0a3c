import { watchedFields, type Stream } from '@waymark/connector-kit';
import type { SalesforceClient } from './client.ts';
import { objectCursorSpec, type ObjectCursor } from './cursor.ts';
import {
  gatherAccounts,
  gatherCases,
  gatherContacts,
  gatherEmails,
  gatherEvents,
  gatherOpportunities,
  gatherTasks,
} from './gathering.ts';
import { mapAccount } from './map-account.ts';
import { mapCase } from './map-case.ts';
import { mapContact } from './map-contact.ts';
import { mapEmail } from './map-email.ts';
import { mapEvent } from './map-event.ts';
import { mapOpportunity } from './map-opportunity.ts';
import { mapTask } from './map-task.ts';
import { mapUser } from './map-user.ts';
import { countObjects, pullObjects } from './object-pull.ts';
import type { ObjectSpec } from './object-spec.ts';
import { gatheredRecord, type GatheredRecord } from './record.ts';

type ObjectStream = Stream<SalesforceClient, ObjectCursor, GatheredRecord>;

/** Keeps the names that are declared, each once. */
function named(...names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))];
}

const users: ObjectSpec = {
  name: 'owners',
  object: 'User',
  required: ['Name'],
  optional: () => ['Email', 'IsActive'],
  // People of the portals and machines are no owners.
  where: { field: 'UserType', condition: "UserType = 'Standard'" },
  deletable: false,
  rereadAll: true,
  pageSize: 2000,
  gather: () => Promise.resolve(new Map()),
};

const accounts: ObjectSpec = {
  name: 'accounts',
  object: 'Account',
  required: ['Name', 'CreatedDate'],
  optional: (declaration) =>
    named(
      'OwnerId',
      'ParentId',
      'Website',
      'IsPersonAccount',
      'CurrencyIsoCode',
      declaration.customers.property,
      declaration.properties.stage,
      declaration.properties.csm,
      declaration.properties.renewalDate,
      declaration.properties.value,
      declaration.properties.tier,
      declaration.properties.customerSince,
      declaration.properties.onboardingStatus,
      declaration.properties.domains,
      ...watchedFields(declaration.properties).keys(),
    ),
  deletable: true,
  rereadAll: true,
  pageSize: 1000,
  gather: gatherAccounts,
};

const contacts: ObjectSpec = {
  name: 'contacts',
  object: 'Contact',
  required: ['CreatedDate', 'AccountId'],
  optional: ({ contacts: declared }) =>
    named('Name', 'Email', 'Title', declared.persona, declared.leftDate, ...declared.addresses),
  deletable: true,
  rereadAll: true,
  pageSize: 2000,
  gather: gatherContacts,
};

const opportunities: ObjectSpec = {
  name: 'opportunities',
  object: 'Opportunity',
  required: ['CreatedDate', 'AccountId', 'StageName', 'IsClosed', 'IsWon'],
  optional: () =>
    named('Name', 'Type', 'Amount', 'CloseDate', 'CurrencyIsoCode', 'RecordTypeId', 'LastStageChangeDate'),
  deletable: true,
  rereadAll: true,
  pageSize: 1000,
  gather: gatherOpportunities,
};

const cases: ObjectSpec = {
  name: 'cases',
  object: 'Case',
  required: ['CreatedDate', 'Status', 'IsClosed'],
  optional: ({ keepSubjects }) =>
    named('AccountId', 'ContactId', 'ClosedDate', 'Priority', 'SuppliedEmail', keepSubjects ? 'Subject' : undefined),
  deletable: true,
  rereadAll: false,
  pageSize: 1000,
  gather: gatherCases,
};

const events: ObjectSpec = {
  name: 'events',
  object: 'Event',
  required: ['CreatedDate', 'StartDateTime'],
  optional: ({ keepSubjects, meetings }) =>
    named(
      'EndDateTime',
      'ActivityDateTime',
      'ActivityDate',
      'DurationInMinutes',
      'OwnerId',
      'WhoId',
      'WhatId',
      'AccountId',
      'IsChild',
      'IsRecurrence',
      'IsPrivate',
      'LastModifiedDate',
      meetings.outcome,
      meetings.iCalUid,
      keepSubjects ? 'Subject' : undefined,
    ),
  deletable: true,
  datedBy: 'StartDateTime',
  rereadAll: false,
  pageSize: 1000,
  gather: gatherEvents,
};

const emails: ObjectSpec = {
  name: 'emails',
  object: 'EmailMessage',
  required: ['CreatedDate', 'MessageDate', 'FromAddress'],
  optional: ({ keepSubjects }) =>
    named(
      'FromName',
      'ToAddress',
      'CcAddress',
      'BccAddress',
      'Incoming',
      'Status',
      'MessageIdentifier',
      'ThreadIdentifier',
      'AutomationType',
      'RelatedToId',
      'ParentId',
      keepSubjects ? 'Subject' : undefined,
    ),
  deletable: true,
  datedBy: 'MessageDate',
  rereadAll: false,
  pageSize: 1000,
  gather: gatherEmails,
};

const tasks: ObjectSpec = {
  name: 'tasks',
  object: 'Task',
  required: ['CreatedDate', 'TaskSubtype'],
  optional: ({ keepSubjects }) =>
    named(
      'IsClosed',
      'CompletedDateTime',
      'OwnerId',
      'WhoId',
      'WhatId',
      'AccountId',
      keepSubjects ? 'Subject' : undefined,
    ),
  where: { field: 'TaskSubtype', condition: "TaskSubtype = 'Email'" },
  deletable: true,
  datedBy: 'CreatedDate',
  rereadAll: false,
  pageSize: 1000,
  gather: gatherTasks,
};

/** What a kind of object is read by and mapped with. Access to Salesforce's objects is a matter of permissions, not of scopes. */
function objectStream(
  spec: ObjectSpec,
  order: number,
  map: ObjectStream['map'],
  sees: NonNullable<ObjectStream['sees']> = [],
): ObjectStream {
  return {
    name: spec.name,
    object: spec.name,
    scopes: ['api'],
    sees,
    order,
    map,
    cursor: objectCursorSpec,
    raw: gatheredRecord,
    pull: (client, from, _partition, context) => pullObjects(client, spec, from, context),
    withoutBody,
    count: (client, _partition, window) => countObjects(client, spec, window),
  };
}

export const objectStreams: readonly ObjectStream[] = [
  objectStream(users, 10, mapUser),
  objectStream(accounts, 20, mapAccount),
  objectStream(contacts, 30, mapContact),
  objectStream(opportunities, 40, mapOpportunity),
  objectStream(cases, 50, mapCase, ['ticket']),
  objectStream(events, 60, mapEvent, ['meeting']),
  objectStream(emails, 70, mapEmail, ['email']),
  objectStream(tasks, 80, mapTask, ['email']),
];

/** The objects that are read, with what is asked of each: `probe` looks whether it may be. */
export const objectSpecs: readonly ObjectSpec[] = [
  users,
  accounts,
  contacts,
  opportunities,
  cases,
  events,
  emails,
  tasks,
];

/** Fields that hold what people wrote. */
const WRITTEN = /^(Subject|Description|TextBody|HtmlBody|Headers|Comments)$/;

/** Leaves out what people wrote, at any depth: what is set aside is what had an unforeseen form. */
function withoutBody(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(withoutBody);
  if (typeof raw !== 'object' || raw === null) return raw;
  return Object.fromEntries(
    Object.entries(raw)
      .filter(([name]) => !WRITTEN.test(name))
      .map(([name, part]): [string, unknown] => [name, withoutBody(part)]),
  );
}
