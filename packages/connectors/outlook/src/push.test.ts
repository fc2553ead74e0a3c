import { expect, test } from 'vitest';
import { connectTest, graphServer, Refusal } from '../fixtures/graph-server.ts';
import { push } from './push.ts';

const now = Date.UTC(2026, 9, 1, 9);
const address = { url: 'https://waymark.example/webhooks/microsoft/abc', secret: 's3cret' };
const messages = { key: 'messages', stream: 'mail' };
const current = { externalId: 'sub-1', expiresAt: now };
const connect = (more: object = {}) =>
  connectTest({ now: () => now, grantedScopes: ['Mail.ReadBasic', 'Calendars.Read'], ...more });

test('what may be read is watched, and nothing else', async () => {
  expect(await push.targets(await connect(), {})).toEqual([messages, { key: 'events', stream: 'calendar' }]);
  expect(await push.targets(await connect({ grantedScopes: ['Calendars.Read'] }), {})).toEqual([
    { key: 'events', stream: 'calendar' },
  ]);
});

test('E9: a subscription carries its secret, an address for its own life, and ends within seven days', async () => {
  const asked = graphServer(({ body }) => ({ id: 'sub-1', expirationDateTime: Object(body).expirationDateTime }));
  const made = await push.subscribe(await connect(), messages, address, {});
  expect(asked[0]).toMatchObject({
    method: 'POST',
    path: '/subscriptions',
    body: {
      changeType: 'created,deleted',
      notificationUrl: address.url,
      lifecycleNotificationUrl: address.url,
      resource: 'me/messages',
      clientState: 's3cret',
    },
  });
  const lifetime = (made.expiresAt ?? 0) - now;
  expect(lifetime).toBeGreaterThan(6 * 86_400_000);
  expect(lifetime).toBeLessThan(10_080 * 60_000);
});

test('the mailbox of an organization’s grant is watched by its address', async () => {
  const asked = graphServer(() => ({ id: 'sub-1', expirationDateTime: '2026-10-07T09:00:00Z' }));
  await push.subscribe(await connect({ subject: 'ana@vendor.example' }), messages, address, {});
  expect(asked[0]?.body).toMatchObject({ resource: 'users/ana@vendor.example/messages' });
});

test('it is renewed by its id, and told apart where it is no more', async () => {
  const asked = graphServer(() => ({ id: 'sub-1', expirationDateTime: '2026-10-07T09:00:00.1234567Z' }));
  const renewed = await push.renew(await connect(), messages, current, address, {});
  expect(asked[0]).toMatchObject({ method: 'PATCH', path: '/subscriptions/sub-1' });
  expect(renewed).toEqual({ externalId: 'sub-1', expiresAt: Date.parse('2026-10-07T09:00:00.123Z') });
});

test('a subscription that Graph has dropped is gone for renewal, and no matter for the end', async () => {
  graphServer(() => new Refusal(404, 'ResourceNotFound'));
  const client = await connect();
  await expect(push.renew(client, messages, current, address, {})).rejects.toMatchObject({
    fault: { kind: 'record-gone' },
  });
  await expect(push.unsubscribe(client, current)).resolves.toBeUndefined();
});

test('it is ended by its id', async () => {
  const asked = graphServer(() => undefined);
  await push.unsubscribe(await connect(), current);
  expect(asked[0]).toMatchObject({ method: 'DELETE', path: '/subscriptions/sub-1' });
});
