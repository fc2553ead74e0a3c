import { recordSubject, type MapContext, type Mapped } from '@waymark/connector-kit';
import { mailIdentity, type EventDraft, type Participant } from '@waymark/journey';
import { createdAt, value, type GatheredRecord } from './record.ts';
import { parseTime } from './time.ts';

/** After a mailbox (0), a meeting's copy (1) and a logged mail with its headers (2). */
const RANK = 3;

/**
 * A task that stands for a mail, as add-ons log one where EmailMessage is not used. It has neither Message-ID nor recipients: whom it
 * went to is the contact it is about. It counts as sent by its owner; other tasks are no touch with the customer.
 * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm
 */
export function mapTask(record: GatheredRecord, context: MapContext): Mapped {
  if (record.gathered.tooOld) return { outcome: 'ignored', reason: 'older_than_window' };
  if (record.gathered.toldByMail) return { outcome: 'ignored', reason: 'told_by_mail' };
  if (value(record, 'TaskSubtype') !== 'Email') return { outcome: 'ignored', reason: 'not_mail' };
  if (value(record, 'IsClosed') !== 'true') return { outcome: 'ignored', reason: 'not_delivered' };
  const { people } = record.gathered;
  const owner = people.find((person) => person.id === value(record, 'OwnerId'));
  const contacts = people.filter((person) => person.kind === 'contact');
  if (contacts.length === 0 && record.gathered.accounts.length === 0)
    return { outcome: 'ignored', reason: 'no_customer' };
  const occurredAt = parseTime(value(record, 'CompletedDateTime')) ?? createdAt(record);
  const subject = context.keepSubjects ? value(record, 'Subject') : undefined;
  const participants: Participant[] = [
    ...(owner === undefined ? [] : [participant('from', owner)]),
    ...contacts.map((contact) => participant('to', contact)),
  ];
  const draft: EventDraft = {
    type: 'email.sent',
    identity: mailIdentity({
      messageId: undefined,
      from: owner?.address,
      occurredAt,
      fallback: `salesforce:${context.account.externalAccountId}:${record.id}`,
    }),
    occurredAt,
    touchpoint: 'email',
    direction: 'outbound',
    participants,
    automated: false,
    rank: RANK,
    attributes: subject === undefined ? {} : { subject: subject.slice(0, 1000) },
    ...recordSubject(record.gathered.accounts[0]),
  };
  return { outcome: 'stored', events: [draft], url: record.gathered.url };
}

function participant(role: Participant['role'], person: GatheredRecord['gathered']['people'][number]): Participant {
  return {
    role,
    external: `salesforce:${person.kind}:${person.id}`,
    ...(person.address === undefined ? {} : { address: person.address }),
    ...(person.name === undefined ? {} : { name: person.name.slice(0, 500) }),
  };
}
