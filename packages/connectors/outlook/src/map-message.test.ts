import type { MapContext, Mapped } from '@waymark/connector-kit';
import { expect, test } from 'vitest';
import { leftOut, message, messages } from '../fixtures/messages.ts';
import { mapMessage } from './map-message.ts';
import { rawMessage } from './raw-message.ts';

const context: MapContext = {
  ownDomains: ['vendor.example'],
  account: { externalAccountId: 'a1', label: 'Ana', address: 'ana@vendor.example' },
  settings: {},
  keepSubjects: false,
  readAt: Date.UTC(2026, 9, 1, 9),
};
const map = (raw: unknown, more: Partial<MapContext> = {}): Mapped =>
  mapMessage(rawMessage.parse(raw), { ...context, ...more });

function event(raw: unknown, more: Partial<MapContext> = {}) {
  const mapped = map(raw, more);
  return (mapped.outcome === 'stored' ? mapped.events[0] : undefined) ?? expect.fail(JSON.stringify(mapped));
}

test('a mail from a customer is received, under its Message-ID and sender, at the time that it was written', () => {
  expect(event(messages['a mail from a customer'])).toEqual({
    type: 'email.received',
    identity: 'mail:m1@client.example|zoe@client.example',
    occurredAt: Date.UTC(2026, 9, 1, 8, 59),
    touchpoint: 'email',
    direction: 'inbound',
    participants: [
      { role: 'from', address: 'zoe@client.example', name: 'Zoë Álvarez' },
      { role: 'to', address: 'ana@vendor.example', name: 'Ana Ruiz' },
    ],
    automated: false,
    rank: 0,
    attributes: { threadId: 'AAQkAGconv', references: ['root@client.example', 'm0@vendor.example'] },
  });
});

test.each<[keyof typeof messages, string]>([
  ['a copy in Sent Items, which has no headers', 'email.sent'],
  ['sent to a customer in blind copy alone', 'email.sent'],
  ['sent by a delegate on behalf of Ana', 'email.sent'],
  ['between our own', 'email.internal'],
  ['a customer who writes through our group', 'email.received'],
  ['a sender with an X.500 name, the address in the header alone', 'email.internal'],
])('%s is %s, and from a person', (name, type) => {
  expect(event(messages[name])).toMatchObject({ type, automated: false });
});

test('a mail that a delegate sent is of the mailbox it was sent for, as all its readers see it', () => {
  expect(event(messages['sent by a delegate on behalf of Ana'])).toMatchObject({
    identity: 'mail:s1@vendor.example|ana@vendor.example',
    participants: [{ role: 'from', address: 'ana@vendor.example' }, { role: 'to' }],
  });
});

test.each<[keyof typeof messages, string]>([
  ['an answer to an invitation in German', 'calendar_reply'],
  ['a meeting message told by its property', 'calendar_reply'],
  ['an invitation', 'calendar_notice'],
  ['a cancellation', 'calendar_notice'],
  ['out of office', 'auto_submitted'],
  ['a newsletter', 'list'],
  ['a bounce of Exchange', 'bounce'],
])('C4: %s is automated: %s', (name, reason) => {
  expect(event(messages[name])).toMatchObject({ automated: true, attributes: { automatedBy: reason } });
});

test('a name that looks like an address is a name', () => {
  const { participants } = event(messages['a name that would be two addresses']);
  expect(participants.map(({ address }) => address)).toEqual(['zoe@client.example', 'ana@vendor.example']);
});

test('without a Message-ID two copies of one mail are still one', () => {
  const here = event(messages['no Message-ID']);
  const there = event({
    message: { ...message({ internetMessageId: undefined, subject: 'AW: rollout' }), id: 'other' },
  });
  expect(here.identity).toBe(there.identity);
});

test('a subject is kept only where the installation asks for it', () => {
  expect(event(messages['a mail from a customer']).attributes).not.toHaveProperty('subject');
  expect(event(messages['a mail from a customer'], { keepSubjects: true }).attributes).toHaveProperty(
    'subject',
    'Re: Rollout',
  );
});

test.each(Object.entries(leftOut))('A11: %s is left out with its reason', (_name, [raw, reason]) => {
  expect(map(raw)).toEqual({ outcome: 'ignored', reason });
});
