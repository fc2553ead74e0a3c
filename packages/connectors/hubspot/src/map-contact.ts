import { contactEvents, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { ContactFact } from '@waymark/journey';
import { createdAt, mergedIds, value, values, type GatheredRecord } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

/** RFC 5321, 4.5.3.1: 64 for the local part, 255 for the domain. */
const LONGEST_ADDRESS = 320;

/** A contact as a person of an account: when the CRM first knew of them and, where a property is declared for it, when they left. */
export function mapContact(record: GatheredRecord, context: MapContext): Mapped {
  const contact = toContact(record, declarationOf(context.settings));
  const origin = {
    externalAccountId: context.account.externalAccountId,
    object: 'contacts',
    id: record.id,
    accountId: contact.accountExternalIds[0],
  };
  const events = contactEvents('hubspot', origin, contact, { field: 'createdate', at: createdAt(record) });
  return { outcome: 'stored', entities: [contact], events, url: record.gathered.url };
}

function toContact(record: GatheredRecord, declaration: Declaration): ContactFact {
  const name = [value(record, 'firstname'), value(record, 'lastname')].filter(Boolean).join(' ');
  const title = value(record, 'jobtitle');
  const persona = personaOf(record, declaration);
  const leftAt = parseTime(value(record, declaration.contacts.leftDate));
  const merged = mergedIds(record);
  return {
    kind: 'contact',
    externalId: record.id,
    addresses: addressesOf(record),
    accountExternalIds: companiesOf(record).slice(0, 1000),
    ...(name === '' ? {} : { name: name.slice(0, 500) }),
    ...(title === undefined ? {} : { title: title.slice(0, 500) }),
    ...(persona === undefined ? {} : { persona }),
    ...(leftAt === undefined ? {} : { leftAt }),
    ...(merged.length === 0 ? {} : { mergedIds: merged.slice(0, 1000) }),
  };
}

function addressesOf(record: GatheredRecord): string[] {
  const main = value(record, 'email');
  const all = [...(main === undefined ? [] : [main]), ...values(record, 'hs_additional_emails')];
  const usable = all.map((address) => address.toLowerCase()).filter((address) => address.length <= LONGEST_ADDRESS);
  return [...new Set(usable)].filter((address) => address.includes('@')).slice(0, 100);
}

/** The property that names the primary company is newer than the associations' label where both are there. */
function companiesOf(record: GatheredRecord): string[] {
  const primary = value(record, 'associatedcompanyid');
  const { companies } = record.gathered;
  return primary !== undefined && companies.includes(primary)
    ? [primary, ...companies.filter((id) => id !== primary)]
    : [...companies];
}

/** A person may play several parts at once; that of a champion is the one that rules ask for. */
function personaOf(record: GatheredRecord, declaration: Declaration): string | undefined {
  const parts = values(record, declaration.contacts.persona);
  if (parts.some((part) => declaration.contacts.championValues.includes(part))) return 'champion';
  return parts[0]?.toLowerCase().slice(0, 100);
}
