import { createEmulator } from 'emulate';
import { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serveEmulator, type Served } from '../front/serve.ts';
import { createSlack, type SlackService } from './slack.ts';
import type { SlackSeed } from './seed.ts';
import type { SlackApp, SlackState, Token } from './state.ts';

const botScopes = [
  'chat:write',
  'chat:write.public',
  'channels:read',
  'channels:history',
  'channels:join',
  'im:write',
  'im:history',
  'users:read',
  'users:read.email',
  'team:read',
];

function person(id: string, team: string, name: string) {
  return {
    id,
    team,
    name,
    realName: `${name} Example`,
    email: `${name}@example.com`,
    timezone: 'Europe/Berlin',
    isBot: false,
    deleted: false,
  };
}

function channel(id: string, team: string, name: string, members: string[]) {
  return { id, team, name, kind: 'public' as const, topic: '', archived: false, created: 1_700_000_000, members };
}

const seed: SlackSeed = {
  teams: [
    { id: 'T0ONE', name: 'One', domain: 'one' },
    { id: 'T0TWO', name: 'Two', domain: 'two' },
  ],
  users: [person('U0ANN', 'T0ONE', 'ann'), person('U0BEN', 'T0ONE', 'ben'), person('U0ZOE', 'T0TWO', 'zoe')],
  channels: [
    channel('C0GEN', 'T0ONE', 'general', ['U0ANN', 'U0BEN']),
    channel('C0ALERTS', 'T0ONE', 'cs-alerts', ['U0ANN']),
    channel('C0TWO', 'T0TWO', 'general', ['U0ZOE']),
  ],
  chatter: [],
};

let slack: SlackService;
let served: Served<SlackState>;
let app: SlackApp;
let token: Token;
let client: WebClient;
let clock = 0;

