import { contactEvents, normalizeAddress, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { ContactFact } from '@waymark/journey';
import { createdAt, value, type GatheredRecord } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

/** A contact as a person of an account: when the CRM first knew of them and, where a field is declared for it, when they left. */
export function mapContact(record: GatheredRecord, context: MapContext): Mapped {
  const contact = toContact(record, declarationOf(context.settings));
  const origin = {
    externalAccountId: context.account.externalAccountId,
    object: 'contacts',
    id: record.id,
    accountId: contact.accountExternalIds[0],
  };
  const events = contactEvents('salesforce', origin, contact, { field: 'CreatedDate', at: createdAt(record) });
  return { outcome: 'stored', entities: [contact], events, url: record.gathered.url };
}

function toContact(record: GatheredRecord, declaration: Declaration): ContactFact {
  const name =
    value(record, 'Name') ?? [value(record, 'FirstName'), value(record, 'LastName')].filter(Boolean).join(' ');
  const title = value(record, 'Title');
  const persona = personaOf(record, declaration);
  const leftAt = parseTime(value(record, declaration.contacts.leftDate));
  const { merged } = record.gathered;
  return {
    kind: 'contact',
    externalId: record.id,
    addresses: addressesOf(record, declaration),
    accountExternalIds: record.gathered.accounts.slice(0, 1000),
    ...(name === '' ? {} : { name: name.slice(0, 500) }),
    ...(title === undefined ? {} : { title: title.slice(0, 500) }),
    ...(persona === undefined ? {} : { persona }),
    ...(leftAt === undefined ? {} : { leftAt }),
    ...(merged.length === 0 ? {} : { mergedIds: merged.slice(0, 1000) }),
  };
}

function addressesOf(record: GatheredRecord, { contacts }: Declaration): string[] {
  const all = ['Email', ...contacts.addresses].flatMap((field) => normalizeAddress(value(record, field)) ?? []);
  return [...new Set(all)];
}

/** A multi-select picklist separates its values by `;`; that of a champion is the one that rules ask for. */
function personaOf(record: GatheredRecord, { contacts }: Declaration): string | undefined {
  const parts = (value(record, contacts.persona) ?? '').split(';').map((part) => part.trim());
  if (parts.some((part) => contacts.championValues.includes(part))) return 'champion';
  return parts[0]?.toLowerCase().slice(0, 100) || undefined;
}
