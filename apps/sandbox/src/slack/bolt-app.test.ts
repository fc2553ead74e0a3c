import { createServer } from 'node:net';
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import { createEmulator } from 'emulate';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serveEmulator, type Served } from '../front/serve.ts';
import { until } from '../front/until.ts';
import type { SlackSeed } from './seed.ts';
import { createSlack, type SlackService } from './slack.ts';
import type { SlackApp, SlackState } from './state.ts';

const team = { id: 'T0ONE', name: 'One', domain: 'one' };
const person = (id: string, name: string) => ({
  id,
  team: team.id,
  name,
  realName: name,
  email: `${name}@example.com`,
  timezone: 'Etc/UTC',
  isBot: false,
  deleted: false,
});
const seed: SlackSeed = {
  teams: [team],
  users: [person('U0ANN', 'ann'), person('U0BEN', 'ben')],
  channels: [
    {
      id: 'C0GEN',
      team: team.id,
      name: 'general',
      kind: 'public',
      topic: '',
      archived: false,
      created: 1,
      members: ['U0ANN', 'U0BEN'],
    },
  ],
  chatter: [],
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const dayInput = {
  type: 'input' as const,
  block_id: 'until',
  label: plain('Until'),
  element: { type: 'datepicker' as const, action_id: 'day' },
};
const accountInput = {
  type: 'input' as const,
  block_id: 'account',
  label: plain('Account'),
  element: { type: 'external_select' as const, action_id: 'choice', min_query_length: 0 },
};

let slack: SlackService;
let served: Served<SlackState>;
let app: SlackApp;
let bolt: App;
let ts = '';
let boltUrl = '';
let clock = 0;
const heard: { id: string; type: string }[] = [];

beforeAll(async () => {
  slack = createSlack({ caps: 'generous', autoConsent: true, seed, now: () => Date.now() + clock });
  served = await serveEmulator({
    name: 'slack',
    create: (baseUrl) => createEmulator({ service: slack.definition, baseUrl, listen: false }),
    ...slack.front,
  });
  const port = await freePort();
  boltUrl = `http://127.0.0.1:${port}`;
  const receiver = new HTTPReceiver({
    signingSecret: 'signing-secret',
    port,
    clientId: '11.22',
    clientSecret: 'client-secret',
    stateSecret: 'state-secret',
    scopes: ['chat:write', 'chat:write.public', 'commands', 'im:write'],
    redirectUri: `${boltUrl}/slack/oauth_redirect`,
    logLevel: LogLevel.ERROR,
    installerOptions: {
      authorizationUrl: `${served.url}/oauth/v2/authorize`,
      clientOptions: { slackApiUrl: `${served.url}/api/` },
      redirectUriPath: '/slack/oauth_redirect',
      directInstall: true,
    },
  });
  bolt = new App({ receiver, clientOptions: { slackApiUrl: `${served.url}/api/` }, logLevel: LogLevel.ERROR });
  bolt.action('not_a_risk', async ({ ack, respond, body }) => {
    await ack();
    await respond({ replace_original: true, text: `Not a risk, says <@${body.user.id}>` });
  });
  bolt.action('snooze', async ({ ack, client, body }) => {
    await ack();
    if (!('trigger_id' in body) || typeof body.trigger_id !== 'string') return;
    await client.views.open({
      trigger_id: body.trigger_id,
      view: {
        type: 'modal',
        callback_id: 'snooze',
        title: plain('Snooze'),
        submit: plain('Save'),
        blocks: [dayInput, accountInput],
      },
    });
  });
  bolt.options('choice', async ({ ack, options }) => {
    await ack({
      options: ['Acme', 'Brightwater']
        .filter((name) => name.includes(options.value))
        .map((name) => ({ text: plain(name), value: name.toLowerCase() })),
    });
  });
  bolt.view('snooze', async ({ ack, view, client, body }) => {
    const day = view.state.values['until']?.['day']?.selected_date ?? '';
    if (day < '2030-01-01') return ack({ response_action: 'errors', errors: { until: 'Choose a later day.' } });
    await ack();
    await client.chat.update({
      channel: 'C0GEN',
      ts,
      text: `Snoozed until ${day} for ${view.state.values['account']?.['choice']?.selected_option?.value} by ${body.user.id}`,
    });
  });
  bolt.command('/journey', async ({ ack, command, respond }) => {
    await ack(command.text === 'now' ? 'At once' : undefined);
    if (command.text !== 'now') await respond({ response_type: 'in_channel', text: `Journey of ${command.text}` });
  });
  bolt.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({
      user_id: event.user,
      view: { type: 'home', blocks: [{ type: 'section', text: plain('Your worklist') }] },
    });
  });
  bolt.event('message', async ({ event, body }) => {
    if ('text' in event) heard.push({ id: body.event_id, type: `${event.channel_type}: ${event.text}` });
  });
  bolt.event('app_uninstalled', async ({ body }) => void heard.push({ id: body.event_id, type: 'app_uninstalled' }));
  bolt.event('tokens_revoked', async ({ body }) => void heard.push({ id: body.event_id, type: 'tokens_revoked' }));
  await bolt.start();
});
afterAll(async () => {
  await bolt.stop();
  await served.close();
});

