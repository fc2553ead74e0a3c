import { expect, test } from 'vitest';
import { isOwnAddress, mailDirection } from './own-side.ts';
import { mailTime } from './mail-time.ts';

const own = { domains: ['vendor.example'], addresses: ['ana@freemail.example'] };

test.each([
  ['zoe@client.example', ['ana@vendor.example'], 'inbound'],
  ['zoe@client.example', [], 'inbound'],
  ['ana@vendor.example', ['ben@vendor.example', 'zoe@client.example'], 'outbound'],
  ['ana@vendor.example', ['ben@eu.vendor.example'], 'internal'],
  ['ana@vendor.example', [], 'internal'],
  ['ana@freemail.example', ['zoe@freemail.example'], 'outbound'],
] as const)('from %s to %j is %s', (from, recipients, direction) => {
  expect(mailDirection(from, recipients, own)).toBe(direction);
});

test('a domain that ends like ours is not ours', () => {
  expect(isOwnAddress('x@notvendor.example', own)).toBe(false);
  expect(isOwnAddress('x@vendor.example.evil.example', own)).toBe(false);
});

const arrived = Date.UTC(2026, 9, 1, 9);

test.each<[string | undefined, number | undefined, number | undefined]>([
  ['Thu, 01 Oct 2026 08:59:00 GMT', arrived, arrived - 60_000],
  ['Thu, 1 Oct 2026 10:59:00 +0200 (CEST)', arrived, arrived - 60_000],
  ['Thu, 01 Oct 2026 09:04:00 GMT', arrived, arrived + 240_000],
  ['Thu, 01 Oct 2026 09:06:00 GMT', arrived, arrived],
  ['Wed, 30 Sep 2026 08:00:00 GMT', arrived, arrived],
  ['nonsense', arrived, arrived],
  [undefined, arrived, arrived],
  ['Thu, 01 Oct 2026 08:59:00 GMT', undefined, arrived - 60_000],
  ['Thu, 01 Jan 1960 00:00:00 GMT', undefined, undefined],
  [undefined, undefined, undefined],
])('the time of a mail dated %s that arrived at %s', (date, at, expected) => {
  expect(mailTime(date, at)).toBe(expected);
});
