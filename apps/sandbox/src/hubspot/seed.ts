import type { Staff, World, WorldAccount, WorldPerson } from '../company/world.ts';
import type { HubSpotSeed } from './hubspot.ts';
import { createPortal, linkKey, plantRecord } from './portal.ts';
import {
  dealProperties,
  emailProperties,
  loggedMeetings,
  meetingProperties,
  splitName,
  ticketProperties,
} from './seed-activity.ts';
import {
  BUYING_ROLES,
  COMPANY_PROPERTIES,
  CONTACT_PROPERTIES,
  SAMPLE_LIFECYCLE_STAGES,
  samplePipelines,
  TICKET_PROPERTIES,
} from './seed-catalog.ts';
import type { Owner, Portal, Source } from './state.ts';

/** Portal ids of the sample: the vendor's own, and a small one of somebody else for tests of isolation. */
export const samplePortals = { main: 48_210_001, second: 48_210_002 } as const;

const DAY = 86_400_000;
const SYNC: Source = { type: 'EMAIL' };
const CALENDAR: Source = { type: 'MEETINGS' };

/** Projects the sample company onto HubSpot. A pure function of the world. */
export function seedFromWorld(world: World): HubSpotSeed {
  return { portals: [mainPortal(world), secondPortal(world.anchor)] };
}

const isoDate = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString().slice(0, 10);

function ownersOf(staff: readonly Staff[]): Owner[] {
  return staff
    .filter((member) => member.role !== 'shared')
    .map((member, index) => {
      const [firstName, lastName] = splitName(member.name);
      return { id: String(76_000_101 + index), email: member.email, firstName, lastName, userId: 1001 + index };
    });
}

/** Ids by what the world calls things. */
interface Directory {
  readonly owners: ReadonlyMap<string, Owner>;
  readonly companies: Map<string, string>;
  /** Contact ids by person key and by each address. */
  readonly contacts: Map<string, string>;
  readonly accountOf: Map<string, string>;
}

function mainPortal(world: World): Portal {
  const owners = ownersOf(world.vendor.staff);
  const portal = createPortal({
    id: samplePortals.main,
    name: `${world.vendor.name} (sample data)`,
    domain: world.vendor.domains[0] ?? 'vendor.example',
    timeZone: world.vendor.timezone,
    owners,
    pipelines: samplePipelines(),
    properties: { companies: COMPANY_PROPERTIES, contacts: CONTACT_PROPERTIES, tickets: TICKET_PROPERTIES },
  });
  for (const type of ['companies', 'contacts'] as const) {
    const stage = portal.properties[type]['lifecyclestage'];
    const options = SAMPLE_LIFECYCLE_STAGES.map(([value, label], displayOrder) => ({ value, label, displayOrder }));
    if (stage !== undefined) portal.properties[type]['lifecyclestage'] = { ...stage, options };
  }
  const directory: Directory = {
    owners: new Map(owners.map((owner) => [owner.email, owner])),
    companies: new Map(),
    contacts: new Map(),
    accountOf: new Map(),
  };
  plantCompanies(portal, world, directory);
  plantContacts(portal, world, directory);
  plantDeals(portal, world, directory);
  plantTickets(portal, world, directory);
  plantMeetings(portal, world, directory);
  plantEmails(portal, world, directory);
  return portal;
}

/** A person of the vendor at work in the CRM. */
function by(directory: Directory, email: string | undefined): Source {
  const owner = email === undefined ? undefined : directory.owners.get(email);
  return owner === undefined
    ? { type: 'CRM_UI' }
    : { type: 'CRM_UI', id: `userId:${owner.userId}`, userId: owner.userId };
}

function plantCompanies(portal: Portal, world: World, directory: Directory): void {
  const born = (account: WorldAccount): number => account.lifecycleHistory[0]?.at ?? world.anchor - 400 * DAY;
  for (const account of world.accounts.toSorted((a, b) => born(a) - born(b))) {
    const [domain, ...additional] = account.domains;
    const record = plantRecord(portal, 'companies', {
      createdAt: born(account),
      source: by(directory, account.owner),
      properties: {
        name: account.name,
        domain,
        website: domain === undefined ? undefined : `https://www.${domain}`,
        hs_additional_domains: additional.join(';'),
        lifecyclestage: account.lifecycleHistory.map((change) => ({ at: change.at, value: change.stage })),
        hubspot_owner_id: directory.owners.get(account.owner)?.id,
        tier: account.tier,
        annual_value: String(account.value),
        csm: since(account, account.csm),
        customer_since: since(account, isoDate(account.customerSince)),
        renewal_date: renewalHistory(account),
        onboarding_status: account.onboarding?.map((change) => ({ at: change.at, value: change.status })),
      },
    });
    directory.companies.set(account.key, record.id);
  }
  for (const account of world.accounts) {
    const parent = account.parent === undefined ? undefined : directory.companies.get(account.parent);
    const child = portal.objects.companies[directory.companies.get(account.key) ?? ''];
    if (parent === undefined || child === undefined) continue;
    child.properties['hs_parent_company_id'] = [{ value: parent, timestamp: child.createdAt, sourceType: 'CRM_UI' }];
  }
}

