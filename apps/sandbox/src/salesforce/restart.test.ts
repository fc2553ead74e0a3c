import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, ORG, OTHER_ADMIN, OTHER_ORG, startRig, type OrgRig } from './org-rig.ts';

let home: string;
let rig: OrgRig;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sandbox-salesforce-'));
  rig = await startRig({ file: join(home, 'salesforce.json') });
});
afterEach(async () => {
  await rig.close();
  await rm(home, { recursive: true });
});

const ACCOUNTS = 'SELECT Id, Name FROM Account ORDER BY Id';

describe('a restart', () => {
  it('keeps records, tokens, fields, permissions and the write log; query cursors are lost', async () => {
    const token = rig.token(ADMIN);
    for (let index = 0; index < 3; index += 1) rig.handle.upsert(ORG, 'Account', { Name: `Kept ${index}` });
    const id = String(rig.handle.findBy(ORG, 'Account', 'Name', 'Kept 1')[0]?.['Id']);
    await rig.call('PATCH', `/sobjects/Account/${id}`, { Industry: 'Food' }, token);
    rig.handle.settings.batchSize = 1;
    const { nextRecordsUrl } = Object((await rig.query(ACCOUNTS, token)).json);
    await rig.close();
    rig = await startRig({ file: join(home, 'salesforce.json') });
    expect((await rig.query(ACCOUNTS, token)).json).toMatchObject({ totalSize: 3 });
    expect(rig.handle.writes({ id })).toMatchObject([{ applied: { Industry: 'Food' } }]);
    expect((await rig.call('GET', nextRecordsUrl, undefined, token)).json).toMatchObject([
      { errorCode: 'INVALID_QUERY_LOCATOR' },
    ]);
    const next = String(rig.handle.upsert(ORG, 'Account', { Name: 'Next' })['Id']);
    expect(next > id).toBe(true);
    expect(rig.handle.findBy(ORG, 'Account', 'Id', next)).toHaveLength(1);
  });

  it('goes back to its seed on reset', async () => {
    rig.handle.upsert(ORG, 'Account', { Name: 'Gone' });
    await rig.reset();
    expect(rig.handle.book(ORG).rows('Account')).toEqual([]);
    expect((await rig.query(ACCOUNTS)).status).toBe(200);
  });
});

describe('faults on demand', () => {
  it("answers in the vendor's shape: 401, the two 403 of limits, 500", async () => {
    rig.faults.add({ kind: 'unauthorized', times: 1 });
    rig.faults.add({ kind: 'forbidden-rate-limit', times: 1 });
    rig.faults.add({ kind: 'too-many', times: 1 });
    rig.faults.add({ kind: 'server-error', times: 1, params: { status: 503 } });
    const told: unknown[] = [];
    for (let index = 0; index < 4; index += 1) {
      const reply = await rig.query(ACCOUNTS);
      told.push([reply.status, Object(reply.json)[0].errorCode, Object(reply.json)[0].message.slice(0, 20)]);
    }
    expect(told).toEqual([
      [401, 'INVALID_SESSION_ID', 'Session expired or i'],
      [403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit '],
      [403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentPerOrgLong'],
      [503, 'UNKNOWN_EXCEPTION', 'An unexpected error '],
    ]);
    expect((await rig.query(ACCOUNTS)).status).toBe(200);
    rig.faults.add({ kind: 'unauthorized', times: 1 });
    const token = await rig.form('/services/oauth2/token', { grant_type: 'refresh_token', refresh_token: 'x' });
    expect(token.json).toMatchObject({ error: 'invalid_grant' });
  });

  it('hits one org only', async () => {
    rig.faults.add({ kind: 'server-error', match: { tenant: OTHER_ORG } });
    expect((await rig.query(ACCOUNTS)).status).toBe(200);
    expect((await rig.query(ACCOUNTS, rig.token(OTHER_ADMIN))).status).toBe(500);
  });

  it('can write and lose the answer: the log shows that the write was applied once (R14)', async () => {
    const id = String(rig.handle.upsert(ORG, 'Account', { Name: 'Once' })['Id']);
    rig.faults.add({ kind: 'lost-answer', times: 1, match: { method: 'PATCH' } });
    await expect(rig.call('PATCH', `/sobjects/Account/${id}`, { Industry: 'Food' })).rejects.toThrow(TypeError);
    expect(rig.handle.writes({ id })).toMatchObject([{ applied: { Industry: 'Food' } }]);
  });

  it('counts calls that nothing answers', async () => {
    expect((await rig.call('GET', '/analytics/reports')).status).toBe(404);
    expect(rig.handle.unknownPaths).toEqual(['GET /services/data/v66.0/analytics/reports']);
  });
});
