import type { HintKeys, HintRequest } from '@waymark/connector-kit';
import { expect, test } from 'vitest';
import { hint } from './hint.ts';

const now = Date.UTC(2026, 9, 1, 9);
const keys = (more: Partial<NonNullable<HintKeys['subscription']>> = {}): HintKeys => ({
  subscription: {
    key: 'messages',
    stream: 'mail',
    externalId: 'sub-1',
    secret: 's3cret',
    externalAccountId: 'a1',
    ...more,
  },
  jwks: () => Promise.reject(new Error('not needed')),
});
const request = (body: unknown, query = ''): HintRequest => ({
  method: 'POST',
  url: `https://waymark.example/webhooks/microsoft/token${query}`,
  headers: {},
  body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
});
const notice = (more: object = {}) => ({
  subscriptionId: 'sub-1',
  clientState: 's3cret',
  changeType: 'created',
  resource: 'Users/u/Messages/m1',
  resourceData: { '@odata.etag': 'W/"1"', id: 'm1' },
  ...more,
});
const ask = (...told: object[]) => hint(request({ value: told }), keys(), now);

test('Graph’s question is answered with its own token, decoded, as plain text', async () => {
  expect(await hint(request('', '?validationToken=Validation%3A%20a%2Bb%3Cscript%3E'), keys(), now)).toEqual({
    ok: true,
    hints: [],
    answer: { status: 200, body: 'Validation: a+b<script>', contentType: 'text/plain' },
  });
  expect(await hint(request('', `?validationToken=${'x'.repeat(5_000)}`), keys(), now)).toMatchObject({ status: 400 });
});

test('a question while the subscription is being made is answered: Graph has not named it yet', async () => {
  expect(await hint(request('', '?validationToken=t'), keys({ externalId: null }), now)).toMatchObject({ ok: true });
});

test('a notice wakes its stream and names no records', async () => {
  expect(await ask(notice(), notice({ resourceData: { id: 'm2' } }))).toEqual({
    ok: true,
    hints: [{ externalAccountId: 'a1', stream: 'mail', ids: [], dedupeKey: expect.any(String) }],
  });
});

test('E11: a delivery that is repeated shares its key, in any order; another change does not', async () => {
  const keyOf = async (...told: object[]) => {
    const said = await ask(...told);
    return said.ok ? said.hints[0]?.dedupeKey : expect.fail(said.reason);
  };
  const other = notice({ resourceData: { '@odata.etag': 'W/"2"', id: 'm1' } });
  expect(await keyOf(notice(), other)).toBe(await keyOf(other, notice()));
  expect(await keyOf(notice())).not.toBe(await keyOf(other));
});

test.each([
  ['another secret', notice({ clientState: 's3creT' })],
  ['no secret', notice({ clientState: undefined })],
  ['a longer one', notice({ clientState: 's3cret ' })],
])('R21: a notice with %s is refused, and all that came with it', async (_name, forged) => {
  expect(await ask(notice(), forged)).toMatchObject({ ok: false, status: 401 });
});

test('an empty secret of ours is matched by nothing', async () => {
  expect(await hint(request({ value: [notice({ clientState: '' })] }), keys({ secret: '' }), now)).toMatchObject({
    ok: false,
  });
});

test.each(['', 'no json', '[]', '{"value":"x"}', '\u00ff'])('a body that is none (%j) is refused', async (body) => {
  expect(await hint(request(body), keys(), now)).toMatchObject({ ok: false, status: 400 });
});

test('a notice to an address that is of no subscription is refused', async () => {
  const { jwks } = keys();
  expect(await hint(request({ value: [notice()] }), { jwks }, now)).toMatchObject({ ok: false, status: 401 });
});

test('a notice of the subscription that was replaced wakes nobody', async () => {
  expect(await ask(notice({ subscriptionId: 'sub-0' }))).toEqual({ ok: true, hints: [] });
});

test.each([
  ['subscriptionRemoved', true],
  ['reauthorizationRequired', true],
  ['missed', undefined],
])('E9: %s reads the stream; the subscription is made anew: %s', async (lifecycleEvent, lapsed) => {
  const told = notice({ lifecycleEvent, changeType: undefined, resourceData: undefined });
  const said = await ask(told);
  expect(said).toMatchObject({ ok: true, hints: [{ stream: 'mail' }] });
  expect(Object(said).lapsed).toBe(lapsed);
});
