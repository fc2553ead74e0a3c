import { hubspot } from '@waymark/connector-hubspot';
import { salesforce } from '@waymark/connector-salesforce';
import type { Mapped } from '@waymark/connector-kit';
import { entityFact, eventDraft, type EntityFact } from '@waymark/journey';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import type { World } from '../../apps/sandbox/src/company/world.ts';
import { samplePortals, seedFromWorld as hubSpotSeed } from '../../apps/sandbox/src/hubspot/seed.ts';
import { SAMPLE_DECLARATION } from '../../apps/sandbox/src/salesforce/seed-catalog.ts';
import { INTEGRATION_USER, sampleOrgs, seedFromWorld } from '../../apps/sandbox/src/salesforce/seed.ts';
import { HubSpotPortal } from './hubspot-portal.ts';
import { SalesforceOrg } from './salesforce-org.ts';
import { eventsOf, ids } from './streams.ts';

const declaration = {
  ...SAMPLE_DECLARATION,
  contacts: { ...SAMPLE_DECLARATION.contacts, addresses: ['Alternate_Email__c'] },
};

let world: World;
let org: SalesforceOrg;

beforeAll(() => {
  world = generateWorld({ seed: 7, anchor: Date.now() });
});
beforeEach(async () => {
  org = await SalesforceOrg.start({ seed: seedFromWorld(world) });
});
afterEach(() => org.rig.close());

describe('salesforce on the sample company, with the real SDK', () => {
  it('reads all of it as an integration user: every record once, mapped, and counted as Salesforce counts', async () => {
    const book = org.rig.handle.book(sampleOrgs.main);
    const client = await org.connect(declaration, INTEGRATION_USER);
    expect(await salesforce.identify(client)).toMatchObject({ externalAccountId: sampleOrgs.main });
    const objects: Record<string, string> = {
      owners: 'User',
      accounts: 'Account',
      contacts: 'Contact',
      opportunities: 'Opportunity',
      cases: 'Case',
      events: 'Event',
      emails: 'EmailMessage',
    };
    for (const stream of salesforce.streams) {
      const pages = await org.pull(stream.name, null, { client, since: 0 });
      const object = objects[stream.name];
      if (object !== undefined) expect(ids(pages)).toHaveLength(book.rows(object).length);
      expect(new Set(ids(pages)).size).toBe(ids(pages).length);
      expect(pages.map((page) => page.done)).toEqual(pages.map((_, index) => index === pages.length - 1));
      for (const each of org.map(stream.name, pages, declaration, world.vendor.domains)) {
        if (each.outcome !== 'stored') continue;
        for (const draft of each.events) expect(eventDraft.safeParse(draft).error).toBeUndefined();
        for (const fact of each.entities ?? []) entityFact.parse(fact);
      }
      expect(JSON.stringify(pages)).not.toContain(world.mails.find((mail) => mail.loggedInCrm)?.body ?? 'no mail');
      const all = { from: 0, to: org.now() };
      if (stream.name === 'accounts')
        expect(await stream.count?.(client, '', all)).toMatchObject({ total: ids(pages).length });
    }
    expect(org.rig.handle.unknownPaths).toEqual([]);
    expect(await salesforce.probe?.(client, declaration)).toEqual([]);
  });

  it('tells the same story as HubSpot does, account by account', async () => {
    const portal = await HubSpotPortal.start({ seed: hubSpotSeed(world) });
    try {
      const there: Mapped[] = [];
      for (const { name } of hubspot.streams) {
        const pages = await portal.pull(name, null, { since: 0 });
        there.push(...portal.map(name, pages, samplePortals.main, world.vendor.domains));
      }
      const here: Mapped[] = [];
      const client = await org.connect(declaration, INTEGRATION_USER);
      for (const { name } of salesforce.streams) {
        const pages = await org.pull(name, null, { client, since: 0 });
        here.push(...org.map(name, pages, declaration, world.vendor.domains));
      }
      expect(customers(here)).toEqual(customers(there));
      expect(people(here)).toEqual(people(there));
      expect(told(here)).toEqual(told(there));
      expect(told(here).length).toBeGreaterThan(5000);
    } finally {
      await portal.rig.close();
    }
  }, 120_000);
});

const factsOf = (mapped: readonly Mapped[]): EntityFact[] =>
  mapped.flatMap((each) => (each.outcome === 'stored' ? (each.entities ?? []) : []));

/** What is known of each company, without the CRM's own ids. */
function customers(mapped: readonly Mapped[]): unknown[] {
  const facts = factsOf(mapped);
  const emails = new Map(
    facts.flatMap((fact) => (fact.kind === 'owner' ? [[fact.externalId, fact.email] as const] : [])),
  );
  return facts
    .flatMap((fact) => (fact.kind === 'account' ? [fact] : []))
    .map(({ name, domains, isCustomer, renewalAt, value, tier, customerSince, crmStage, csm, owner }) => ({
      name,
      domains,
      isCustomer,
      renewalAt,
      value,
      tier,
      customerSince,
      crmStage,
      csm: csm?.email ?? emails.get(csm?.ownerId ?? ''),
      owner: emails.get(owner?.ownerId ?? ''),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function people(mapped: readonly Mapped[]): unknown[] {
  return factsOf(mapped)
    .flatMap((fact) => (fact.kind === 'contact' ? [fact] : []))
    .map(({ name, title, persona, addresses, leftAt }) => ({ name, title, persona, addresses, leftAt }))
    .toSorted((a, b) => (`${a.addresses[0]} ${a.name}` < `${b.addresses[0]} ${b.name}` ? -1 : 1));
}

/**
 * What happened to which account, by second, which is Salesforce's grain, with what a rule may ask of it. Mail that belongs to no account
 * of the CRM is HubSpot's alone: Salesforce files none of it.
 */
function told(mapped: readonly Mapped[]): string[] {
  const names = new Map<string, string>(
    factsOf(mapped).flatMap((fact) =>
      fact.kind === 'account' ? [[`record:${fact.externalId}`, fact.name] as const] : [],
    ),
  );
  return eventsOf(mapped)
    .filter((event) => event.touchpoint !== 'email' || event.subject !== undefined)
    .map((event) => {
      const { amount, kind, priority, persona, role, heldBasis, status } = z
        .record(z.string(), z.unknown())
        .parse(event.attributes);
      const said = JSON.stringify({ amount, kind, priority, persona, role, heldBasis, status });
      const at = new Date(event.occurredAt).toISOString().slice(0, 19);
      return `${at} ${event.type} ${event.direction} ${names.get(event.subject ?? '') ?? '-'} ${said}`;
    })
    .toSorted();
}
