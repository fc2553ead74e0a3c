import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canary } from '../fixtures/records.ts';
import { slackChannels } from './index.ts';

const signingSecret = 'a signing secret';
const now = 1_759_305_600_000;
const jwks = () => Promise.reject(new Error('asks for no keys'));

function send(body: unknown, change: { readonly at?: number; readonly secret?: string; readonly app?: boolean } = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const stamp = String(Math.floor((change.at ?? now) / 1000));
  const digest = createHmac('sha256', change.secret ?? signingSecret)
    .update(`v0:${stamp}:${text}`)
    .digest('hex');
  const headers = {
    'x-slack-request-timestamp': stamp,
    'x-slack-signature': `v0=${digest}`,
    'content-type': 'application/json',
  };
  const request = {
    method: 'POST',
    url: 'https://waymark.example/webhooks/slack-channels',
    headers,
    body: Buffer.from(text),
  };
  const app = { clientId: '1', clientSecret: '2', extra: { signingSecret } };
  return slackChannels.hint?.(request, { ...(change.app !== false && { app }), jwks }, now);
}

const message = {
  type: 'message',
  channel: 'C0FJORD',
  channel_type: 'channel',
  user: 'U0ZOE',
  team: 'T0FJORD',
  text: `${canary} <@U0ANA> hello`,
  blocks: [{ type: 'rich_text', elements: [{ text: canary }] }],
  files: [{ name: canary }],
  ts: '1759305600.000100',
  event_ts: '1759305600.000100',
};
const event = (inner: object, more: object = {}) => ({
  type: 'event_callback',
  team_id: 'T0FJORD',
  context_team_id: 'T0VENDOR',
  api_app_id: 'A1',
  event: inner,
  event_id: 'Ev1',
  event_time: 1_759_305_600,
  authorizations: [
    { enterprise_id: null, team_id: 'T0VENDOR', user_id: 'U0BOT', is_bot: true, is_enterprise_install: false },
  ],
  ...more,
});
const deliveries = async (body: unknown) => {
  const result = await send(body);
  return result?.ok ? result.deliveries : undefined;
};

describe('a request of the Events API', () => {
  it('I7: hands a message over without its text, for the workspace where the app is installed (G10)', async () => {
    const result = await send(event(message));
    expect(result).toMatchObject({
      ok: true,
      hints: [{ externalAccountId: 'T0VENDOR', stream: 'channel-messages' }],
      deliveries: [
        {
          externalAccountId: 'T0VENDOR',
          dedupeKey: 'Ev1',
          payload: {
            kind: 'message',
            channel: 'C0FJORD',
            facts: {
              ts: message.ts,
              user: 'U0ZOE',
              team: 'T0FJORD',
              length: message.text.length,
              files: 1,
              mentions: 1,
            },
          },
        },
      ],
    });
    expect(JSON.stringify(result)).not.toContain(canary);
  });

  it('I6: is refused unsigned, signed by another, or signed five minutes ago or ahead', async () => {
    const refused = { ok: false, status: 401 };
    expect(await send(event(message), { secret: 'another' })).toMatchObject(refused);
    expect(await send(event(message), { at: now - 301_000 })).toMatchObject(refused);
    expect(await send(event(message), { at: now + 301_000 })).toMatchObject(refused);
    expect(await send(event(message), { app: false })).toMatchObject(refused);
    expect(await send('challenge')).toMatchObject({ ok: false, status: 400 });
  });

  it('answers the check of the address, if it is signed', async () => {
    const check = { type: 'url_verification', challenge: 'abc', token: 'x' };
    expect(await send(check)).toMatchObject({ ok: true, answer: { status: 200, body: 'abc' } });
    expect(await send(check, { secret: 'another' })).toMatchObject({ ok: false });
  });

  it('tells edits by the message as it is now, and deletions by what is gone', async () => {
    const edit = {
      ...message,
      subtype: 'message_changed',
      user: undefined,
      message: { ...message, edited: { user: 'U0ZOE', ts: '1759305700.000000' } },
      event_ts: '1759305700.000200',
    };
    expect(await deliveries(event(edit))).toMatchObject([
      { payload: { facts: { ts: message.ts, editedTs: '1759305700.000000' } } },
    ]);
    const deletion = {
      type: 'message',
      subtype: 'message_deleted',
      channel: 'C0FJORD',
      channel_type: 'channel',
      deleted_ts: message.ts,
      ts: '1759305800.000200',
      event_ts: '1759305800.000200',
      previous_message: message,
    };
    const gone = { kind: 'deleted', channel: 'C0FJORD', ts: message.ts, at: '1759305800.000200' };
    expect(await deliveries(event(deletion))).toMatchObject([{ payload: gone }]);
    const stone = { ...edit, message: { ...message, subtype: 'tombstone' }, event_ts: '1759305800.000200' };
    expect(await deliveries(event(stone))).toMatchObject([{ payload: gone }]);
  });

  it('keeps nothing of direct messages, and nothing twice', async () => {
    expect(await send(event({ ...message, channel_type: 'im' }))).toMatchObject({
      ok: true,
      hints: [],
      deliveries: [],
    });
    expect(await deliveries(event({ ...message, subtype: 'message_replied', message }))).toEqual([]);
    const [first, again] = [await deliveries(event(message)), await deliveries(event(message))];
    expect(again?.[0]?.dedupeKey).toBe(first?.[0]?.dedupeKey);
  });

  it('notes from when on Slack left events out', async () => {
    const limited = {
      type: 'app_rate_limited',
      team_id: 'T0VENDOR',
      minute_rate_limited: 1_759_305_600,
      api_app_id: 'A1',
    };
    expect(await send(limited)).toMatchObject({
      ok: true,
      hints: [{ externalAccountId: 'T0VENDOR', stream: 'channel-messages' }],
      deliveries: [{ payload: { kind: 'gap', from: 1_759_305_600_000 } }],
    });
  });

  it('G5, G6: only wakes a reading when a grant is said to be gone, which asks Slack itself', async () => {
    const result = await send(event({ type: 'tokens_revoked', tokens: { bot: ['U0BOT'] } }));
    expect(result).toMatchObject({ ok: true, hints: [{ stream: 'channels' }, { stream: 'people' }], deliveries: [] });
  });
});
