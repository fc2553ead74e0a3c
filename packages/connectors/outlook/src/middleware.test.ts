import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { connectTest, graphServer, Refusal } from '../fixtures/graph-server.ts';
import { ForeignOrigin, pathOfLink } from './link.ts';
import { BearerStep } from './middleware.ts';

const base = 'https://graph.microsoft.com';

test.each([
  ['https://graph.microsoft.com/v1.0/me/messages/delta?$deltatoken=a%2Bb', '/me/messages/delta?$deltatoken=a%2Bb'],
  ["https://graph.microsoft.com/v1.0/users('a@b.example')/events", "/users('a@b.example')/events"],
])('%s is reduced to its path and query', (link, path) => {
  expect(pathOfLink(link, base)).toBe(path);
});

test('a link of a stand-in is reduced as well, over http and behind a path', () => {
  expect(pathOfLink('http://127.0.0.1:4400/ms/v1.0/me/events?$skip=1', 'http://127.0.0.1:4400/ms')).toBe(
    '/me/events?$skip=1',
  );
});

test.each([
  'https://evil.example/v1.0/me/messages',
  'https://graph.microsoft.com.evil.example/v1.0/me',
  'https://graph.microsoft.com@evil.example/v1.0/me',
  'https://user:pass@graph.microsoft.com/v1.0/me',
  'http://graph.microsoft.com/v1.0/me',
  'https://graph.microsoft.com:444/v1.0/me',
  'https://graph.microsoft.com/beta/me',
  'https://graph.microsoft.com/v1.0/../beta/me',
  '//evil.example/v1.0/me',
  'javascript:alert(1)',
  '',
])('I7: the link %j is refused', (link) => {
  expect(() => pathOfLink(link, base)).toThrow(ForeignOrigin);
});

test('I7: a request to another origin is refused before a token is asked for', async () => {
  let asked = 0;
  const step = new BearerStep(() => Promise.resolve(`token-${(asked += 1)}`), base);
  const sent: Context[] = [];
  const next: Middleware = { execute: (context) => Promise.resolve(void sent.push(context)) };
  step.setNext(next);
  await expect(step.execute({ request: 'https://evil.example/v1.0/me' })).rejects.toThrow(ForeignOrigin);
  expect([asked, sent]).toEqual([0, []]);
  await step.execute({ request: `${base}/v1.0/me` });
  expect(new Headers(sent[0]?.options?.headers).get('authorization')).toBe('Bearer token-1');
});

test('a redirect is not followed: it is a failure', async () => {
  const asked = graphServer(() => new Refusal(302, 'Found', { location: 'https://evil.example/v1.0/me' }));
  const client = await connectTest();
  const answer = client.read({ path: '/me', answer: z.unknown(), doc: 'user-get' });
  await expect(answer).rejects.toMatchObject({ fault: { kind: 'rejected' } });
  expect(asked).toHaveLength(1);
});

test('F3: Retry-After is read from the refusal', async () => {
  graphServer(() => new Refusal(429, 'ApplicationThrottled', { 'retry-after': '12' }));
  const client = await connectTest();
  await expect(client.read({ path: '/me', answer: z.unknown(), doc: 'user-get' })).rejects.toMatchObject({
    fault: { kind: 'rate-limited', retryAfterMs: 12_000 },
  });
});

test('an organization’s grant reads the chosen mailbox and never its own', async () => {
  const client = await connectTest({ subject: 'ana+cs@vendor.example' });
  expect(client.root).toBe('/users/ana%2Bcs%40vendor.example');
});
