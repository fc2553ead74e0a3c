import type { ContactFact, EventDraft } from '@waymark/journey';
import { crmBase, type CrmRecord } from './crm-record.ts';

/** When a contact of a CRM was made: the field that says so, and its instant, epoch ms. */
export interface ContactMade {
  readonly field: string;
  readonly at: number;
}

/** A contact's coming and, where it is known, its leaving. `vendor` and the record's id name the person: `hubspot:contact:12`. */
export function contactEvents(
  vendor: string,
  record: CrmRecord,
  contact: ContactFact,
  made: ContactMade,
): EventDraft[] {
  const address = contact.addresses[0];
  const { name, persona, leftAt } = contact;
  const told = (field: string, at: number) => ({
    ...crmBase(record, field, at),
    participants: [
      {
        role: 'contact' as const,
        external: `${vendor}:contact:${record.id}`,
        ...(address === undefined ? {} : { address }),
        ...(name === undefined ? {} : { name }),
      },
    ],
    attributes: { contact: record.id, ...(persona === undefined ? {} : { persona }) },
  });
  const added: EventDraft = { ...told(made.field, made.at), type: 'contact.added' };
  return leftAt === undefined ? [added] : [added, { ...told('left', leftAt), type: 'contact.left' }];
}
