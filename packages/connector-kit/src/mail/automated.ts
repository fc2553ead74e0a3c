import { domainOf, parseAddresses } from './address.ts';
import type { MailHeaders } from './headers.ts';
import { isOwnAddress, isOwnDomain } from './own-side.ts';
import type { OwnSide } from './own-side.ts';

/** Why a mail counts as written by a machine; the first that holds. */
export type AutomatedReason =
  | 'bounce'
  | 'read_receipt'
  | 'calendar_reply'
  | 'calendar_notice'
  | 'auto_submitted'
  | 'auto_reply'
  | 'precedence'
  | 'list'
  | 'feedback_id'
  | 'no_reply'
  | 'bulk_sender';

/** The verdict of `isAutomated`. */
export type AutomatedVerdict =
  | { readonly automated: false }
  | { readonly automated: true; readonly reason: AutomatedReason };

/** Headers that the verdict, and a mail event as a whole, rest on: what a connector has to ask for. */
export const mailHeaderNames = [
  'From',
  'Sender',
  'To',
  'Cc',
  'Bcc',
  'Reply-To',
  'Date',
  'Subject',
  'Message-ID',
  'In-Reply-To',
  'References',
  'Return-Path',
  'Content-Type',
  'Auto-Submitted',
  'Precedence',
  'List-Id',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
  'Feedback-ID',
  'X-Auto-Response-Suppress',
  'X-Autoreply',
  'X-Autorespond',
  'X-Failed-Recipients',
] as const;

/**
 * Whether a machine wrote a mail, by its headers alone (failure C4). `List-Unsubscribe` by itself is no verdict, since sales
 * tools put it on mail between two people; a list under an own domain is a shared mailbox, through which customers write.
 * Sources: RFC 3834 (Auto-Submitted), RFC 2919 (List-Id), RFC 8058 (List-Unsubscribe-Post), RFC 3464 (delivery reports).
 */
export function isAutomated(headers: MailHeaders, own: OwnSide): AutomatedVerdict {
  const reason = reasonOf(headers, own);
  return reason === undefined ? { automated: false } : { automated: true, reason };
}

function reasonOf(headers: MailHeaders, own: OwnSide): AutomatedReason | undefined {
  if (isBounce(headers)) return 'bounce';
  const contentType = headers.first('content-type')?.slice(0, 500).toLowerCase() ?? '';
  if (contentType.includes('disposition-notification')) return 'read_receipt';
  if (isCalendarReply(headers)) return 'calendar_reply';
  if (isFromCalendar(headers)) return 'calendar_notice';
  const submitted = headers.first('auto-submitted')?.toLowerCase();
  if (submitted !== undefined && !/^no\b/.test(submitted)) return 'auto_submitted';
  if (headers.first('x-autoreply') !== undefined || headers.first('x-autorespond') !== undefined) return 'auto_reply';
  const suppress = headers.first('x-auto-response-suppress')?.toLowerCase();
  if (suppress !== undefined && suppress !== 'none') return 'auto_reply';
  const precedence = headers.first('precedence')?.toLowerCase();
  if (precedence === 'auto_reply') return 'auto_reply';
  const ownList = isOwnList(headers, own);
  if (!ownList && (precedence === 'bulk' || precedence === 'junk' || precedence === 'list')) return 'precedence';
  if (!ownList && headers.first('list-id') !== undefined) return 'list';
  if (headers.first('feedback-id') !== undefined) return 'feedback_id';
  const sender = localPart(headers);
  if (/noreply|donotreply|dontreply/.test(sender)) return 'no_reply';
  // Our own newsletter goes out over an own list as well: there only what marks bulk tells it from a colleague's answer.
  if (
    ownList &&
    isFromOwnSide(headers, own) &&
    (precedence === 'bulk' || precedence === 'junk' || weight(headers, sender) >= 2)
  )
    return 'list';
  return !ownList && weight(headers, sender) >= 2 ? 'bulk_sender' : undefined;
}

function isFromOwnSide(headers: MailHeaders, own: OwnSide): boolean {
  const from = parseAddresses(headers.first('from'))[0];
  return from !== undefined && isOwnAddress(from.address, own);
}

/** Whether a mail says that another could not be delivered. */
export function isBounce(headers: MailHeaders): boolean {
  const contentType = headers.first('content-type')?.slice(0, 500).toLowerCase() ?? '';
  if (headers.first('x-failed-recipients') !== undefined || contentType.includes('delivery-status')) return true;
  const sender = localPart(headers);
  const report = contentType.startsWith('multipart/report') || headers.first('return-path')?.trim() === '<>';
  return sender === 'mailerdaemon' || (report && sender === 'postmaster');
}

/** Addresses that a bounce names as undeliverable, at most 100. Only some servers name them in a header. */
export function failedRecipients(headers: MailHeaders): readonly string[] {
  return headers
    .all('x-failed-recipients')
    .flatMap((value) => parseAddresses(value).map(({ address }) => address))
    .slice(0, 100);
}

/** Whether a mail is the answer to an invitation, which calendars send in a person's name. Outlook's is told by its subject. */
export function isCalendarReply(headers: MailHeaders): boolean {
  if (calendarMethod(headers) === 'reply') return true;
  const subject = headers.first('subject')?.slice(0, 40) ?? '';
  return /^(accepted|declined|tentative|tentatively accepted): /i.test(subject);
}

/** Whether a calendar wrote a mail: an invitation, a change, a cancellation. The meeting itself tells what it is worth. */
function isFromCalendar(headers: MailHeaders): boolean {
  // Google hides the calendar part inside a multipart, and names the robot as Sender.
  const robot = parseAddresses(headers.first('sender'))[0]?.address === 'calendar-notification@google.com';
  return robot || calendarMethod(headers) !== undefined;
}

function calendarMethod(headers: MailHeaders): string | undefined {
  const contentType = headers.first('content-type')?.slice(0, 500).toLowerCase() ?? '';
  if (!contentType.startsWith('text/calendar')) return undefined;
  return /method="?([a-z]{1,20})/.exec(contentType)?.[1] ?? 'publish';
}

function isOwnList(headers: MailHeaders, own: OwnSide): boolean {
  const listId = headers.first('list-id')?.slice(0, 500).toLowerCase();
  if (listId === undefined) return false;
  const open = listId.lastIndexOf('<');
  const id = (open < 0 ? listId : listId.slice(open + 1)).replace(/[>\s]/g, '');
  return isOwnDomain(id, own);
}

function localPart(headers: MailHeaders): string {
  const from = parseAddresses(headers.first('from'))[0] ?? parseAddresses(headers.first('sender'))[0];
  if (from === undefined) return '';
  return from.address.slice(0, -domainOf(from.address).length - 1).replace(/[-_.+]/g, '');
}

function weight(headers: MailHeaders, sender: string): number {
  const bulkNames = ['newsletter', 'news', 'notification', 'notifications', 'marketing', 'updates', 'mailer', 'digest'];
  return (
    Number(headers.first('list-unsubscribe') !== undefined) +
    Number(headers.first('list-unsubscribe-post') !== undefined) +
    Number(bulkNames.includes(sender))
  );
}
