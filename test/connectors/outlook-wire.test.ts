import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { HintResult } from '@waymark/connector-kit';
import { outlook } from '@waymark/connector-outlook';
import { describe, expect, it } from 'vitest';
import { ana } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import {
  connect,
  day,
  eachOnMicrosoft,
  hour,
  ids,
  last,
  letter,
  meeting,
  microsoft,
  pullInbox,
  pullMeetings,
} from './outlook-house.ts';

eachOnMicrosoft();

describe('change notifications', () => {
  it('E8, E9: subscribed through the handshake, verified by its secret, renewed, told when it ends, and ended', async () => {
    const { handle, clock } = microsoft;
    const push = outlook.push ?? expect.fail('no push');
    const client = await connect();
    const said: HintResult[] = [];
    let externalId: string | null = null;
    const receiver = createServer((request, response) => {
      void (async () => {
        const body = new Uint8Array(await buffer(request));
        const url = `http://127.0.0.1${request.url}`;
        const subscription = { key: 'messages', stream: 'mail', externalId, secret: 's3cret', externalAccountId: 'a1' };
        const keys = { subscription, jwks: () => Promise.reject(new Error('not needed')) };
        const result = await outlook.hint?.({ method: 'POST', url, headers: {}, body }, keys, clock.now);
        if (result === undefined) return;
        said.push(result);
        const answer = result.ok ? (result.answer ?? { status: 202, body: '', contentType: 'text/plain' }) : undefined;
        response.writeHead(answer?.status ?? 401, { 'content-type': answer?.contentType ?? 'text/plain' });
        response.end(answer?.body);
      })();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    try {
      const bound = receiver.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      const address = { url: `http://127.0.0.1:${port}/webhooks/microsoft/token`, secret: 's3cret' };
      const [target] = await push.targets(client, {});
      const made = await push.subscribe(client, target ?? expect.fail('nothing to watch'), address, {});
      externalId = made.externalId;
      expect(made.expiresAt).toBe(clock.now + (7 * 24 - 1) * hour);
      expect(said.every((one) => one.ok && one.answer?.status === 200)).toBe(true);

      said.length = 0;
      handle.addMail(ana, letter(1, clock.now));
      await expect.poll(() => said, { timeout: 5_000 }).toMatchObject([{ ok: true, hints: [{ stream: 'mail' }] }]);

      clock.now += 3 * day;
      const renewed = await push.renew(await connect(), { key: 'messages', stream: 'mail' }, made, address, {});
      expect(renewed.expiresAt).toBe(clock.now + (7 * 24 - 1) * hour);
      await push.unsubscribe(await connect(), renewed);
      await expect(
        push.renew(await connect(), { key: 'messages', stream: 'mail' }, renewed, address, {}),
      ).rejects.toMatchObject({ fault: { kind: 'record-gone' } });
      await expect(push.unsubscribe(await connect(), renewed)).resolves.toBeUndefined();
    } finally {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    }
  });
});

const faults = [
  ['E2', 'unauthorized', 'token-expired'],
  ['F3', 'too-many', 'rate-limited'],
  ['A7', 'cursor-lost', 'cursor-expired'],
  ['a failing server', 'server-error', 'transient'],
  ['a cut connection', 'reset-mid-body', 'transient'],
  ['A4: cut JSON', 'truncated-json', 'transient'],
  ['A4: a page of HTML', 'html-200', 'transient'],
] as const;

describe('faults on the wire, through the real SDK', () => {
  it.each(faults)('%s: %s ends the mail’s page as %s', async (_id, kind, fault) => {
    const { handle, clock, served } = microsoft;
    const { cursor } = last(await pullInbox(null));
    handle.addMail(ana, letter(2, clock.now));
    served.faults.add({ kind, match: { path: '/messages/delta' }, times: 1 });
    await expect(pullInbox(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: fault } });
    expect(ids(await pullInbox(cursor, { mode: 'live' }))).toHaveLength(1);
  });

  it.each(faults)('%s: %s ends the calendar’s page as %s', async (_id, kind, fault) => {
    const { handle, clock, served } = microsoft;
    const { cursor } = last(await pullMeetings(null));
    handle.calendars.add(ana, meeting(clock.now));
    // A lost window is asked for once more, in case the round alone had died.
    served.faults.add({ kind, match: { path: '/calendarView/delta' }, times: kind === 'cursor-lost' ? 2 : 1 });
    await expect(pullMeetings(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: fault } });
    expect(ids(await pullMeetings(cursor, { mode: 'live' }))).toHaveLength(1);
  });

  it('a call that hangs ends when the run gives up', async () => {
    microsoft.served.faults.add({ kind: 'hang', params: { hangMs: 5_000 } });
    const signal = AbortSignal.timeout(100);
    await expect(pullInbox(null, { signal })).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });
});
