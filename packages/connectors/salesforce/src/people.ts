import type { SalesforceClient } from './client.ts';
import { rowsFor } from './keyset.ts';
import type { Fielded } from './object-spec.ts';
import { flatten, isId, value, type Person } from './record.ts';

/** A person as read, with the account where it is a contact. */
export interface KnownPerson extends Person {
  readonly accountId?: string;
}

/** The first three characters of an id name its object. https://help.salesforce.com/s/articleView?id=000385203 */
const PREFIX = { account: '001', contact: '003', user: '005', opportunity: '006', case: '500' } as const;

const isOf = (kind: keyof typeof PREFIX, id: string | undefined): id is string =>
  isId(id) && id.startsWith(PREFIX[kind]);

/** Contacts and users by id, as far as the connected user may see them. */
export async function readPeople(
  client: SalesforceClient,
  ids: readonly (string | undefined)[],
): Promise<ReadonlyMap<string, KnownPerson>> {
  const wanted = ids.filter(isId);
  const [contacts, users] = await Promise.all([
    read(
      client,
      'Contact',
      ['Email', 'Name', 'AccountId'],
      wanted.filter((id) => isOf('contact', id)),
    ),
    read(
      client,
      'User',
      ['Email', 'Name'],
      wanted.filter((id) => isOf('user', id)),
    ),
  ]);
  return new Map(
    [...contacts.map((one) => toPerson(one, 'contact')), ...users.map((one) => toPerson(one, 'user'))].map((one) => [
      one.id,
      one,
    ]),
  );
}

async function read(
  client: SalesforceClient,
  object: string,
  columns: readonly string[],
  ids: readonly string[],
): Promise<Fielded[]> {
  if (ids.length === 0) return [];
  const fields = await client.schema.fields(object);
  if (fields === null) return [];
  const select = columns.filter((name) => fields.has(name));
  const rows = await rowsFor(client, { object, select, field: 'Id', ids });
  return rows.map((row) => ({ id: row.Id, fields: flatten(row) }));
}

function toPerson(record: Fielded, kind: Person['kind']): KnownPerson {
  const address = value(record, 'Email')?.toLowerCase();
  const name = value(record, 'Name')?.slice(0, 500);
  const accountId = value(record, 'AccountId');
  return {
    id: record.id,
    kind,
    ...(address === undefined || address.length > 320 ? {} : { address }),
    ...(name === undefined ? {} : { name }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}

/** A person without what a mapper has no use for. */
export function asPerson({ accountId: _accountId, ...person }: KnownPerson): Person {
  return person;
}

/** The accounts that records of other objects belong to, by their id: an account is its own, an opportunity's or a case's is its account. */
export async function accountsOf(
  client: SalesforceClient,
  ids: readonly (string | undefined)[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(ids.filter(isId))];
  const [opportunities, cases] = await Promise.all([
    read(
      client,
      'Opportunity',
      ['AccountId'],
      wanted.filter((id) => isOf('opportunity', id)),
    ),
    read(
      client,
      'Case',
      ['AccountId'],
      wanted.filter((id) => isOf('case', id)),
    ),
  ]);
  const found = new Map(wanted.filter((id) => isOf('account', id)).map((id) => [id, id]));
  for (const record of [...opportunities, ...cases]) {
    const account = value(record, 'AccountId');
    if (account !== undefined) found.set(record.id, account);
  }
  return found;
}

/** Who was asked to events, with their answers. https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_eventrelation.htm */
export async function readInvitees(
  client: SalesforceClient,
  events: readonly string[],
): Promise<
  ReadonlyMap<string, readonly { readonly id: string; readonly response: NonNullable<Person['response']> }[]>
> {
  const fields = await client.schema.fields('EventRelation');
  if (fields === null || !['EventId', 'RelationId'].every((name) => fields.has(name))) return new Map();
  const select = ['EventId', 'RelationId', ...(fields.has('Status') ? ['Status'] : [])];
  const rows = await rowsFor(client, { object: 'EventRelation', select, field: 'EventId', ids: events });
  const relations = rows.map((row) => ({ fields: flatten(row) }));
  const people = relations.filter(
    (each) => isOf('contact', value(each, 'RelationId')) || isOf('user', value(each, 'RelationId')),
  );
  const byEvent = Map.groupBy(people, (each) => value(each, 'EventId') ?? '');
  return new Map(
    [...byEvent].map(([event, own]) => [
      event,
      own.map((each) => ({ id: value(each, 'RelationId') ?? '', response: responseOf(value(each, 'Status')) })),
    ]),
  );
}

function responseOf(status: string | undefined): NonNullable<Person['response']> {
  if (status === 'Accepted') return 'accepted';
  return status === 'Declined' ? 'declined' : 'none';
}
