import { expect, test } from 'vitest';
import { connectTest, graphServer } from '../fixtures/graph-server.ts';
import { probe } from './probe.ts';

const mails = (count: number, headers: unknown) =>
  Array.from({ length: count }, (_, n) => ({
    id: `m${n}`,
    ...(headers === undefined ? {} : { internetMessageHeaders: headers }),
  }));

test.each([
  ['mails with headers', mails(10, [{ name: 'Received', value: 'x' }]), []],
  ['one sent to oneself among them', [...mails(9, [{ name: 'Received', value: 'x' }]), ...mails(1, undefined)], []],
  ['too few mails to tell', mails(4, undefined), []],
  ['no mail with headers', mails(10, undefined), ['outlook_no_headers']],
  ['empty headers everywhere', mails(6, []), ['outlook_no_headers']],
])('C4: %s', async (_name, value, codes) => {
  const asked = graphServer(() => ({ value }));
  expect((await probe(await connectTest())).map(({ code }) => code)).toEqual(codes);
  expect(asked[0]?.query.get('$select')).toBe('internetMessageHeaders');
});
