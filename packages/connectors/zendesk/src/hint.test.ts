import { createHmac } from 'node:crypto';
import type { HintKeys } from '@waymark/connector-kit';
import { describe, expect, it } from 'vitest';
import { hint } from './hint.ts';
import { canary } from './testing/fixtures.ts';
import { verifySignature } from './webhook-signature.ts';

const now = Date.parse('2026-11-21T00:00:00Z');
const secret = 'secret';
const keys: HintKeys = {
  subscription: { key: 'tickets', stream: 'tickets', externalId: '01W', secret, externalAccountId: 'acme' },
  jwks: () => Promise.reject(new Error('Zendesk has no keys to fetch')),
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function signed(body: string, options: { at?: number; signature?: string; invocation?: string } = {}) {
  const timestamp = `${new Date(options.at ?? now).toISOString().slice(0, 19)}Z`;
  const signature = options.signature ?? createHmac('sha256', secret).update(`${timestamp}${body}`).digest('base64');
  return {
    method: 'POST',
    url: 'https://waymark.example.com/webhooks/zendesk/t0ken',
    headers: {
      'x-zendesk-webhook-signature': signature,
      'x-zendesk-webhook-signature-timestamp': timestamp,
      ...(options.invocation === undefined ? {} : { 'x-zendesk-webhook-invocation-id': options.invocation }),
    },
    body: bytes(body),
  };
}

const event = (id: string) =>
  JSON.stringify({
    type: 'zen:event-type:ticket.status_changed',
    account_id: 12514403,
    id: '2b24ef10-19d4-4740-93cf-8f98ec4776c0',
    time: '2026-11-21T00:00:00Z',
    zendesk_event_version: '2022-11-06',
    subject: `zen:ticket:${id}`,
    detail: { id, status: 'OPEN', subject: canary, description: canary },
    event: { current: 'OPEN', previous: 'NEW' },
  });

describe('signature', () => {
  it('agrees with a known vector', () => {
    const request = signed('{"a":1}', { signature: 'Tn2aXm7eY6ky0DUugxEOfxsg/QpvSQJkMAgtqY+gKX8=' });
    expect(verifySignature(request, secret, now)).toEqual({ ok: true });
  });

  it.each([
    ['a changed body', { ...signed(event('1')), body: bytes(`${event('1')} `) }],
    ['a signature of another length', signed(event('1'), { signature: 'x' })],
    ['no signature', { ...signed(event('1')), headers: {} }],
    ['a stamp from the past', signed(event('1'), { at: now - 301_000 })],
    ['a stamp from the future', signed(event('1'), { at: now + 301_000 })],
    [
      'a stamp that is no time',
      {
        ...signed(event('1')),
        headers: { ...signed(event('1')).headers, 'x-zendesk-webhook-signature-timestamp': 'now' },
      },
    ],
  ])('R21: refuses %s with 401', async (_what, request) => {
    expect(await hint(request, keys, now)).toMatchObject({ ok: false, status: 401 });
  });

  it('refuses everything without a subscription of its own, or with an empty secret', async () => {
    const { subscription: _none, ...without } = keys;
    expect(await hint(signed(event('1')), without, now)).toMatchObject({ ok: false, status: 401 });
    expect(verifySignature(signed(event('1')), '', now)).toMatchObject({ ok: false });
  });
});

describe('hint', () => {
  it('E11: names the ticket to read and nothing that was said of it; a repetition has the same key', async () => {
    const first = await hint(signed(event('35436'), { invocation: '01INV' }), keys, now);
    expect(first).toMatchObject({
      ok: true,
      hints: [{ externalAccountId: 'acme', stream: 'tickets', ids: ['35436'] }],
    });
    expect(JSON.stringify(first)).not.toContain(canary);
    const again = await hint(signed(event('35436'), { invocation: '01INV', at: now + 1000 }), keys, now);
    expect(again).toEqual(first);
    const other = await hint(signed(event('35436'), { invocation: '02INV' }), keys, now);
    expect(other).not.toEqual(first);
  });

  it.each([
    ['the test of the Admin Center, which is empty', '', []],
    ['a trigger of the account’s own', '{"ticket_id":"77"}', ['77']],
    ['a trigger with a number', '{"ticket_id":77}', ['77']],
    ['an event that names the ticket in its subject alone', '{"subject":"zen:ticket:78"}', ['78']],
    ['JSON of another kind', '[1]', []],
    ['an id that is none', '{"detail":{"id":"../../users"},"ticket_id":"1 or 2"}', []],
  ])('wakes the stream on %s', async (_what, body, ids) => {
    expect(await hint(signed(body), keys, now)).toMatchObject({ ok: true, hints: [{ ids }] });
  });

  it('refuses a body that is no JSON', async () => {
    expect(await hint(signed('ticket=1'), keys, now)).toMatchObject({ ok: false, status: 400 });
  });
});
