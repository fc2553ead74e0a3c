import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@hubspot/api-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HomeUnreadableError } from './control/home.ts';
import { demoApp } from './control/service.ts';
import { samplePortals } from './hubspot/seed.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';

const ANCHOR = Date.parse('2026-06-10T16:00:00Z');
const homes: string[] = [];

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'sandbox-'));
  homes.push(home);
  return home;
}

const start = (options: SandboxOptions = {}): Promise<Sandbox> =>
  startSandbox({ anchor: ANCHOR, caps: 'generous', autoConsent: true, ...options });

async function call(
  sandbox: Sandbox,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${sandbox.control.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}

function crm(sandbox: Sandbox): Client {
  const { accessToken } = sandbox.hubspot.handle.mint({
    clientId: demoApp.clientId,
    portalId: samplePortals.main,
    scopes: ['oauth', 'tickets', 'crm.objects.companies.read'],
  });
  return new Client({ accessToken, basePath: sandbox.hubspot.url });
}

async function urgentTickets(sandbox: Sandbox): Promise<number> {
  const answer = await crm(sandbox).apiRequest({
    method: 'POST',
    path: '/crm/objects/2026-09/tickets/search',
    body: {
      filterGroups: [
        {
          filters: [
            { propertyName: 'hs_ticket_priority', operator: 'EQ', value: 'URGENT' },
            { propertyName: 'createdate', operator: 'GTE', value: String(ANCHOR) },
          ],
        },
      ],
      limit: 100,
    },
  });
  const found: unknown = await answer.json();
  expect(answer.status, JSON.stringify(found)).toBe(200);
  return Number(Reflect.get(Object(found), 'total'));
}

afterAll(async () => {
  for (const home of homes) await rm(home, { recursive: true, force: true });
});

describe('the sandbox', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await start();
  });
  afterAll(() => sandbox.close());

  it('serves the manifest and says that it is sample data', async () => {
    expect((await call(sandbox, 'GET', '/manifest')).json).toEqual(sandbox.manifest);
    expect((await call(sandbox, 'GET', '/status')).json).toMatchObject({
      sample: true,
      anchor: new Date(ANCHOR).toISOString(),
      seed: 7,
    });
  });

  it('holds the whole sample in its services', () => {
    const mailboxes = Object.values(sandbox.google.handle.state().mailboxes);
    const copies = sandbox.world.mails.reduce((sum, mail) => sum + mail.mailboxes.length, 0);
    expect(mailboxes.reduce((sum, mailbox) => sum + Object.keys(mailbox.messages).length, 0)).toBe(copies + 3);
    const { companies, tickets } = sandbox.hubspot.handle.book(samplePortals.main).portal.objects;
    expect(Object.keys(companies)).toHaveLength(sandbox.world.accounts.length);
    expect(Object.keys(tickets)).toHaveLength(sandbox.world.tickets.length);
  });

  it('knows the demo app everywhere and takes changes to it without losing the rest', async () => {
    const redirect = 'http://127.0.0.1:9999/oauth/callback';
    for (const service of ['google', 'hubspot', 'slack']) {
      expect(
        (await call(sandbox, 'POST', `/${service}/apps`, { clientId: demoApp.clientId, redirectUris: [redirect] }))
          .status,
      ).toBe(200);
    }
    await call(sandbox, 'POST', '/slack/apps', {
      clientId: demoApp.clientId,
      requestUrl: 'http://127.0.0.1:9999/slack/events',
    });
    await call(sandbox, 'POST', '/hubspot/apps', {
      clientId: demoApp.clientId,
      webhookUrl: 'http://127.0.0.1:9999/webhooks/hubspot',
    });
    const slack = Object.values(sandbox.slack.handle.workspace.state.apps).find(
      (app) => app.clientId === demoApp.clientId,
    );
    expect(slack).toMatchObject({
      redirectUris: [redirect],
      signingSecret: demoApp.signingSecret,
      clientSecret: demoApp.clientSecret,
      requestUrl: 'http://127.0.0.1:9999/slack/events',
    });
    expect(sandbox.hubspot.handle.state.oauth.apps[demoApp.clientId]).toMatchObject({
      redirectUris: [redirect],
      clientSecret: demoApp.clientSecret,
    });
    expect(sandbox.google.handle.state().oauth.apps[demoApp.clientId]).toMatchObject({ redirectUris: [redirect] });
  });

  it('injects faults on demand and takes them back', async () => {
    const added = await call(sandbox, 'POST', '/hubspot/faults', { kind: 'server-error', times: 1 });
    expect(added).toMatchObject({ status: 201, json: { id: expect.any(Number) } });
    const first = await fetch(`${sandbox.hubspot.url}/crm/v3/owners`);
    expect(first.status).toBe(500);
    expect((await fetch(`${sandbox.hubspot.url}/crm/v3/owners`)).status).not.toBe(500);
    await call(sandbox, 'POST', '/google/faults', { kind: 'too-many', params: { retryAfter: 3 } });
    expect((await fetch(`${sandbox.google.url}/gmail/v1/users/me/profile`)).headers.get('retry-after')).toBe('3');
    expect((await call(sandbox, 'DELETE', '/google/faults')).status).toBe(204);
    expect((await call(sandbox, 'GET', '/google/faults')).json).toEqual([]);
  });

  it('revokes and expires what a tenant has', async () => {
    const client = crm(sandbox);
    const read = async (): Promise<number> =>
      (await client.apiRequest({ method: 'GET', path: '/crm/objects/2026-09/companies?limit=1' })).status;
    expect(await read()).toBe(200);
    expect(
      (await call(sandbox, 'POST', '/hubspot/acts', { act: 'expire-access', tenant: String(samplePortals.main) }))
        .status,
    ).toBe(204);
    expect(await read()).toBe(401);
    expect((await call(sandbox, 'POST', '/slack/acts', { act: 'expire-cursors', tenant: 'T0SAMPLE01' })).status).toBe(
      400,
    );
  });

  it('refuses what it does not understand, and pages of elsewhere', async () => {
    expect((await call(sandbox, 'POST', '/hubspot/faults', { kind: 'earthquake' })).status).toBe(400);
    expect((await call(sandbox, 'POST', '/nobody/apps', { clientId: 'x' })).status).toBe(404);
    expect(
      (await call(sandbox, 'POST', '/slack/apps', { clientId: 'x', redirectUris: ['javascript:alert(1)'] })).status,
    ).toBe(400);
    const { port } = new URL(sandbox.control.url);
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      request({ host: '127.0.0.1', port, path: '/status', headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it('lets a storm of urgent tickets break out within the first minute of live mode', async () => {
    const before = await urgentTickets(sandbox);
    const happened: unknown[] = [];
    for (let step = 0; step < 15; step += 1) happened.push((await call(sandbox, 'POST', '/tick')).json);
    expect(await urgentTickets(sandbox)).toBe(before + 6);
    const story = sandbox.manifest.find((one) => one.live);
    expect(JSON.stringify(happened)).toContain(story?.name);
    // A customer who writes in live mode is answered.
    for (let step = 0; step < 6; step += 1) await sandbox.tick();
    expect(JSON.stringify(happened)).toContain('answers');
    expect(sandbox.google.unknownPaths()).toEqual([]);
  });
});

describe('a sandbox with a home', () => {
  it('goes on where it was: anchor, ports, data, apps and live mode', async () => {
    const home = await newHome();
    const first = await start({ home });
    first.google.registerApp({ clientId: demoApp.clientId, redirectUris: ['http://127.0.0.1:1234/cb'] });
    for (let step = 0; step < 4; step += 1) await first.tick();
    const urgent = await urgentTickets(first);
    const history = Object.values(first.google.handle.state().mailboxes).map((mailbox) => mailbox.historyId);
    await first.close();
    const second = await startSandbox({ home, seed: 99, anchor: 1, caps: 'generous', autoConsent: true });
    try {
      expect(second.urls).toEqual(first.urls);
      expect(second.world).toEqual(first.world);
      expect(await urgentTickets(second)).toBe(urgent);
      expect(Object.values(second.google.handle.state().mailboxes).map((mailbox) => mailbox.historyId)).toEqual(
        history,
      );
      expect(second.google.handle.state().oauth.apps[demoApp.clientId]?.redirectUris).toEqual([
        'http://127.0.0.1:1234/cb',
      ]);
      expect((await call(second, 'GET', '/status')).json).toMatchObject({ step: 4 });
    } finally {
      await second.close();
    }
  });

  it('takes other ports when the kept ones are taken', async () => {
    const home = await newHome();
    const first = await start({ home });
    const { port } = new URL(first.slack.url);
    await first.close();
    const squatter = await start({ ports: { slack: Number(port) } });
    const second = await start({ home });
    expect(new URL(second.slack.url).port).not.toBe(port);
    expect(second.google.url).toBe(first.google.url);
    await second.close();
    await squatter.close();
  });

  it('refuses a home that it cannot read, and says what to do', async () => {
    const home = await newHome();
    await writeFile(join(home, 'sandbox.json'), '{"pid": 1');
    const failure = start({ home });
    await expect(failure).rejects.toThrow(HomeUnreadableError);
    await expect(failure).rejects.toThrow(/remove the folder/);
  });
});
