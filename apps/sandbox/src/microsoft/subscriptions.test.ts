import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ana, app, ben, errorCode, startMicrosoft, type MicrosoftFixture, type Row } from './microsoft-fixture.ts';

let microsoft: MicrosoftFixture;
let receiver: Server;
let address: string;
let answers: 'well' | 'wrongly' | 'with-error';
let received: Row[];

beforeEach(async () => {
  microsoft = await startMicrosoft();
  answers = 'well';
  received = [];
  receiver = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const token = new URL(request.url ?? '', 'http://x').searchParams.get('validationToken');
      if (token !== null) {
        response.writeHead(200, { 'content-type': 'text/plain' }).end(answers === 'wrongly' ? 'no' : token);
        return;
      }
      const parsed: { value: Row[] } = JSON.parse(body);
      received.push(...parsed.value);
      response.writeHead(answers === 'with-error' ? 500 : 202).end();
    })();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const bound = receiver.address();
  address = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/hook`;
});
afterEach(async () => {
  await microsoft.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const subscribe = (changes: Readonly<Record<string, unknown>> = {}, user = ana) =>
  microsoft.call(user, '/subscriptions', {
    method: 'POST',
    prefer: 'IdType="ImmutableId"',
    body: JSON.stringify({
      changeType: 'created,updated,deleted',
      notificationUrl: address,
      lifecycleNotificationUrl: address,
      resource: "me/mailFolders('inbox')/messages",
      expirationDateTime: new Date(microsoft.clock.now + 3 * 86_400_000).toISOString(),
      clientState: 'a secret',
      ...changes,
    }),
  });
const addMail = (user = ana) => microsoft.handle.mail.add(user, 'Message-ID: <a@b.example>\r\nSubject: x\r\n\r\nx');

test('a subscription is made after the handshake, tells of changes with the client state, and ends', async () => {
  const made = await subscribe();
  expect([made.status, made.body['clientState']]).toEqual([201, null]);
  const { id } = addMail();
  addMail(ben);
  microsoft.handle.mail.move(ana, id, 'archive');
  await microsoft.handle.notifier.flush();
  expect(received.map((notice) => [notice['changeType'], notice['clientState']])).toEqual([
    ['created', 'a secret'],
    ['deleted', 'a secret'],
  ]);
  expect(received[0]).toMatchObject({
    subscriptionId: made.body['id'],
    tenantId: microsoft.tenants.first,
    resourceData: { id },
  });

  const path = `/subscriptions/${String(made.body['id'])}`;
  const later = new Date(microsoft.clock.now + 6 * 86_400_000).toISOString();
  const renewed = await microsoft.call(ana, path, {
    method: 'PATCH',
    body: JSON.stringify({ expirationDateTime: later }),
  });
  expect([renewed.status, renewed.body['expirationDateTime']]).toEqual([200, later]);
  expect((await microsoft.call(ana, `${path}/reauthorize`, { method: 'POST' })).status).toBe(204);
  expect((await microsoft.call(ben, path)).status).toBe(404);
  expect((await microsoft.call(ana, path, { method: 'DELETE' })).status).toBe(204);
  addMail();
  await microsoft.handle.notifier.flush();
  expect(received).toHaveLength(2);
});

test('an endpoint that does not echo the token, too long a life, a wide secret or a foreign mailbox are refused', async () => {
  answers = 'wrongly';
  const refused = await subscribe();
  expect([refused.status, errorCode(refused.body)]).toEqual([400, 'ValidationError']);
  answers = 'well';
  const week = new Date(microsoft.clock.now + 10_081 * 60_000).toISOString();
  expect((await subscribe({ expirationDateTime: week })).status).toBe(400);
  expect((await subscribe({ clientState: 'x'.repeat(129) })).status).toBe(400);
  expect((await subscribe({ resource: 'me/drive/root' })).status).toBe(400);
  expect((await subscribe({ resource: `users/${ben}/messages` })).status).toBe(403);
  expect((await subscribe({ notificationUrl: 'http://127.0.0.1:9/none', lifecycleNotificationUrl: null })).status).toBe(
    400,
  );
  const weak = microsoft.handle.oauth.mint({
    clientId: app.clientId,
    subject: ana,
    scopes: ['Calendars.Read'],
  }).accessToken;
  const answer = await fetch(`${microsoft.url}/v1.0/subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${weak}` },
    body: JSON.stringify({
      changeType: 'created',
      notificationUrl: address,
      resource: 'me/messages',
      expirationDateTime: new Date(microsoft.clock.now + 86_400_000).toISOString(),
    }),
  });
  expect(answer.status).toBe(403);
  expect(microsoft.handle.state().subscriptions).toEqual({});
});

test('a short life is lengthened to 45 minutes, and an ended subscription is silent', async () => {
  const { body } = await subscribe({ expirationDateTime: new Date(microsoft.clock.now + 60_000).toISOString() });
  expect(body['expirationDateTime']).toBe(new Date(microsoft.clock.now + 45 * 60_000).toISOString());
  microsoft.clock.now += 46 * 60_000;
  addMail();
  await microsoft.handle.notifier.flush();
  expect(received).toEqual([]);
});

test('G1, E11: notices are sent again until taken, and may be lost, repeated or out of order', async () => {
  await subscribe({ resource: 'me/events' });
  const { calendars, notifier } = microsoft.handle;
  const fields = { subject: 'x', start: 0, end: 1, timeZone: 'UTC', organizer: { address: ana } };
  answers = 'with-error';
  calendars.add(ana, fields);
  await notifier.flush();
  answers = 'well';
  await notifier.flush();
  expect(received).toHaveLength(2);
  expect(notifier.deliveries.map(({ status }) => status)).toEqual([500, 202]);
  received.length = 0;
  notifier.mischief.drop = 1;
  notifier.mischief.repeat = 1;
  notifier.mischief.reorder = true;
  const made = [1, 2, 3].map(() => calendars.add(ana, fields).id);
  await notifier.flush();
  expect(received.map((notice) => Reflect.get(Object(notice['resourceData']), 'id'))).toEqual([
    made[2],
    made[1],
    made[2],
    made[1],
  ]);
});

test('lifecycle notices go to their own address, and a removed subscription is gone', async () => {
  const { body } = await subscribe();
  const id = String(body['id']);
  microsoft.handle.notifier.lifecycle(id, 'reauthorizationRequired');
  microsoft.handle.notifier.lifecycle(id, 'subscriptionRemoved');
  await microsoft.handle.notifier.flush();
  expect(received.map((notice) => notice['lifecycleEvent'])).toEqual([
    'reauthorizationRequired',
    'subscriptionRemoved',
  ]);
  expect((await microsoft.call(ana, `/subscriptions/${id}`)).status).toBe(404);
});
