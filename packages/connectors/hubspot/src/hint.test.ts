import type { HintKeys } from '@waymark/connector-kit';
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hint } from './hint.ts';
import { verifySignature } from './webhook-signature.ts';

const secret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const now = 1_564_113_600_000;
const keys: HintKeys = {
  app: { clientId: 'app', clientSecret: secret, extra: {} },
  jwks: () => Promise.reject(new Error('HubSpot has no keys to fetch')),
};
/** The body of the vendor's own example of a signature. */
const vendorBody =
  '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]';

function signed(body: string, options: { url?: string; signedUrl?: string; at?: number; signature?: string } = {}) {
  const url = options.url ?? 'https://www.example.com/webhook_uri';
  const at = options.at ?? now;
  const signature =
    options.signature ??
    createHmac('sha256', secret)
      .update(`POST${options.signedUrl ?? url}${body}${at}`)
      .digest('base64');
  const headers = { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': String(at) };
  return { method: 'POST', url, headers, body: new TextEncoder().encode(body) };
}

describe('signature v3', () => {
  it('agrees with the SDK on a known vector', () => {
    const request = signed(vendorBody, { signature: 'DxmVAjFNa2xfF3YgQjdZP6TNcok9k1oaH7UXombPtvw=' });
    expect(verifySignature(request, secret, now)).toEqual({ ok: true });
  });

  it.each([
    ['a changed body', { ...signed(vendorBody), body: new TextEncoder().encode(`${vendorBody} `) }],
    ['another address', { ...signed(vendorBody), url: 'https://www.example.com/other' }],
    ['another method', { ...signed(vendorBody), method: 'PUT' }],
    ['a signature of another length', signed(vendorBody, { signature: 'x' })],
    ['no signature', { ...signed(vendorBody), headers: {} }],
    ['a stamp from the past', signed(vendorBody, { at: now - 300_001 })],
    ['a stamp from the future', signed(vendorBody, { at: now + 300_001 })],
    [
      'a stamp that is no number',
      { ...signed(vendorBody), headers: { ...signed(vendorBody).headers, 'x-hubspot-request-timestamp': 'soon' } },
    ],
  ])('R21: refuses %s with 401', async (_what, request) => {
    expect(await hint(request, keys, now)).toMatchObject({ ok: false, status: 401 });
  });

  it('refuses everything while the secret is empty', () => {
    expect(verifySignature(signed(vendorBody), '', now)).toMatchObject({ ok: false });
  });

  it('undoes the escapes that HubSpot undoes, and no others', () => {
    const url = 'https://www.example.com/hook?to=a%40b%3a1%20c%26d';
    expect(
      verifySignature(signed('[]', { url, signedUrl: 'https://www.example.com/hook?to=a@b:1%20c%26d' }), secret, now),
    ).toEqual({
      ok: true,
    });
  });

  it('is over the raw bytes, whatever is in them', async () => {
    const bytes = Uint8Array.from([0x5b, 0xff, 0x5d]);
    const mac = createHmac('sha256', secret)
      .update('POSThttps://www.example.com/webhook_uri')
      .update(bytes)
      .update(String(now));
    const request = { ...signed('', { signature: mac.digest('base64') }), body: bytes };
    expect(verifySignature(request, secret, now)).toEqual({ ok: true });
    expect(await hint(request, keys, now)).toMatchObject({ ok: false, status: 400 });
  });
});

describe('hints', () => {
  const event = (fields: object): object => ({ portalId: 1, occurredAt: now, objectId: 7, ...fields });
  const hintsOf = async (events: readonly unknown[]) => {
    const result = await hint(signed(JSON.stringify(events)), keys, now);
    return result.ok ? result.hints : expect.fail(result.reason);
  };

  it('name the account, the stream and the records, grouped', async () => {
    const hints = await hintsOf([
      event({ subscriptionType: 'company.propertyChange', propertyName: 'lifecyclestage', propertyValue: 'customer' }),
      event({ subscriptionType: 'company.creation', objectId: 8 }),
      event({ subscriptionType: 'object.creation', objectTypeId: '0-47', objectId: 9 }),
      event({ subscriptionType: 'contact.privacyDeletion', portalId: 2 }),
      event({ subscriptionType: 'ticket.merge', primaryObjectId: 10, newObjectId: 12, mergedObjectIds: [10, 11] }),
      event({
        subscriptionType: 'deal.associationChange',
        associationType: 'DEAL_TO_COMPANY',
        fromObjectId: 20,
        toObjectId: 21,
      }),
      event({ subscriptionType: 'conversation.creation' }),
      'nonsense',
    ]);
    expect(hints.map(({ externalAccountId, stream, ids }) => [externalAccountId, stream, ids])).toEqual([
      ['1', 'companies', ['7', '8', '21']],
      ['1', 'meetings', ['9']],
      ['2', 'contacts', ['7']],
      ['1', 'tickets', ['7', '10', '12', '11']],
      ['1', 'deals', ['20']],
    ]);
  });

  it('E11: one key for a delivery and its repeats in any order; event ids, which repeat, do not count', async () => {
    const first = event({
      subscriptionType: 'company.propertyChange',
      propertyName: 'name',
      propertyValue: 'A',
      eventId: 1,
    });
    const second = event({
      subscriptionType: 'company.propertyChange',
      propertyName: 'name',
      propertyValue: 'B',
      eventId: 1,
    });
    const again = { ...first, attemptNumber: 3 };
    const lists = await Promise.all([[first, second], [second, again], [first], [second]].map(hintsOf));
    const dedupe = lists.map((list) => list[0]?.dedupeKey);
    expect(dedupe[0]).toBe(dedupe[1]);
    expect(new Set(dedupe).size).toBe(3);
  });

  it('a body that is no list is 400, an empty list is nothing to do', async () => {
    expect(await hint(signed('{}'), keys, now)).toMatchObject({ ok: false, status: 400 });
    expect(await hint(signed('not json'), keys, now)).toMatchObject({ ok: false, status: 400 });
    expect(await hintsOf([])).toEqual([]);
  });
});
