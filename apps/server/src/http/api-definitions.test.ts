import { readFileSync } from 'node:fs';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { templateFile } from '@waymark/lifecycle';
import { flags as readFlags } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { foldDue } from '@waymark/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bareInstants } from '../status/testing/bare-instants.ts';
import { DAY, furnish, now, openOn, type Furnished } from '../status/testing/furnished.ts';
import type { Waymark } from '../waymark.ts';
import { createApp } from './app.ts';

const shipped = readFileSync(templateFile('nine-stages'), 'utf8');
const patient = shipped
  .replace(/^version: \d+/m, 'version: 90')
  .replace(/(quiet_days:\n\s+value:) 21/, '$1 90')
  .replace(/(health:\n\s+version:) 1/, '$1 2');
/** A journey of its own beside the lifecycle. */
const second = `id: support_care
version: 1
title: Support care
type: linear
stages:
  - { id: watching, title: Watching, enter: [{ from: [none] }] }
  - { id: caring, title: Caring, enter: [{ from: [watching], when: { signal: days_since_inbound, op: '>=', value: 30 } }] }
segments:
  - { id: silent, title: Silent, when: { signal: days_since_inbound, op: '>=', value: 40 } }
rules:
  - { id: care_due, kind: risk, severity: medium, title: Care due, appliesTo: { segments: [silent] }, when: { signal: days_since_inbound, op: '>=', value: 30 }, reason: 'silent for {days_since_inbound}', clears: c, nextStep: n }
`;

let database: TestDatabase;
let waymark: Waymark;
let app: OpenAPIHono;
let own: Furnished;
const woken: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  waymark = await openOn(database);
  own = await furnish(waymark, database, 'definitions');
  app = createApp({
    waymark,
    publicUrl: 'http://127.0.0.1:4400',
    ready: () => Promise.resolve(true),
    onHint: () => undefined,
    wake: (workspaceId) => woken.push(workspaceId),
  });
});
afterAll(async () => {
  await waymark.close();
  await database.close();
});

async function ask(path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const answer = await app.request(`/api/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${own.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const json: unknown = await answer.json();
  // Instants go out as RFC 3339 wherever they stand.
  expect(bareInstants(json), path).toEqual([]);
  return { status: answer.status, json };
}

const fold = () =>
  foldDue({
    database: waymark.database,
    workspaceId: own.workspace.workspaceId,
    now: waymark.now,
    point: waymark.point,
    afterFold: () => Promise.resolve(),
  });

it('checks, compares and tries a definition without storing anything', async () => {
  const broken = await ask('journeys/check', { source: shipped.replace('days_since_inbound', 'days_since_inbond') });
  expect(broken.json).toMatchObject({
    ok: false,
    issues: [{ remedy: expect.stringContaining('mean days_since_inbound') }],
  });
  expect((await ask('journeys/check', { source: patient })).json).toMatchObject({
    ok: true,
    id: 'lifecycle',
    version: 90,
  });
  const diff = await ask('journeys/diff', { after: patient });
  expect(diff.json).toMatchObject({ same: false, before: { id: 'lifecycle' } });
  const tried = await ask('journeys/whatif', { source: patient });
  expect(tried.json).toMatchObject({
    asOf: new Date(now).toISOString(),
    totals: { flagsWithdrawn: 1 },
    differing: [
      { accountId: own.quietAccountId, withdrawn: [{ rule: 'gone_quiet', openedAt: expect.stringMatching(/Z$/) }] },
    ],
  });
  const wrong = await ask('journeys/activate', { source: 'id: [' });
  expect(wrong).toMatchObject({ status: 400, json: { error: { code: 'DEFINITION_SYNTAX' } } });
  expect(woken).toEqual([]);
});

it('switches, goes back, and marks in the history of the scores where their version changed', async () => {
  const done = await ask('journeys/activate', { source: patient });
  expect(done).toMatchObject({ status: 200, json: { journey: 'lifecycle', version: 90, change: 'activated' } });
  expect(woken).toEqual([own.workspace.workspaceId]);
  expect((await ask('journeys')).json).toMatchObject({
    history: [{ by: 'test' }, { by: expect.stringMatching(/^token:/), change: 'activated' }],
  });
  await database.asOwner(
    `UPDATE journey_activation SET at = at - CASE WHEN by_member = 'test' THEN interval '60 days' ELSE interval '20 days' END WHERE workspace_id = $1`,
    [own.workspace.workspaceId],
  );
  const { json } = await ask(`accounts/${own.calmAccountId}/scores?days=7`);
  expect(json).toMatchObject({
    journeys: [
      {
        journey: 'lifecycle',
        marks: [{ score: 'health', before: 1, after: 2, at: new Date(now - 20 * DAY).toISOString() }],
      },
    ],
  });
  expect(await ask('journeys/rollback', { journey: 'lifecycle' })).toMatchObject({ json: { change: 'rolled_back' } });
  expect(await ask('journeys/rollback', { journey: 'lifecycle' })).toMatchObject({
    status: 409,
    json: { error: { code: 'NOTHING_BEFORE' } },
  });
});

it('runs a definition in shadow and ends it', async () => {
  expect(await ask('journeys/shadow', { source: patient })).toMatchObject({ status: 200, json: { id: 'lifecycle' } });
  expect((await ask('journeys/shadow')).json).toMatchObject({
    reports: [{ journey: 'lifecycle', since: expect.stringMatching(/Z$/) }],
  });
  expect(await ask('journeys/shadow/stop', { journey: 'lifecycle' })).toMatchObject({ status: 200 });
  expect(await ask('journeys/shadow/stop', { journey: 'lifecycle' })).toMatchObject({ status: 409 });
});

it('holds several journeys of one account apart: stages, segments, flags, health, explanation', async () => {
  expect(await ask('journeys/activate', { source: second })).toMatchObject({ status: 200 });
  await fold();
  const { json } = await ask(`accounts/${own.quietAccountId}`);
  expect(json).toMatchObject({
    journeys: [
      { journey: 'lifecycle', segments: [] },
      { journey: 'support_care', stage: 'caring', segments: [{ segment: 'silent', to: null }], success: null },
    ],
  });
  const stored = await waymark.database.inWorkspace(own.workspace.workspaceId, (tx) =>
    readFlags(tx, { accountId: own.quietAccountId, openOnly: true }),
  );
  expect(stored.map((flag) => `${flag.journey} ${flag.rule}`).toSorted()).toEqual([
    'lifecycle gone_quiet',
    'support_care care_due',
  ]);
  const why = await ask(`accounts/${own.quietAccountId}/explanation`);
  expect(why.json).toMatchObject({
    journeys: [
      { journey: 'lifecycle', agrees: true },
      { journey: 'support_care', agrees: true, text: expect.stringContaining('In the segment silent from') },
    ],
  });
  expect(await ask(`accounts/${own.quietAccountId}/explanation?knownAt=2020-01-01T00:00:00Z`)).toMatchObject({
    status: 200,
  });
  expect(await ask('journeys/retire', { journey: 'support_care' })).toMatchObject({ status: 200 });
  await fold();
  const after = await ask(`accounts/${own.quietAccountId}`);
  expect(after.json).toMatchObject({ journeys: [{ journey: 'lifecycle' }] });
  const left = await waymark.database.inWorkspace(own.workspace.workspaceId, (tx) =>
    readFlags(tx, { accountId: own.quietAccountId, openOnly: true }),
  );
  expect(left.map((flag) => flag.journey)).toEqual(['lifecycle']);
});
