import { expect, test } from 'vitest';
import { decodeHeader, domainOf, normalizeAddress, parseAddresses } from './address.ts';

test.each([
  ['"Ruiz, Ana" <Ana@Vendor.example>, zoe@client.example', ['ana@vendor.example', 'zoe@client.example']],
  ['Team: a@client.example, b@client.example;', ['a@client.example', 'b@client.example']],
  ['undisclosed-recipients:;', []],
  ['zoe@client.example, ZOE@client.example', ['zoe@client.example']],
  ['a@client.example <b@client.example>', ['b@client.example']],
  ['no address', []],
  ['@client.example, zoe@, zoe', []],
  [`${'x'.repeat(65)}@client.example`, []],
  [`x@${'d'.repeat(256)}`, []],
  ['jürgen@bücher.example', ['jürgen@bücher.example']],
  ['zoe+waymark@client.example', ['zoe+waymark@client.example']],
  ["'zoe@client.example'", ['zoe@client.example']],
  ['Zoe <mailto:zoe@client.example>', ['zoe@client.example']],
  ['zoe@client.example.', ['zoe@client.example']],
  ['zoe@client..example', []],
  ['Zoe (R&D <zoe@client.example>', ['zoe@client.example']],
  ['zoe@client.example\u0000', ['zoe@client.example']],
])('%s', (header, addresses) => {
  expect(parseAddresses(header).map(({ address }) => address)).toEqual(addresses);
});

test('a name is decoded, capped, and left out where it repeats the address', () => {
  expect(parseAddresses('=?utf-8?Q?J=C3=BCrgen?= <j@client.example>')).toEqual([
    { address: 'j@client.example', name: 'Jürgen' },
  ]);
  expect(parseAddresses('"j@client.example" <j@client.example>')).toEqual([{ address: 'j@client.example' }]);
  expect(parseAddresses(`"${'n'.repeat(5_000)}" <j@client.example>`)[0]?.name).toHaveLength(500);
  expect(decodeHeader('=?utf-8?B?!!!!?= rest')).toContain('rest');
});

test('an address is compared in lower case; its domain is what follows the last @', () => {
  expect(normalizeAddress(' Zoe@Client.Example ')).toBe('zoe@client.example');
  expect(normalizeAddress(undefined)).toBeUndefined();
  expect(domainOf('"a@b"@client.example')).toBe('client.example');
});

test.each(['a.', ':', '<', '"', '(', ',', 'a@', '=?', ' ', '\\'])(
  'R25: 600,000 characters of %j are read in no time',
  (piece) => {
    const started = process.threadCpuUsage();
    parseAddresses(`${piece.repeat(600_000 / piece.length)}@client.example`);
    decodeHeader(piece.repeat(600_000 / piece.length));
    expect(process.threadCpuUsage(started).user / 1_000).toBeLessThan(250);
  },
);

test('a list of a thousand recipients is cut between two of them: half an address would be somebody else’s', () => {
  const all = Array.from({ length: 1_000 }, (_, at) => `person${at}@company${at}.example`);
  for (const shift of [0, 1, 2, 3, 5, 8, 13]) {
    const read = parseAddresses(`${' '.repeat(shift)}${all.join(', ')}`).map(({ address }) => address);
    expect(read.length).toBeGreaterThan(250);
    expect(read).toEqual(all.slice(0, read.length));
  }
  const long = Array.from({ length: 100 }, (_, at) => `"${'n'.repeat(300)}" <person${at}@company${at}.example>`);
  const read = parseAddresses(long.join(',')).map(({ address }) => address);
  expect(read).toEqual(Array.from({ length: read.length }, (_, at) => `person${at}@company${at}.example`));
});
