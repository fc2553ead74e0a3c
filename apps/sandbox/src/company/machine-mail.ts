import type { MailDraft, Party } from './mail-draft.ts';
import type { WorldMail } from './world.ts';

/** An out-of-office reply, RFC 3834: marked as automatic, and an answer to what set it off. */
export function autoReply(options: { at: number; from: Party; answers: WorldMail; text: string }): MailDraft {
  const { at, from, answers, text } = options;
  return {
    kind: 'auto-reply',
    at,
    from,
    to: [{ name: answers.from.name ?? '', address: answers.from.address }],
    subject: `Automatic reply: ${answers.subject}`,
    body: text,
    headers: { 'Auto-Submitted': 'auto-replied', 'X-Auto-Response-Suppress': 'All', Precedence: 'auto_reply' },
    answers,
  };
}

/**
 * A delivery status notification, RFC 3464, for a recipient who is no longer there. Its body is the whole multipart, as the
 * Content-Type header says.
 */
export function bounce(options: { at: number; recipient: string; answers: WorldMail }): MailDraft {
  const { at, recipient, answers } = options;
  const domain = recipient.split('@')[1] ?? 'example';
  const boundary = `bounce-${answers.messageId.split('@')[0]?.replaceAll('.', '-') ?? 'x'}`;
  const part = (type: string, text: string): string => `--${boundary}\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`;
  return {
    kind: 'bounce',
    at,
    from: { name: 'Mail Delivery Subsystem', address: `mailer-daemon@${domain}` },
    to: [{ name: answers.from.name ?? '', address: answers.from.address }],
    subject: 'Delivery Status Notification (Failure)',
    headers: {
      'Content-Type': `multipart/report; report-type=delivery-status; boundary="${boundary}"`,
      'Auto-Submitted': 'auto-replied',
      'Return-Path': '<>',
      'X-Failed-Recipients': recipient,
    },
    body:
      part(
        'text/plain; charset=utf-8',
        `Your message to ${recipient} could not be delivered.\r\nThe address was not found: the account does not exist.`,
      ) +
      part(
        'message/delivery-status',
        `Reporting-MTA: dns; mx.${domain}\r\n\r\nFinal-Recipient: rfc822; ${recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n` +
          'Diagnostic-Code: smtp; 550 5.1.1 The email account does not exist',
      ) +
      part(
        'text/rfc822-headers',
        `Message-ID: <${answers.messageId}>\r\nTo: ${recipient}\r\nSubject: ${answers.subject}`,
      ) +
      `--${boundary}--\r\n`,
    answers,
  };
}

const stamp = (time: number): string => new Date(time).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');

/** An invitee's answer to an invitation, RFC 5546 METHOD:REPLY: machine-made mail that must not count as the customer writing. */
export function calendarReply(options: {
  at: number;
  from: Party;
  to: Party;
  title: string;
  iCalUid: string;
  start: number;
  response: 'ACCEPTED' | 'DECLINED' | 'TENTATIVE';
}): MailDraft {
  const { at, from, to, title, iCalUid, start, response } = options;
  const word = response.charAt(0) + response.slice(1).toLowerCase();
  return {
    kind: 'calendar-reply',
    at,
    from,
    to: [to],
    subject: `${word}: ${title}`,
    headers: { 'Content-Type': 'text/calendar; method=REPLY; charset=utf-8' },
    body: [
      'BEGIN:VCALENDAR',
      'PRODID:-//Sample//Calendar//EN',
      'VERSION:2.0',
      'METHOD:REPLY',
      'BEGIN:VEVENT',
      `UID:${iCalUid}`,
      `DTSTAMP:${stamp(at)}`,
      `DTSTART:${stamp(start)}`,
      `ORGANIZER:mailto:${to.address}`,
      `ATTENDEE;PARTSTAT=${response}:mailto:${from.address}`,
      `SUMMARY:${title}`,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  };
}

/** A newsletter as bulk senders must mark it, RFC 2369 and RFC 8058. */
export function newsletter(options: {
  at: number;
  from: Party;
  to: Party;
  list: string;
  subject: string;
  text: string;
}): MailDraft {
  const { at, from, to, list, subject, text } = options;
  const domain = from.address.split('@')[1] ?? 'example';
  return {
    kind: 'newsletter',
    at,
    from,
    to: [to],
    subject,
    body: `${text}\n\nYou receive this because you subscribed. Unsubscribe: https://${domain}/unsubscribe/${list}`,
    headers: {
      'List-Id': `${list} <${list}.${domain}>`,
      'List-Unsubscribe': `<https://${domain}/unsubscribe/${list}>, <mailto:unsubscribe@${domain}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      Precedence: 'bulk',
    },
  };
}
