import { createEmulator, defineEmulator } from 'emulate';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FaultPlan } from './faults.ts';
import { Journal, JournalUnreadableError, writeAtomically } from './journal.ts';
import { serveEmulator, type Served, type ServeOptions } from './serve.ts';
import { until } from './until.ts';

interface Counter {
  count: number;
}

const counter = defineEmulator<Counter>({
  name: 'counter',
  state: () => ({ count: 0 }),
  setup: ({ app, state, baseUrl }) => {
    app.get('/count', (c) => c.json({ count: state.count, baseUrl }));
    app.get('/events', () => {
      let tick = 0;
      const body = new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          await new Promise((resolve) => setTimeout(resolve, 10));
          controller.enqueue(new TextEncoder().encode(`data: ${(tick += 1)}\n\n`));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    app.get('/items', (c) => c.json({ cursor: c.req.query('cursor') ?? null }));
    app.post('/count', async (c) => {
      state.count += 1;
      const bytes = new Uint8Array(await c.req.arrayBuffer());
      return c.json({ bytes: [...bytes], header: c.req.header('x-signature') ?? null });
    });
  },
});

const running: Served<Counter>[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const served of running.splice(0)) await served.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const serve = async (options: Partial<ServeOptions<Counter>> = {}, seed?: Counter): Promise<Served<Counter>> => {
  const served = await serveEmulator<Counter>({
    name: 'counter',
    create: (baseUrl) => createEmulator({ service: counter, listen: false, baseUrl, ...(seed ? { seed } : {}) }),
    tenantOf: (request) => request.headers.get('x-tenant') ?? undefined,
    faultBody: (kind, request) => {
      if (kind === 'cursor-lost' && !request.url.includes('cursor=')) return undefined;
      return { status: kind === 'cursor-lost' ? 410 : 418, body: { vendor: kind } };
    },
    ...options,
  });
  running.push(served);
  return served;
};

const count = async (served: Served<Counter>): Promise<number> => {
  const answer: unknown = await (await fetch(`${served.url}/count`)).json();
  return typeof answer === 'object' && answer && 'count' in answer ? Number(answer.count) : Number.NaN;
};

test('forwards the body as the bytes that came in and tells the emulator its own address', async () => {
  const served = await serve();
  const body = new Uint8Array([0, 255, 10, 13, 128]);
  const answer = await fetch(`${served.url}/count`, {
    method: 'POST',
    body,
    headers: { 'X-Signature': 's=1' },
  });
  expect(await answer.json()).toEqual({ bytes: [0, 255, 10, 13, 128], header: 's=1' });
  expect(await (await fetch(`${served.url}/count`)).json()).toEqual({
    count: 1,
    baseUrl: served.url,
  });
});

test('status faults carry the body of the vendor, hit as often as told and only where they match', async () => {
  const served = await serve();
  served.faults.add({
    kind: 'unauthorized',
    times: 1,
    match: { path: '^/count', method: 'get', tenant: 'a' },
  });
  expect((await fetch(`${served.url}/count`)).status).toBe(200);
  expect((await fetch(`${served.url}/items`, { headers: { 'x-tenant': 'a' } })).status).toBe(200);
  const hit = await fetch(`${served.url}/count`, { headers: { 'x-tenant': 'a' } });
  expect([hit.status, await hit.json()]).toEqual([418, { vendor: 'unauthorized' }]);
  expect((await fetch(`${served.url}/count`, { headers: { 'x-tenant': 'a' } })).status).toBe(200);
  expect(served.faults.list()).toEqual([]);
});

test('a cursor is lost only on a call that carries one, and the fault waits for it', async () => {
  const served = await serve();
  served.faults.add({ kind: 'cursor-lost', times: 1 });
  expect((await fetch(`${served.url}/items`)).status).toBe(200);
  expect((await fetch(`${served.url}/items?cursor=1`)).status).toBe(410);
});

test('F1: 429 with Retry-After in seconds, as a date, and without it', async () => {
  const served = await serve();
  const retryAfter = async (value: number | 'date' | 'none'): Promise<string | null> => {
    served.faults.add({ kind: 'too-many', times: 1, params: { retryAfter: value } });
    return (await fetch(`${served.url}/count`)).headers.get('retry-after');
  };
  expect(await retryAfter(7)).toBe('7');
  const asked = Date.now();
  expect(Date.parse((await retryAfter('date')) ?? '')).toBeGreaterThan(asked);
  expect(await retryAfter('none')).toBeNull();
});

test('a lost answer has been executed; a reset in mid-body and a cut body are unreadable', async () => {
  const served = await serve();
  served.faults.add({ kind: 'lost-answer', times: 1, match: { method: 'POST' } });
  await expect(fetch(`${served.url}/count`, { method: 'POST', body: 'x' })).rejects.toThrow();
  expect(await count(served)).toBe(1);

  served.faults.add({ kind: 'reset-mid-body', times: 1 });
  const reset = await fetch(`${served.url}/count`);
  expect(reset.status).toBe(200);
  await expect(reset.text()).rejects.toThrow();

  served.faults.add({ kind: 'truncated-json', times: 1 });
  const cut = await fetch(`${served.url}/count`);
  expect(cut.status).toBe(200);
  const text = await cut.text();
  expect(text.length).toBeGreaterThan(0);
  expect(() => JSON.parse(text)).toThrow();
});

test('a hang answers nothing, HTML comes with status 200', async () => {
  const served = await serve();
  served.faults.add({ kind: 'hang', times: 1 });
  await expect(fetch(`${served.url}/count`, { signal: AbortSignal.timeout(150) })).rejects.toThrow(/timeout/u);
  served.faults.add({ kind: 'hang', times: 1, params: { hangMs: 50 } });
  await expect(fetch(`${served.url}/count`)).rejects.toThrow();
  served.faults.add({ kind: 'html-200', times: 1 });
  const html = await fetch(`${served.url}/count`);
  expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
});

test('server-sent events flow as they come, and an open stream does not hold up closing', async () => {
  const served = await serve();
  const response = await fetch(`${served.url}/events`);
  const reader = response.body?.getReader();
  const first = new TextDecoder().decode((await reader?.read())?.value);
  expect(first).toContain('data: 1');
  // It never ends by itself, so that a close that waited for it would not either.
  await running.pop()?.close();
  const rest = async () => {
    while (!(await reader?.read())?.done);
  };
  await expect(rest()).rejects.toThrow();
});

test('a path that looks like another host stays on this server', async () => {
  const served = await serve();
  expect((await fetch(`${served.url}//evil.example/count`)).status).toBe(404);
});

const hits = (seed: number): number => {
  const plan = new FaultPlan({ seed });
  const id = plan.add({ kind: 'server-error', share: 0.25 });
  for (let call = 0; call < 1000; call += 1) plan.take({ method: 'GET', path: '/' });
  return plan.hits(id);
};

test('a share of the calls is drawn from the seed', () => {
  expect(hits(7)).toBe(hits(7));
  expect(hits(7)).toBeGreaterThan(200);
  expect(hits(7)).toBeLessThan(300);
  expect(() => new FaultPlan().add({ kind: 'server-error', share: 2 })).toThrow();
});

test('state is written on changes and at the end, and is there after a restart', async () => {
  const home = await mkdtemp(join(tmpdir(), 'waymark-journal-'));
  folders.push(home);
  const file = join(home, 'counter.json');
  const first = await serve({ journal: new Journal<Counter>({ file, delayMs: 20 }) });
  await fetch(`${first.url}/count`, { method: 'POST', body: 'x' });
  const kept = () => readFile(file, 'utf8').catch(() => '');
  await until(async () => (await kept()) !== '');
  expect(await kept()).toBe('{"count":1}');
  await fetch(`${first.url}/count`, { method: 'POST', body: 'x' });
  await running.pop()?.close();

  const seed = await new Journal<Counter>({ file }).load();
  expect(await count(await serve({}, seed))).toBe(2);

  await writeAtomically(file, '{"count":');
  await expect(new Journal<Counter>({ file }).load()).rejects.toThrow(JournalUnreadableError);
});
