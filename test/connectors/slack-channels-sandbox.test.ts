import { createEmulator } from 'emulate';
import type { Delivery, HintDelivery, Page } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { slackChannels } from '@waymark/connector-slack-channels';
import { entityFact, eventDraft, type EventDraft } from '@waymark/journey';
import { createServer } from 'node:http';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import type { World } from '../../apps/sandbox/src/company/world.ts';
import { serveEmulator, type Served } from '../../apps/sandbox/src/front/serve.ts';
import { sampleTeams, seedFromWorld, type SlackSeed } from '../../apps/sandbox/src/slack/seed.ts';
import { createSlack, type SlackService } from '../../apps/sandbox/src/slack/slack.ts';
import type { SlackApp, SlackState, Token } from '../../apps/sandbox/src/slack/state.ts';

const scopes = [
  ...new Set([...slackChannels.manifest.baseScopes, ...slackChannels.streams.flatMap((stream) => stream.scopes)]),
];
const day = 86_400_000;
const secret = 'the channels’ signing secret';

let world: World;
let seed: SlackSeed;
let slack: SlackService;
let served: Served<SlackState>;
let app: SlackApp;
let token: Token;
let inbox: HintDelivery[];
let refused: string[];
let offset = 0;
let stop: () => Promise<unknown>;
const now = () => Date.now() + offset;

beforeAll(() => {
  world = generateWorld({ seed: 7, anchor: Date.now() });
  seed = seedFromWorld(world);
});

