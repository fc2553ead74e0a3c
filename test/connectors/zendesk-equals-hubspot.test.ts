import type { EventDraft } from '@waymark/journey';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import { samplePortals, seedFromWorld as hubspotSeed } from '../../apps/sandbox/src/hubspot/seed.ts';
import { sampleSubdomains, seedFromWorld as zendeskSeed } from '../../apps/sandbox/src/zendesk/seed.ts';
import { HubSpotPortal } from './hubspot-portal.ts';
import { ZendeskDesk } from './zendesk-desk.ts';
import { eventsOf } from './streams.ts';

const whole = generateWorld({ seed: 7, anchor: Date.now() });
/** A CRM knows fewer people than a help desk: their tickets are compared, whose requester is known to both. */
const known = new Set(whole.people.filter((person) => person.inCrm).map((person) => person.key));
const world = { ...whole, tickets: whole.tickets.filter((ticket) => known.has(ticket.requester)) };
let portal: HubSpotPortal;
let desk: ZendeskDesk;

beforeAll(async () => {
  portal = await HubSpotPortal.start({ seed: hubspotSeed(world) });
  desk = await ZendeskDesk.start({ seed: zendeskSeed(world) });
});
afterAll(async () => {
  await portal.rig.close();
  await desk.rig.close();
});

/** A ticket's course as the engine reads it, to the second: Zendesk tells no more. Replies are Zendesk's alone. */
function course(events: readonly EventDraft[]): string[] {
  return events
    .filter((event) => event.type.startsWith('ticket.') && event.type !== 'ticket.replied')
    .map((event) => {
      const priority = 'priority' in event.attributes ? String(event.attributes['priority']) : '';
      const who = event.participants.find((one) => one.role === 'requester')?.address ?? '';
      const said = event.type === 'ticket.opened' ? event.direction : '';
      return [event.type, Math.floor(event.occurredAt / 1000), priority, who, said].join(' ');
    })
    .toSorted();
}

describe('one sample, two desks', () => {
  it('the same tickets give the same events at HubSpot and at Zendesk', async () => {
    const domains = world.vendor.domains;
    const atHubSpot = portal.map('tickets', await portal.pull('tickets', null), samplePortals.main, domains);
    const atZendesk = desk.map('tickets', await desk.pull('tickets', null), sampleSubdomains.main, domains);
    expect(world.tickets.length).toBeGreaterThan(300);
    expect(atZendesk).toHaveLength(world.tickets.length);
    expect(course(eventsOf(atZendesk))).toEqual(course(eventsOf(atHubSpot)));
  });
});
