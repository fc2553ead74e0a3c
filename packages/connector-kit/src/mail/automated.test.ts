import { expect, test } from 'vitest';
import { isAutomated } from './automated.ts';
import { mailHeaders } from './headers.ts';

const own = { domains: ['vendor.example'], addresses: [] };
const zoe = { From: 'Zoe <zoe@client.example>' };

const verdict = (headers: Readonly<Record<string, string>>): string => {
  const said = isAutomated(mailHeaders(Object.entries(headers).map(([name, value]) => ({ name, value }))), own);
  return said.automated ? said.reason : 'person';
};

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['a plain mail', zoe, 'person'],
  ['no headers', {}, 'person'],
  ['an automatic answer', { ...zoe, 'Auto-Submitted': 'auto-replied' }, 'auto_submitted'],
  ['a generated mail, in capitals', { ...zoe, 'AUTO-SUBMITTED': 'Auto-Generated; type=x' }, 'auto_submitted'],
  ['a person, as the header says', { ...zoe, 'Auto-Submitted': 'no' }, 'person'],
  ['a blank header', { ...zoe, 'Auto-Submitted': '  ' }, 'person'],
  ['bulk', { ...zoe, Precedence: 'bulk' }, 'precedence'],
  ['first class', { ...zoe, Precedence: 'first-class' }, 'person'],
  ['a vacation answer', { ...zoe, Precedence: 'auto_reply' }, 'auto_reply'],
  ['a mailing list', { ...zoe, 'List-Id': 'News <news.client.example>' }, 'list'],
  ['our own group', { ...zoe, 'List-Id': '<support.vendor.example>', Precedence: 'list' }, 'person'],
  [
    'our own newsletter over our own list',
    { From: 'success@vendor.example', 'List-Id': '<news.vendor.example>', Precedence: 'bulk' },
    'list',
  ],
  [
    'a colleague who answers through our own group',
    { From: 'maya@vendor.example', 'List-Id': '<support.vendor.example>', Precedence: 'list' },
    'person',
  ],
  ['a list that only looks like ours', { ...zoe, 'List-Id': '<vendor.example.evil.example>' }, 'list'],
  ['List-Unsubscribe alone', { ...zoe, 'List-Unsubscribe': '<mailto:u@tool.example>' }, 'person'],
  [
    'one-click unsubscription',
    { ...zoe, 'List-Unsubscribe': '<https://x.example>', 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
    'bulk_sender',
  ],
  [
    'List-Unsubscribe of a newsletter',
    { From: 'newsletter@client.example', 'List-Unsubscribe': '<https://x.example>' },
    'bulk_sender',
  ],
  ['a feedback id', { ...zoe, 'Feedback-ID': '1:2:3:x' }, 'feedback_id'],
  ['Exchange’s mark', { ...zoe, 'X-Auto-Response-Suppress': 'All' }, 'auto_reply'],
  ['Exchange’s mark of none', { ...zoe, 'X-Auto-Response-Suppress': 'None' }, 'person'],
  ['an old autoresponder', { ...zoe, 'X-Autoreply': 'yes' }, 'auto_reply'],
  ['no-reply', { From: 'No-Reply <no-reply@client.example>' }, 'no_reply'],
  ['do_not_reply', { From: 'billing.do_not_reply@client.example' }, 'no_reply'],
  ['a person named Noreen', { From: 'noreen@client.example' }, 'person'],
  ['a bounce', { From: 'MAILER-DAEMON@client.example' }, 'bounce'],
  [
    'a bounce by its type',
    { From: 'x@client.example', 'Content-Type': 'multipart/report; report-type="delivery-status"' },
    'bounce',
  ],
  ['a postmaster who writes himself', { From: 'postmaster@client.example' }, 'person'],
  [
    'a read receipt',
    { ...zoe, 'Content-Type': 'multipart/report; report-type=disposition-notification' },
    'read_receipt',
  ],
  [
    'an answer to an invitation',
    { ...zoe, 'Content-Type': 'text/calendar; charset=utf-8; method=REPLY' },
    'calendar_reply',
  ],
  ['an invitation', { ...zoe, 'Content-Type': 'text/calendar; method=REQUEST' }, 'calendar_notice'],
  ['Google’s invitation', { ...zoe, Sender: 'Google Calendar <calendar-notification@google.com>' }, 'calendar_notice'],
  ['Outlook’s acceptance', { ...zoe, Subject: 'Accepted: Review' }, 'calendar_reply'],
  ['a mail about something accepted', { ...zoe, Subject: 'Accepted the offer' }, 'person'],
])('C4: %s', (_name, headers, expected) => {
  expect(verdict(headers)).toBe(expected);
});
