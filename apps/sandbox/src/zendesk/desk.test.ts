import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateWorld } from '../company/generate.ts';
import { addUser } from './account.ts';
import { RIG_APP } from '../front/rig.ts';
import { DESK, OTHER_DESK, startRig, type DeskRig } from './desk-rig.ts';
import { sampleSubdomains, seedFromWorld } from './seed.ts';
import { SampleHelpDesk } from './sample-desk.ts';
import { sign } from './webhook-sender.ts';

const MINUTE = 60_000;
let rig: DeskRig;

beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

const json = async (response: Response): Promise<Record<string, unknown>> => Object(await response.json());

const open = (at = rig.now() - 10 * MINUTE) => {
  const account = rig.handle.account(DESK);
  const { id } = addUser(account, { name: 'Ida', email: 'ida@fjord.example', at });
  return rig.handle.desk(DESK).open({ requesterId: id, subject: 'Invoice', body: 'Where?', at });
};

async function tokens(fields: Record<string, string>) {
  const response = await fetch(`${rig.url}/oauth/tokens`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: RIG_APP.clientId, client_secret: RIG_APP.clientSecret, ...fields }),
  });
  return { status: response.status, body: await json(response) };
}

async function grant(query: Record<string, string> = {}) {
  const redirect_uri = RIG_APP.redirectUris[0];
  const search = new URLSearchParams({
    client_id: RIG_APP.clientId,
    redirect_uri,
    response_type: 'code',
    scope: 'read webhooks:write',
    state: 's1',
    ...query,
  });
  const page = await fetch(`${rig.url}/oauth/authorizations/new?${search}`, { redirect: 'manual' });
  expect(page.status).toBe(302);
  const code = new URL(page.headers.get('location') ?? '').searchParams.get('code') ?? '';
  return tokens({ grant_type: 'authorization_code', code, redirect_uri });
}

