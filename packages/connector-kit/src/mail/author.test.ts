import { expect, test } from 'vitest';
import { authorOf } from './author.ts';
import { mailHeaders } from './headers.ts';

const own = { domains: ['vendor.example'], addresses: [] };
const group = { From: "'Zoe' via Support <support@vendor.example>", 'List-Id': '<support.vendor.example>' };
const zoe = 'zoe@client.example';

test.each<readonly [string, Readonly<Record<string, string>>, string | undefined]>([
  ['From', { From: `Zoe <${zoe}>` }, zoe],
  ['Sender, where there is no From', { Sender: zoe }, zoe],
  ['nobody', { To: zoe }, undefined],
  ['Google Groups', { ...group, 'X-Original-Sender': zoe }, zoe],
  ['Google Groups with a name', { ...group, 'X-Original-From': `Zoe <${zoe}>`, 'X-Original-Sender': zoe }, zoe],
  ['Mailman', { ...group, 'Reply-To': `Zoe <${zoe}>` }, zoe],
  ['Mailman, which also takes answers', { ...group, 'Reply-To': `support@vendor.example, Zoe <${zoe}>` }, zoe],
  ['two others', { ...group, 'Reply-To': `${zoe}, tom@client.example` }, 'support@vendor.example'],
  [
    'a colleague whose answers go to a customer',
    { From: 'Maya <maya@vendor.example>', 'List-Id': '<support.vendor.example>', 'Reply-To': zoe },
    'maya@vendor.example',
  ],
  [
    'what anybody may write outside of our own list',
    { From: 'maya@vendor.example', 'X-Original-From': zoe },
    'maya@vendor.example',
  ],
  [
    'a list of others',
    { From: 'Zoe via News <news@lists.example>', 'List-Id': '<news.lists.example>', 'Reply-To': zoe },
    'news@lists.example',
  ],
])('the author of a mail: %s', (_name, headers, expected) => {
  const read = mailHeaders(Object.entries(headers).map(([name, value]) => ({ name, value })));
  expect(authorOf(read, own)?.address).toBe(expected);
});

test('is named as the group names them where nothing else does', () => {
  const read = mailHeaders(
    Object.entries({ ...group, 'X-Original-Sender': zoe }).map(([name, value]) => ({ name, value })),
  );
  expect(authorOf(read, own)).toEqual({ address: zoe, name: 'Zoe' });
});
