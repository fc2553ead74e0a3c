import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Signature } from '@hubspot/api-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RIG_APP } from '../front/rig.ts';
import { until } from '../front/until.ts';
import { OTHER_PORTAL, PORTAL, startRig, type CrmRig } from './crm-rig.ts';
import type { WebhookEvent } from './state.ts';
import { signV3 } from './webhook-sender.ts';

interface Received {
  readonly body: string;
  readonly timestamp: number;
  readonly signature: string;
  readonly events: readonly WebhookEvent[];
}

let rig: CrmRig;
let target: Server;
let url: string;
let received: Received[];
let answers: number[];
/** What keeps the answer to each delivery back, in turn. */
let holds: Promise<void>[];

beforeEach(async () => {
  received = [];
  answers = [];
  holds = [];
  target = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (body += part));
    request.on('end', () => {
      const timestamp = Number(request.headers['x-hubspot-request-timestamp']);
      const signature = String(request.headers['x-hubspot-signature-v3']);
      received.push({ body, timestamp, signature, events: JSON.parse(body) });
      void (holds.shift() ?? Promise.resolve()).then(() => response.writeHead(answers.shift() ?? 202).end());
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const address = target.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhooks/hubspot?app=1`;
  rig = await startRig();
  rig.handle.registerApp({ ...RIG_APP, webhookUrl: url });
  rig.handle.settings.webhookDelayMs = 20;
});
afterEach(async () => {
  await rig.close();
  target.closeAllConnections();
  await new Promise((resolve) => target.close(resolve));
});

const company = (name: string): string => rig.handle.upsert(PORTAL, 'companies', { properties: { name } }).id;
const events = (): WebhookEvent[] => received.flatMap((delivery) => delivery.events);

describe('webhooks', () => {
  it('signs as the vendor does: its test vector, and the SDK as second opinion', async () => {
    const id = company('Signed');
    rig.handle.patch(PORTAL, 'companies', id, { city: 'Łódź' });
    await rig.handle.flushWebhooks();
    const [delivery] = received;
    expect(received).toHaveLength(1);
    const { body: requestBody, timestamp, signature } = delivery ?? { body: '', timestamp: 0, signature: '' };
    const signed = {
      url,
      clientSecret: RIG_APP.clientSecret,
      requestBody,
      timestamp,
      signature,
      signatureVersion: 'v3',
      method: 'POST',
    };
    expect(Signature.isValid(signed)).toBe(true);
    expect(Signature.isValid({ ...signed, clientSecret: 'other' })).toBe(false);
    expect(Math.abs(Date.now() - timestamp)).toBeLessThan(5000);
    const body =
      '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]';
    expect(
      signV3(
        'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
        'POST',
        'https://www.example.com/webhook_uri',
        body,
        1_564_113_600_000,
      ),
    ).toBe('DxmVAjFNa2xfF3YgQjdZP6TNcok9k1oaH7UXombPtvw=');
  });

  it('tells creation, change, deletion, restore, merge and association with their fields', async () => {
    const [winner, loser] = [company('W'), company('L')];
    await rig.call('PATCH', `/crm/objects/2026-09/companies/${winner}`, { properties: { city: 'Oslo' } });
    rig.handle.upsert(PORTAL, 'meetings', {
      properties: { hs_meeting_title: 'Kickoff' },
      associate: [['companies', winner]],
    });
    rig.handle.archive(PORTAL, 'companies', loser);
    rig.handle.restore(PORTAL, 'companies', loser);
    rig.handle.merge(PORTAL, 'companies', winner, loser);
    await rig.handle.flushWebhooks();
    const appId = rig.handle.state.apps[RIG_APP.clientId]?.appId;
    expect(events()).toMatchObject([
      {
        subscriptionType: 'company.creation',
        portalId: PORTAL,
        appId,
        objectId: Number(winner),
        changeFlag: 'NEW',
        attemptNumber: 0,
      },
      { subscriptionType: 'company.creation' },
      {
        subscriptionType: 'company.propertyChange',
        propertyName: 'city',
        propertyValue: 'Oslo',
        changeSource: 'INTEGRATION',
        sourceId: String(appId),
      },
      { subscriptionType: 'object.creation', objectTypeId: '0-47' },
      {
        subscriptionType: 'object.associationChange',
        associationType: 'MEETING_TO_COMPANY',
        toObjectId: Number(winner),
        associationRemoved: false,
      },
      { subscriptionType: 'company.deletion', objectId: Number(loser), changeFlag: 'DELETED', changeSource: 'CRM_UI' },
      { subscriptionType: 'company.restore' },
      {
        subscriptionType: 'company.merge',
        primaryObjectId: Number(winner),
        mergedObjectIds: [Number(loser)],
        newObjectId: Number(winner),
      },
    ]);
  });

  it('sends after a moment, at most 100 events at once', async () => {
    for (let index = 0; index < 130; index += 1) company(`C${index}`);
    await until(() => events().length >= 130);
    expect(received.map((delivery) => delivery.events.length)).toEqual([100, 30]);
  });

  it('has flushed when all is answered, also what went out by itself while the first was waited for', async () => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    holds = [first.promise, second.promise];
    company('First');
    await until(() => received.length === 1);
    company('Second');
    const flushed = rig.handle.flushWebhooks().then(() => 'flushed');
    await until(() => received.length === 2);
    first.resolve();
    await until(() => rig.handle.deliveries.length === 1);
    expect(await Promise.race([flushed, sleep(50).then(() => 'waits')])).toBe('waits');
    second.resolve();
    await flushed;
    expect(rig.handle.deliveries).toHaveLength(2);
  });

  it('sends only for portals where the app is installed, and only what it subscribed to', async () => {
    rig.handle.upsert(OTHER_PORTAL, 'companies', { properties: { name: 'Not installed here' } });
    rig.handle.registerApp({ ...RIG_APP, webhookUrl: url, subscriptions: ['company.deletion'] });
    const id = company('A');
    rig.handle.archive(PORTAL, 'companies', id);
    await rig.handle.flushWebhooks();
    expect(events().map((event) => event.subscriptionType)).toEqual(['company.deletion']);
    rig.handle.revoke(PORTAL);
    rig.handle.restore(PORTAL, 'companies', id);
    rig.handle.archive(PORTAL, 'companies', id);
    await rig.handle.flushWebhooks();
    expect(events()).toHaveLength(1);
  });

  it('tries again after an error, with the attempt counted', async () => {
    rig.handle.settings.webhookRetryMs = 30;
    answers = [500, 503];
    company('Stubborn');
    await until(() => received.length >= 3);
    expect(events().map((event) => event.attemptNumber)).toEqual([0, 1, 2]);
    await rig.handle.flushWebhooks();
    expect(rig.handle.deliveries.map((delivery) => delivery.status)).toEqual([500, 503, 202]);
    expect(rig.handle.state.outbox).toEqual([]);
  });

  it('repeats, reorders and drops on demand, and does not promise unique event ids (E11)', async () => {
    Object.assign(rig.handle.settings.webhookMischief, { repeat: 2, reorder: true, drop: 1 });
    const ids = ['dropped', 'first', 'second', 'third'].map(company);
    await rig.handle.flushWebhooks();
    expect(received).toHaveLength(3);
    expect(received[1]?.body).toBe(received[0]?.body);
    expect(received[0]?.events.map((event) => event.objectId)).toEqual(ids.slice(1).toReversed().map(Number));
    expect(new Set(received[0]?.events.map((event) => event.eventId)).size).toBeLessThan(3);
  });
});
