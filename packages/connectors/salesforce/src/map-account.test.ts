import type { Mapped } from '@waymark/connector-kit';
import { describe, expect, it } from 'vitest';
import { mapAccount } from './map-account.ts';
import { mapContact } from './map-contact.ts';
import { gatheredRecord } from './record.ts';
import { accounts, contacts, context, ORG_ID } from './testing/fixtures.ts';

const storedOf = (mapped: Mapped): Mapped & { outcome: 'stored' } =>
  mapped.outcome === 'stored' ? mapped : expect.fail(mapped.reason);
const account = (raw: unknown) => storedOf(mapAccount(gatheredRecord.parse(raw), context));
const contact = (raw: unknown) => storedOf(mapContact(gatheredRecord.parse(raw), context));

describe('an account', () => {
  it('holds the declared CSM before the owner, its domains once and in lower case, and what was merged into it (B6)', () => {
    expect(account(accounts.mergedAndSetBack).entities).toEqual([
      {
        kind: 'account',
        externalId: '0015g000000A001AAA',
        name: 'Fjord Freight',
        domains: ['fjord.example.com', 'fjord-freight.example.com'],
        isCustomer: true,
        csm: { ownerId: '0055g000000U003AAA' },
        owner: { ownerId: '0055g000000U001AAA' },
        customerSince: Date.parse('2026-02-01T09:00:00Z'),
        renewalAt: Date.parse('2027-03-01T00:00:00Z'),
        value: 48_000,
        currency: 'EUR',
        tier: 'enterprise',
        dated: ['renewalDate'],
        crmStage: 'Onboarding',
        parentExternalId: '0015g000000A009AAA',
        mergedIds: ['0015g000000A007AAA', '0015g000000A008AAA'],
        url: 'https://vendor.my.salesforce.com/0015g000000A001AAA',
      },
    ]);
  });

  it('is dated where the field is tracked, and not where its value is only taken to have held all along', () => {
    const record = gatheredRecord.parse(accounts.mergedAndSetBack);
    const tier = 'Tier__c';
    const mapped = (past: { value: string; at: number; assumed?: boolean }) =>
      storedOf(
        mapAccount(
          { ...record, gathered: { ...record.gathered, past: { ...record.gathered.past, [tier]: [past] } } },
          context,
        ),
      ).entities;
    const at = Date.parse('2026-01-01T00:00:00Z');
    expect(mapped({ value: 'enterprise', at })).toMatchObject([{ dated: ['tier', 'renewalDate'] }]);
    expect(mapped({ value: 'enterprise', at, assumed: true })).toMatchObject([{ dated: ['renewalDate'] }]);
  });

  it('H1, H2: tells each stage with who wrote it; the blank between a clear and a set is none', () => {
    const stages = account(accounts.mergedAndSetBack).events.filter((event) => event.type === 'crm.stage_changed');
    expect(stages.map((event) => event.attributes)).toEqual([
      { to: 'Sales', property: 'Stage__c', source: 'user', sourceId: '0055g000000U001AAA' },
      { from: 'Sales', to: 'Onboarding', property: 'Stage__c', source: 'user', sourceId: '0055g000000U001AAA' },
    ]);
    expect(stages[0]?.identity).toBe(
      `crm:${ORG_ID}|accounts|0015g000000A001AAA|Stage__c|${Date.parse('2026-02-01T09:00:00Z')}`,
    );
  });

  it('tells of owners and of the declared fields by what they mean', () => {
    const { events } = account(accounts.mergedAndSetBack);
    expect(events.filter((event) => event.type === 'crm.owner_changed').map((event) => event.attributes)).toMatchObject(
      [{ owner: '0055g000000U009AAA' }, { from: '0055g000000U009AAA', owner: '0055g000000U001AAA' }],
    );
    expect(
      events.filter((event) => event.type === 'crm.property_changed').map((event) => event.attributes),
    ).toMatchObject([
      { role: 'onboardingStatus', property: 'Onboarding__c', to: 'kickoff' },
      { role: 'renewalDate', to: '2027-02-01' },
      { role: 'renewalDate', from: '2027-02-01', to: '2027-03-01' },
    ]);
  });

  it('of a person has no company’s domain, and is a customer since an unknown day where nothing tracked it', () => {
    const [fact] = account(accounts.person).entities ?? [];
    expect(fact).toMatchObject({ domains: [], isCustomer: true });
    expect(fact).not.toHaveProperty('customerSince');
  });

  it('leaves out what it does not know', () => {
    expect(account(accounts.almostEmpty).entities).toEqual([
      {
        kind: 'account',
        externalId: '0015g000000A003AAA',
        name: 'Account 0015g000000A003AAA',
        domains: [],
        isCustomer: false,
        url: 'https://vendor.my.salesforce.com/0015g000000A003AAA',
      },
    ]);
  });
});

describe('a contact', () => {
  it('is a champion of its first account, who left on the declared day', () => {
    const mapped = contact(contacts.leftChampion);
    expect(mapped.entities).toEqual([
      {
        kind: 'contact',
        externalId: '0035g000000C001AAA',
        name: 'Noor Haddad',
        title: 'Head of Operations',
        persona: 'champion',
        addresses: ['noor@fjord.example.com'],
        accountExternalIds: ['0015g000000A001AAA', '0015g000000A002AAA'],
        leftAt: Date.parse('2026-05-20T00:00:00Z'),
        mergedIds: ['0035g000000C009AAA'],
      },
    ]);
    expect(mapped.events).toMatchObject([
      { type: 'contact.added', occurredAt: Date.parse('2026-01-06T10:00:00Z'), subject: 'record:0015g000000A001AAA' },
      { type: 'contact.left', occurredAt: Date.parse('2026-05-20T00:00:00Z'), attributes: { persona: 'champion' } },
    ]);
  });

  it('may have neither address nor account', () => {
    const mapped = contact(contacts.nameless);
    expect(mapped.entities).toMatchObject([{ addresses: [], accountExternalIds: [] }]);
    expect(mapped.events[0]).not.toHaveProperty('subject');
  });
});
