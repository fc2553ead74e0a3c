import type { OpenAPIHono } from '@hono/zod-openapi';
import { addWritebackPlan, saveWritebackMapping, writebackMapping, type WritebackPlan } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { furnish, now, openOn, type Furnished } from '../status/testing/furnished.ts';
import type { Waymark } from '../waymark.ts';
import { createApp } from './app.ts';

describe('write-back by the API', () => {
  let database: TestDatabase;
  let waymark: Waymark;
  let app: OpenAPIHono;
  let acme: Furnished;
  let mappingId: string;

  beforeAll(async () => {
    database = await testDatabase();
    waymark = await openOn(database);
    acme = await furnish(waymark, database, 'acme');
    app = createApp({
      waymark,
      publicUrl: 'http://127.0.0.1:4400',
      ready: () => Promise.resolve(true),
      onHint: () => undefined,
      wake: () => undefined,
    });
  });
  beforeEach(async () => {
    mappingId = uuidv7();
    await waymark.database.inWorkspace(acme.workspace.workspaceId, (tx) =>
      saveWritebackMapping(tx, {
        mappingId,
        installationId: acme.installationId,
        journey: 'lifecycle',
        property: `stage_${mappingId}`,
        values: {},
        allowBackward: false,
        approvedAt: now,
        approvedBy: 'maya',
        enabled: true,
        createdAt: now,
      }),
    );
  });
  afterAll(async () => {
    await waymark.close();
    await database.close();
  });

  async function plan(kind: WritebackPlan['kind'], state: WritebackPlan['state'] = 'draft'): Promise<string> {
    const planId = uuidv7();
    const made = { planId, mappingId, kind, state, undoOf: null, approvedBy: null, approvedAt: null, createdAt: now };
    await waymark.database.inWorkspace(acme.workspace.workspaceId, (tx) =>
      addWritebackPlan(tx, { ...made, finishedAt: null, resumeAt: null, resumeReason: null }, []),
    );
    return planId;
  }
  const send = (planId: string, step: string) =>
    app.request(`/api/writeback/plans/${planId}/${step}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${acme.token}`, 'content-type': 'application/json' },
      body: '{}',
    });
  const approvedBy = async (): Promise<string | null | undefined> =>
    (await waymark.database.inWorkspace(acme.workspace.workspaceId, (tx) => writebackMapping(tx, mappingId)))
      ?.approvedBy;

  it('lets a mapping apply plans by itself once a person approved a forward one, in the name of the token', async () => {
    const answer = await send(await plan('forward'), 'approve');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      kind: 'forward',
      approvedBy: expect.stringMatching(/^token:[0-9a-f]{12}$/),
    });
    expect(await approvedBy()).toMatch(/^token:/);
  });

  it('takes that right from the mapping with an approved undo, so that the same stages are not written again', async () => {
    expect((await send(await plan('undo'), 'approve')).status).toBe(200);
    expect(await approvedBy()).toBeNull();
  });

  it('refuses what does not fit the state of a plan, and changes nothing', async () => {
    const done = await plan('undo', 'done');
    const answer = await send(done, 'approve');
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ error: { code: 'PLAN_STATE' } });
    expect(await approvedBy()).toBe('maya');
    expect((await send(await plan('forward'), 'undo')).status).toBe(409);
    expect((await send(uuidv7(), 'reject')).status).toBe(404);
  });

  it('tells that the CRM cannot be asked, with what to do', async () => {
    const answer = await app.request('/api/writeback/plans', {
      method: 'POST',
      headers: { authorization: `Bearer ${acme.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ mappingId }),
    });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({
      error: { code: 'CRM_REJECTED', message: expect.stringContaining('cannot be written to') },
    });
  });
});