/** The sandbox's Slack with the app in it, and a server that does with its events what ours does. */
async function start(caps: 'vendor' | 'generous' = 'generous', distribution: 'internal' | 'commercial' = 'internal') {
  offset = 0;
  inbox = [];
  refused = [];
  slack = createSlack({ caps, autoConsent: true, seed, now });
  served = await serveEmulator({
    name: 'slack',
    create: (baseUrl) => createEmulator({ service: slack.definition, baseUrl, listen: false }),
    ...slack.front,
  });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const hinted = slackChannels.hint?.(
        {
          method: 'POST',
          url: 'https://waymark.example/webhooks/slack-channels',
          headers,
          body: Buffer.concat(chunks),
        },
        {
          app: { clientId: '1', clientSecret: 's', extra: { signingSecret: secret } },
          jwks: () => Promise.reject(new Error('none')),
        },
        now(),
      );
      void hinted?.then((result) => {
        if (!result.ok) refused.push(result.reason);
        else
          for (const one of result.deliveries ?? [])
            if (!inbox.some(({ dedupeKey }) => dedupeKey === one.dedupeKey)) inbox.push(one);
        response.writeHead(result.ok ? 202 : result.status).end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const requestUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhooks/slack-channels`;
  app = slack.handle.registerApp({
    clientId: '1',
    clientSecret: 's',
    signingSecret: secret,
    redirectUris: [],
    name: 'Waymark channels',
    requestUrl,
    distribution,
  });
  token = slack.handle.install(sampleTeams.main, app, scopes);
  for (const { id } of seed.channels.filter(({ sharedWith }) => sharedWith)) slack.handle.invite(id, token.user);
  await slack.handle.settled();
  stop = async () => {
    server.closeAllConnections();
    server.close();
    await served.close();
  };
}

afterEach(() => stop());

const connect = (settings: Record<string, unknown> = {}) =>
  slackChannels.connect(
    testSession({
      classify: slackChannels.classify,
      baseUrls: { slack: served.url },
      token: token.token,
      grantedScopes: scopes,
      settings,
      now,
      inbox: {
        read: (_stream, after, limit) =>
          Promise.resolve(
            inbox
              .map(({ payload }, index): Delivery => ({
                place: String(index + 1),
                receivedAt: now(),
                payload: JSON.parse(JSON.stringify(payload)),
              }))
              .filter(({ place }) => Number(place) > Number(after ?? 0))
              .slice(0, limit),
          ),
      },
    }),
  );

async function pull(name: string, from: unknown = null, settings: Record<string, unknown> = {}) {
  const stream = slackChannels.streams.find((one) => one.name === name);
  if (!stream) throw new Error(`there is a stream ${name}`);
  const context = {
    mode: from === null ? ('backfill' as const) : ('live' as const),
    since: now() - 400 * day,
    until: now(),
  };
  const pages: Page<unknown>[] = await collect(stream.pull(await connect(settings), from, '', context));
  const records = pages.flatMap((page) => page.records);
  const mapped = records.map(({ raw }) =>
    stream.map(stream.raw.parse(JSON.parse(JSON.stringify(raw))), {
      ownDomains: world.vendor.domains,
      account: { externalAccountId: sampleTeams.main, label: 'Vendor' },
      settings,
      keepSubjects: false,
      readAt: now(),
    }),
  );
  const events: EventDraft[] = mapped.flatMap((one) => (one.outcome === 'stored' ? [...one.events] : []));
  return { pages, records, mapped, events, cursor: pages.at(-1)?.cursor, done: pages.at(-1)?.done };
}

const shared = () => seed.channels.filter(({ sharedWith }) => sharedWith);

describe('slack-channels on the sample company, with the real SDK', () => {
  beforeEach(() => start());

  it('reads every message of the shared channels once, from both sides, for the right customer, and no text', async () => {
    const client = await connect();
    expect(await slackChannels.identify(client)).toEqual({
      externalAccountId: sampleTeams.main,
      label: world.vendor.name,
    });
    const { records, events, done } = await pull('channel-messages');
    const ours = new Set(shared().map(({ id }) => id));
    const lines = seed.chatter.filter(({ channel }) => ours.has(channel));
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.some(({ answers }) => answers !== undefined)).toBe(true);
    expect(done).toBe(true);
    expect(new Set(records.map(({ id }) => id)).size).toBe(lines.length);
    const domains = new Map(seed.teams.map(({ id, emailDomain }) => [id, emailDomain]));
    for (const event of events) {
      expect(eventDraft.safeParse(event).error).toBeUndefined();
      const channel = seed.channels.find(({ id }) => id === event.attributes['channelId']);
      const domain = domains.get(channel?.sharedWith?.[0] ?? '') ?? '';
      // Between several domains of a customer nobody guesses: the people tell.
      expect(event.subject).toBe(domain.includes(',') ? `record:slack:${channel?.id}` : domain);
      expect(domain.includes(',') ? event.participants.some(({ address }) => address !== undefined) : true).toBe(true);
    }
    const from = (type: string) =>
      new Set(events.filter((one) => one.type === type).map(({ identity }) => identity)).size;
    const theirs = lines.filter(({ user }) => seed.users.find(({ id }) => id === user)?.team !== sampleTeams.main);
    expect(from('chat.received')).toBe(theirs.length);
    expect(from('chat.sent')).toBe(lines.length - theirs.length);
    for (const { text } of lines) expect(JSON.stringify(records)).not.toContain(text);
    expect(slack.handle.unknownPaths).toEqual([]);
    expect(slack.handle.brokenCalls).toEqual([]);
  });

  it('lists the channels it is in, and the customers’ people who show their address', async () => {
    const { records } = await pull('channels');
    expect(records.map(({ id }) => id).toSorted()).toEqual(
      shared()
        .map(({ id }) => id)
        .toSorted(),
    );
    const people = await pull('people');
    const facts = people.mapped.flatMap((one) => (one.outcome === 'stored' ? (one.entities ?? []) : []));
    for (const fact of facts) entityFact.parse(fact);
    const shown = seed.users.filter(
      ({ team, hidesEmail }) => seed.teams.find(({ id }) => id === team)?.emailDomain !== undefined && !hidesEmail,
    );
    expect(facts.map((fact) => fact.externalId).toSorted()).toEqual(shown.map(({ id }) => id).toSorted());
  });

  it('G1, G10: takes what happens from signed events: a message of the customer, its edit, a reply, a deletion', async () => {
    const first = await pull('channel-messages');
    const [channel] = shared();
    const customer = seed.users.find(({ team }) => team === channel?.sharedWith?.[0]);
    const csm = channel?.members[0];
    if (!channel || !customer || csm === undefined) throw new Error('the sample has shared channels');
    slack.handle.events.repeat = 3;
    const said = slack.handle.say(customer.id, channel.id, 'It is down again');
    slack.handle.say(csm, channel.id, 'On it', said.ts);
    await slack.handle.settled();
    expect(inbox).toHaveLength(2);
    const second = await pull('channel-messages', first.cursor);
    expect(second.events).toMatchObject([
      {
        type: 'chat.received',
        identity: `slack:${channel.id}|${said.ts}`,
        participants: [{ role: 'from', address: customer.email }],
      },
      { type: 'chat.sent', attributes: { threadId: `${channel.id}:${said.ts}` } },
    ]);
    const held = slack.handle.workspace.state.messages[channel.id]?.find(({ ts }) => ts === said.ts);
    expect(held?.text).toBe('It is down again');
    slack.handle.edit(channel.id, said.ts, 'It is up again');
    slack.handle.erase(channel.id, said.ts);
    await slack.handle.settled();
    const third = await pull('channel-messages', second.cursor);
    expect(third.records.map(({ id }) => id)).toEqual([`${channel.id}:${said.ts}`, `${channel.id}:${said.ts}`]);
    const [edited, deleted] = third.records.map(({ version }) => BigInt(version));
    expect(deleted).toBeGreaterThan(edited ?? 0n);
    expect(third.mapped.map(({ outcome }) => outcome)).toEqual(['stored', 'ignored']);
    expect(JSON.stringify(inbox)).not.toMatch(/again|On it/);
    expect(refused).toEqual([]);
  });

  it('N6: finds in history what never reached it, as soon as Slack says that it left something out', async () => {
    const first = await pull('channel-messages');
    const [channel] = shared();
    if (!channel) throw new Error('the sample has shared channels');
    slack.handle.events.drop = 2;
    const lost = [1, 2].map((n) => slack.handle.say(channel.members[1] ?? '', channel.id, `lost ${n}`).ts);
    await slack.handle.settled();
    expect((await pull('channel-messages', first.cursor)).records).toEqual([]);
    slack.handle.limitEvents(app, sampleTeams.main, now());
    await slack.handle.settled();
    const { records, cursor } = await pull('channel-messages', first.cursor);
    for (const ts of lost) expect(records.map(({ id }) => id)).toContain(`${channel.id}:${ts}`);
    expect(cursor).toMatchObject({ gapFrom: null });
  });

  it('finds after hours what nobody told of', async () => {
    const first = await pull('channel-messages');
    const [channel] = shared();
    if (!channel) throw new Error('the sample has shared channels');
    slack.handle.events.drop = 1;
    const lost = slack.handle.say(channel.members[1] ?? '', channel.id, 'lost').ts;
    offset += 6 * 3_600_000;
    const { records } = await pull('channel-messages', first.cursor);
    expect(records.map(({ id }) => id)).toContain(`${channel.id}:${lost}`);
  });

  it('G5, E2: ends with a dead grant only when Slack itself refuses the token', async () => {
    slack.handle.revokeTokens(sampleTeams.main);
    await expect(pull('channels')).rejects.toMatchObject({ fault: { kind: 'auth-revoked' } });
  });

  it('E6: names the scope that an app was not given', async () => {
    token = slack.handle.workspace.state.tokens[token.token] ?? token;
    token.scopes.splice(0, token.scopes.length, 'team:read');
    await expect(pull('channels')).rejects.toMatchObject({ fault: { kind: 'scope-missing', scope: 'channels:read' } });
  });

  it('names what keeps it from seeing: channels of no known account, or none at all', async () => {
    const find = async () => (await slackChannels.probe?.(await connect(), {}))?.map(({ code }) => code);
    expect(await find()).toEqual([]);
    const odd = slack.handle.addChannel(sampleTeams.main, 'project-x', { kind: 'private', members: [token.user] });
    expect(await find()).toEqual(['SLACK_CHANNEL_WITHOUT_ACCOUNT']);
    for (const { id } of [odd, ...shared()]) slack.handle.remove(id, token.user);
    expect(await find()).toEqual(['SLACK_IN_NO_CHANNEL']);
  });

  it('leaves out channels from which it was removed, and deletes nothing by that', async () => {
    const [channel, ...rest] = shared();
    slack.handle.remove(channel?.id ?? '', token.user);
    const { records, pages } = await pull('channel-messages');
    expect(new Set(records.map(({ id }) => id.split(':')[0]))).toEqual(new Set(rest.map(({ id }) => id)));
    expect(pages.flatMap(({ gone }) => gone)).toEqual([]);
  });
});

it('R15: an app outside the Marketplace asks for fifteen messages, and is told to wait for more', async () => {
  await start('vendor', 'commercial');
  await expect(pull('channel-messages', null, { distribution: 'commercial' })).rejects.toMatchObject({
    fault: { kind: 'rate-limited' },
  });
  const calls = slack.handle.window.totals().filter(({ key }) => key.startsWith('conversations.'));
  expect(calls.find(({ key }) => key.startsWith('conversations.history'))).toBeDefined();
});
