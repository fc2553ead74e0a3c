import type { World, WorldMail, WorldMeeting, WorldTicket } from '../company/world.ts';
import type { HubSpotHandle } from './handle.ts';
import type { ObjectType } from './object-type.ts';
import type { RecordInput } from './portal.ts';
import { emailProperties, loggedMeetings, meetingProperties, ticketProperties } from './seed-activity.ts';
import { samplePortals } from './seed.ts';
import type { CrmRecord, Source } from './state.ts';

type Target = readonly [ObjectType, string];

const DESK: Source = { type: 'EMAIL' };

/**
 * Enters into the running sample portal what happens in the sample company, in the company's own terms: for live mode. Webhooks go
 * out as for any other change. Entering the same ticket again moves it on.
 */
export class SampleDesk {
  readonly #handle: HubSpotHandle;
  readonly #world: Pick<World, 'accounts' | 'people' | 'vendor'>;
  readonly #portalId: number;

  constructor(
    handle: HubSpotHandle,
    world: Pick<World, 'accounts' | 'people' | 'vendor'>,
    portalId: number = samplePortals.main,
  ) {
    this.#handle = handle;
    this.#world = world;
    this.#portalId = portalId;
  }

  saveTicket(ticket: WorldTicket): CrmRecord {
    const [existing] = this.#handle.findBy(this.#portalId, 'tickets', 'desk_reference', ticket.key);
    const requester = this.#world.people.find((person) => person.key === ticket.requester);
    const addresses = requester?.addresses ?? [ticket.requester];
    const company = this.#companyOf(ticket.account);
    const links = [...(company === undefined ? [] : [company]), ...this.#contactsAt(addresses)];
    return this.#enter('tickets', ticketProperties(ticket), links, existing);
  }

  logMail(mail: WorldMail): CrmRecord {
    const properties = emailProperties(mail, {
      vendorDomains: this.#world.vendor.domains,
      ownerId: (email) => this.#ownerId(email),
    });
    const addresses = [mail.from, ...mail.to, ...(mail.cc ?? [])].map((each) => each.address);
    return this.#enter('emails', properties, this.#filedUnder(addresses));
  }

  /** What the CRM holds of a meeting, which may be nothing. */
  logMeeting(meeting: WorldMeeting): CrmRecord[] {
    const links = this.#filedUnder(meeting.attendees.map((attendee) => attendee.address));
    return loggedMeetings(meeting).map((logged) =>
      this.#enter(
        'meetings',
        meetingProperties(meeting, logged, (email) => this.#ownerId(email)),
        links,
      ),
    );
  }

  #enter(
    type: ObjectType,
    properties: RecordInput['properties'],
    links: readonly Target[],
    existing?: CrmRecord,
  ): CrmRecord {
    const plain: Record<string, string> = {};
    const changes: { readonly at: number; readonly name: string; readonly value: string }[] = [];
    for (const [name, value] of Object.entries(properties)) {
      if (typeof value === 'string') plain[name] = value;
      else for (const entry of value ?? []) changes.push({ at: entry.at, name, value: entry.value });
    }
    const record =
      existing ?? this.#handle.upsert(this.#portalId, type, { properties: plain, source: DESK, associate: links });
    for (const change of changes.toSorted((a, b) => a.at - b.at)) {
      const known = record.properties[change.name]?.some((version) => version.timestamp >= change.at);
      if (known === true) continue;
      this.#handle.patch(
        this.#portalId,
        type,
        record.id,
        { [change.name]: change.value },
        { source: DESK, at: change.at },
      );
    }
    return record;
  }

  #ownerId(email: string): string | undefined {
    return this.#handle.book(this.#portalId).portal.owners.find((owner) => owner.email === email)?.id;
  }

  #companyOf(accountKey: string): Target | undefined {
    const account = this.#world.accounts.find((candidate) => candidate.key === accountKey);
    const [company] =
      account === undefined ? [] : this.#handle.findBy(this.#portalId, 'companies', 'name', account.name);
    return company === undefined ? undefined : ['companies', company.id];
  }

  #contactsAt(addresses: readonly string[]): Target[] {
    return addresses.flatMap((address): Target[] =>
      this.#handle.findBy(this.#portalId, 'contacts', 'email', address).map((contact) => ['contacts', contact.id]),
    );
  }

  #filedUnder(addresses: readonly string[]): Target[] {
    const contacts = this.#contactsAt(addresses);
    const book = this.#handle.book(this.#portalId);
    const companies = contacts.flatMap(([, id]) => book.primaryCompany('contacts', id) ?? []);
    return [...[...new Set(companies)].map((id): Target => ['companies', id]), ...contacts];
  }
}
