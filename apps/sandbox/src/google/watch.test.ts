import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ana, ben, refusal, startGoogle, type GoogleFixture } from './google-fixture.ts';
import { googleScopes } from './scopes.ts';

const envelope = z.object({ message: z.object({ data: z.string() }) });
const topicName = 'projects/acme-mail/topics/waymark';
let google: GoogleFixture;
let receiver: Server;
let address: string;
let answerAfterMs = 0;
let received: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];

beforeAll(async () => {
  google = await startGoogle();
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      setTimeout(() => response.writeHead(204).end(), answerAfterMs);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => receiver.once('listening', resolve));
  const bound = receiver.address();
  address = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}/push`;
});
afterAll(async () => {
  receiver.close();
  await google.close();
});
afterEach(() => {
  received = [];
});

const mail = () => ({
  messageId: `${Math.random()}@client.example`,
  from: { address: 'zoe@client.example' },
  to: [{ address: ana }],
  subject: 'x',
  body: 'x',
  at: google.clock.now,
});
const channel = (id: string, more: object = {}) => ({
  calendarId: 'primary',
  requestBody: { id, type: 'web_hook', address, token: 'secret', ...more },
});

test('a bad token, a token without the scope and another user are refused', async () => {
  const dead = google.withToken('ya29.dead');
  const request = { userId: 'me', requestBody: { topicName } };
  expect((await refusal(dead.gmail.users.watch(request))).status).toBe(401);
  expect((await refusal(dead.gmail.users.stop({ userId: 'me' }))).status).toBe(401);
  expect((await refusal(dead.calendar.events.watch(channel('c0')))).status).toBe(401);
  expect((await refusal(dead.calendar.channels.stop({ requestBody: { id: 'c0', resourceId: 'r' } }))).status).toBe(401);
  const calendarOnly = google.client(ana, [googleScopes.calendarReadonly]);
  expect((await refusal(calendarOnly.gmail.users.watch(request))).status).toBe(403);
  const mailOnly = google.client(ana, [googleScopes.gmailReadonly]);
  expect((await refusal(mailOnly.calendar.events.watch(channel('c0')))).status).toBe(403);
  const other = { ...request, userId: ben };
  expect((await refusal(google.client(ana).gmail.users.watch(other))).status).toBe(403);
});

test('a watch wants its topic, tells of each change for seven days, and ends with stop', async () => {
  const { gmail } = google.client(ana);
  const request = { userId: 'me', requestBody: { topicName } };
  expect((await refusal(gmail.users.watch(request))).status).toBe(404);
  google.handle.addTopic(topicName, {
    endpoint: address,
    audience: 'https://a.example',
    serviceAccount: 'p@x.example',
  });
  const { data } = await gmail.users.watch(request);
  expect(Number(data.expiration)).toBe(google.clock.now + 7 * 86_400_000);
  await google.handle.notices.flush();
  received = [];
  google.handle.addMail(ana, mail());
  google.handle.addMail(ben, mail());
  await google.handle.notices.flush();
  expect(received).toHaveLength(1);
  const { message } = envelope.parse(JSON.parse(received[0]?.body ?? '{}'));
  expect(JSON.parse(Buffer.from(message.data, 'base64').toString())).toMatchObject({ emailAddress: ana });
  await gmail.users.stop({ userId: 'me' });
  google.handle.addMail(ana, mail());
  await google.handle.notices.flush();
  expect(received).toHaveLength(1);
});

test('what waits to be told is told only when the first notice of a channel was answered too', async () => {
  const { calendar } = google.client(ana);
  answerAfterMs = 200;
  const { data } = await calendar.events.watch(channel('slow'));
  await google.handle.notices.flush();
  expect(google.handle.notices.deliveries.at(-1)).toMatchObject({ kind: 'channel', status: 204 });
  answerAfterMs = 0;
  await calendar.channels.stop({ requestBody: { id: 'slow', resourceId: data.resourceId ?? '' } });
});

test('a channel begins with sync, tells of changes, has an id of its own and is stopped with its resource', async () => {
  const { calendar } = google.client(ana);
  expect((await refusal(calendar.events.watch(channel('c1', { address: 'http://waymark.example/x' })))).status).toBe(
    400,
  );
  const { data } = await calendar.events.watch(channel('c1'));
  expect(await refusal(calendar.events.watch(channel('c1')))).toEqual({ status: 400, reason: 'channelIdNotUnique' });
  const time = (hours: number) => ({
    dateTime: new Date(google.clock.now + hours * 3_600_000).toISOString(),
    timeZone: 'UTC',
  });
  google.handle.addEvent(ana, 'primary', { start: time(1), end: time(2), organizer: { email: ana } });
  await google.handle.notices.flush();
  expect(received.map(({ headers }) => [headers['x-goog-resource-state'], headers['x-goog-message-number']])).toEqual([
    ['sync', '1'],
    ['exists', '2'],
  ]);
  expect(received[0]?.headers).toMatchObject({ 'x-goog-channel-id': 'c1', 'x-goog-channel-token': 'secret' });
  const stop = (resourceId: string) => calendar.channels.stop({ requestBody: { id: 'c1', resourceId } });
  expect((await refusal(stop('another'))).status).toBe(404);
  await stop(data.resourceId ?? '');
  google.handle.addEvent(ana, 'primary', { start: time(3), end: time(4), organizer: { email: ana } });
  await google.handle.notices.flush();
  expect(received).toHaveLength(2);
});
