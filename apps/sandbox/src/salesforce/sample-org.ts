import type { Staff, World, WorldAccount, WorldPerson } from '../company/world.ts';
import { loggedMeetings, splitName } from '../hubspot/seed-activity.ts';
import { renewalHistory } from '../hubspot/seed.ts';
import { OrgBook } from './org-book.ts';
import { createOrg, PROFILES } from './org.ts';
import {
  addressesOf,
  caseVersions,
  dealVersions,
  emailValues,
  eventVersions,
  isOutgoing,
  mailTask,
  type Version,
} from './seed-activity.ts';
import { ACCOUNT_TYPES, BUYING_ROLES, DEAL_KINDS, SAMPLE_SETUP } from './seed-catalog.ts';
import type { FieldValue, Org, SObject } from './state.ts';

const DAY = 86_400_000;

/** Which part of the sample company is in Salesforce: the accounts by key, and whether their tickets are cases here. */
export interface SalesforcePart {
  readonly accounts?: readonly string[];
  /** True without it; false where another help desk holds them. */
  readonly cases?: boolean;
}

const isoDate = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString().slice(0, 10);

/** Fills the main org with the company or a part of it; remembers ids by what the world calls things. */
export class SampleOrg {
  readonly #world: World;
  readonly #machine: string;
  readonly #book: OrgBook;
  readonly #accounts: ReadonlyMap<string, WorldAccount>;
  readonly #withCases: boolean;
  readonly #users = new Map<string, string>();
  readonly #accountIds = new Map<string, string>();
  /** Contact ids by person key and by each address. */
  readonly #contactIds = new Map<string, string>();
  readonly #accountOf = new Map<string, string>();
  #operator = '';

  /** `machine` is the user name of an integration user, who is no administrator. */
  constructor(id: string, machine: string, world: World, part: SalesforcePart) {
    this.#world = world;
    this.#machine = machine;
    const chosen = part.accounts === undefined ? undefined : new Set(part.accounts);
    const here = world.accounts.filter((account) => chosen?.has(account.key) ?? true);
    this.#accounts = new Map(here.map((account) => [account.key, account]));
    this.#withCases = part.cases ?? true;
    const { name, timezone } = world.vendor;
    this.#book = new OrgBook(createOrg({ id, name: `${name} (sample data)`, timeZone: timezone, ...SAMPLE_SETUP }));
  }

  plant(): Org {
    this.#plantUsers();
    this.#plantAccounts();
    this.#plantContacts();
    this.#plantDeals();
    if (this.#withCases) this.#plantCases();
    this.#plantEvents();
    this.#plantMails();
    return this.#book.org;
  }

  /** Revenue operations first: who runs the org is who consents unless somebody else is named. */
  #plantUsers(): void {
    const at = this.#world.anchor - 1400 * DAY;
    const rank = (member: Staff): number => (member.role === 'revops' ? 0 : 1);
    const staff = this.#world.vendor.staff.filter((member) => member.role !== 'shared');
    for (const member of staff.toSorted((a, b) => rank(a) - rank(b))) {
      const profile = member.role === 'revops' ? PROFILES.admin : PROFILES.standard;
      this.#users.set(member.email, this.#plantUser(member.email, member.name, profile, at));
    }
    this.#plantUser(this.#machine, 'Waymark Integration', PROFILES.integration, at);
    this.#operator = [...this.#users.values()][0] ?? '';
  }

  #plantUser(email: string, name: string, ProfileId: string, at: number): string {
    return plantUser(this.#book, email, name, ProfileId, at);
  }

