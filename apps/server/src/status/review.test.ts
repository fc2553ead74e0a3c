import type { OpenAPIHono } from '@hono/zod-openapi';
import { decisionsMade } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApp } from '../http/app.ts';
import type { Waymark } from '../waymark.ts';
import { furnish, openOn, type Furnished } from './testing/furnished.ts';

const previewForm = z.object({
  moved: z.number(),
  digest: z.string(),
  accounts: z.array(z.object({ accountId: z.string(), gained: z.number() })),
});
const entriesForm = z.object({
  entries: z.array(z.object({ id: z.string(), subject: z.string(), events: z.number() })),
});

describe('deciding on the page and by the API', () => {
  let database: TestDatabase;
  let waymark: Waymark;
  let app: OpenAPIHono;
  let acme: Furnished;
  const woken: string[] = [];

  beforeAll(async () => {
    database = await testDatabase();
    waymark = await openOn(database);
    acme = await furnish(waymark, database, 'acme');
    app = createApp({
      waymark,
      publicUrl: 'https://waymark.example',
      ready: () => Promise.resolve(true),
      onHint: () => undefined,
      wake: (workspaceId) => woken.push(workspaceId),
    });
  });
  afterAll(async () => {
    await waymark.close();
    await database.close();
  });

  const made = () => waymark.database.inWorkspace(acme.workspace.workspaceId, (tx) => decisionsMade(tx));
  const cookie = () => ({ cookie: `waymark_session=${acme.token}` });
  const read = async (path: string) => (await app.request(path, { headers: cookie() })).text();
  const post = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = cookie()) =>
    app.request('/unmatched', { method: 'POST', headers, body: new URLSearchParams(fields) });
  const api = (path: string, body: unknown) =>
    app.request(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${acme.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const fieldsOf = (text: string): Record<string, string> =>
    Object.fromEntries(
      [...text.slice(text.indexOf('method="post"')).matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
        ([, name, value]) => [name ?? '', value ?? ''],
      ),
    );
  const entryId = async () => {
    const answer = await app.request('/api/review', { headers: cookie() });
    const [entry] = entriesForm.parse(await answer.json()).entries;
    return entry?.id ?? '';
  };

  it('previews by the API, decides what was shown, and undoes it', async () => {
    const id = await entryId();
    const preview = previewForm.parse(
      await (await api('/api/review/preview', { id, accountId: acme.calmAccountId })).json(),
    );
    expect(preview.moved).toBeGreaterThan(0);
    expect(preview.accounts).toMatchObject([{ accountId: acme.calmAccountId, gained: preview.moved }]);
    expect(await made()).toEqual([]);
    const other = await api('/api/review/decide', { id, accountId: acme.calmAccountId, expect: '0'.repeat(64) });
    expect(other.status).toBe(409);
    const done = await api('/api/review/decide', { id, accountId: acme.calmAccountId, expect: preview.digest });
    expect(done.status).toBe(200);
    const { decisionId } = z.object({ decisionId: z.string() }).parse(await done.json());
    expect(await (await app.request('/api/review', { headers: cookie() })).json()).toEqual({ entries: [] });
    const back = previewForm.parse(await (await api(`/api/decisions/${decisionId}/preview`, {})).json());
    expect(back.moved).toBe(preview.moved);
    expect((await api(`/api/decisions/${decisionId}/undo`, { expect: back.digest })).status).toBe(200);
    expect(await entryId()).toBe(id);
    expect(woken).toEqual([acme.workspace.workspaceId, acme.workspace.workspaceId]);
  });

  it('decides by the form of the page, and by no form of another site', async () => {
    const id = await entryId();
    expect(await read(`/unmatched?entry=${id}`)).toContain('Show what would change');
    const shown = await read(`/unmatched?entry=${id}&account=${acme.quietAccountId}`);
    expect(shown).toContain('Nothing is changed yet');
    const fields = fieldsOf(shown);
    const before = (await made()).length;
    const { proof: _proof, ...forged } = fields;
    for (const attempt of [forged, { ...forged, proof: 'x' }, { ...forged, proof: '' }])
      expect((await post(attempt)).status).toBe(401);
    expect((await post(fields, { authorization: `Bearer ${acme.token}` })).status).toBe(401);
    expect((await post({ ...fields, expect: '0'.repeat(64) })).status).toBe(409);
    expect((await made()).length).toBe(before);
    expect((await post(fields)).status).toBe(303);
    const [latest] = await made();
    expect(latest).toMatchObject({ accountId: acme.quietAccountId, undoneAt: null });
    expect(latest?.by).toMatch(/^token:[0-9a-f]{12}$/);
    const undo = await read(`/unmatched?undo=${latest?.decisionId ?? ''}`);
    expect((await post(fieldsOf(undo))).status).toBe(303);
    expect((await made())[0]?.undoneAt).not.toBeNull();
    expect(await read('/unmatched?entry=nope&verdict=split')).toContain('Nothing in the queue is called nope');
  });
});
