import {
  mailDirection,
  normalizeAddress,
  ownSide,
  recordSubject,
  type MapContext,
  type Mapped,
} from '@waymark/connector-kit';
import { mailIdentity, type Attributes, type EventDraft, type Participant } from '@waymark/journey';
import { createdAt, value, type GatheredRecord } from './record.ts';
import { parseTime } from './time.ts';

/** Logged mail comes after a mailbox (0) and what reads it there. */
const RANK = 2;
const MAX_PARTICIPANTS = 200;
const MAX_LIST = 50_000;
const DRAFT = '5';

const eventType = { inbound: 'email.received', outbound: 'email.sent', internal: 'email.internal' } as const;

/**
 * A mail as the CRM logged it. With its Message-ID it is the same event as the mailbox's (failure B1), so its direction is told as there:
 * by the workspace's own domains. Salesforce's `Incoming` counts only where no domain is known.
 * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_emailmessage.htm
 */
export function mapEmail(record: GatheredRecord, context: MapContext): Mapped {
  if (record.gathered.tooOld) return { outcome: 'ignored', reason: 'older_than_window' };
  if (value(record, 'Status') === DRAFT) return { outcome: 'ignored', reason: 'not_delivered' };
  const from = normalizeAddress(value(record, 'FromAddress'));
  if (from === undefined) return { outcome: 'ignored', reason: 'no_sender' };
  const participants = participantsOf(record, from);
  const occurredAt = parseTime(value(record, 'MessageDate')) ?? createdAt(record);
  const direction = directionOf(record, context, from, participants);
  const draft = {
    identity: mailIdentity({
      messageId: value(record, 'MessageIdentifier'),
      from,
      occurredAt,
      fallback: `salesforce:${context.account.externalAccountId}:${record.id}`,
    }),
    occurredAt,
    touchpoint: 'email',
    direction,
    participants,
    automated: value(record, 'AutomationType') === 'AiAutomated',
    rank: RANK,
    attributes: attributesOf(record, context),
    ...recordSubject(record.gathered.accounts[0]),
  } as const;
  return {
    outcome: 'stored',
    events: [{ ...draft, type: eventType[direction] } satisfies EventDraft],
    url: record.gathered.url,
  };
}

function directionOf(
  record: GatheredRecord,
  context: MapContext,
  from: string,
  participants: readonly Participant[],
): 'inbound' | 'outbound' | 'internal' {
  if (context.ownDomains.length === 0) return value(record, 'Incoming') === 'true' ? 'inbound' : 'outbound';
  const recipients = participants.flatMap((each) => (each.role === 'from' ? [] : (each.address ?? [])));
  return mailDirection(from, recipients, ownSide(context));
}

function attributesOf(record: GatheredRecord, context: MapContext): Attributes<'email.received'> {
  const thread = value(record, 'ThreadIdentifier');
  const subject = context.keepSubjects ? value(record, 'Subject') : undefined;
  return {
    ...(thread === undefined ? {} : { threadId: `salesforce:${thread}`.slice(0, 1000) }),
    ...(subject === undefined ? {} : { subject: subject.slice(0, 1000) }),
  };
}

/** Lists of addresses are separated by `;`. Each address once, the sender first. */
function participantsOf(record: GatheredRecord, from: string): Participant[] {
  const name = value(record, 'FromName')?.slice(0, 500);
  const sender: Participant = { role: 'from', address: from, ...(name === undefined ? {} : { name }) };
  const seen = new Set<string>();
  const others = (['ToAddress', 'CcAddress', 'BccAddress'] as const).flatMap((field) =>
    addressesOf(value(record, field)).map((address): Participant => ({
      role: field === 'ToAddress' ? 'to' : 'cc',
      address,
    })),
  );
  const once = others.filter(({ address }) => address !== undefined && !seen.has(address) && seen.add(address));
  return [sender, ...once].slice(0, MAX_PARTICIPANTS);
}

function addressesOf(list: string | undefined): string[] {
  return (list ?? '')
    .slice(0, MAX_LIST)
    .split(/[;,]/)
    .flatMap((text) => normalizeAddress(text) ?? []);
}
