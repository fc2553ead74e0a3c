import type { OpenAPIHono } from '@hono/zod-openapi';
import { addExclusion, addReceipt, addWritebackPlan, flags, recordAudit, saveWritebackMapping } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { decide } from '@waymark/sync';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bareInstants } from '../status/testing/bare-instants.ts';
import { furnish, now, openOn, type Furnished } from '../status/testing/furnished.ts';
import type { Waymark } from '../waymark.ts';
import { createApp } from './app.ts';

/** What may be asked without a token: health, signed webhooks, the way through consent. Everything else is private. */
const open = [/^\/healthz$/, /^\/readyz$/, /^\/webhooks\//, /^\/oauth\//, /^\/slack\/events$/];

interface Route {
  readonly method: string;
  readonly path: string;
}

describe('isolation of workspaces over HTTP (I6)', () => {
  let database: TestDatabase;
  let waymark: Waymark;
  let app: OpenAPIHono;
  let alpha: Furnished;
  let beta: Furnished;
  let ids: Readonly<Record<string, string>>;
  let routes: readonly Route[];

  const ask = (route: Route, id: string, headers: Readonly<Record<string, string>>, body?: unknown) =>
    app.request(route.path.replace(':id', id), {
      method: route.method,
      headers: { ...headers, ...(route.method === 'POST' && { 'content-type': 'application/json' }) },
      ...(route.method === 'POST' && { body: JSON.stringify(body ?? bodyFor(route.path)) }),
    });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  /** What a caller would send who knows the other workspace's ids. */
  const bodyFor = (path: string): unknown => {
    if (path.endsWith('/assignments')) {
      return { decisions: [{ kind: 'domain', subject: 'stolen.example', accountId: alpha.quietAccountId }] };
    }
    return path.endsWith('/plans') ? { mappingId: ids['mapping'] } : { accept: [] };
  };

  beforeAll(async () => {
    database = await testDatabase();
    waymark = await openOn(database);
    alpha = await furnish(waymark, database, 'alphamark');
    beta = await furnish(waymark, database, 'betamark');
    app = createApp({
      waymark,
      publicUrl: 'http://127.0.0.1:4400',
      ready: () => Promise.resolve(true),
      onHint: () => undefined,
      wake: () => undefined,
    });
    routes = app.routes.filter((route) => route.method !== 'ALL');
    ids = await alphaIds(waymark, alpha);
  });
  afterAll(async () => {
    await waymark.close();
    await database.close();
  });

  const closed = () => routes.filter((route) => !open.some((pattern) => pattern.test(route.path)));

  it('knows its routes: each of the API is described, and nothing is described that is not there', async () => {
    const answer = await app.request('/api/openapi.json', { headers: bearer(alpha.token) });
    const { paths } = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await answer.json());
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    const mounted = closed()
      .filter((route) => route.path.startsWith('/api/') && route.path !== '/api/openapi.json')
      .map((route) => `${route.method} ${route.path}`);
    expect([...new Set(mounted)].toSorted()).toEqual(described.toSorted());
    expect(closed().length).toBeGreaterThan(25);
  });

  it('refuses every private route without a token, with a bad one, and with one that ended', async () => {
    for (const route of closed()) {
      for (const headers of [
        {},
        bearer(`wmk_${'x'.repeat(43)}`),
        bearer('nonsense'),
        { cookie: 'waymark_session=wmk_no' },
      ]) {
        const answer = await ask(route, alpha.quietAccountId, headers);
        expect(`${route.method} ${route.path} ${answer.status}`).toBe(`${route.method} ${route.path} 401`);
        expect(await answer.text()).not.toMatch(/(alpha|beta)mark/);
      }
    }
  });

  // Hundreds of requests: on a busy machine they take their time.
  it('shows nothing of one workspace to the token of another, whatever id it names', { timeout: 120_000 }, async () => {
    const before = await rowsOf(database, alpha.workspace.workspaceId);
    for (const route of closed()) {
      const named = route.path.includes(':id') ? Object.values(ids) : [''];
      for (const id of named) {
        const answer = await ask(route, id, bearer(beta.token));
        const label = `${route.method} ${route.path} with ${id}`;
        expect(await answer.text(), label).not.toContain('alphamark');
        if (id !== '') expect([400, 404, 409], `${label}: ${answer.status}`).toContain(answer.status);
      }
    }
    const search = await app.request('/api/accounts?q=alphamark', { headers: bearer(beta.token) });
    expect(await search.json()).toMatchObject({ accounts: [], total: 0 });
    expect(await rowsOf(database, alpha.workspace.workspaceId)).toBe(before);
  });

  it('shows a workspace its own rows: the test above does not pass for want of any', { timeout: 120_000 }, async () => {
    const own: Readonly<Record<string, string>> = {
      '/api/accounts/:id': ids['account'] ?? '',
      '/api/accounts/:id/timeline': ids['account'] ?? '',
      '/api/accounts/:id/explanation': ids['account'] ?? '',
      '/api/accounts/:id/scores': ids['account'] ?? '',
      '/api/events/:id': ids['event'] ?? '',
      '/api/flags/:id': ids['flag'] ?? '',
      '/api/writeback/plans/:id': ids['plan'] ?? '',
      '/accounts/:id': ids['account'] ?? '',
      '/events/:id': ids['event'] ?? '',
      '/flags/:id': ids['flag'] ?? '',
      '/writeback/:id': ids['plan'] ?? '',
    };
    const withoutNames = [
      '/api/journeys',
      '/api/journeys/shadow',
      '/api/journey-map',
      '/api/journey-map.svg',
      '/api/openapi.json',
      '/api',
      '/map',
      '/doctor',
    ];
    for (const route of closed().filter((one) => one.method === 'GET')) {
      const answer = await ask(route, own[route.path] ?? '', bearer(alpha.token));
      expect(`${route.path} ${answer.status}`).toBe(`${route.path} 200`);
      const text = await answer.text();
      expect(text).not.toContain('betamark');
      if (!withoutNames.includes(route.path)) expect(text, route.path).toContain('alphamark');
      if (answer.headers.get('content-type')?.includes('json'))
        expect(bareInstants(JSON.parse(text)), route.path).toEqual([]);
    }
  });

  it('takes a cookie for reading alone: another site’s form cannot change anything', async () => {
    const cookie = { cookie: `waymark_session=${alpha.token}` };
    expect((await app.request('/api/accounts', { headers: cookie })).status).toBe(200);
    for (const route of closed().filter((one) => one.method === 'POST')) {
      expect((await ask(route, ids['plan'] ?? '', cookie)).status).toBe(401);
    }
  });

  it('leads a decision to its own account, audited in the name of the token', async () => {
    const send = (accountId: string) =>
      app.request('/api/assignments', {
        method: 'POST',
        headers: { ...bearer(alpha.token), 'content-type': 'application/json' },
        body: JSON.stringify({ decisions: [{ kind: 'domain', subject: 'Stranger-alphamark.example', accountId }] }),
      });
    expect((await send(beta.quietAccountId)).status).toBe(409);
    expect((await send(alpha.quietAccountId)).status).toBe(200);
    const log = await app.request('/api/audit?limit=1', { headers: bearer(alpha.token) });
    const { entries } = z
      .object({ entries: z.array(z.object({ action: z.string(), actor: z.string(), subject: z.string() })) })
      .parse(await log.json());
    // Whom it is about stands in the decision: the audit chain keeps nobody's address.
    expect(entries[0]).toMatchObject({ action: 'matching.decided', subject: expect.stringMatching(/^decision:/) });
    const made = await app.request('/api/decisions', { headers: bearer(alpha.token) });
    expect(await made.text()).toContain('"subject":"stranger-alphamark.example"');
    expect(entries[0]?.actor).toMatch(/^token:[0-9a-f]{12}$/);
  });

  it('refuses what is too large or of the wrong form, in the one form of error', async () => {
    const large = await app.request('/api/assignments', {
      method: 'POST',
      headers: { ...bearer(alpha.token), 'content-type': 'application/json' },
      body: JSON.stringify({ decisions: [], padding: 'x'.repeat(300_000) }),
    });
    expect(large.status).toBe(413);
    expect(await large.json()).toEqual({ error: { code: 'TOO_LARGE', message: expect.stringContaining('bytes') } });
    const wrong = await app.request('/api/accounts?limit=0', { headers: bearer(alpha.token) });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toEqual({ error: { code: 'INVALID', message: 'limit: give at least 1.' } });
    const explained = (at: string) =>
      app.request(`/api/accounts/${alpha.quietAccountId}/explanation?at=${encodeURIComponent(at)}`, {
        headers: bearer(alpha.token),
      });
    expect(await (await explained('tomorrow')).json()).toEqual({
      error: { code: 'INVALID', message: 'at: give a time such as 2026-03-01T12:00:00Z.' },
    });
    // RFC 3339 knows offsets.
    expect(await (await explained('2026-06-01T12:00:00+02:00')).json()).toMatchObject({
      asOf: '2026-06-01T10:00:00.000Z',
    });
  });

  it('gives each workspace its own share of requests (I10)', async () => {
    const gamma = await furnish(waymark, database, 'gammamark');
    // The clock stands still, so nothing is refilled.
    for (let left = 600; left > 0; left -= 1) {
      const answer = await app.request('/api/audit?limit=1', { headers: bearer(gamma.token) });
      if (answer.status !== 200) throw new Error(`refused with ${left} requests left`);
    }
    const refused = await app.request('/api/audit', { headers: bearer(gamma.token) });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await app.request('/api/audit', { headers: bearer(alpha.token) })).status).toBe(200);
  });
});

