import { watchedFields } from '@waymark/connector-kit';
import type { SalesforceClient } from './client.ts';
import { rowsFor } from './keyset.ts';
import type { Extras, Fielded, Gathered } from './object-spec.ts';
import { fieldPasts, opportunityPasts } from './pasts.ts';
import { accountsOf, asPerson, readInvitees, readPeople, type KnownPerson } from './people.ts';
import { flatten, value } from './record.ts';

type Records = readonly Fielded[];
type Part = Partial<Gathered>;

/** Completes records of one page in as few calls as the page allows: never one call a record (failure N2). */
function extras(records: Records, of: (record: Fielded) => Part): Extras {
  return new Map(records.map((record) => [record.id, of(record)]));
}

/** The past of declared fields, and which accounts were merged into these. */
export async function gatherAccounts(client: SalesforceClient, records: Records): Promise<Extras> {
  const { declaration } = client;
  const table = { of: 'Account', object: 'AccountHistory', parent: 'AccountId' };
  const fields = [
    ...new Set([
      declaration.customers.property,
      declaration.properties.stage,
      'OwnerId',
      ...watchedFields(declaration.properties).keys(),
    ]),
  ];
  const visible = await client.schema.fields('Account');
  const [pasts, merged] = await Promise.all([
    fieldPasts(
      client,
      table,
      fields.filter((name) => visible?.has(name)),
      records,
    ),
    mergedInto(client, 'Account', records),
  ]);
  return extras(records, ({ id }) => ({ past: pasts.get(id) ?? {}, merged: merged.get(id) ?? [] }));
}

/** Which contacts were merged into these, and at which further accounts they are. */
export async function gatherContacts(client: SalesforceClient, records: Records): Promise<Extras> {
  const [merged, further] = await Promise.all([
    mergedInto(client, 'Contact', records),
    furtherAccounts(client, records),
  ]);
  return extras(records, (record) => {
    const accounts = [value(record, 'AccountId'), ...(further.get(record.id) ?? [])].filter((id) => id !== undefined);
    return { accounts: [...new Set(accounts)], merged: merged.get(record.id) ?? [] };
  });
}

export async function gatherOpportunities(client: SalesforceClient, records: Records): Promise<Extras> {
  const [pasts, stages, recordTypes] = await Promise.all([
    opportunityPasts(client, records),
    client.catalog.opportunityStages(),
    client.catalog.recordTypes(),
  ]);
  return extras(records, (record) => {
    const past = pasts.get(record.id) ?? {};
    const names = [value(record, 'StageName'), ...(past['StageName'] ?? []).map((version) => version.value)];
    const recordType = recordTypes.get(value(record, 'RecordTypeId') ?? '');
    return {
      past,
      accounts: listOf(value(record, 'AccountId')),
      stages: Object.fromEntries(Object.entries(stages).filter(([name]) => names.includes(name))),
      ...(recordType === undefined ? {} : { recordType }),
    };
  });
}

export async function gatherCases(client: SalesforceClient, records: Records): Promise<Extras> {
  const table = { of: 'Case', object: 'CaseHistory', parent: 'CaseId' };
  const [pasts, stages, people] = await Promise.all([
    fieldPasts(client, table, ['Status', 'Priority'], records),
    client.catalog.caseStatuses(),
    readPeople(
      client,
      records.map((record) => value(record, 'ContactId')),
    ),
  ]);
  return extras(records, (record) => {
    const past = pasts.get(record.id) ?? {};
    const names = [value(record, 'Status'), ...(past['Status'] ?? []).map((version) => version.value)];
    const contact = people.get(value(record, 'ContactId') ?? '');
    return {
      past,
      accounts: listOf(value(record, 'AccountId') ?? contact?.accountId),
      people: contact === undefined ? [] : [asPerson(contact)],
      stages: Object.fromEntries(Object.entries(stages).filter(([name]) => names.includes(name))),
    };
  });
}

export async function gatherEvents(client: SalesforceClient, records: Records): Promise<Extras> {
  const invitees = await readInvitees(
    client,
    records.map((record) => record.id),
  );
  const [people, accounts] = await Promise.all([
    readPeople(client, [
      ...records.flatMap((record) => [value(record, 'WhoId'), value(record, 'OwnerId')]),
      ...[...invitees.values()].flat().map((invitee) => invitee.id),
    ]),
    accountsOf(
      client,
      records.map((record) => value(record, 'WhatId')),
    ),
  ]);
  return extras(records, (record) => {
    const asked = invitees.get(record.id) ?? [];
    const ids = [...new Set([value(record, 'OwnerId'), value(record, 'WhoId'), ...asked.map((one) => one.id)])];
    const here = ids.flatMap((id) => people.get(id ?? '') ?? []);
    return {
      accounts: activityAccounts(record, accounts, here),
      people: here.map((person) => {
        const response = asked.find((one) => one.id === person.id)?.response;
        return { ...asPerson(person), ...(response === undefined ? {} : { response }) };
      }),
    };
  });
}

