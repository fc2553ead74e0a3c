import { accountChanges, datedFields, watchedFields, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { AccountFact, MemberRef } from '@waymark/journey';
import { madeBy, transitions } from './history.ts';
import { mergedIds, value, values, type GatheredRecord } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

/** A company as an account, with the dated changes that its property history holds. */
export function mapCompany(record: GatheredRecord, context: MapContext): Mapped {
  const declaration = declarationOf(context.settings);
  const events = accountChanges(
    {
      externalAccountId: context.account.externalAccountId,
      object: 'companies',
      id: record.id,
      accountId: record.id,
    },
    {
      stage: declaration.properties.stage,
      owner: 'hubspot_owner_id',
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
  const domains = domainsOf(record);
  const merged = mergedIds(record);
  const worth = Number(value(record, properties.value) ?? Number.NaN);
  const csm = memberOf(values(record, properties.csm)[0]);
  const owner = memberOf(value(record, 'hubspot_owner_id'));
  const tier = value(record, properties.tier);
  const stage = value(record, properties.stage);
  const parent = value(record, 'hs_parent_company_id');
  const renewalAt = parseTime(value(record, properties.renewalDate));
  const customerSince = parseTime(value(record, properties.customerSince)) ?? firstCustomerAt(record, customers);
  return {
    kind: 'account',
    externalId: record.id,
    name: (value(record, 'name') ?? domains[0] ?? `Company ${record.id}`).slice(0, 500),
    domains,
    isCustomer: customers.values.includes(value(record, customers.property) ?? ''),
    url: record.gathered.url,
    ...(csm === undefined ? {} : { csm }),
    ...(owner === undefined ? {} : { owner }),
    ...(customerSince === undefined ? {} : { customerSince }),
    ...(renewalAt === undefined ? {} : { renewalAt }),
    ...(Number.isFinite(worth) ? { value: worth } : {}),
    ...(tier === undefined ? {} : { tier: tier.slice(0, 100) }),
    ...(stage === undefined ? {} : { crmStage: stage }),
    ...(parent === undefined ? {} : { parentExternalId: parent }),
    ...(merged.length === 0 ? {} : { mergedIds: merged.slice(0, 1000) }),
  };
}

/** The main domain first; without one the host of the website. */
function domainsOf(record: GatheredRecord): string[] {
  const main = value(record, 'domain') ?? hostOf(value(record, 'website'));
  const all = [...(main === undefined ? [] : [main]), ...values(record, 'hs_additional_domains')];
  return [...new Set(all.map((domain) => domain.toLowerCase()))].filter((domain) => domain.length <= 255).slice(0, 200);
}

function hostOf(website: string | undefined): string | undefined {
  if (website === undefined || website.length > 2000) return undefined;
  const url = URL.parse(/^[a-z]+:\/\//i.test(website) ? website : `https://${website}`);
  return url?.hostname.replace(/^www\./, '') || undefined;
}

/** A person as a property names one: HubSpot's user properties hold an owner id, a text property may hold an address. */
function memberOf(text: string | undefined): MemberRef | undefined {
  if (text === undefined || text.length > 320) return undefined;
  if (text.includes('@')) return { email: text.toLowerCase() };
  return /^\d+$/.test(text) ? { ownerId: text } : undefined;
}

function firstCustomerAt(record: GatheredRecord, customers: Declaration['customers']): number | undefined {
  return transitions(record, customers.property).find((change) => customers.values.includes(change.value))?.at;
}
