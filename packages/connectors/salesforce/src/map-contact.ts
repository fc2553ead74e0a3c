import { normalizeAddress, type MapContext, type Mapped } from '@waymark/connector-kit';
import { crmChangeIdentity, type ContactFact, type EventDraft } from '@waymark/journey';
import { createdAt, recordSubject, value, type GatheredRecord } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

/** A contact as a person of an account: when the CRM first knew of them and, where a field is declared for it, when they left. */
export function mapContact(record: GatheredRecord, context: MapContext): Mapped {
  const contact = toContact(record, declarationOf(context.settings));
  const address = contact.addresses[0];
  const participants: EventDraft['participants'] = [
    {
      role: 'contact',
      external: `salesforce:contact:${record.id}`,
      ...(address === undefined ? {} : { address }),
      ...(contact.name === undefined ? {} : { name: contact.name }),
    },
  ];
  const base = {
    touchpoint: 'crm',
    direction: 'none',
    participants,
    automated: false,
    rank: 0,
    attributes: { contact: record.id, ...(contact.persona === undefined ? {} : { persona: contact.persona }) },
    ...recordSubject(contact.accountExternalIds[0]),
  } as const;
  const identity = (what: string, at: number): string =>
    crmChangeIdentity(context.account.externalAccountId, 'contacts', record.id, what, at);
  const added = createdAt(record);
  const events: EventDraft[] = [
    { ...base, type: 'contact.added', identity: identity('CreatedDate', added), occurredAt: added },
  ];
  if (contact.leftAt !== undefined) {
    const at = contact.leftAt;
    events.push({ ...base, type: 'contact.left', identity: identity('left', at), occurredAt: at });
  }
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