export async function gatherTasks(client: SalesforceClient, records: Records): Promise<Extras> {
  const [people, accounts, mails] = await Promise.all([
    readPeople(
      client,
      records.flatMap((record) => [value(record, 'WhoId'), value(record, 'OwnerId')]),
    ),
    accountsOf(
      client,
      records.map((record) => value(record, 'WhatId')),
    ),
    tasksOfMails(client, records),
  ]);
  return extras(records, (record) => {
    const here = [value(record, 'OwnerId'), value(record, 'WhoId')].flatMap((id) => people.get(id ?? '') ?? []);
    return {
      accounts: activityAccounts(record, accounts, here),
      people: here.map(asPerson),
      toldByMail: mails.has(record.id),
    };
  });
}

export async function gatherEmails(client: SalesforceClient, records: Records): Promise<Extras> {
  const accounts = await accountsOf(
    client,
    records.flatMap((record) => [value(record, 'RelatedToId'), value(record, 'ParentId')]),
  );
  return extras(records, (record) => ({
    accounts: listOf(accounts.get(value(record, 'RelatedToId') ?? '') ?? accounts.get(value(record, 'ParentId') ?? '')),
  }));
}

/** What an activity is about: the account that Salesforce works out itself, else that of what it is about or of whom. */
function activityAccounts(
  record: Fielded,
  accounts: ReadonlyMap<string, string>,
  people: readonly KnownPerson[],
): string[] {
  const contact = people.find((person) => person.id === value(record, 'WhoId'));
  return listOf(value(record, 'AccountId') ?? accounts.get(value(record, 'WhatId') ?? '') ?? contact?.accountId);
}

/** Losers of merges stay as deleted records that name the winner (failure B6). */
async function mergedInto(
  client: SalesforceClient,
  object: 'Account' | 'Contact',
  records: Records,
): Promise<ReadonlyMap<string, string[]>> {
  const fields = await client.schema.fields(object);
  if (fields?.has('MasterRecordId') !== true) return new Map();
  const rows = await rowsFor(client, {
    object,
    select: ['MasterRecordId'],
    field: 'MasterRecordId',
    ids: records.map((record) => record.id),
    and: 'IsDeleted = true',
    all: true,
  });
  const losers = rows.map((row) => ({ id: row.Id, winner: value({ fields: flatten(row) }, 'MasterRecordId') ?? '' }));
  return new Map(
    [...Map.groupBy(losers, ({ winner }) => winner)].map(([winner, own]) => [winner, own.map(({ id }) => id)]),
  );
}

/** Orgs that relate contacts to several accounts say so in a table of its own. https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_accountcontactrelation.htm */
async function furtherAccounts(client: SalesforceClient, records: Records): Promise<ReadonlyMap<string, string[]>> {
  const object = 'AccountContactRelation';
  const fields = await client.schema.fields(object);
  if (fields === null || !['AccountId', 'ContactId'].every((name) => fields.has(name))) return new Map();
  const select = ['AccountId', 'ContactId', ...(fields.has('IsActive') ? ['IsActive'] : [])];
  const rows = await rowsFor(client, { object, select, field: 'ContactId', ids: records.map((record) => record.id) });
  const relations = rows.map((row) => ({ fields: flatten(row) })).filter((each) => value(each, 'IsActive') !== 'false');
  const byContact = Map.groupBy(relations, (each) => value(each, 'ContactId') ?? '');
  return new Map([...byContact].map(([id, own]) => [id, own.flatMap((each) => value(each, 'AccountId') ?? [])]));
}

/** Tasks that Salesforce made beside a logged mail. */
async function tasksOfMails(client: SalesforceClient, records: Records): Promise<ReadonlySet<string>> {
  const fields = await client.schema.fields('EmailMessage');
  if (fields?.has('ActivityId') !== true) return new Set();
  const rows = await rowsFor(client, {
    object: 'EmailMessage',
    select: ['ActivityId'],
    field: 'ActivityId',
    ids: records.map((record) => record.id),
  });
  return new Set(rows.flatMap((row) => value({ fields: flatten(row) }, 'ActivityId') ?? []));
}

function listOf(id: string | undefined): string[] {
  return id === undefined ? [] : [id];
}
