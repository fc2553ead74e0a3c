import type { RawRecord } from '@waymark/connector-kit';
import { readAssociations } from './associations.ts';
import type { HubSpotClient } from './client.ts';
import type { Owner } from './directory.ts';
import { readObjects, type ObjectType } from './object-reader.ts';
import { crmObject, value, values, type CrmObject, type GatheredRecord, type Identified } from './record.ts';
import { parseTime } from './time.ts';

/** What a kind of object needs beside its own properties. */
export interface Gathering {
  readonly companies: boolean;
  readonly contacts: boolean;
  /** Properties that name owners by id, one or several separated by `;`. */
  readonly ownerProperties: readonly string[];
  readonly stages?: 'deals' | 'tickets';
  /** The property that dates it; records older than what is wanted are read and counted, and yield no events. */
  readonly datedBy?: string;
}

type Gathered = GatheredRecord['gathered'];
type Person = Gathered['contacts'][number];

/** HubSpot's type ids in addresses of records. https://developers.hubspot.com/docs/api-reference/crm-understanding-the-crm */
export const TYPE_IDS: Readonly<Record<ObjectType, string>> = {
  companies: '0-2',
  contacts: '0-1',
  deals: '0-3',
  tickets: '0-5',
  meetings: '0-47',
  emails: '0-49',
  feedback_submissions: '0-19',
};

/** Completes records of one page in as few calls as the page allows: never one call a record (failure N2). */
export async function gather(
  client: HubSpotClient,
  type: ObjectType,
  gathering: Gathering,
  records: readonly Identified[],
  since: number,
): Promise<RawRecord[]> {
  if (records.length === 0) return [];
  const ids = records.map((record) => record.id);
  const [companies, contacts, owners, details] = await Promise.all([
    gathering.companies ? readAssociations(client, type, 'companies', ids) : undefined,
    gathering.contacts ? readPeople(client, type, ids) : undefined,
    gathering.ownerProperties.length > 0 ? client.directory.owners() : undefined,
    client.details(),
  ]);
  return Promise.all(
    records.map(async (record) => {
      const parsed = crmObject.safeParse(record);
      const known = parsed.success ? parsed.data : undefined;
      const dated = known === undefined ? undefined : parseTime(value(known, gathering.datedBy));
      const gathered: Gathered = {
        url: `${client.appUrl}/contacts/${details.portalId}/record/${TYPE_IDS[type]}/${record.id}`,
        companies: [...(companies?.get(record.id) ?? [])],
        contacts: contacts?.get(record.id) ?? [],
        owners: known === undefined || owners === undefined ? {} : ownersOf(known, gathering.ownerProperties, owners),
        stages:
          known === undefined || gathering.stages === undefined
            ? {}
            : await client.directory.stagesOf(gathering.stages, known),
        tooOld: dated !== undefined && dated < since,
      };
      return { id: record.id, version: versionOf(known), raw: { ...record, gathered } };
    }),
  );
}

function versionOf(record: CrmObject | undefined): string {
  return String(parseTime(record?.updatedAt) ?? 0);
}

async function readPeople(
  client: HubSpotClient,
  type: ObjectType,
  ids: readonly string[],
): Promise<Map<string, Person[]>> {
  const links = await readAssociations(client, type, 'contacts', ids);
  const wanted = [...new Set([...links.values()].flat())];
  const selection = { properties: ['email', 'firstname', 'lastname'], withHistory: [] };
  const found = await readObjects(client, 'contacts', selection, wanted);
  const people = new Map(found.records.map((record) => [record.id, toPerson(record)]));
  return new Map(
    [...links].map(([id, contacts]) => [id, contacts.map((contact) => people.get(contact) ?? { id: contact })]),
  );
}

function toPerson(record: Identified): Person {
  const parsed = crmObject.safeParse(record);
  if (!parsed.success) return { id: record.id };
  const address = value(parsed.data, 'email')?.toLowerCase();
  const name = [value(parsed.data, 'firstname'), value(parsed.data, 'lastname')].filter(Boolean).join(' ');
  return { id: record.id, ...(address === undefined ? {} : { address }), ...(name === '' ? {} : { name }) };
}

function ownersOf(
  record: CrmObject,
  properties: readonly string[],
  owners: ReadonlyMap<string, Owner>,
): Gathered['owners'] {
  const named: Gathered['owners'] = {};
  for (const id of properties.flatMap((property) => values(record, property))) {
    const owner = owners.get(id);
    if (owner === undefined) continue;
    const name = [owner.firstName, owner.lastName].filter(Boolean).join(' ');
    named[id] = { ...(owner.email ? { email: owner.email.toLowerCase() } : {}), ...(name === '' ? {} : { name }) };
  }
  return named;
}
