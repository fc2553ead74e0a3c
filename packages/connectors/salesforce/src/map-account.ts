import { accountChanges, datedFields, watchedFields, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { AccountFact, MemberRef } from '@waymark/journey';
import { madeBy, transitions } from './history.ts';
import { isId, value, type GatheredRecord } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

/** An account, with the dated changes that its field history holds. */
export function mapAccount(record: GatheredRecord, context: MapContext): Mapped {
  const declaration = declarationOf(context.settings);
  const events = accountChanges(
    {
      externalAccountId: context.account.externalAccountId,
      object: 'accounts',
      id: record.id,
      accountId: record.id,
    },
    {
      stage: declaration.properties.stage,
      owner: 'OwnerId',
      watched: watchedFields(declaration.properties),
      changes: (field) => transitions(record, field),
      madeBy,
    },
  );
  return {
    outcome: 'stored',
    url: record.gathered.url,
    entities: [{ ...toAccount(record, declaration), ...datedFields(events) }],
    events,
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
