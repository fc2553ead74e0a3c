import { contentUuid, mailIdentity } from '@waymark/journey';
import type { Attributes, EventDraft, Participant } from '@waymark/journey';
import type { MapContext, Mapped } from '../contract.ts';
import { authorOf } from './author.ts';
import { decodeHeader, normalizeAddress, parseAddresses } from './address.ts';
import type { MailAddress } from './address.ts';
import { failedRecipients, isAutomated, isBounce, isCalendarReply } from './automated.ts';
import type { MailHeaders } from './headers.ts';
import { isOwnAddress, mailDirection } from './own-side.ts';
import type { OwnSide } from './own-side.ts';
import { mailTime } from './mail-time.ts';
import { threadReferences } from './thread.ts';

/** Participants kept of one mail. */
const maxParticipants = 200;

/** A mail as any mailbox knows it, without a body. */
export interface MailRecord {
  readonly headers: MailHeaders;
  /** When the mailbox took it, epoch milliseconds. */
  readonly arrivedAt: number | undefined;
  readonly threadId: string | undefined;
  /** The provider's id of this copy: tells mails apart that have neither Message-ID nor subject. */
  readonly copyId: string;
  readonly url?: string;
  /** Names of its labels or folders, nested by `/`. */
  readonly tags?: readonly string[];
}

/**
 * One mail as one event: received, sent or internal, by the workspace's own domains. The same mail in two mailboxes gives the
 * same identity, time and direction. Pure, and never throws for what a header holds.
 */
export function mapMail(mail: MailRecord, context: MapContext): Mapped {
  const { headers } = mail;
  const own = ownSide(context);
  const from = authorOf(headers, own);
  if (from === undefined) return { outcome: 'ignored', reason: 'no_sender' };
  const occurredAt = mailTime(headers.first('date'), mail.arrivedAt);
  if (occurredAt === undefined) return { outcome: 'ignored', reason: 'no_date' };

  const to = parseAddresses(headers.first('to'));
  const cc = [...parseAddresses(headers.first('cc')), ...parseAddresses(headers.first('bcc'))];
  const failed = isBounce(headers) ? failedRecipients(headers) : [];
  const recipients = [...to, ...cc].map(({ address }) => address);
  // A bounce comes from our own mail server as often as not, and is still news from the customer's side.
  const bounced = failed.some((address) => !isOwnAddress(address, own));
  const direction = bounced ? 'inbound' : mailDirection(from.address, recipients, own);
  const verdict = isAutomated(headers, own);

  const draft = {
    identity: mailIdentity({
      messageId: headers.first('message-id'),
      from: from.address,
      occurredAt,
      fallback: subjectKey(headers) ?? mail.copyId,
    }),
    occurredAt,
    touchpoint: 'email' as const,
    direction,
    participants: participants(from, to, cc, failed),
    automated: verdict.automated,
    rank: 0,
    attributes: {
      ...attributes(mail, context),
      ...(verdict.automated ? { automatedBy: verdict.reason } : {}),
      ...(failed.length > 0 ? { failedRecipients: [...failed] } : {}),
    },
  };
  return {
    outcome: 'stored',
    events: [{ ...draft, type: eventType[direction] } satisfies EventDraft],
    ...(mail.url === undefined ? {} : { url: mail.url }),
    ...(mail.tags === undefined || mail.tags.length === 0 ? {} : { tags: mail.tags }),
    ...titleOf(headers),
  };
}

function titleOf(headers: MailHeaders): { title?: string } {
  const subject = headers.first('subject');
  return subject === undefined ? {} : { title: decodeHeader(subject) };
}

/** The workspace's side of a mapping: its domains, and the mailbox itself. */
export function ownSide(context: Pick<MapContext, 'ownDomains' | 'account'>): OwnSide {
  const mailbox = normalizeAddress(context.account.address);
  return {
    domains: context.ownDomains.map((domain) => domain.toLowerCase()),
    addresses: mailbox === undefined ? [] : [mailbox],
  };
}

const eventType = { inbound: 'email.received', outbound: 'email.sent', internal: 'email.internal' } as const;

function attributes(mail: MailRecord, context: MapContext): Attributes<'email.received'> {
  const { headers } = mail;
  const references = threadReferences(headers);
  const subject = context.keepSubjects ? headers.first('subject') : undefined;
  return {
    ...(mail.threadId ? { threadId: mail.threadId.slice(0, 1_000) } : {}),
    ...(references.length > 0 ? { references: [...references] } : {}),
    ...(subject === undefined ? {} : { subject: decodeHeader(subject) }),
    ...(isBounce(headers) ? { bounce: true } : {}),
    ...(isCalendarReply(headers) ? { calendarReply: true } : {}),
  };
}

function participants(
  from: MailAddress,
  to: readonly MailAddress[],
  cc: readonly MailAddress[],
  failed: readonly string[],
): Participant[] {
  const all: readonly Participant[] = [
    { role: 'from', ...from },
    ...failed.map((address) => ({ role: 'contact' as const, address })),
    ...to.map((one) => ({ role: 'to' as const, ...one })),
    ...cc.map((one) => ({ role: 'cc' as const, ...one })),
  ];
  return all.slice(0, maxParticipants);
}

/** A digest of the subject without its reply marks: the same in every mailbox, and not readable where subjects are not kept. */
function subjectKey(headers: MailHeaders): string | undefined {
  const subject = headers.first('subject');
  if (subject === undefined) return undefined;
  const bare = decodeHeader(subject)
    .toLowerCase()
    .replace(/^((re|fwd?|aw|wg|sv|tr):\s*){1,10}/, '')
    .replace(/\s+/g, ' ')
    .trim();
  return bare === '' ? undefined : contentUuid('subject', bare);
}