beforeEach(async () => {
  await served.instance.reset();
  heard.length = 0;
  clock = 0;
  app = slack.handle.registerApp({
    clientId: '11.22',
    clientSecret: 'client-secret',
    signingSecret: 'signing-secret',
    redirectUris: [`${boltUrl}/slack/oauth_redirect`],
    requestUrl: `${boltUrl}/slack/events`,
  });
  await install();
  const blocks = [
    {
      type: 'actions',
      elements: [
        { type: 'button', action_id: 'not_a_risk', text: plain('Not a risk') },
        { type: 'button', action_id: 'snooze', text: plain('Snooze') },
      ],
    },
  ];
  const token = slack.handle.workspace.installation(team.id, app.id)?.token ?? '';
  const posted = await fetch(`${served.url}/api/chat.postMessage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ channel: 'C0GEN', text: 'Acme went quiet', blocks }),
  });
  const answer: { ts?: string } = await posted.json();
  ts = answer.ts ?? '';
});

/** Walks the install as a browser would: Bolt, consent, Bolt. */
async function install(): Promise<string> {
  const start = await fetch(`${boltUrl}/slack/install`, { redirect: 'manual' });
  const cookie = start.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  const consent = await fetch(start.headers.get('location') ?? '', { redirect: 'manual' });
  const back = await fetch(consent.headers.get('location') ?? '', { headers: { cookie } });
  return back.text();
}

describe('a real Bolt app', () => {
  test('installs through @slack/oauth: state, code, token, bot', async () => {
    expect(await install()).toContain('Thank you!');
    expect(slack.handle.workspace.installation(team.id, app.id)).toMatchObject({
      scopes: ['chat:write', 'chat:write.public', 'commands', 'im:write'],
    });
  });

  test('an unregistered redirect is never followed, a code works once', async () => {
    const bad = await fetch(
      `${served.url}/oauth/v2/authorize?client_id=11.22&scope=chat:write&redirect_uri=http://evil.test/`,
      { redirect: 'manual' },
    );
    expect(bad.status).toBe(400);
    const query = new URLSearchParams({
      client_id: '11.22',
      scope: 'chat:write',
      redirect_uri: `${boltUrl}/slack/oauth_redirect`,
      team: team.id,
    });
    const consent = await fetch(`${served.url}/oauth/v2/authorize?${query}`, { redirect: 'manual' });
    const code = new URL(consent.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const exchange = async (secret: string) =>
      (
        await fetch(`${served.url}/api/oauth.v2.access`, {
          method: 'POST',
          body: new URLSearchParams({ client_id: '11.22', client_secret: secret, code }),
        })
      ).json();
    expect(await exchange('wrong')).toMatchObject({ error: 'bad_client_secret' });
    expect(await exchange('client-secret')).toMatchObject({ ok: true, team: { id: team.id } });
    expect(await exchange('client-secret')).toMatchObject({ error: 'code_already_used' });
  });

  test('a pressed button reaches the app signed, and its response replaces the message', async () => {
    expect(await slack.handle.pressButton('ann', '#general', ts, 'not_a_risk')).toEqual({ ok: true });
    await until(() => slack.handle.messages('#general')[0]?.text === 'Not a risk, says <@U0ANN>');
  });

  test('R21: an interaction signed with another secret is refused by the app and shown as a problem', async () => {
    app.signingSecret = 'other';
    expect(await slack.handle.pressButton('ann', '#general', ts, 'not_a_risk')).toMatchObject({ ok: false });
    expect(slack.handle.messages('#general')[0]?.text).toBe('Acme went quiet');
  });

  test('a modal opens, refuses an early day, offers options, and its submission changes the message', async () => {
    await slack.handle.pressButton('ann', '#general', ts, 'snooze');
    await until(() => slack.handle.modal('ann')?.title === 'Snooze');
    expect(await slack.handle.submitModal('ann')).toMatchObject({ problem: expect.stringContaining('required') });
    const suggested = await fetch(`${served.url}/sandbox/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        op: 'suggest',
        team: team.id,
        user: 'U0ANN',
        view: slack.handle.modal('ann')?.id,
        block: 'account',
        action: 'choice',
        filled: {},
        query: 'Ac',
      }),
    });
    expect(await suggested.json()).toEqual({ ok: true, options: [{ value: 'acme', text: 'Acme' }] });
    const fill = (day: string) => ({ until: { day }, account: { choice: 'acme' } });
    expect(await slack.handle.submitModal('ann', fill('2029-01-01'))).toEqual({
      ok: false,
      problem: 'Choose a later day.',
    });
    expect(slack.handle.modal('ann')?.errors).toEqual({ until: 'Choose a later day.' });
    expect(await slack.handle.submitModal('ann', fill('2031-01-01'))).toEqual({ ok: true });
    expect(slack.handle.modal('ann')).toBeUndefined();
    await until(() => slack.handle.messages('#general')[0]?.text === 'Snoozed until 2031-01-01 for acme by U0ANN');
  });

  test('G8: a trigger is good for three seconds and one view', async () => {
    const trigger = slack.handle.workspace.addTrigger({ team: team.id, app: app.id, user: 'U0ANN' });
    const token = slack.handle.workspace.installation(team.id, app.id)?.token ?? '';
    const open = async () =>
      (
        await fetch(`${served.url}/api/views.open`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
          body: new URLSearchParams({
            trigger_id: trigger.id,
            view: JSON.stringify({ type: 'modal', title: plain('T'), blocks: [] }),
          }),
        })
      ).json();
    clock = 3001;
    expect(await open()).toMatchObject({ error: 'expired_trigger_id' });
    clock = 0;
    expect(await open()).toMatchObject({ ok: true });
    expect(await open()).toMatchObject({ error: 'exchanged_trigger_id' });
  });

  test('slash commands are answered at once or by response_url', async () => {
    expect(await slack.handle.slashCommand('ann', '/journey now')).toEqual({ ok: true });
    expect(slack.handle.messages('#general').at(-1)).toMatchObject({ text: 'At once', ephemeralTo: 'U0ANN' });
    await slack.handle.slashCommand('ann', '/journey why Acme');
    await until(() => slack.handle.messages('#general').at(-1)?.text === 'Journey of why Acme');
    expect(await slack.handle.slashCommand('ann', '/nothing')).toMatchObject({
      problem: '/nothing is not a valid command.',
    });
  });

  test('a response_url ends after five uses and after thirty minutes', async () => {
    const id = slack.handle.workspace.addResponseUrl({ team: team.id, app: app.id, user: 'U0ANN', channel: 'C0GEN' });
    const respond = async () =>
      (await fetch(`${served.url}/actions/${id}`, { method: 'POST', body: JSON.stringify({ text: 'x' }) })).status;
    expect(await Promise.all(Array.from({ length: 6 }, respond))).toEqual([200, 200, 200, 200, 200, 404]);
    const late = slack.handle.workspace.addResponseUrl({ team: team.id, app: app.id, user: 'U0ANN', channel: 'C0GEN' });
    clock = 31 * 60_000;
    expect((await fetch(`${served.url}/actions/${late}`, { method: 'POST', body: '{"text":"x"}' })).status).toBe(404);
  });

  test('opening the app publishes its home', async () => {
    slack.handle.openHome('ann', app);
    await until(() => slack.handle.home('ann', app)?.blocks[0]?.type === 'section');
  });

  test('what a person writes to the app reaches it; what is said where the app is not does not', async () => {
    slack.handle.say('ann', slack.handle.directWith('ann', app).id, 'hello app');
    slack.handle.say('ann', '#general', 'hello people');
    await slack.handle.settled();
    expect(heard.map((event) => event.type)).toEqual(['im: hello app']);
  });

  test('G1: an event can be repeated under its id', async () => {
    slack.handle.events.repeat = 2;
    const id = slack.handle.sendEvent(app, team.id, { type: 'app_uninstalled' });
    await slack.handle.settled();
    expect(heard.map((event) => event.id)).toEqual([id, id]);
  });

  test('G6: events can be kept back, turned around and dropped; a late one carries its old time', async () => {
    slack.handle.events.reorder = true;
    const first = slack.handle.sendEvent(app, team.id, { type: 'tokens_revoked' }, { eventTime: 1_600_000_000 });
    const second = slack.handle.sendEvent(app, team.id, { type: 'app_uninstalled' });
    slack.handle.flushEvents();
    await slack.handle.settled();
    expect(heard.map((event) => event.id)).toEqual([second, first]);
    slack.handle.events.reorder = false;
    slack.handle.events.drop = 1;
    slack.handle.sendEvent(app, team.id, { type: 'app_uninstalled' });
    await slack.handle.settled();
    expect(heard).toHaveLength(2);
  });

  test('G1: an event that is not acknowledged comes again with its retry number', async () => {
    const seen: (string | null)[] = [];
    const { createServer: createHttp } = await import('node:http');
    const server = createHttp((request, response) => {
      seen.push(String(request.headers['x-slack-retry-num'] ?? 'first'));
      response.writeHead(seen.length < 3 ? 500 : 200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    app.requestUrl = `http://127.0.0.1:${address.port}/`;
    slack.handle.events.retryDelaysMs = [0, 5, 5];
    slack.handle.sendEvent(app, team.id, { type: 'app_uninstalled' });
    await slack.handle.settled();
    server.close();
    expect(seen).toEqual(['first', '1', '2']);
  });

  test('G5: uninstalling kills the token and tells the app', async () => {
    slack.handle.uninstall(team.id, app);
    await slack.handle.settled();
    expect(heard.map((event) => event.type).toSorted()).toEqual(['app_uninstalled', 'tokens_revoked']);
    expect(slack.handle.workspace.installation(team.id, app.id)).toBeUndefined();
  });

  test('nothing of the sandbox broke', () => {
    expect(slack.handle.brokenCalls).toEqual([]);
    expect(slack.handle.unknownPaths).toEqual([]);
  });
});
