import type { World } from '../company/world.ts';
import { OrgBook } from './org-book.ts';
import { createOrg, PROFILES } from './org.ts';
import type { SalesforceSeed } from './salesforce.ts';
import { plantUser, SampleOrg, type SalesforcePart } from './sample-org.ts';
import { SAMPLE_SETUP } from './seed-catalog.ts';
import type { Org, SObject } from './state.ts';

/** Org ids of the sample: the vendor's own, and a small one of somebody else for tests of isolation. */
export const sampleOrgs = { main: '00D5g000004SmplEAC', second: '00D5g000004Sec2EAC' } as const;

/** A user for machines, who is no administrator and sees all data. */
export const INTEGRATION_USER = 'waymark.integration@lumenledger.example';

const DAY = 86_400_000;

/** Projects the sample company onto Salesforce, all of it or a part. A pure function of both. */
export function seedFromWorld(world: World, part: SalesforcePart = {}): SalesforceSeed {
  return { orgs: [new SampleOrg(sampleOrgs.main, INTEGRATION_USER, world, part).plant(), secondOrg(world.anchor)] };
}

/** A small org of another tenant. Its records have the same ids as the first ones of the main org, as a copy's have. */
function secondOrg(anchor: number): Org {
  const org = createOrg({
    id: sampleOrgs.second,
    name: 'Second Harbor (sample data)',
    timeZone: 'Europe/Oslo',
    ...SAMPLE_SETUP,
  });
  const book = new OrgBook(org);
  const userId = plantUser(book, 'tomas.rye@second-harbor.example', 'Tomas Rye', PROFILES.admin, anchor - 400 * DAY);
  for (const [index, Name] of ['Fjordline Bakery', 'Kestrel Optics'].entries()) {
    const domain = `${Name.toLowerCase().replace(' ', '-')}.example`;
    const edit = { userId, at: anchor - (200 - index) * DAY };
    const values: SObject = {
      Name,
      Website: `https://www.${domain}`,
      Type: 'Customer',
      Lifecycle_Stage__c: 'customer',
    };
    const account = book.insert('Account', values, edit);
    const contact = { FirstName: 'Ida', LastName: `Contact ${index + 1}`, Email: `ida@${domain}` };
    book.insert('Contact', { ...contact, AccountId: account['Id'] ?? null }, edit);
  }
  return org;
}
