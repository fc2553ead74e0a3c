import type { Mapped } from '@waymark/connector-kit';
import { describe, expect, it } from 'vitest';
import { mapCompany } from './map-company.ts';
import { mapContact } from './map-contact.ts';
import { gatheredRecord } from './record.ts';
import { companies, contacts, context } from './testing/fixtures.ts';

const company = (raw: unknown): Mapped & { outcome: 'stored' } =>
  storedOf(mapCompany(gatheredRecord.parse(raw), context));
const contact = (raw: unknown): Mapped & { outcome: 'stored' } =>
  storedOf(mapContact(gatheredRecord.parse(raw), context));

function storedOf(mapped: Mapped): Mapped & { outcome: 'stored' } {
  return mapped.outcome === 'stored' ? mapped : expect.fail(mapped.reason);
}

describe('a company', () => {
  it('is an account with the declared CSM before the owner, its domains once and in lower case, and what was merged into it (B6)', () => {
    expect(company(companies.clearedAndSetBack).entities).toEqual([
      {
        kind: 'account',
        externalId: '1001',
        name: 'Fjord Freight',
        domains: ['fjord.example.com', 'fjord-freight.example.com'],
        isCustomer: false,
        csm: { email: 'mia.berg@vendor.example.com' },
        owner: { ownerId: '71' },
        customerSince: Date.parse('2026-02-01T09:00:00Z'),
        renewalAt: Date.parse('2027-03-01T00:00:00Z'),
        value: 48_000,
        tier: 'enterprise',
        dated: ['renewalDate'],
        crmStage: 'opportunity',
        mergedIds: ['990', '991'],
        url: 'https://app.hubspot.com/contacts/501/record/0-0/1001',
      },
    ]);
  });

  it('H2: the blank between a clear and a set is no stage, and who wrote is kept', () => {
    const stages = company(companies.clearedAndSetBack).events.filter((event) => event.type === 'crm.stage_changed');
    expect(stages.map((event) => event.attributes)).toMatchObject([
      { to: 'lead' },
      { from: 'lead', to: 'customer', source: 'CRM_UI' },
      { from: 'customer', to: 'opportunity', source: 'INTEGRATION' },
    ]);
    expect(stages[1]).toMatchObject({
      identity: `crm:501|companies|1001|lifecyclestage|${Date.parse('2026-02-01T09:00:00Z')}`,
      occurredAt: Date.parse('2026-02-01T09:00:00Z'),
      subject: 'record:1001',
    });
  });

  it('tells of owners and of the declared properties by what they mean', () => {
    const { events } = company(companies.clearedAndSetBack);
    expect(events.filter((event) => event.type === 'crm.owner_changed').map((event) => event.attributes)).toMatchObject(
      [{ owner: '70' }, { from: '70', owner: '71' }],
    );
    expect(
      events.filter((event) => event.type === 'crm.property_changed').map((event) => event.attributes),
    ).toMatchObject([
      { role: 'onboardingStatus', property: 'onboarding_status', to: 'kickoff' },
      { role: 'renewalDate', to: '2027-02-01' },
      { role: 'renewalDate', from: '2027-02-01', to: '2027-03-01' },
    ]);
  });

  it('tells since when tier and value are what they are, so that nobody takes them to have always been so', () => {
    const past = (value: string, at: string) => ({ value, timestamp: at, sourceType: 'CRM_UI' });
    const record = gatheredRecord.parse(companies.clearedAndSetBack);
    const { entities, events } = storedOf(
      mapCompany(
        {
          ...record,
          propertiesWithHistory: {
            ...record.propertiesWithHistory,
            tier: [past('enterprise', '2026-03-01T09:00:00Z'), past('small', '2025-03-01T09:00:00Z')],
            annual_value: [past('48000', '2026-03-01T09:00:00Z')],
          },
        },
        context,
      ),
    );
    expect(entities).toMatchObject([{ tier: 'enterprise', dated: ['tier', 'value', 'renewalDate'] }]);
    const told = events.filter(({ attributes }) => attributes['role'] === 'tier' || attributes['role'] === 'value');
    expect(told.map(({ occurredAt, attributes }) => [new Date(occurredAt).toISOString(), attributes['to']])).toEqual([
      ['2025-03-01T09:00:00.000Z', 'small'],
      ['2026-03-01T09:00:00.000Z', 'enterprise'],
      ['2026-03-01T09:00:00.000Z', '48000'],
    ]);
  });

  it('leaves out what it does not know', () => {
    const [fact] = company(companies.almostEmpty).entities ?? [];
    expect(fact).toEqual({
      kind: 'account',
      externalId: '1002',
      name: 'kestrel.example.com',
      domains: ['kestrel.example.com'],
      isCustomer: true,
      csm: { ownerId: '72' },
      customerSince: Date.parse('2026-02-01T09:00:00Z'),
      crmStage: 'customer',
      url: 'https://app.hubspot.com/contacts/501/record/0-0/1002',
    });
  });
});

describe('a contact', () => {
  it('is a champion with all addresses, the primary company first, who left on the declared day', () => {
    const mapped = contact(contacts.leftWithTwoAddresses);
    expect(mapped.entities).toEqual([
      {
        kind: 'contact',
        externalId: '2001',
        name: 'Noor Haddad',
        title: 'Head of Operations',
        persona: 'champion',
        addresses: ['noor@fjord.example.com', 'noor.haddad@old.example.com'],
        accountExternalIds: ['1002', '1001'],
        leftAt: Date.parse('2026-05-20T00:00:00Z'),
      },
    ]);
    expect(mapped.events).toMatchObject([
      { type: 'contact.added', occurredAt: Date.parse('2026-01-06T10:00:00Z'), subject: 'record:1002' },
      { type: 'contact.left', occurredAt: Date.parse('2026-05-20T00:00:00Z'), attributes: { persona: 'champion' } },
    ]);
  });

  it('may have neither address nor company', () => {
    const mapped = contact(contacts.nameless);
    expect(mapped.entities).toMatchObject([{ addresses: [], accountExternalIds: [] }]);
    expect(mapped.events).toHaveLength(1);
    expect(mapped.events[0]).not.toHaveProperty('subject');
    expect(mapped.events[0]?.occurredAt).toBe(1_767_690_000_000);
  });
});
