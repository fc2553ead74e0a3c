import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { cloudEvent, survey } from '../fixtures/deliveries.ts';
import { webhook } from './index.ts';

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const now = Date.UTC(2026, 9, 1, 8);

interface Posted {
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly secret?: string;
  readonly id?: string;
  readonly at?: number;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Posts as a sender that signs by Standard Webhooks does, unless headers say otherwise. */
function post(posted: Posted = {}) {
  const body = posted.body ?? JSON.stringify(survey);
  const id = posted.id ?? 'msg-1';
  const at = posted.at ?? now;
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': new Webhook(posted.secret ?? secret).sign(id, new Date(at), text),
    ...posted.headers,
  };
  const request = {
    method: 'POST',
    url: 'https://waymark.example/webhooks/webhook/tok',
    headers,
    body: Buffer.from(body),
  };
  const subscription = {
    key: '',
    stream: 'deliveries',
    externalId: null,
    secret,
    externalAccountId: 'w1',
    ...(posted.settings && { settings: posted.settings }),
  };
  const jwks = () => Promise.reject(new Error('asks for no keys'));
  return webhook.hint?.(request, { subscription, jwks }, now);
}

describe('a request to the address', () => {
  it('is taken with a signature by Standard Webhooks, and kept as one delivery', async () => {
    expect(await post()).toMatchObject({
      ok: true,
      hints: [{ externalAccountId: 'w1', stream: 'deliveries' }],
      deliveries: [{ stream: 'deliveries', payload: { form: 'json', id: 'msg-1', body: survey } }],
    });
  });

  it('I6: is refused with another secret, a changed body, an old or early stamp, or no signature', async () => {
    const other = `whsec_${Buffer.from('another secret of thirty-two byte').toString('base64')}`;
    const signed = new Webhook(secret).sign('msg-1', new Date(now), '{"score":1}');
    const refused = { ok: false, status: 401 };
    expect(await post({ secret: other })).toMatchObject(refused);
    expect(await post({ headers: { 'webhook-signature': signed } })).toMatchObject(refused);
    expect(await post({ at: now - 301_000 })).toMatchObject(refused);
    expect(await post({ at: now + 301_000 })).toMatchObject(refused);
    expect(await post({ headers: { 'webhook-signature': '' } })).toMatchObject(refused);
    expect(await post({ headers: { 'webhook-id': 'msg-2' } })).toMatchObject(refused);
  });

  it('is taken while two secrets are in force at the sender', async () => {
    const mine = new Webhook(secret).sign('msg-1', new Date(now), JSON.stringify(survey));
    expect(await post({ headers: { 'webhook-signature': `v1,AAAA v1a,zzz ${mine}` } })).toMatchObject({ ok: true });
  });

  it('is taken by an HMAC of the body only where the settings name its header', async () => {
    const body = JSON.stringify(survey);
    const digest = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'webhook-signature': '', 'x-signature': `sha256=${digest.toUpperCase()}`, 'x-delivery': 'd-9' };
    const hmac = { kind: 'hmac', header: 'X-Signature', prefix: 'sha256=', idHeader: 'x-delivery' };
    expect(await post({ headers })).toMatchObject({ ok: false, status: 401 });
    expect(await post({ headers, settings: { signature: hmac } })).toMatchObject({
      ok: true,
      deliveries: [{ payload: { id: 'd-9' } }],
    });
    const forged = { ...headers, 'x-signature': `sha256=${'0'.repeat(64)}` };
    expect(await post({ headers: forged, settings: { signature: hmac } })).toMatchObject({ ok: false, status: 401 });
    // Who may sign by the one way may not by the other.
    expect(await post({ settings: { signature: hmac } })).toMatchObject({ ok: false, status: 401 });
  });

  it('reads CloudEvents structured, batched, binary and without their content type', async () => {
    const events = async (body: unknown, headers: Record<string, string>) => {
      const result = await post({ body: JSON.stringify(body), headers });
      return result?.ok ? (result.deliveries ?? []).map(({ payload }) => payload) : result;
    };
    const kept = { form: 'cloudevent', event: cloudEvent };
    expect(await events(cloudEvent, { 'content-type': 'application/cloudevents+json; charset=utf-8' })).toMatchObject([
      kept,
    ]);
    expect(await events(cloudEvent, {})).toMatchObject([kept]);
    const batch = [cloudEvent, { ...cloudEvent, id: 'u-2' }];
    expect(await events(batch, { 'content-type': 'application/cloudevents-batch+json' })).toHaveLength(2);
    const binary = {
      'ce-specversion': '1.0',
      'ce-id': 'u-1',
      'ce-source': 'product',
      'ce-type': 'usage.recorded',
      'ce-subject': 'fj%C3%B8rd.example',
    };
    expect(await events(cloudEvent.data, binary)).toMatchObject([
      { event: { id: 'u-1', subject: 'fjørd.example', datacontenttype: 'application/json', data: cloudEvent.data } },
    ]);
  });

  it('E11: gives the same event one key however it is batched, and another form of it its own', async () => {
    const keys = async (body: unknown, id: string) => {
      const result = await post({ body: JSON.stringify(body), id });
      return result?.ok ? (result.deliveries ?? []).map(({ dedupeKey }) => dedupeKey) : [];
    };
    const [alone] = await keys(cloudEvent, 'a');
    const [, second] = await keys([{ ...cloudEvent, id: 'u-2' }, cloudEvent], 'b');
    const [changed] = await keys({ ...cloudEvent, data: { metric: 'logins', value: 13 } }, 'c');
    expect(second).toBe(alone);
    expect(changed).not.toBe(alone);
  });

  it.each([
    ['what is no JSON', 'score=9', /not JSON/],
    ['what is no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), /signature|UTF-8/],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, /nests/],
    ['a key that nothing should be named', '{"a":{"__proto__":{"polluted":true}}}', /__proto__/],
    ['more than a mebibyte', JSON.stringify('x'.repeat(1_048_577)), /larger/],
    ['1,001 events', JSON.stringify(Array.from({ length: 1001 }, () => cloudEvent)), /at most 1000/],
  ])('R21: refuses %s and says why', async (_name, body, reason) => {
    const result = await post({ body });
    expect(result).toMatchObject({ ok: false });
    expect(result?.ok === false ? result.reason : '').toMatch(reason);
  });
});
