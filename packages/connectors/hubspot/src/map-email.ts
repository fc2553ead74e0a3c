import {
  isAutomated,
  isBounce,
  isCalendarReply,
  mailDirection,
  mailHeaders,
  normalizeAddress,
  ownSide,
  recordSubject,
  type MailHeaders,
  type MapContext,
  type Mapped,
} from '@waymark/connector-kit';
import { mailIdentity, type Attributes, type EventDraft, type Participant } from '@waymark/journey';
import { z } from 'zod';
import { createdAt, value, values, type GatheredRecord } from './record.ts';
import { parseTime } from './time.ts';

/** Logged mail comes after a mailbox (0) and what reads it there. */
const RANK = 2;
const MAX_PARTICIPANTS = 200;
const MAX_HEADERS = 200_000;

const person = z.looseObject({
  email: z.string().nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
});
/** The participants of a logged mail, as JSON in a property. https://developers.hubspot.com/docs/api-reference/crm-emails-v3/guide */
const loggedHeaders = z.looseObject({
  from: person.nullish(),
  sender: person.nullish(),
  to: z.array(person).nullish(),
  cc: z.array(person).nullish(),
  bcc: z.array(person).nullish(),
});

/** States of a mail that HubSpot itself sends, in which it has reached nobody. */
const NOT_SENT = new Set(['BOUNCED', 'FAILED', 'SCHEDULED', 'SENDING', 'DRAFT']);
/** Sources of mail of ours that no person wrote there and then: sequences, workflows, other tools. */
const MACHINES = new Set(['INTEGRATION', 'SEQUENCES', 'AUTOMATION_PLATFORM', 'WORKFLOWS', 'MARKETING_EMAIL', 'API']);

/** How mail programs begin the subject of an answer that they send by themselves: HubSpot keeps none of the headers that say so. */
const ANSWERING_MACHINE =
  /^(automatic reply|auto[- ]?reply|autoresponse|out of (the )?office|automatische antwort|abwesenheitsnotiz|réponse automatique|respuesta automática|automatisch antwoord|autosvar)\b/i;

/**
 * A mail as the CRM logged it. With its Message-ID it is the same event as the mailbox's (failure B1), so its direction is told as
 * there: by the workspace's own domains. HubSpot's own word for the direction counts only where no domain is known.
 */
export function mapEmail(record: GatheredRecord, context: MapContext): Mapped {
  if (record.gathered.tooOld) return { outcome: 'ignored', reason: 'older_than_window' };
  const status = value(record, 'hs_email_status')?.toUpperCase();
  if (status !== undefined && NOT_SENT.has(status)) return { outcome: 'ignored', reason: 'not_delivered' };
  const participants = participantsOf(record);
  const from = participants.find((each) => each.role === 'from')?.address;
  if (from === undefined) return { outcome: 'ignored', reason: 'no_sender' };
  const occurredAt = parseTime(value(record, 'hs_timestamp')) ?? createdAt(record);
  const direction = directionOf(record, context, from, participants);
  const headers = remainingHeaders(record, from);
  const machine = machineOf(record, context, headers, direction);
  const draft = {
    identity: mailIdentity({
      messageId: value(record, 'hs_email_message_id'),
      from,
      occurredAt,
      fallback: `hubspot:${context.account.externalAccountId}:${record.id}`,
    }),
    occurredAt,
    touchpoint: 'email',
    direction,
    participants,
    automated: machine !== undefined,
    rank: RANK,
    attributes: {
      ...attributesOf(record, context),
      ...(machine === undefined ? {} : { automatedBy: machine }),
      ...(isBounce(headers) ? { bounce: true } : {}),
      ...(isCalendarReply(headers) ? { calendarReply: true } : {}),
    },
    ...recordSubject(record.gathered.companies[0]),
  } as const;
  const type = { inbound: 'email.received', outbound: 'email.sent', internal: 'email.internal' } as const;
  return {
    outcome: 'stored',
    events: [{ ...draft, type: type[direction] } satisfies EventDraft],
    url: record.gathered.url,
    ...titleOf(value(record, 'hs_email_subject')),
  };
}

/** For exclusions alone: the runner looks at it and forgets it. */
const titleOf = (title: string | undefined) => (title === undefined ? {} : { title: title.slice(0, 1000) });

