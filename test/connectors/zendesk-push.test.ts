import { createServer, type Server } from 'node:http';
import type { HintKeys, HintResult, PushTarget } from '@waymark/connector-kit';
import { zendesk } from '@waymark/connector-zendesk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DESK } from '../../apps/sandbox/src/zendesk/desk-rig.ts';
import { ZendeskDesk } from './zendesk-desk.ts';
import { MINUTE } from './streams.ts';

let desk: ZendeskDesk;
let server: Server;
let url: string;
let secret = '';
const heard: HintResult[] = [];

const target: PushTarget = { key: 'tickets', stream: 'tickets' };
const push = () => zendesk.push ?? expect.fail('no push');
const webhooks = () => Object.values(desk.rig.handle.account(DESK).webhooks);

function keys(): HintKeys {
  return {
    subscription: { key: target.key, stream: target.stream, externalId: null, secret, externalAccountId: DESK },
    jwks: () => Promise.reject(new Error('no keys')),
  };
}

beforeEach(async () => {
  desk = await ZendeskDesk.start();
  heard.length = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
      void zendesk
        .hint?.(
          { method: 'POST', url, headers: Object.fromEntries(headers), body: Buffer.concat(chunks) },
          keys(),
          desk.now(),
        )
        .then((result) => {
          heard.push(result);
          response.writeHead(result.ok ? 202 : result.status).end();
        });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhooks/zendesk/t0ken`;
});

afterEach(async () => {
  server.close();
  await desk.rig.close();
});

describe('zendesk push', () => {
  it('makes a webhook that Zendesk signs with a secret of its own, and hears of a ticket by it', async () => {
    const client = await desk.connect();
    expect(await push().targets(client, {})).toEqual([target]);
    const made = await push().subscribe(client, target, { url, secret: 'ours' }, {});
    expect(made).toMatchObject({ expiresAt: null });
    secret = made.secret ?? '';
    expect(secret).toBe(webhooks()[0]?.secret);
    const ida = desk.customer('Fjord');
    const { id } = desk.desk.open({ requesterId: ida.id, subject: 'Invoice', body: 'Where?', at: desk.now() });
    await desk.rig.handle.flushWebhooks();
    expect(heard).toMatchObject([{ ok: true, hints: [{ stream: 'tickets', ids: [String(id)] }] }]);
    secret = 'another';
    desk.desk.update(id, { authorId: ida.id, at: desk.now(), comment: { body: 'Hello?', public: true } });
    await desk.rig.handle.flushWebhooks();
    expect(heard.at(-1)).toMatchObject({ ok: false, status: 401 });
  });

  it('takes up the webhook that a lost answer left behind, and makes none beside it', async () => {
    const client = await desk.connect();
    desk.rig.faults.add({ kind: 'lost-answer', times: 1, match: { method: 'POST', path: '/webhooks' } });
    const made = await push().subscribe(client, target, { url, secret: '' }, {});
    expect(webhooks().map((each) => each.id)).toEqual([made.externalId]);
  });

  it('ends by its address what a process left behind that died, and nothing of another', async () => {
    const client = await desk.connect();
    await push().subscribe(client, target, { url, secret: '' }, {});
    const other = await push().subscribe(client, target, { url: `${url}-of-another-workspace`, secret: '' }, {});
    for (let turn = 0; turn < 2; turn += 1) await push().discard?.(client, { url, secret: '' });
    expect(webhooks().map((each) => each.id)).toEqual([other.externalId]);
  });

  it('makes none where webhooks are off', async () => {
    expect(await push().targets(await desk.connect({ settings: { webhooks: false } }), {})).toEqual([]);
  });

  it('E9: turns on again what Zendesk turned off, follows a new address, and says what is no more', async () => {
    const client = await desk.connect();
    const made = await push().subscribe(client, target, { url, secret: '' }, {});
    const [webhook] = webhooks();
    if (webhook === undefined) return expect.fail('no webhook');
    webhook.status = 'inactive';
    expect(await push().renew(client, target, made, { url, secret: '' }, {})).toEqual(made);
    expect(webhook).toMatchObject({ status: 'active', endpoint: url });
    expect(await push().renew(client, target, made, { url: `${url}2`, secret: '' }, {})).toEqual(made);
    expect(webhook).toMatchObject({ status: 'active', endpoint: `${url}2` });
    await push().unsubscribe(client, made);
    await push().unsubscribe(client, made);
    expect(webhooks()).toEqual([]);
    await expect(push().renew(client, target, made, { url, secret: '' }, {})).rejects.toMatchObject({
      fault: { kind: 'record-gone' },
    });
  });

  it('D13: without the scope it is refused as a scope, and reading goes on', async () => {
    const client = await desk.connect({ scopes: ['read'] });
    await expect(push().subscribe(client, target, { url, secret: '' }, {})).rejects.toMatchObject({
      fault: { kind: 'scope-missing' },
    });
    desk.wait(MINUTE);
    await expect(desk.pull('tickets', null, { client })).resolves.toHaveLength(1);
  });
});
