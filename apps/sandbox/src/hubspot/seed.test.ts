import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateWorld } from '../company/generate.ts';
import type { WorldTicket } from '../company/world.ts';
import { RIG_APP } from '../front/rig.ts';
import { startRig, type CrmRig } from './crm-rig.ts';
import { SampleDesk } from './sample-desk.ts';
import { samplePortals, seedFromWorld } from './seed.ts';
import type { Portal } from './state.ts';

const anchor = Date.UTC(2026, 10, 20, 12);
const world = generateWorld({ seed: 7, anchor });
const [main, second] = seedFromWorld(world).portals;

let rig: CrmRig;
beforeAll(async () => {
  rig = await startRig({ seed: seedFromWorld(world) });
});
afterAll(() => rig.close());

const records = (
  portal: Portal | undefined,
  type: 'companies' | 'contacts' | 'deals' | 'tickets' | 'meetings' | 'emails',
) => Object.values(portal?.objects[type] ?? {});

describe('the sample portal', () => {
  it('is a pure function of the world', () => {
    expect(seedFromWorld(world)).toEqual({ portals: [main, second] });
  });

  it('holds every account, known person, deal, ticket and logged mail, and nothing of the future', () => {
    expect(main?.id).toBe(samplePortals.main);
    expect(records(main, 'companies')).toHaveLength(world.accounts.length);
    expect(records(main, 'contacts')).toHaveLength(world.people.filter((person) => person.inCrm).length);
    expect(records(main, 'deals')).toHaveLength(world.deals.length);
    expect(records(main, 'tickets')).toHaveLength(world.tickets.length);
    expect(records(main, 'emails')).toHaveLength(world.mails.filter((mail) => mail.loggedInCrm).length);
    expect(records(main, 'meetings').length).toBeGreaterThan(50);
    for (const type of ['companies', 'contacts', 'deals', 'tickets', 'meetings', 'emails'] as const) {
      for (const record of records(main, type)) {
        expect(record.updatedAt, `${type} ${record.id}`).toBeLessThanOrEqual(anchor + 60_000);
        for (const [name, versions] of Object.entries(record.properties)) {
          const stamps = versions.map((version) => version.timestamp);
          expect(stamps, `${type} ${record.id} ${name}`).toEqual(stamps.toSorted((a, b) => b - a));
        }
      }
    }
  });

  it('has only values that HubSpot would take', () => {
    const book = rig.handle.book(samplePortals.main);
    for (const type of ['companies', 'contacts', 'deals', 'tickets', 'meetings', 'emails'] as const) {
      for (const id of book.ids(type)) {
        const record = book.get(type, id);
        const values = Object.fromEntries(
          Object.keys(record.properties).map((name) => [name, book.value(type, record, name)]),
        );
        expect(book.check(type, values, false).errors, `${type} ${id}`).toEqual([]);
      }
    }
  });

  it('keeps lifecycle, deal and ticket stages with their dates', async () => {
    const churned = world.accounts.find((account) => account.lifecycle === 'churned');
    const [company] = rig.handle.findBy(samplePortals.main, 'companies', 'name', churned?.name ?? '');
    const path = `/crm/objects/2026-09/companies/${company?.id}?propertiesWithHistory=lifecyclestage&properties=csm,tier,annual_value`;
    const read = await rig.call('GET', path);
    expect(read.at('propertiesWithHistory.lifecyclestage')).toMatchObject(
      (churned?.lifecycleHistory ?? [])
        .toReversed()
        .map((change) => ({ value: change.stage, timestamp: new Date(change.at).toISOString() })),
    );
    expect(read.at('properties')).toMatchObject({
      csm: churned?.csm,
      tier: churned?.tier,
      annual_value: String(churned?.value),
    });
    const [deal] = world.deals.filter((candidate) => candidate.closeDates.length > 1);
    const [slipping] = rig.handle.findBy(samplePortals.main, 'deals', 'dealname', deal?.name ?? '');
    expect(slipping?.properties['closedate']).toHaveLength(deal?.closeDates.length ?? 0);
    const pipelines = await rig.call('GET', '/crm/pipelines/2026-09/deals');
    expect(pipelines.at('results')).toMatchObject([
      { label: 'New business' },
      { label: 'Renewals' },
      { label: 'Expansion' },
    ]);
  });

  it('files mails and meetings under the people and companies they are with', () => {
    const book = rig.handle.book(samplePortals.main);
    const withCompany = book.ids('emails').filter((id) => book.associated('emails', id, 'companies').length > 0);
    expect(withCompany.length / book.ids('emails').length).toBeGreaterThan(0.8);
    for (const id of book.ids('tickets')) expect(book.associated('tickets', id, 'companies')).toHaveLength(1);
    const [email] = records(main, 'emails');
    expect(JSON.parse(email?.properties['hs_email_headers']?.[0]?.value ?? '{}')).toMatchObject({
      from: { email: expect.any(String) },
    });
  });

  it('stands beside a portal of somebody else with the same ids', async () => {
    const [theirs] = records(second, 'companies');
    const path = `/crm/objects/2026-09/companies/${theirs?.id}`;
    expect(main?.objects.companies[theirs?.id ?? '']).toBeDefined();
    const read = await rig.call('GET', path, undefined, rig.token(undefined, samplePortals.second));
    expect(read.at('properties.name')).toBe('Fjordline Bakery');
    expect((await rig.call('GET', path)).at('properties.name')).not.toBe('Fjordline Bakery');
  });
});

describe('live mode', () => {
  it('enters a ticket once, moves it on, and tells the app', async () => {
    const account = world.accounts.find((candidate) => candidate.lifecycle === 'customer');
    const requester = world.people.find((person) => person.account === account?.key && person.inCrm);
    const desk = new SampleDesk(rig.handle, world);
    const now = Date.now();
    const ticket: WorldTicket = {
      key: 'live-1',
      account: account?.key ?? '',
      requester: requester?.key ?? '',
      subject: 'Nothing works',
      priority: 'URGENT',
      history: [{ at: now - 2000, status: 'new' }],
    };
    rig.handle.registerApp({
      ...RIG_APP,
      webhookUrl: 'http://127.0.0.1:9/nobody',
      subscriptions: ['ticket.creation', 'ticket.propertyChange'],
    });
    const made = desk.saveTicket(ticket);
    const moved = desk.saveTicket({ ...ticket, history: [...ticket.history, { at: now - 1000, status: 'escalated' }] });
    expect(moved.id).toBe(made.id);
    const read = await rig.call(
      'GET',
      `/crm/objects/2026-09/tickets/${made.id}?propertiesWithHistory=hs_pipeline_stage&associations=companies,contacts`,
    );
    expect(read.at('propertiesWithHistory.hs_pipeline_stage')).toMatchObject([{ value: '1060001' }, { value: '1' }]);
    expect(read.at('associations.companies.results')).toHaveLength(2);
    expect(read.at('associations.contacts.results')).toHaveLength(1);
    expect(rig.handle.state.outbox.map((pending) => pending.event.subscriptionType)).toEqual([
      'ticket.creation',
      'ticket.propertyChange',
      'ticket.propertyChange',
    ]);
  });
});