function directionOf(
  record: GatheredRecord,
  context: MapContext,
  from: string,
  participants: readonly Participant[],
): 'inbound' | 'outbound' | 'internal' {
  if (context.ownDomains.length === 0) {
    return value(record, 'hs_email_direction') === 'INCOMING_EMAIL' ? 'inbound' : 'outbound';
  }
  const recipients = participants.flatMap((each) => (each.role === 'from' ? [] : (each.address ?? [])));
  return mailDirection(from, recipients, ownSide(context));
}

/** What is left in the CRM of the headers by which a machine's mail is told. */
function remainingHeaders(record: GatheredRecord, from: string): MailHeaders {
  const sender = normalizeAddress(headersOf(value(record, 'hs_email_headers'))?.sender?.email);
  return mailHeaders([
    { name: 'From', value: from },
    { name: 'Sender', value: sender },
    { name: 'Subject', value: value(record, 'hs_email_subject') },
  ]);
}

/**
 * Why a mail counts as written by a machine (failure C4); undefined where a person wrote it. The record's source tells of our side alone:
 * an answer of the customer that a sales tool put on record was written by a person all the same.
 */
function machineOf(
  record: GatheredRecord,
  context: MapContext,
  headers: MailHeaders,
  direction: 'inbound' | 'outbound' | 'internal',
): string | undefined {
  if (direction !== 'inbound') {
    if (value(record, 'hs_sequence_id') !== undefined) return 'sequence';
    if (MACHINES.has(value(record, 'hs_object_source')?.toUpperCase() ?? '')) return 'tool';
  }
  const verdict = isAutomated(headers, ownSide(context));
  if (verdict.automated) return verdict.reason;
  return ANSWERING_MACHINE.test(headers.first('subject')?.slice(0, 60) ?? '') ? 'auto_reply' : undefined;
}

function attributesOf(record: GatheredRecord, context: MapContext): Attributes<'email.received'> {
  const thread = value(record, 'hs_email_thread_id');
  const subject = context.keepSubjects ? value(record, 'hs_email_subject') : undefined;
  return {
    ...(thread === undefined ? {} : { threadId: `hubspot:${thread}`.slice(0, 1000) }),
    ...(subject === undefined ? {} : { subject: subject.slice(0, 1000) }),
  };
}

/** From the headers, else from the plain properties, which older and hand-logged mail has alone. Addresses once each. */
function participantsOf(record: GatheredRecord): Participant[] {
  const headers = headersOf(value(record, 'hs_email_headers'));
  const all =
    headers === undefined
      ? []
      : [
          ...toParticipants('from', headers.from ? [headers.from] : []),
          ...toParticipants('to', headers.to ?? []),
          ...toParticipants('cc', [...(headers.cc ?? []), ...(headers.bcc ?? [])]),
        ];
  const plain = (role: Participant['role'], property: string): Participant[] =>
    toParticipants(
      role,
      values(record, property).map((email) => ({ email })),
    );
  const some = (role: Participant['role'], property: string): Participant[] => {
    const known = all.filter((each) => each.role === role);
    return known.length > 0 ? known : plain(role, property);
  };
  const wanted = [
    ...some('from', 'hs_email_from_email').slice(0, 1),
    ...some('to', 'hs_email_to_email'),
    ...some('cc', 'hs_email_cc_email'),
  ];
  const seen = new Set<string>();
  return wanted
    .filter((each) => {
      const key = `${each.role === 'from'}|${each.address}`;
      return seen.has(key) ? false : seen.add(key);
    })
    .slice(0, MAX_PARTICIPANTS);
}

function headersOf(text: string | undefined): z.infer<typeof loggedHeaders> | undefined {
  if (text === undefined || text.length > MAX_HEADERS) return undefined;
  try {
    const parsed = loggedHeaders.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function toParticipants(role: Participant['role'], people: readonly z.infer<typeof person>[]): Participant[] {
  return people.flatMap((each) => {
    const address = normalizeAddress(each.email);
    if (address === undefined) return [];
    const name = [each.firstName, each.lastName].filter(Boolean).join(' ').slice(0, 500);
    return [{ role, address, ...(name === '' ? {} : { name }) }];
  });
}
