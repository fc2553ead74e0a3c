import type { MapContext, Mapped } from '@waymark/connector-kit';
import type { EventDraft } from '@waymark/journey';
import { expect, test } from 'vitest';
import { message, messages } from '../fixtures/messages.ts';
import { mapMessage } from './map-message.ts';
import { rawMessage } from './raw-message.ts';

const context: MapContext = {
  ownDomains: ['vendor.example'],
  account: { externalAccountId: 'ana@vendor.example', label: 'Ana', address: 'ana@vendor.example' },
  settings: {},
  keepSubjects: false,
  readAt: Date.UTC(2026, 10, 1),
};
const map = (raw: unknown, more: Partial<MapContext> = {}): Mapped =>
  mapMessage(rawMessage.parse(raw), { ...context, ...more });

function event(name: keyof typeof messages, more: Partial<MapContext> = {}): EventDraft {
  const mapped = map(messages[name], more);
  if (mapped.outcome !== 'stored' || !mapped.events[0]) return expect.fail(`${name} was not stored`);
  return mapped.events[0];
}

const sent = Date.UTC(2026, 9, 1, 8, 59, 30);
const arrived = Date.UTC(2026, 9, 1, 9);

test('a mail is one event with its people, its thread and its page, and without its subject', () => {
  expect(map(messages['a mail from a customer'])).toEqual({
    outcome: 'stored',
    // For exclusions alone: the runner looks at it and forgets it.
    title: 'Go-live',
    url: 'https://mail.google.com/mail/u/?authuser=ana%40vendor.example#all/18f00000000000a0',
    events: [
      {
        type: 'email.received',
        identity: 'mail:m1@mail.client.example|zoe@client.example',
        occurredAt: sent,
        touchpoint: 'email',
        direction: 'inbound',
        participants: [
          { role: 'from', address: 'zoe@client.example', name: 'Zoë Álvarez' },
          { role: 'to', address: 'ana@vendor.example', name: 'Ana Ruiz' },
        ],
        automated: false,
        rank: 0,
        attributes: { threadId: '18f00000000000a0' },
      },
    ],
  });
});

test('the direction is the workspace’s', () => {
  expect(event('a mail from us, sent from an alias under a subdomain')).toMatchObject({
    type: 'email.sent',
    direction: 'outbound',
  });
  expect(event('a mail among ourselves')).toMatchObject({ type: 'email.internal', direction: 'internal' });
  expect(event('our mail with customers in blind copy only').type).toBe('email.sent');
});

test('B1: the copy in another mailbox has the same identity, time and direction', () => {
  const { identity, occurredAt, direction } = event('a mail from a customer');
  const copy = map(
    { ...messages['a mail from a customer'], id: '99', threadId: '98', internalDate: String(arrived + 7_000) },
    {
      account: { externalAccountId: 'ben@vendor.example', label: 'Ben', address: 'ben@vendor.example' },
    },
  );
  expect(copy).toMatchObject({ events: [{ identity, occurredAt, direction }] });
});

test('the time is the Date header’s where it is sane, else the arrival', () => {
  expect(event('no Date header').occurredAt).toBe(arrived);
  expect(event('a Date header from 1970').occurredAt).toBe(arrived);
  expect(event('a Date header in the future').occurredAt).toBe(arrived);
});

test('B1, B5: without a Message-ID the subject tells, without a subject the copy', () => {
  const answer = event('no Message-ID').identity;
  expect(answer).toMatch(/^mail\?:zoe@client\.example\|\d+\|[0-9a-f-]{36}$/);
  const again = map(
    message([
      ['From', 'zoe@client.example'],
      ['Date', 'Thu, 01 Oct 2026 10:59:31 +0200'],
      ['Subject', 'go-live'],
    ]),
  );
  expect(again).toMatchObject({ events: [{ identity: answer }] });
  expect(event('neither Message-ID nor subject').identity).toContain('18f00000000000a1');
  expect(event('a Message-ID of blanks').identity).toMatch(/^mail\?:/);
});

test('C4: machines are marked with the reason and kept', () => {
  const marks = Object.entries(messages).flatMap(([name, raw]) => {
    const mapped = map(raw);
    const draft = mapped.outcome === 'stored' ? mapped.events[0] : undefined;
    return draft?.automated ? [[name, draft.attributes['automatedBy']]] : [];
  });
  expect(Object.fromEntries(marks)).toEqual({
    'a newsletter': 'precedence',
    'an out-of-office answer': 'auto_submitted',
    'a bounce that names the recipient': 'bounce',
    'a bounce from our own server': 'bounce',
    'an answer to an invitation': 'calendar_reply',
  });
});

test('a bounce is news from the customer’s side, whoever’s server wrote it', () => {
  expect(event('a bounce that names the recipient')).toMatchObject({
    type: 'email.received',
    participants: [
      { role: 'from' },
      { role: 'contact', address: 'zoe@client.example' },
      { role: 'contact', address: 'gone@client.example' },
      { role: 'to' },
    ],
    attributes: {
      bounce: true,
      failedRecipients: ['zoe@client.example', 'gone@client.example'],
      references: ['sent1@vendor.example'],
    },
  });
  expect(event('a bounce from our own server').type).toBe('email.received');
});

test('a subject is kept only where the installation asks for it', () => {
  expect(event('an encoded subject, twice folded').attributes).not.toHaveProperty('subject');
  expect(event('an encoded subject, twice folded', { keepSubjects: true }).attributes).toHaveProperty(
    'subject',
    'Über alles',
  );
});

test('a long thread keeps its root and its newest mails', () => {
  const references = ['m0', ...Array.from({ length: 49 }, (_, n) => `m${n + 71}`)].map((id) => `${id}@vendor.example`);
  expect(event('a long thread').attributes).toMatchObject({ references });
});

test('A11: labels leave a message out with a reason', () => {
  const reasons = Object.values(messages).flatMap((raw) => {
    const mapped = map(raw);
    return mapped.outcome === 'ignored' ? [mapped.reason] : [];
  });
  expect(reasons).toEqual([
    'no_sender',
    'no_sender',
    'no_sender',
    'spam',
    'trash',
    'draft',
    'chat',
    'trash',
    'no_sender',
  ]);
});

test('R25: no header, however long, holds the mapper up', () => {
  const started = process.threadCpuUsage();
  map(messages['a local part of 60,000 dots']);
  map(messages['ten thousand recipients']);
  map(
    message([
      ['From', 'zoe@client.example'],
      ['References', '<'.repeat(500_000)],
      ['List-Id', '<'.repeat(500_000)],
      ['Date', 'x'.repeat(500_000)],
    ]),
  );
  map(
    message([
      ['From', `${':'.repeat(500_000)}zoe@client.example`],
      ['Content-Type', '('.repeat(500_000)],
    ]),
  );
  expect(process.threadCpuUsage(started).user / 1_000).toBeLessThan(500);
});

test('the labels that a person made are told by their names, Gmail’s own are not told', () => {
  const raw = { ...messages['a mail from a customer'], labelIds: ['INBOX', 'Label_7'], labelNames: ['Private/Doctor'] };
  expect(map(raw)).toMatchObject({ outcome: 'stored', tags: ['Private/Doctor'] });
  expect(map({ ...raw, labelIds: ['INBOX', 'CATEGORY_UPDATES'], labelNames: undefined })).not.toHaveProperty('tags');
});