type Past = readonly { readonly at: number; readonly value: string }[];

/** A value that was entered at the sale, or with the company where there was none. */
function since(account: WorldAccount, value: string | undefined): string | Past | undefined {
  if (value === undefined || account.customerSince === undefined) return value;
  return [{ at: account.customerSince, value }];
}

/** The renewal date of a yearly contract: the first one entered at the sale, each next one when the former came. */
export function renewalHistory(account: WorldAccount): string | Past | undefined {
  const { renewalAt, customerSince } = account;
  if (renewalAt === undefined || customerSince === undefined) return isoDate(renewalAt);
  const dates = [renewalAt];
  for (let at = yearBefore(renewalAt); at > customerSince + 180 * DAY; at = yearBefore(at)) dates.unshift(at);
  return dates.map((at, index) => ({
    at: index === 0 ? customerSince : (dates[index - 1] ?? customerSince),
    value: new Date(at).toISOString().slice(0, 10),
  }));
}

function yearBefore(at: number): number {
  const date = new Date(at);
  return date.setUTCFullYear(date.getUTCFullYear() - 1);
}

function plantContacts(portal: Portal, world: World, directory: Directory): void {
  const accounts = new Map(world.accounts.map((account) => [account.key, account]));
  const known = world.people.filter((person) => person.inCrm).toSorted((a, b) => a.joinedAt - b.joinedAt);
  for (const person of known) {
    const account = person.account === undefined ? undefined : accounts.get(person.account);
    const company = person.account === undefined ? undefined : directory.companies.get(person.account);
    const record = plantRecord(portal, 'contacts', {
      createdAt: person.joinedAt,
      source: by(directory, account?.owner),
      properties: contactProperties(person, account, world.anchor),
      ...(company === undefined ? {} : { linkTo: [linkKey('companies', company)] }),
    });
    for (const name of [person.key, ...person.addresses.map((address) => address.toLowerCase())]) {
      directory.contacts.set(name, record.id);
      if (person.account !== undefined) directory.accountOf.set(name, person.account);
    }
  }
}

function contactProperties(
  person: WorldPerson,
  account: WorldAccount | undefined,
  anchor: number,
): Parameters<typeof plantRecord>[2]['properties'] {
  const [firstname, lastname] = splitName(person.name);
  const [email, ...additional] = person.addresses;
  // Someone marks it a day later, if that day has come.
  const markedAt = person.leftAt === undefined ? Number.POSITIVE_INFINITY : person.leftAt + DAY;
  const left = isoDate(person.leftAt);
  return {
    firstname,
    lastname,
    email,
    hs_additional_emails: additional.join(';'),
    jobtitle: person.title,
    company: account?.name,
    hs_buying_role: BUYING_ROLES[person.persona],
    lifecyclestage: account?.lifecycle === 'customer' ? 'customer' : undefined,
    left_date: left !== undefined && markedAt <= anchor ? [{ at: markedAt, value: left }] : undefined,
  };
}

function plantDeals(portal: Portal, world: World, directory: Directory): void {
  const accounts = new Map(world.accounts.map((account) => [account.key, account]));
  const buyers = new Map<string, string>();
  for (const person of world.people) {
    const contact = directory.contacts.get(person.key);
    if (contact === undefined || person.account === undefined) continue;
    if (person.persona === 'buyer' || !buyers.has(person.account)) buyers.set(person.account, contact);
  }
  const born = (deal: World['deals'][number]): number => deal.history[0]?.at ?? world.anchor;
  for (const deal of world.deals.toSorted((a, b) => born(a) - born(b))) {
    const owner = accounts.get(deal.account)?.owner;
    plantRecord(portal, 'deals', {
      createdAt: born(deal),
      source: by(directory, owner),
      properties: dealProperties(deal, owner === undefined ? undefined : directory.owners.get(owner)?.id),
      linkTo: links(directory.companies.get(deal.account), buyers.get(deal.account)),
    });
  }
}

