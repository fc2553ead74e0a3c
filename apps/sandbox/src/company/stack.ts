import { staffOf } from './vendor.ts';
import type { Staff, World, WorldAccount } from './world.ts';

/** Which vendors' products the sample company uses. */
export const stackNames = ['google-hubspot', 'microsoft-salesforce', 'mixed'] as const;

export type StackName = (typeof stackNames)[number];

export type MailVendor = 'google' | 'microsoft';
export type CrmVendor = 'hubspot' | 'salesforce';
export type DeskVendor = CrmVendor | 'zendesk';

/** Where each part of the sample company lives. */
export interface Stack {
  readonly name: StackName;
  /** Work addresses of the staff whose mailbox and calendar are there, in the order of the staff list. */
  readonly mailboxes: Readonly<Record<MailVendor, readonly string[]>>;
  /** Keys of the accounts that a CRM holds, with their people and deals. */
  readonly accounts: Readonly<Record<CrmVendor, readonly string[]>>;
  /** Keys of the accounts whose tickets a desk holds. */
  readonly tickets: Readonly<Record<DeskVendor, readonly string[]>>;
  /** Whether channels shared with customers in Slack are read; Slack itself holds some in any stack. */
  readonly channels: boolean;
}

/** The stack of this name, worked out for a world. A pure function: the same world and name give the same places. */
export function stackOf(world: Pick<World, 'vendor' | 'accounts'>, name: StackName): Stack {
  const staff = world.vendor.staff.map((person) => person.email);
  const keys = world.accounts.map((account) => account.key);
  const none: readonly string[] = [];
  if (name === 'google-hubspot')
    return {
      name,
      mailboxes: { google: staff, microsoft: none },
      accounts: { hubspot: keys, salesforce: none },
      tickets: { hubspot: keys, salesforce: none, zendesk: none },
      channels: false,
    };
  if (name === 'microsoft-salesforce')
    return {
      name,
      mailboxes: { google: none, microsoft: staff },
      accounts: { hubspot: none, salesforce: keys },
      tickets: { hubspot: none, salesforce: keys, zendesk: none },
      channels: false,
    };
  const atMicrosoft = new Set(world.vendor.staff.filter(isAtMicrosoft).map((person) => person.email));
  const inSalesforce = new Set(world.accounts.filter(inSecondHalf).map((account) => account.key));
  return {
    name,
    mailboxes: {
      google: staff.filter((email) => !atMicrosoft.has(email)),
      microsoft: staff.filter((email) => atMicrosoft.has(email)),
    },
    accounts: {
      hubspot: keys.filter((key) => !inSalesforce.has(key)),
      salesforce: keys.filter((key) => inSalesforce.has(key)),
    },
    // The desk is one for all: it knows the accounts of both CRMs by their people.
    tickets: { hubspot: none, salesforce: none, zendesk: keys },
    channels: true,
  };
}

/** Every second CSM, and the shared mailbox of support: a company that was bought and kept its own mail. */
function isAtMicrosoft(person: Staff): boolean {
  if (person.role === 'shared') return person.email.startsWith('support@');
  return staffOf('csm').findIndex((csm) => csm.email === person.email) % 2 === 1;
}

/** Customers of the bought company; a customer and the reseller behind whose domain it writes stay together. */
function inSecondHalf(account: WorldAccount): boolean {
  const key = account.parent ?? account.key;
  return [...key].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % 2 === 1;
}

/** What a part of the sample is made of: accounts, and those whose tickets are wanted. */
export interface WorldPart {
  readonly accounts: readonly string[];
  readonly tickets: readonly string[];
}

/**
 * The world as one CRM knows it: its accounts with their people and deals, the tickets that it keeps, and what was logged with
 * these people. Mail and meetings stay, but count as logged only where one of the people takes part.
 */
export function worldOf(world: World, part: WorldPart): World {
  const [accounts, tickets] = [new Set(part.accounts), new Set(part.tickets)];
  if (accounts.size === world.accounts.length && tickets.size === world.accounts.length) return world;
  const people = world.people.filter((person) => person.account === undefined || accounts.has(person.account));
  const addresses = new Set(people.flatMap((person) => person.addresses));
  const isHere = (parties: readonly { readonly address: string }[]): boolean =>
    parties.some((party) => addresses.has(party.address));
  return {
    ...world,
    accounts: world.accounts.filter((account) => accounts.has(account.key)),
    people,
    mails: world.mails.map((mail) =>
      mail.loggedInCrm && !isHere([mail.from, ...mail.to, ...(mail.cc ?? [])]) ? { ...mail, loggedInCrm: false } : mail,
    ),
    meetings: world.meetings.filter((meeting) => isHere(meeting.attendees)),
    tickets: world.tickets.filter((ticket) => tickets.has(ticket.account)),
    deals: world.deals.filter((deal) => accounts.has(deal.account)),
  };
}
