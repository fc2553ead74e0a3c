import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTAL, startRig, type CrmRig } from './crm-rig.ts';

let home: string;
let rig: CrmRig;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sandbox-hubspot-'));
  rig = await startRig({ file: join(home, 'hubspot.json') });
});
afterEach(async () => {
  await rig.close();
  await rm(home, { recursive: true });
});

const COMPANIES = '/crm/objects/2026-09/companies';

describe('a restart', () => {
  it('keeps records, tokens, the write log, apps and webhooks that were not delivered', async () => {
    const token = rig.token();
    rig.handle.registerApp({
      clientId: 'rig-client',
      clientSecret: 'rig-secret',
      redirectUris: [],
      webhookUrl: 'http://127.0.0.1:9/gone',
    });
    const { id } = rig.handle.upsert(PORTAL, 'companies', { properties: { name: 'Kept' } });
    await rig.call('PATCH', `${COMPANIES}/${id}`, { properties: { city: 'Bergen' } });
    await rig.close();
    rig = await startRig({ file: join(home, 'hubspot.json') });
    const read = await rig.call('GET', `${COMPANIES}/${id}?properties=city`, undefined, token);
    expect([read.status, read.at('properties.city')]).toEqual([200, 'Bergen']);
    expect(rig.handle.writes({ id })).toHaveLength(1);
    expect(rig.handle.state.outbox.length).toBeGreaterThan(0);
    const next = rig.handle.upsert(PORTAL, 'companies', { properties: { name: 'Next' } });
    expect(Number(next.id)).toBe(Number(id) + 1);
  });

  it('goes back to its seed on reset', async () => {
    rig.handle.upsert(PORTAL, 'companies', { properties: { name: 'Gone' } });
    await rig.reset();
    expect(rig.handle.book(PORTAL).ids('companies')).toEqual([]);
  });
});

describe('faults on demand', () => {
  it("answers in the vendor's shape: 401, 429 with and without Retry-After, 500", async () => {
    rig.faults.add({ kind: 'unauthorized', times: 1 });
    rig.faults.add({ kind: 'too-many', times: 1, params: { retryAfter: 7 } });
    rig.faults.add({ kind: 'too-many', times: 1, params: { retryAfter: 'none' } });
    rig.faults.add({ kind: 'server-error', times: 1, params: { status: 503 } });
    const read = () => rig.call('GET', COMPANIES);
    expect((await read()).json).toMatchObject({ status: 'error', category: 'INVALID_AUTHENTICATION' });
    const limited = await read();
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect(limited.json).toMatchObject({ errorType: 'RATE_LIMIT', policyName: 'TEN_SECONDLY_ROLLING' });
    expect((await read()).headers.get('retry-after')).toBeNull();
    expect((await read()).status).toBe(503);
    expect((await read()).status).toBe(200);
  });

  it('loses a cursor only where there is one, and hits one portal only', async () => {
    rig.faults.add({ kind: 'cursor-lost', times: 1 });
    expect((await rig.call('GET', COMPANIES)).status).toBe(200);
    expect((await rig.call('GET', `${COMPANIES}?after=5`)).status).toBe(410);
    rig.faults.add({ kind: 'server-error', match: { tenant: '502' } });
    expect((await rig.call('GET', COMPANIES)).status).toBe(200);
    expect((await rig.call('GET', COMPANIES, undefined, rig.token(undefined, 502))).status).toBe(500);
  });

  it('cuts answers short, resets sockets and answers with a page', async () => {
    rig.faults.add({ kind: 'truncated-json', times: 1 });
    await expect(rig.call('GET', COMPANIES)).rejects.toThrow(SyntaxError);
    rig.faults.add({ kind: 'reset-mid-body', times: 1 });
    await expect(rig.call('GET', COMPANIES)).rejects.toThrow(TypeError);
    rig.faults.add({ kind: 'html-200', times: 1 });
    await expect(rig.call('GET', COMPANIES)).rejects.toThrow(SyntaxError);
    rig.faults.add({ kind: 'hang', times: 1, params: { hangMs: 50 } });
    await expect(rig.call('GET', COMPANIES)).rejects.toThrow(TypeError);
  });

  it('can write and lose the answer: the log shows that the write was applied once (R14)', async () => {
    const { id } = rig.handle.upsert(PORTAL, 'companies', { properties: { name: 'Once' } });
    rig.faults.add({ kind: 'lost-answer', times: 1, match: { method: 'PATCH' } });
    await expect(rig.call('PATCH', `${COMPANIES}/${id}`, { properties: { city: 'Turku' } })).rejects.toThrow(TypeError);
    expect(rig.handle.writes({ id })).toMatchObject([{ applied: { city: 'Turku' } }]);
  });
});
