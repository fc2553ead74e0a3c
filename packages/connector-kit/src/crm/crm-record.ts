import { crmChangeIdentity, type EventDraft } from '@waymark/journey';

/** The record that a change stands on. */
export interface CrmRecord {
  /** The vendor's id of the account that is connected: a portal, an organization. */
  readonly externalAccountId: string;
  /** The vendor's name of the kind of record, in the plural: `companies`. */
  readonly object: string;
  readonly id: string;
  /** The account's record that the change is about; undefined where none is known yet. */
  readonly accountId: string | undefined;
}

/** What all events of a CRM record have in common. */
export function crmBase(record: CrmRecord, field: string, at: number) {
  return {
    identity: crmChangeIdentity(record.externalAccountId, record.object, record.id, field, at),
    occurredAt: at,
    touchpoint: 'crm',
    direction: 'none',
    participants: [],
    automated: false,
    rank: 0,
    ...recordSubject(record.accountId),
  } as const satisfies Partial<EventDraft>;
}

/** The subject of an event that is about the account of a CRM record. */
export function recordSubject(accountId: string | undefined): { subject?: string } {
  return accountId === undefined ? {} : { subject: `record:${accountId}` };
}
