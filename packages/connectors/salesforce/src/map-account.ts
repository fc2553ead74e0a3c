import type { MapContext, Mapped } from '@waymark/connector-kit';
import { crmChangeIdentity, type AccountFact, type EventDraft, type MemberRef } from '@waymark/journey';
import { madeBy, transitions } from './history.ts';
import { isId, recordSubject, value, type GatheredRecord } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

/** An account, with the dated changes that its field history holds. */
export function mapAccount(record: GatheredRecord, context: MapContext): Mapped {
  const declaration = declarationOf(context.settings);
  return {
    outcome: 'stored',
    url: record.gathered.url,
    entities: [toAccount(record, declaration)],
    events: [
      ...stageChanges(record, context, declaration.properties.stage),
      ...ownerChanges(record, context),
      ...fieldChanges(record, context, declaration),
    ],
  };
}

function toAccount(record: GatheredRecord, declaration: Declaration): AccountFact {
  const { customers, properties } = declaration;
  const { merged } = record.gathered;
  const domains = domainsOf(record, properties.domains);
  const worth = Number(value(record, properties.value) ?? Number.NaN);
  const csm = memberOf(value(record, properties.csm));
  const owner = memberOf(value(record, 'OwnerId'));
  const tier = value(record, properties.tier);
  const stage = value(record, properties.stage);
  const parent = value(record, 'ParentId');
  const currency = value(record, 'CurrencyIsoCode');
  const renewalAt = parseTime(value(record, properties.renewalDate));
  const customerSince = parseTime(value(record, properties.customerSince)) ?? firstCustomerAt(record, customers);
  return {
    kind: 'account',
    externalId: record.id,
    name: (value(record, 'Name') ?? domains[0] ?? `Account ${record.id}`).slice(0, 500),
    domains,
    isCustomer: customers.values.includes(value(record, customers.property) ?? ''),
    url: record.gathered.url,
    ...(csm === undefined ? {} : { csm }),
    ...(owner === undefined ? {} : { owner }),
    ...(customerSince === undefined ? {} : { customerSince }),
    ...(renewalAt === undefined ? {} : { renewalAt }),
    ...(Number.isFinite(worth) ? { value: worth } : {}),
    ...(currency === undefined ? {} : { currency: currency.slice(0, 10) }),
    ...(tier === undefined ? {} : { tier: tier.slice(0, 100) }),
    ...(stage === undefined ? {} : { crmStage: stage.slice(0, 200) }),
    ...(parent === undefined ? {} : { parentExternalId: parent.slice(0, 500) }),
    ...(merged.length === 0 ? {} : { mergedIds: merged.slice(0, 1000) }),
  };
}

/** The website's host first. A person's account has no company's domain: its mail is told apart by the contact's address. */
function domainsOf(record: GatheredRecord, further: string | undefined): string[] {
  if (value(record, 'IsPersonAccount') === 'true') return [];
  const main = hostOf(value(record, 'Website'));
  const listed = (value(record, further) ?? '').slice(0, 10_000).split(/[;,\s]+/);
  const all = [...(main === undefined ? [] : [main]), ...listed.flatMap((text) => hostOf(text) ?? [])];
  return [...new Set(all)].filter((domain) => domain.length <= 255).slice(0, 200);
}

function hostOf(website: string | undefined): string | undefined {
  if (website === undefined || website === '' || website.length > 2000) return undefined;
  const url = URL.parse(/^[a-z]+:\/\//i.test(website) ? website : `https://${website}`);
  const host = url?.hostname.toLowerCase().replace(/^www\./, '');
  return host !== undefined && host.includes('.') ? host : undefined;
}

/** A person as a field names one: a lookup holds a user's id, a text field may hold an address. */
function memberOf(text: string | undefined): MemberRef | undefined {
  if (text === undefined || text.length > 320) return undefined;
  if (text.includes('@')) return { email: text.toLowerCase() };
  return isId(text) && text.startsWith('005') ? { ownerId: text } : undefined;
}

function firstCustomerAt(record: GatheredRecord, customers: Declaration['customers']): number | undefined {
  const changes = transitions(record, customers.property).filter((change) => change.assumed !== true);
  return changes.find((change) => customers.values.includes(change.value))?.at;
}

function base(record: GatheredRecord, context: MapContext, field: string, at: number) {
  return {
    identity: crmChangeIdentity(context.account.externalAccountId, 'accounts', record.id, field, at),
    occurredAt: at,
    touchpoint: 'crm',
    direction: 'none',
    participants: [],
    automated: false,
    rank: 0,
    ...recordSubject(record.id),
  } as const;
}

function stageChanges(record: GatheredRecord, context: MapContext, property: string): EventDraft[] {
  return transitions(record, property).map((change) => ({
    ...base(record, context, property, change.at),
    type: 'crm.stage_changed',
    attributes: { ...fromOf(change.from), to: change.value.slice(0, 500), property, ...madeBy(change) },
  }));
}

function ownerChanges(record: GatheredRecord, context: MapContext): EventDraft[] {
  return transitions(record, 'OwnerId').map((change) => ({
    ...base(record, context, 'OwnerId', change.at),
    type: 'crm.owner_changed',
    attributes: { ...fromOf(change.from), owner: change.value.slice(0, 500), ...madeBy(change) },
  }));
}

/** Fields whose past is kept, with what the declaration calls them. */
export function watchedFields(declaration: Declaration): ReadonlyMap<string, string | undefined> {
  const { onboardingStatus, renewalDate, csm, watch } = declaration.properties;
  const roles = Object.entries({ onboardingStatus, renewalDate, csm });
  const watched = new Map<string, string | undefined>(watch.map((property) => [property, undefined]));
  for (const [role, property] of roles) if (property !== undefined) watched.set(property, role);
  return watched;
}

function fieldChanges(record: GatheredRecord, context: MapContext, declaration: Declaration): EventDraft[] {
  const already = new Set([declaration.properties.stage, 'OwnerId']);
  return [...watchedFields(declaration)]
    .filter(([property]) => !already.has(property))
    .flatMap(([property, role]) =>
      transitions(record, property).map((change): EventDraft => ({
        ...base(record, context, property, change.at),
        type: 'crm.property_changed',
        attributes: {
          ...fromOf(change.from),
          to: change.value.slice(0, 500),
          property,
          ...(role === undefined ? {} : { role }),
          ...madeBy(change),
        },
      })),
    );
}

function fromOf(from: string | undefined): { from?: string } {
  return from === undefined ? {} : { from: from.slice(0, 500) };
}
