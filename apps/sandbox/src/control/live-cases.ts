import type { World, WorldTicket } from '../company/world.ts';
import type { SalesforceHandle } from '../salesforce/handle.ts';
import { sampleOrgs } from '../salesforce/seed.ts';
import { caseVersions } from '../salesforce/seed-activity.ts';

type People = Pick<World, 'accounts' | 'people'>;

const addressOf = (world: People, ticket: WorldTicket): string =>
  world.people.find((person) => person.key === ticket.requester)?.addresses[0] ?? ticket.requester;

/** Enters a ticket of the sample as a case, or moves the case with its reference on to where its history now ends. For live mode. */
export function saveCase(salesforce: SalesforceHandle, world: People, ticket: WorldTicket): void {
  const org = sampleOrgs.main;
  const versions = caseVersions(ticket);
  const [existing] = salesforce.findBy(org, 'Case', 'Desk_Reference__c', ticket.key);
  const last = versions.at(-1);
  if (existing && last) {
    salesforce.patch(org, 'Case', String(existing['Id']), last.values, { at: last.at });
    return;
  }
  const account = world.accounts.find((one) => one.key === ticket.account);
  const [company] = salesforce.findBy(org, 'Account', 'Name', account?.name ?? '');
  const [contact] = salesforce.findBy(org, 'Contact', 'Email', addressOf(world, ticket));
  const [first, ...later] = versions;
  const links = { AccountId: company?.['Id'] ?? null, ContactId: contact?.['Id'] ?? null };
  const made = salesforce.upsert(org, 'Case', { ...first?.values, ...links }, { at: first?.at ?? 0 });
  for (const { at, values } of later) salesforce.patch(org, 'Case', String(made['Id']), values, { at });
}