const clientFor = (bearer: string) =>
  new WebClient(bearer, {
    slackApiUrl: `${served.url}/api/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });

/** The error code with which Slack refuses. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error && 'data' in error) {
      const { data } = error;
      if (typeof data === 'object' && data !== null && 'error' in data) return String(data.error);
    }
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}

beforeAll(async () => {
  slack = createSlack({ caps: 'vendor', autoConsent: true, seed, now: () => Date.now() + clock });
  served = await serveEmulator({
    name: 'slack',
    create: (baseUrl) => createEmulator({ service: slack.definition, baseUrl, listen: false }),
    ...slack.front,
  });
});
afterAll(async () => {
  await served.close();
});
beforeEach(async () => {
  served.faults.clear();
  await served.instance.reset();
  slack.handle.window.clear();
  app = slack.handle.registerApp({
    clientId: '1.1',
    clientSecret: 'shh',
    signingSecret: 'sig',
    redirectUris: ['http://127.0.0.1:1/cb'],
  });
  token = slack.handle.install('T0ONE', app, botScopes);
  client = clientFor(token.token);
});

describe('tokens and scopes', () => {
  test('E1: a good token is told who it is; an unknown, revoked or missing one is refused', async () => {
    const me = await client.auth.test();
    expect(me).toMatchObject({ ok: true, team_id: 'T0ONE', bot_id: token.bot, user_id: token.user });
    expect(await refusal(clientFor('xoxb-T0ONE-wrong').auth.test())).toBe('invalid_auth');
    expect(await refusal(new WebClient(undefined, { slackApiUrl: `${served.url}/api/` }).auth.test())).toBe(
      'not_authed',
    );
    slack.handle.revokeTokens('T0ONE');
    expect(await refusal(client.auth.test())).toBe('token_revoked');
    slack.handle.revokeTokens('T0ONE', 'account_inactive');
    expect(await refusal(client.chat.postMessage({ channel: 'C0GEN', text: 'x' }))).toBe('account_inactive');
  });

  test('E6: a call without its scope names what is needed and what is there', async () => {
    token.scopes = ['chat:write'];
    await expect(client.users.lookupByEmail({ email: 'ann@example.com' })).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'users:read.email', provided: 'chat:write' },
    });
  });

  test('auth.revoke ends the token', async () => {
    expect(await client.auth.revoke()).toMatchObject({ revoked: true });
    expect(await refusal(client.auth.test())).toBe('token_revoked');
  });
});

describe('posting', () => {
  test('a message is kept with its metadata and found again by it (R14)', async () => {
    const posted = await client.chat.postMessage({
      channel: '#cs-alerts',
      text: 'Acme went quiet',
      metadata: { event_type: 'alert', event_payload: { alert_id: 'a1' } },
    });
    expect(posted.channel).toBe('C0ALERTS');
    await client.conversations.join({ channel: 'C0ALERTS' });
    const history = await client.conversations.history({
      channel: 'C0ALERTS',
      include_all_metadata: true,
      oldest: '0',
    });
    expect(history.messages?.[0]).toMatchObject({
      ts: posted.ts,
      metadata: { event_payload: { alert_id: 'a1' } },
      app_id: app.id,
    });
    const plain = await client.conversations.history({ channel: 'C0ALERTS' });
    expect(plain.messages?.[0]).not.toHaveProperty('metadata');
    expect(slack.handle.posted('#cs-alerts')).toMatchObject([{ ts: posted.ts, metadata: { event_type: 'alert' } }]);
  });

  test('G3: one message a second a channel, then 429 with Retry-After', async () => {
    await client.chat.postMessage({ channel: 'C0GEN', text: '1' });
    await expect(client.chat.postMessage({ channel: 'C0GEN', text: '2' })).rejects.toMatchObject({ retryAfter: 1 });
    await client.chat.postMessage({ channel: 'C0ALERTS', text: 'another channel is free' });
    clock += 1001;
    await client.chat.postMessage({ channel: 'C0GEN', text: '2' });
    expect(slack.handle.posted('C0GEN').map((post) => post.text)).toEqual(['1', '2']);
  });

  test('G4: archived, foreign, unknown and uninvited destinations are told apart', async () => {
    token.scopes = token.scopes.filter((scope) => scope !== 'chat:write.public');
    expect(await refusal(client.chat.postMessage({ channel: 'C0GEN', text: 'x' }))).toBe('not_in_channel');
    slack.handle.invite('C0GEN', token.user);
    expect(await refusal(client.chat.postMessage({ channel: 'C0GEN', text: 'x' }))).toBe('accepted');
    slack.handle.archive('C0GEN');
    expect(await refusal(client.chat.postMessage({ channel: 'C0GEN', text: 'x' }))).toBe('is_archived');
    expect(await refusal(client.chat.postMessage({ channel: 'C0TWO', text: 'x' }))).toBe('channel_not_found');
    expect(await refusal(client.chat.postMessage({ channel: 'C0NONE', text: 'x' }))).toBe('channel_not_found');
  });

  test('G7: blocks beyond the limits are refused by name', async () => {
    const post = (blocks: unknown[]) =>
      refusal(client.apiCall('chat.postMessage', { channel: 'C0GEN', text: 'x', blocks }));
    const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
    expect(await post([section('a'.repeat(3001))])).toBe('invalid_blocks');
    expect(await post(Array.from({ length: 51 }, () => ({ type: 'divider' })))).toBe('invalid_blocks');
    expect(await post([{ type: 'section' }])).toBe('invalid_blocks');
    expect(await post([{ type: 'nonsense' }])).toBe('invalid_blocks');
    expect(await post(Array.from({ length: 5 }, () => section('a'.repeat(2900))))).toBe('msg_blocks_too_long');
    expect(await refusal(client.apiCall('chat.postMessage', { channel: 'C0GEN' }))).toBe('no_text');
    expect(await post([section('fits')])).toBe('accepted');
  });

  test('an app updates and deletes its own messages only', async () => {
    const { ts = '' } = await client.chat.postMessage({ channel: 'C0GEN', text: 'first' });
    const said = slack.handle.say('ann', '#general', 'mine');
    await client.chat.update({ channel: 'C0GEN', ts, text: 'second' });
    expect(slack.handle.messages('#general')[0]).toMatchObject({ text: 'second', edited: { user: token.user } });
    expect(await refusal(client.chat.update({ channel: 'C0GEN', ts: said.ts, text: 'x' }))).toBe('cant_update_message');
    expect(await refusal(client.chat.update({ channel: 'C0GEN', ts: '1.000000', text: 'x' }))).toBe(
      'message_not_found',
    );
    await client.chat.delete({ channel: 'C0GEN', ts });
    expect(slack.handle.messages('#general').map((message) => message.text)).toEqual(['mine']);
  });

  test('a post to a user id goes to the direct message; conversations.open gives the same channel', async () => {
    const posted = await client.chat.postMessage({ channel: 'U0ANN', text: 'hi' });
    const opened = await client.conversations.open({ users: 'U0ANN' });
    expect(opened.channel?.id).toBe(posted.channel);
    expect(await refusal(client.conversations.open({ users: 'U0ZOE' }))).toBe('user_not_found');
  });

  test('an ephemeral message is in no history', async () => {
    await client.conversations.join({ channel: 'C0GEN' });
    await client.chat.postEphemeral({ channel: 'C0GEN', user: 'U0ANN', text: 'psst' });
    expect((await client.conversations.history({ channel: 'C0GEN' })).messages).toEqual([]);
    expect(slack.handle.messages('C0GEN')).toMatchObject([{ text: 'psst', ephemeralTo: 'U0ANN' }]);
  });
});

describe('reading', () => {
  test('lists page by cursor', async () => {
    for (let index = 0; index < 5; index += 1) slack.handle.addChannel('T0ONE', `room-${index}`);
    const names: (string | undefined)[] = [];
    let cursor = '';
    do {
      const part = await client.conversations.list({ limit: 3, ...(cursor !== '' && { cursor }) });
      names.push(...(part.channels ?? []).map((each) => each.name));
      cursor = part.response_metadata?.next_cursor ?? '';
    } while (cursor !== '');
    expect(names).toHaveLength(7);
  });

  test('history is newest first, keeps replies out, and counts them at the parent', async () => {
    const parent = slack.handle.say('ann', '#general', 'parent');
    slack.handle.say('ben', '#general', 'reply', parent.ts);
    const later = slack.handle.say('ben', '#general', 'later');
    slack.handle.invite('#general', token.user);
    const history = await client.conversations.history({ channel: 'C0GEN' });
    expect(history.messages?.map((message) => message.text)).toEqual(['later', 'parent']);
    expect(history.messages?.[1]).toMatchObject({ reply_count: 1, thread_ts: parent.ts });
    const since = await client.conversations.history({ channel: 'C0GEN', oldest: parent.ts });
    expect(since.messages?.map((message) => message.ts)).toEqual([later.ts]);
    const thread = await client.conversations.replies({ channel: 'C0GEN', ts: parent.ts });
    expect(thread.messages?.map((message) => message.text)).toEqual(['parent', 'reply']);
  });

  test('R15: a commercial app outside the marketplace reads 15 messages, once a minute', async () => {
    app.distribution = 'commercial';
    slack.handle.invite('#general', token.user);
    for (let index = 0; index < 20; index += 1) slack.handle.say('ann', '#general', `line ${index}`);
    const history = await client.conversations.history({ channel: 'C0GEN', limit: 100 });
    expect(history).toMatchObject({ has_more: true });
    expect(history.messages).toHaveLength(15);
    await expect(client.conversations.history({ channel: 'C0GEN' })).rejects.toMatchObject({ retryAfter: 60 });
  });

  test('I6: a team sees neither users nor channels of another', async () => {
    const { members } = await client.users.list({});
    expect(members?.map((member) => member.team_id)).not.toContain('T0TWO');
    expect(await refusal(client.users.lookupByEmail({ email: 'zoe@example.com' }))).toBe('users_not_found');
    expect(await refusal(client.users.info({ user: 'U0ZOE' }))).toBe('user_not_found');
    const other = clientFor(slack.handle.install('T0TWO', app, botScopes).token);
    expect((await other.users.lookupByEmail({ email: 'zoe@example.com' })).user?.id).toBe('U0ZOE');
    expect((await other.team.info()).team?.name).toBe('Two');
  });
});

describe('faults at the door', () => {
  test.each([
    ['unauthorized', 'invalid_auth'],
    ['server-error', /500/],
    ['reset-mid-body', /.+/],
    ['truncated-json', /.+/],
    ['html-200', /.+/],
    ['too-many', /rate/i],
  ] as const)('%s reaches the SDK', async (kind, expected) => {
    served.faults.add({ kind, times: 1 });
    expect(await refusal(client.auth.test())).toMatch(expected);
    expect(await refusal(client.auth.test())).toBe('accepted');
  });

  test('R14: a lost answer leaves the message in the channel', async () => {
    served.faults.add({ kind: 'lost-answer', match: { path: 'chat.postMessage' }, times: 1 });
    expect(await refusal(client.chat.postMessage({ channel: 'C0GEN', text: 'written' }))).not.toBe('accepted');
    expect(slack.handle.posted('C0GEN')).toHaveLength(1);
  });
});

test('the state survives a snapshot and restore', async () => {
  await client.chat.postMessage({ channel: 'C0GEN', text: 'kept' });
  const snapshot = served.instance.snapshot();
  await served.instance.reset();
  expect(slack.handle.messages('C0GEN')).toEqual([]);
  await served.instance.restore(snapshot);
  expect(slack.handle.messages('C0GEN')).toMatchObject([{ text: 'kept' }]);
  expect(await client.auth.test()).toMatchObject({ team_id: 'T0ONE' });
});

test('nothing of the sandbox broke and unknown methods are counted', async () => {
  await refusal(client.apiCall('nothing.here'));
  expect(slack.handle.unknownPaths).toEqual(['/api/nothing.here']);
  expect(slack.handle.brokenCalls).toEqual([]);
});
