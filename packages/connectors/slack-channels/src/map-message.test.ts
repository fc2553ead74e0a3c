import { describe, expect, it } from 'vitest';
import { leftOut, messages } from '../fixtures/records.ts';
import { mapMessage } from './map-message.ts';
import { rawMessage } from './raw-message.ts';

const map = (raw: unknown, settings: Record<string, unknown> = {}) => {
  const mapped = mapMessage(rawMessage.parse(raw), {
    ownDomains: ['vendor.example'],
    account: { externalAccountId: 'T0VENDOR', label: 'Vendor' },
    settings,
    keepSubjects: false,
    readAt: 0,
  });
  return mapped.outcome === 'stored' ? mapped.events[0] : mapped.reason;
};

describe('whose side a message is on', () => {
  it.each([
    ['a message of the customer', 'chat.received', 'inbound'],
    ['a message of ours', 'chat.sent', 'outbound'],
    ['an author whom Slack does not show', 'chat.received', 'inbound'],
    ['a guest in a channel of our own', 'chat.received', 'inbound'],
    ['an author without a workspace', 'chat.sent', 'outbound'],
  ] as const)('%s is %s', (name, type, direction) => {
    expect(map(messages[name])).toMatchObject({ type, direction, automated: false });
  });

  it('a colleague of ours in the customer’s workspace is ours by the address', () => {
    const raw = { ...messages['a message of the customer'] };
    expect(map({ ...raw, author: { ...raw.author, address: 'ana@eu.vendor.example' } })).toMatchObject({
      type: 'chat.sent',
    });
  });

  it('a bot is automated', () => {
    expect(map(messages['a bot'])).toMatchObject({ automated: true });
  });
});

describe('which account a message belongs to', () => {
  const customers = messages['a message of the customer'];

  it('by what a person gave: the channel’s id before its name before what the pattern finds in it', () => {
    expect(map(customers, { accounts: { fjord: '1', 'ext-fjord': '2', C0FJORD: '3' } })).toMatchObject({
      subject: '3',
    });
    expect(map(customers, { accounts: { fjord: '1', 'ext-fjord': '2' } })).toMatchObject({ subject: '2' });
    expect(map(customers, { accounts: { fjord: '1' } })).toMatchObject({ subject: '1' });
    expect(map(customers, { accounts: { constructor: '1' }, namePattern: '^x-(.+)$' })).toMatchObject({
      subject: 'fjord.example',
    });
  });

  it('by the only mail domain of the only other workspace, for both sides', () => {
    expect(map(customers)).toMatchObject({ subject: 'fjord.example' });
    expect(map(messages['a message of ours'])).toMatchObject({ subject: 'fjord.example' });
  });

  it('B1: guesses neither between two customers nor between two domains', () => {
    expect(map(messages['two customers in one channel'])).toMatchObject({
      subject: 'record:slack:C0FJORD',
      participants: [{ role: 'from' }],
    });
    const both = { ...messages['two customers in one channel'], author: customers.author };
    expect(map(both)).toMatchObject({ type: 'chat.received', subject: 'fjord.example' });
    expect(map(messages['a customer with two mail domains'])).toMatchObject({
      subject: 'record:slack:C0FJORD',
      participants: [{ role: 'from' }, { role: 'to', address: 'zoe@fjord.example' }],
    });
  });

  it('leaves out what is said among ourselves, unless a person gave the channel to an account', () => {
    expect(map(leftOut['talk among ourselves'])).toBe('internal_channel');
    expect(map(leftOut['talk among ourselves'], { accounts: { team: 'fjord.example' } })).toMatchObject({
      type: 'chat.sent',
    });
  });
});

it('keeps how long a message is and where it stands, in the channel’s own time', () => {
  expect(map(messages['a reply in a thread, edited, with a file'])).toMatchObject({
    identity: 'slack:C0FJORD|1759305600.000100',
    occurredAt: 1_759_305_600_000,
    attributes: {
      channel: 'ext-fjord',
      channelId: 'C0FJORD',
      threadId: 'C0FJORD:1759300000.000001',
      length: 120,
      files: 1,
      mentions: 2,
      edited: true,
    },
  });
});