function plantTickets(portal: Portal, world: World, directory: Directory): void {
  const born = (ticket: World['tickets'][number]): number => ticket.history[0]?.at ?? world.anchor;
  for (const ticket of world.tickets.toSorted((a, b) => born(a) - born(b))) {
    const requester =
      directory.contacts.get(ticket.requester) ?? directory.contacts.get(ticket.requester.toLowerCase());
    plantRecord(portal, 'tickets', {
      createdAt: born(ticket),
      source: SYNC,
      properties: ticketProperties(ticket),
      linkTo: links(directory.companies.get(ticket.account), requester),
    });
  }
}

function links(company: string | undefined, ...contacts: readonly (string | undefined)[]): string[] {
  const people = contacts.filter((contact) => contact !== undefined);
  return [
    ...(company === undefined ? [] : [linkKey('companies', company)]),
    ...people.map((id) => linkKey('contacts', id)),
  ];
}

/** Contacts among addresses, and their companies: an activity is filed under both. */
function filedUnder(directory: Directory, addresses: readonly string[]): string[] {
  const lower = addresses.map((address) => address.toLowerCase());
  const contacts = lower.flatMap((address) => directory.contacts.get(address) ?? []);
  const companies = lower.flatMap((address) => directory.companies.get(directory.accountOf.get(address) ?? '') ?? []);
  return [
    ...new Set(companies.map((id) => linkKey('companies', id))),
    ...new Set(contacts.map((id) => linkKey('contacts', id))),
  ];
}

function plantMeetings(portal: Portal, world: World, directory: Directory): void {
  const logged = world.meetings.flatMap((meeting) =>
    loggedMeetings(meeting).map((occurrence) => ({ meeting, occurrence })),
  );
  for (const { meeting, occurrence } of logged.toSorted((a, b) => a.meeting.createdAt - b.meeting.createdAt)) {
    plantRecord(portal, 'meetings', {
      createdAt: meeting.createdAt,
      source: meeting.calendars.length > 0 ? CALENDAR : by(directory, meeting.organizer),
      properties: meetingProperties(meeting, occurrence, (email) => directory.owners.get(email)?.id),
      linkTo: filedUnder(
        directory,
        meeting.attendees.map((attendee) => attendee.address),
      ),
    });
  }
}

function plantEmails(portal: Portal, world: World, directory: Directory): void {
  const context = {
    vendorDomains: world.vendor.domains,
    ownerId: (email: string): string | undefined => directory.owners.get(email)?.id,
  };
  for (const mail of world.mails.filter((each) => each.loggedInCrm).toSorted((a, b) => a.at - b.at)) {
    plantRecord(portal, 'emails', {
      // The mailbox sync takes a moment.
      createdAt: mail.at + 45_000,
      source: SYNC,
      properties: emailProperties(mail, context),
      linkTo: filedUnder(
        directory,
        [mail.from, ...mail.to, ...(mail.cc ?? [])].map((each) => each.address),
      ),
    });
  }
}

/** A small account of another tenant. Its records have the same ids as the first ones of the main portal. */
function secondPortal(anchor: number): Portal {
  const owner: Owner = {
    id: '76000101',
    email: 'tomas.rye@second-harbor.example',
    firstName: 'Tomas',
    lastName: 'Rye',
    userId: 1001,
  };
  const portal = createPortal({
    id: samplePortals.second,
    name: 'Second Harbor (sample data)',
    domain: 'second-harbor.example',
    timeZone: 'Europe/Oslo',
    owners: [owner],
  });
  const source: Source = { type: 'CRM_UI', id: 'userId:1001', userId: 1001 };
  for (const [index, name] of ['Fjordline Bakery', 'Kestrel Optics'].entries()) {
    const domain = `${name.toLowerCase().replace(' ', '-')}.example`;
    const at = anchor - (200 - index) * DAY;
    const company = plantRecord(portal, 'companies', {
      createdAt: at,
      source,
      properties: { name, domain, lifecyclestage: 'customer', hubspot_owner_id: owner.id },
    });
    plantRecord(portal, 'contacts', {
      createdAt: at,
      source,
      properties: { firstname: 'Ida', lastname: `Contact ${index + 1}`, email: `ida@${domain}` },
      linkTo: [linkKey('companies', company.id)],
    });
  }
  return portal;
}
