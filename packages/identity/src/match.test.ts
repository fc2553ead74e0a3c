import { describe, expect, it } from 'vitest';
import type { Participant } from '@waymark/journey';
import { addressKey, isFreeMail, registrableDomain } from './domains.ts';
import { match, matchByThread, type Assignments } from './match.ts';

const assignments = (part: Partial<Assignments> = {}): Assignments => ({
  ownDomains: new Set(['vendor.example']),
  ownAddresses: new Set(['contractor@elsewhere.example']),
  contacts: new Map([
    ['ann@acme.example', ['acme']],
    ['free@gmail.com', ['bolt']],
  ]),
  aliases: new Map([['ann.private@home.example', ['acme']]]),
  domains: new Map([
    ['acme.example', ['acme']],
    ['reseller.example', ['one', 'two']],
  ]),
  hand: new Map(),
  records: new Map([['i1:42', 'acme']]),
  ...part,
});

const mail = (...participants: readonly [Participant['role'], string][]) => ({
  eventId: 'e1',
  direction: 'inbound' as const,
  participants: participants.map(([role, address]) => ({ role, address })),
});

describe('match', () => {
  it('takes the exact contact before the domain and names what lost', () => {
    const found = match(mail(['from', 'ann@acme.example'], ['cc', 'free@gmail.com']), assignments());
    expect(found).toMatchObject({ accountId: 'acme', reason: 'contact', lost: [{ accountId: 'bolt' }] });
  });
  it('takes an alias where no contact is known, then the domain', () => {
    expect(match(mail(['from', 'ann.private@home.example']), assignments())).toMatchObject({
      accountId: 'acme',
      reason: 'alias',
    });
    expect(match(mail(['from', 'new@eu.acme.example']), assignments())).toMatchObject({
      accountId: 'acme',
      reason: 'domain',
      subject: 'acme.example',
    });
  });
  it('never guesses between two customers behind one domain, and says so', () => {
    expect(match(mail(['from', 'x@reseller.example']), assignments())).toMatchObject({
      accountId: null,
      reason: 'ambiguous-domain',
    });
  });
  it('leaves own people out and does not orphan free mail silently', () => {
    expect(
      match(mail(['from', 'a@vendor.example'], ['to', 'contractor@elsewhere.example']), assignments()),
    ).toMatchObject({ accountId: null, reason: 'no-outside-participant' });
    expect(match(mail(['from', 'stranger@gmail.com']), assignments())).toMatchObject({
      accountId: null,
      reason: 'free-mail',
      subjects: [{ kind: 'contact', subject: 'stranger@gmail.com' }],
    });
  });
  it('lets a decision by hand replace what the sources say of the same subject', () => {
    const hand = new Map([
      ['contact:ann@acme.example', 'bolt'],
      ['domain:reseller.example', 'two'],
      ['event:e9', 'three'],
    ]);
    expect(match(mail(['from', 'ann@acme.example']), assignments({ hand }))).toMatchObject({
      accountId: 'bolt',
      reason: 'hand',
    });
    expect(match(mail(['from', 'x@reseller.example']), assignments({ hand }))).toMatchObject({
      accountId: 'two',
      reason: 'hand',
    });
    expect(match({ ...mail(['from', 'ann@acme.example']), eventId: 'e9' }, assignments({ hand }))).toMatchObject({
      accountId: 'three',
      reason: 'hand',
    });
  });
  it('follows the record a source names, and queues an unknown one', () => {
    const event = { eventId: 'e', direction: 'none' as const, participants: [], installationId: 'i1' };
    const anywhere = assignments({ records: new Map([['*:42', 'acme']]) });
    expect(match({ ...event, subject: '42' }, anywhere)).toMatchObject({ accountId: 'acme', reason: 'record' });
    expect(match({ ...event, subject: 'record:42' }, anywhere)).toMatchObject({ accountId: null });
    expect(match({ ...event, subject: 'record:42' }, assignments())).toMatchObject({
      accountId: 'acme',
      reason: 'record',
    });
    expect(match({ ...event, subject: 'record:43' }, assignments())).toMatchObject({
      accountId: null,
      reason: 'unknown-record',
    });
  });
  it('gives a thread its account only where the rest agrees', () => {
    const lone = match(mail(['from', 'stranger@gmail.com']), assignments());
    expect(matchByThread('t', ['acme', 'acme'], lone)).toMatchObject({ accountId: 'acme', reason: 'thread' });
    expect(matchByThread('t', ['acme', 'bolt'], lone)).toMatchObject({ accountId: null });
  });
});

describe('domains', () => {
  it('compares people by address without tags, and dots for Gmail alone', () => {
    expect(addressKey('Ann+x@Acme.example')).toBe('ann@acme.example');
    expect(addressKey('a.n.n+y@googlemail.com')).toBe('ann@gmail.com');
    expect(addressKey('a.n@acme.example')).toBe('a.n@acme.example');
  });
  it('finds the registrable domain by the public suffix list', () => {
    expect(registrableDomain('mail.acme.co.uk')).toBe('acme.co.uk');
    expect(registrableDomain('Acme.EXAMPLE')).toBe('acme.example');
    expect(registrableDomain(' www.Bücher.example')).toBe(registrableDomain('xn--bcher-kva.example'));
  });
  it('holds a long-listed name that a CRM company claims for a company, never a personal mail provider', () => {
    expect(isFreeMail('gmail.com', true)).toBe(true);
    expect(isFreeMail('alibaba.com', true)).toBe(false);
    expect(['posteo.de', 'gmx.ch', 'tutanota.com'].filter((domain) => !isFreeMail(domain, false))).toEqual([]);
    expect(isFreeMail('alibaba.com', false)).toBe(true);
    expect(isFreeMail('acme.example', false)).toBe(false);
  });
});