describe('OAuth', () => {
  it('gives a token of the account that was named, with both lives and the scopes', async () => {
    const { status, body } = await grant({ subdomain: OTHER_DESK });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: 'bearer',
      scope: 'read webhooks:write',
      expires_in: 1800,
      refresh_token_expires_in: 30 * 86_400,
    });
    const me = await json(await rig.call('GET', '/api/v2/users/me.json', { token: String(body['access_token']) }));
    expect(me).toMatchObject({
      user: { role: 'admin', url: expect.stringContaining(`https://${OTHER_DESK}.zendesk.com`) },
    });
  });

  it('E1: a refresh voids the tokens before it, and a refresh token ends with its life', async () => {
    const first = await grant();
    const refresh_token = String(first.body['refresh_token']);
    const second = await tokens({ grant_type: 'refresh_token', refresh_token });
    expect(second.status).toBe(200);
    expect(await tokens({ grant_type: 'refresh_token', refresh_token })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    const old = await rig.call('GET', '/api/v2/users/me.json', { token: String(first.body['access_token']) });
    expect(old.status).toBe(401);
    rig.clock.offset += 31 * 86_400_000;
    const late = await tokens({ grant_type: 'refresh_token', refresh_token: String(second.body['refresh_token']) });
    expect(late).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('refuses a token that it never gave, everywhere but for nobody’s own page', async () => {
    for (const path of [
      '/api/v2/users/me.json',
      '/api/v2/incremental/tickets/cursor.json?start_time=1',
      '/api/v2/organizations.json',
      '/api/v2/webhooks',
    ]) {
      expect((await rig.call('GET', path, { token: 'garbage' })).status).toBe(401);
    }
    const nobody = await rig.call('GET', '/api/v2/users/me.json', { token: null });
    expect(await json(nobody)).toMatchObject({ user: { id: null } });
  });

  it('D13: opens audits to the global scope alone, exports to administrators alone', async () => {
    const { id } = open();
    const narrow = rig.token(['tickets:read']);
    expect((await rig.call('GET', `/api/v2/tickets/${id}/audits.json`, { token: narrow })).status).toBe(403);
    const exported = '/api/v2/incremental/tickets/cursor.json?start_time=1';
    expect((await rig.call('GET', exported, { token: narrow })).status).toBe(200);
    const account = rig.handle.account(DESK);
    account.signedIn = addUser(account, { name: 'Sven', email: 'sven@acme.example', role: 'agent', at: 1 }).id;
    expect((await rig.call('GET', exported)).status).toBe(403);
  });
});

describe('limits', () => {
  it('allows ten exports a minute, says when to come back, and counts what it refuses', async () => {
    rig.handle.settings.limits.exportsPerMinute = 10;
    const path = '/api/v2/incremental/tickets/cursor.json?start_time=1';
    const answers = await Promise.all(Array.from({ length: 12 }, () => rig.call('GET', path)));
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(2);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(rig.handle.peak(DESK).exportsPerMinute).toBe(12);
    expect((await rig.call('GET', path, { token: rig.token(['read'], OTHER_DESK) })).status).toBe(200);
    rig.clock.offset += MINUTE;
    expect((await rig.call('GET', path)).status).toBe(200);
  });

  it('tells how many calls of the minute are left', async () => {
    const answer = await rig.call('GET', '/api/v2/organizations.json');
    expect(answer.headers.get('x-rate-limit')).toBe('100000');
    expect(answer.headers.get('x-rate-limit-remaining')).toBe('99999');
  });
});

describe('webhooks', () => {
  it('E11: sends signed notices of what a webhook is subscribed to, again until they are taken, and twice if told', async () => {
    const seen: { headers: Record<string, unknown>; body: string }[] = [];
    let status = 503;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
      request.on('end', () => {
        seen.push({ headers: request.headers, body });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`;
    try {
      rig.handle.settings.webhookRetryMs = 0;
      const webhook = {
        name: 'W',
        status: 'active',
        endpoint,
        http_method: 'POST',
        request_format: 'json',
        subscriptions: ['zen:event-type:ticket.created'],
      };
      const made = await rig.call('POST', '/api/v2/webhooks', { body: { webhook } });
      expect(made.status).toBe(201);
      const { id } = Object((await json(made))['webhook']);
      const secret = String(
        Object((await json(await rig.call('GET', `/api/v2/webhooks/${id}/signing_secret`)))['signing_secret']).secret,
      );
      const ticket = open();
      await rig.handle.flushWebhooks();
      status = 200;
      rig.handle.settings.webhookMischief.repeat = 1;
      await rig.handle.flushWebhooks();
      expect(seen).toHaveLength(3);
      expect(new Set(seen.map((each) => each.headers['x-zendesk-webhook-invocation-id'])).size).toBe(1);
      for (const { headers, body } of seen) {
        const stamp = String(headers['x-zendesk-webhook-signature-timestamp']);
        expect(headers['x-zendesk-webhook-signature']).toBe(sign(secret, stamp, body));
        expect(JSON.parse(body)).toMatchObject({
          type: 'zen:event-type:ticket.created',
          detail: { id: String(ticket.id) },
        });
      }
      rig.handle.desk(DESK).update(ticket.id, { authorId: -1, at: rig.now(), status: 'solved' });
      await rig.handle.flushWebhooks();
      expect(seen).toHaveLength(3);
    } finally {
      server.close();
    }
  });

  it('signs as the vendor’s own example does', () => {
    expect(sign('secret', '2026-11-21T00:00:00Z', '{"a":1}')).toBe('Tn2aXm7eY6ky0DUugxEOfxsg/QpvSQJkMAgtqY+gKX8=');
  });
});

describe('the sample', () => {
  it('holds the tickets of the accounts that are wanted, and no others', () => {
    const world = generateWorld({ seed: 7, anchor: Date.parse('2026-06-10T16:00:00Z') });
    const [main, second] = seedFromWorld(world).accounts;
    expect(Object.keys(main?.tickets ?? {})).toHaveLength(world.tickets.length);
    expect(second?.subdomain).toBe(sampleSubdomains.second);
    const key = world.tickets[0]?.account ?? '';
    const [part] = seedFromWorld(world, [key]).accounts;
    const here = world.tickets.filter((ticket) => ticket.account === key).map((ticket) => ticket.key);
    expect(
      Object.values(part?.tickets ?? {})
        .map((ticket) => ticket.externalId)
        .toSorted(),
    ).toEqual(here.toSorted());
    expect(Object.keys(part?.organizations ?? {})).toHaveLength(1);
    expect(seedFromWorld(world)).toEqual(seedFromWorld(world));
  });

  it('takes in a ticket of live mode once and moves it on', async () => {
    const world = generateWorld({ seed: 7, anchor: Date.now() });
    await rig.close();
    rig = await startRig({ seed: seedFromWorld(world, []) });
    const desk = new SampleHelpDesk(rig.handle, world);
    const ticket = world.tickets.find((each) => each.history.length > 3) ?? expect.fail('no ticket');
    desk.saveTicket({ ...ticket, history: ticket.history.slice(0, 2) });
    desk.saveTicket(ticket);
    desk.saveTicket(ticket);
    const [entered, ...more] = Object.values(rig.handle.account(sampleSubdomains.main).tickets);
    expect(more).toEqual([]);
    expect(entered?.audits).toHaveLength(ticket.history.length);
  });
});

it('goes on from its file after a restart', async () => {
  const home = await mkdtemp(join(tmpdir(), 'zendesk-'));
  try {
    const file = join(home, 'zendesk.json');
    const first = await startRig({ file });
    first.handle.desk(DESK).open({ requesterId: first.handle.account(DESK).signedIn, subject: 's', body: 'b', at: 1 });
    const token = first.token();
    await first.close();
    const second = await startRig({ file });
    const answer = await second.call('GET', '/api/v2/incremental/tickets/cursor.json?start_time=0', { token });
    expect(await json(answer)).toMatchObject({ tickets: [{ subject: 's' }], end_of_stream: true });
    await second.close();
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