/** One id of each kind that a path may name. */
async function alphaIds(waymark: Waymark, alpha: Furnished): Promise<Readonly<Record<string, string>>> {
  const mapping = uuidv7();
  const plan = uuidv7();
  return waymark.database.inWorkspace(alpha.workspace.workspaceId, async (tx) => {
    const [flag] = await flags(tx, { openOnly: true });
    await saveWritebackMapping(tx, {
      mappingId: mapping,
      installationId: alpha.installationId,
      journey: 'lifecycle',
      property: 'alphamark_stage',
      values: { retention: 'retention' },
      allowBackward: false,
      approvedAt: null,
      approvedBy: null,
      enabled: true,
      createdAt: now,
    });
    await addWritebackPlan(
      tx,
      {
        planId: plan,
        mappingId: mapping,
        kind: 'forward',
        state: 'draft',
        undoOf: null,
        approvedBy: null,
        approvedAt: null,
        createdAt: now,
        finishedAt: null,
        resumeAt: null,
        resumeReason: null,
      },
      [
        {
          itemId: uuidv7(),
          planId: plan,
          accountId: alpha.quietAccountId,
          externalId: 'company-of-alphamark',
          property: 'alphamark_stage',
          before: '',
          beforeChangedAt: null,
          after: 'retention',
          why: {},
          conflict: null,
          backward: false,
          state: 'planned',
          readBack: null,
          error: null,
          writtenAt: null,
          verifiedAt: null,
        },
      ],
    );
    const decided = await decide(
      tx,
      [{ kind: 'domain', subject: 'nobody-alphamark.example', verdict: 'not_customer' }],
      'test',
      now,
    );
    const exclusionId = uuidv7();
    await addExclusion(tx, {
      exclusionId,
      kind: 'domain',
      value: 'left-out-alphamark.example',
      other: '',
      scope: '',
      createdAt: now,
      createdBy: 'test',
    });
    await addReceipt(tx, {
      receiptId: uuidv7(),
      exclusionId,
      kind: 'domain',
      action: 'purged',
      counts: {},
      digest: '',
      at: now,
      by: 'alphamark',
    });
    await recordAudit(tx, { at: now, actor: 'alphamark', action: 'test.planned', subject: plan, detail: {} });
    return {
      account: alpha.quietAccountId,
      event: alpha.eventIds[0] ?? '',
      flag: flag?.flagId ?? '',
      plan,
      mapping,
      installation: alpha.installationId,
      decision: decided.decisionId,
      exclusion: exclusionId,
    };
  });
}

/** A digest of all rows of a workspace over all tables that have one. */
async function rowsOf(database: TestDatabase, workspaceId: string): Promise<string> {
  return database.withOwner(async (query) => {
    const tables = await query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'workspace_id' ORDER BY 1`,
    );
    const parts: string[] = [];
    for (const { name } of tables) {
      const [row] = await query<{ digest: string | null; rows: string }>(
        `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS digest, count(*) AS rows FROM ${name} t WHERE workspace_id = $1`,
        [workspaceId],
      );
      parts.push(`${name} ${row?.rows} ${row?.digest}`);
    }
    return parts.join('\n');
  });
}