  /** Makes a record as it was first, and changes it as time went on. */
  #grow(object: string, versions: readonly Version[], userId = this.#operator): string {
    const [first, ...later] = versions;
    const record = this.#book.insert(object, first?.values ?? {}, { userId, at: first?.at ?? this.#world.anchor });
    const id = String(record['Id']);
    for (const version of later) this.#book.update(object, id, version.values, { userId, at: version.at });
    return id;
  }

  #plantAccounts(): void {
    const { anchor } = this.#world;
    const born = (account: WorldAccount): number => account.lifecycleHistory[0]?.at ?? anchor - 400 * DAY;
    const all = [...this.#accounts.values()].toSorted((a, b) => born(a) - born(b));
    for (const account of all) {
      const versions = this.#accountVersions(account, born(account));
      this.#accountIds.set(account.key, this.#grow('Account', versions, this.#users.get(account.owner)));
    }
    for (const account of all) {
      const parent = account.parent === undefined ? undefined : this.#accountIds.get(account.parent);
      const child = this.#book.find('Account', this.#accountIds.get(account.key) ?? '');
      // Entered with the account: its stamps stay as they are.
      if (parent !== undefined && child !== undefined) child['ParentId'] = parent;
    }
  }

  #accountVersions(account: WorldAccount, born: number): Version[] {
    const [domain, ...others] = account.domains;
    const [first, ...stages] = account.lifecycleHistory;
    const soldAt = account.customerSince ?? born;
    const renewal = renewalHistory(account);
    const renewals = typeof renewal === 'string' ? [{ at: born, value: renewal }] : (renewal ?? []);
    const changes: Version[] = [
      {
        at: soldAt,
        values: {
          CSM__c: this.#users.get(account.csm ?? '') ?? null,
          Customer_Since__c: isoDate(account.customerSince),
        },
      },
      ...stages.map((change) => ({ at: change.at, values: { Lifecycle_Stage__c: change.stage } })),
      ...renewals.map((change) => ({ at: change.at, values: { Renewal_Date__c: change.value } })),
      ...(account.onboarding ?? []).map((change) => ({
        at: change.at,
        values: { Onboarding_Status__c: change.status },
      })),
    ];
    const made: SObject = {
      Name: account.name,
      Website: domain === undefined ? null : `https://www.${domain}`,
      Other_Domains__c: others.length === 0 ? null : others.join(';'),
      Type: ACCOUNT_TYPES[account.lifecycle],
      Lifecycle_Stage__c: first?.stage ?? null,
      OwnerId: this.#users.get(account.owner) ?? this.#operator,
      Tier__c: account.tier,
      Annual_Value__c: account.value,
    };
    return [
      { at: born, values: made },
      ...changes
        .filter((change) => Object.values(change.values).some((value) => value !== null))
        .toSorted((a, b) => a.at - b.at),
    ];
  }

  #plantContacts(): void {
    const known = this.#world.people.filter(
      (person) => person.inCrm && (person.account === undefined || this.#accounts.has(person.account)),
    );
    for (const person of known.toSorted((a, b) => a.joinedAt - b.joinedAt)) {
      const account = this.#accounts.get(person.account ?? '');
      const owner = this.#users.get(account?.owner ?? '');
      const id = this.#grow('Contact', this.#contactVersions(person, owner), owner);
      for (const name of [person.key, ...person.addresses.map((address) => address.toLowerCase())]) {
        this.#contactIds.set(name, id);
        if (person.account !== undefined) this.#accountOf.set(name, person.account);
      }
    }
  }

  #contactVersions(person: WorldPerson, owner: string | undefined): Version[] {
    const [FirstName, LastName] = splitName(person.name);
    const made: SObject = {
      FirstName,
      LastName: LastName === '' ? FirstName : LastName,
      AccountId: this.#accountIds.get(person.account ?? '') ?? null,
      Email: person.addresses[0] ?? null,
      Alternate_Email__c: person.addresses[1] ?? null,
      Title: person.title,
      Buying_Role__c: BUYING_ROLES[person.persona],
      OwnerId: owner ?? this.#operator,
    };
    // Someone marks it a day later, if that day has come.
    const markedAt = (person.leftAt ?? Number.POSITIVE_INFINITY) + DAY;
    const left = { at: markedAt, values: { Left_Date__c: isoDate(person.leftAt) } };
    return [{ at: person.joinedAt, values: made }, ...(markedAt <= this.#world.anchor ? [left] : [])];
  }

  #plantDeals(): void {
    const types = new Map(this.#book.rows('RecordType').map((row) => [row['DeveloperName'], row['Id'] ?? null]));
    const here = this.#world.deals.filter((deal) => this.#accounts.has(deal.account));
    for (const deal of here.toSorted((a, b) => (a.history[0]?.at ?? 0) - (b.history[0]?.at ?? 0))) {
      const owner = this.#users.get(this.#accounts.get(deal.account)?.owner ?? '');
      const [first, ...later] = dealVersions(deal);
      const values: SObject = {
        ...first?.values,
        AccountId: this.#accountIds.get(deal.account) ?? null,
        RecordTypeId: types.get(DEAL_KINDS[deal.pipeline][0]) ?? null,
        OwnerId: owner ?? this.#operator,
      };
      this.#grow('Opportunity', [{ at: first?.at ?? 0, values }, ...later], owner);
    }
  }

  #plantCases(): void {
    const agents = this.#world.vendor.staff.filter((member) => member.role === 'support');
    const here = this.#world.tickets.filter((ticket) => this.#accounts.has(ticket.account));
    const sorted = here.toSorted((a, b) => (a.history[0]?.at ?? 0) - (b.history[0]?.at ?? 0));
    for (const [index, ticket] of sorted.entries()) {
      const agent = this.#users.get(agents[index % Math.max(1, agents.length)]?.email ?? '') ?? this.#operator;
      const requester = this.#contactIds.get(ticket.requester) ?? this.#contactIds.get(ticket.requester.toLowerCase());
      const [first, ...later] = caseVersions(ticket);
      const links: SObject = {
        AccountId: this.#accountIds.get(ticket.account) ?? null,
        ContactId: requester ?? null,
        SuppliedEmail: requester === undefined && ticket.requester.includes('@') ? ticket.requester : null,
        OwnerId: agent,
      };
      this.#grow('Case', [{ at: first?.at ?? 0, values: { ...first?.values, ...links } }, ...later], agent);
    }
  }

  /** Contacts among addresses, and the account of the first: what an activity is filed under. Undefined where none is here. */
  #filedUnder(addresses: readonly string[]): { readonly contacts: string[]; readonly account: FieldValue } | undefined {
    const lower = addresses.map((address) => address.toLowerCase());
    const contacts = [...new Set(lower.flatMap((address) => this.#contactIds.get(address) ?? []))];
    const account = lower.flatMap((address) => this.#accountIds.get(this.#accountOf.get(address) ?? '') ?? [])[0];
    return contacts.length === 0 && account === undefined ? undefined : { contacts, account: account ?? null };
  }

  #plantEvents(): void {
    const logged = this.#world.meetings.flatMap((meeting) =>
      loggedMeetings(meeting).map((occurrence) => ({ meeting, occurrence })),
    );
    for (const { meeting, occurrence } of logged.toSorted((a, b) => a.meeting.createdAt - b.meeting.createdAt)) {
      const under = this.#filedUnder(meeting.attendees.map((attendee) => attendee.address));
      if (under === undefined) continue;
      const owner = this.#users.get(meeting.organizer) ?? this.#operator;
      const [first, ...later] = eventVersions(meeting, occurrence);
      const links: SObject = { WhoId: under.contacts[0] ?? null, WhatId: under.account, OwnerId: owner };
      const id = this.#grow(
        'Event',
        [{ at: meeting.createdAt, values: { ...first?.values, ...links } }, ...later],
        owner,
      );
      for (const attendee of meeting.attendees) {
        const address = attendee.address.toLowerCase();
        const RelationId = this.#contactIds.get(address) ?? this.#users.get(address);
        if (RelationId === undefined || RelationId === owner) continue;
        const Status =
          attendee.response === 'accepted' ? 'Accepted' : attendee.response === 'declined' ? 'Declined' : 'New';
        const IsParent = RelationId === under.contacts[0];
        const values: SObject = { EventId: id, RelationId, Status, IsInvitee: true, IsParent, IsWhat: false };
        this.#book.insert('EventRelation', values, { userId: owner, at: meeting.createdAt });
      }
    }
  }

  #plantMails(): void {
    const { mails, vendor } = this.#world;
    for (const mail of mails.filter((each) => each.loggedInCrm).toSorted((a, b) => a.at - b.at)) {
      const under = this.#filedUnder(addressesOf(mail));
      if (under === undefined) continue;
      const outgoing = isOutgoing(mail, vendor.domains);
      const staff = addressesOf(mail).find((address) => this.#users.has(address));
      const userId = this.#users.get(staff ?? '') ?? this.#operator;
      // The mailbox sync takes a moment.
      const edit = { userId, at: mail.at + 45_000 };
      const links: SObject = { WhoId: under.contacts[0] ?? null, WhatId: under.account, OwnerId: userId };
      const task = this.#book.insert('Task', { ...mailTask(mail), ...links }, edit);
      const values: SObject = {
        ...emailValues(mail, outgoing),
        RelatedToId: under.account,
        ActivityId: task['Id'] ?? null,
      };
      this.#book.insert('EmailMessage', values, edit);
    }
  }
}

/** Adds a user whose name for signing in is the e-mail address; gives the id. */
export function plantUser(book: OrgBook, email: string, name: string, ProfileId: string, at: number): string {
  const [FirstName, LastName] = splitName(name);
  const values: SObject = {
    Username: email,
    Email: email,
    FirstName,
    LastName: LastName === '' ? FirstName : LastName,
    Alias: FirstName.slice(0, 8).toLowerCase(),
    IsActive: true,
    UserType: 'Standard',
    TimeZoneSidKey: book.org.timeZone,
    ProfileId,
  };
  return String(book.insert('User', values, { userId: '', at })['Id']);
}
