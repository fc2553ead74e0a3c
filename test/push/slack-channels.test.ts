import { randomBytes } from 'node:crypto';
import { createEmulator } from 'emulate';
import { pino } from 'pino';
import {
  createInstallLink,
  openWaymark,
  readConfiguration,
  startServer,
  type Server,
  type Waymark,
} from '@waymark/server';
import { slackChannels } from '@waymark/connector-slack-channels';
import { createWorkspace, installations, saveProviderApp, type Installation, type Workspace } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { syncInstallation } from '@waymark/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followConsent } from '../../apps/cli/src/demo/consent.ts';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import { serveEmulator, type Served } from '../../apps/sandbox/src/front/serve.ts';
import { sampleTeams, seedFromWorld } from '../../apps/sandbox/src/slack/seed.ts';
import { createSlack, type SlackService } from '../../apps/sandbox/src/slack/slack.ts';
import type { SlackApp, SlackState } from '../../apps/sandbox/src/slack/state.ts';

const credentials = { clientId: 'channels', clientSecret: 'channels-secret', signingSecret: 'channels-signing' };
const world = generateWorld({ seed: 7, anchor: Date.now() });
const seed = seedFromWorld(world);

let database: TestDatabase;
let waymark: Waymark;
let server: Server;
let slack: SlackService;
let served: Served<SlackState>;
let workspace: Workspace;
let app: SlackApp;
let installed: Installation;
const clock = { offset: 0 };
const now = () => Date.now() + clock.offset;

beforeAll(async () => {
  database = await testDatabase();
  slack = createSlack({ caps: 'generous', autoConsent: true, seed, now });
  served = await serveEmulator({
    name: 'slack',
    create: (baseUrl) => createEmulator({ service: slack.definition, baseUrl, listen: false }),
    ...slack.front,
  });
  waymark = await openWaymark(
    readConfiguration({
      DATABASE_URL: database.url,
      WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
      WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
      WAYMARK_PORT: '0',
      WAYMARK_SLACK_URL: served.url,
    }),
    { now, log: pino({ level: 'silent' }) },
  );
  server = await startServer(waymark, { roles: new Set(['http'] as const) });
  const { clientId, clientSecret, signingSecret } = credentials;
  app = slack.handle.registerApp({
    ...credentials,
    name: 'Waymark channels',
    redirectUris: [`${server.publicUrl}/oauth/slack-channels/callback`],
    requestUrl: `${server.publicUrl}/webhooks/slack-channels`,
    events: ['message.channels', 'message.groups', 'member_joined_channel', 'tokens_revoked', 'app_uninstalled'],
  });
  workspace = await createWorkspace(
    database,
    waymark.sealer,
    { slug: 'acme', name: 'Acme', settings: { ownDomains: [...world.vendor.domains] } },
    waymark.now(),
  );
  const { workspaceId } = workspace;
  const extra = { signingSecret };
  await database.inWorkspace(workspaceId, (tx) =>
    saveProviderApp(tx, waymark.sealer, { provider: 'slack-channels', clientId, clientSecret, extra }, waymark.now()),
  );
  const request = { workspaceId, connector: 'slack-channels', settings: {}, publicUrl: server.publicUrl };
  await followConsent(await createInstallLink(waymark, request));
  const [only] = await database.inWorkspace(workspaceId, (tx) => installations(tx));
  if (!only) throw new Error('Slack was not connected.');
  installed = only;
}, 60_000);

afterAll(async () => {
  await server?.close();
  await waymark?.close();
  await served?.close();
  await database?.close();
});

const run = () =>
  syncInstallation(waymark.sync, workspace.workspaceId, installed.installationId, new AbortController().signal);
const live = (sql: string, values: unknown[] = []) =>
  database.asOwner(
    `SELECT ${sql} AS n FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL AND touchpoint = 'chat'`,
    [workspace.workspaceId, ...values],
  );
const count = async () => Number((await live('count(*)::int'))[0]?.['n']);
const shared = seed.channels.filter(({ sharedWith }) => sharedWith);

describe('slack-channels through the server', () => {
  it('is installed by Slack’s own flow, with a token of its kind, and asks for its scopes and no more', () => {
    expect(installed).toMatchObject({
      connector: 'slack-channels',
      externalAccountId: sampleTeams.main,
      status: 'active',
    });
    const wanted = new Set([
      ...slackChannels.manifest.baseScopes,
      ...slackChannels.streams.flatMap(({ scopes }) => scopes),
    ]);
    expect(new Set(installed.grantedScopes)).toEqual(wanted);
  });

  it('reads the history of the shared channels, and nothing twice', async () => {
    expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
    const ours = new Set(shared.map(({ id }) => id));
    expect(await count()).toBe(seed.chatter.filter(({ channel }) => ours.has(channel)).length);
    expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await count()).toBe(seed.chatter.filter(({ channel }) => ours.has(channel)).length);
  });

  it('I8, G1: takes events in, once however often they come; follows an edit and a deletion', async () => {
    const before = await count();
    const [channel] = shared;
    const author = seed.users.find(({ team }) => team === channel?.sharedWith?.[0]);
    if (!channel || !author) throw new Error('the sample has shared channels');
    slack.handle.events.repeat = 2;
    const said = slack.handle.say(author.id, channel.id, 'Could you have a look?');
    slack.handle.say(channel.members[0] ?? '', channel.id, 'At once', said.ts);
    await slack.handle.settled();
    expect(slack.handle.deliveries.map(({ outcome }) => outcome).every((status) => status === 202)).toBe(true);
    const rows = () =>
      database.asOwner('SELECT 1 FROM inbox_delivery WHERE workspace_id = $1', [workspace.workspaceId]);
    expect(await rows()).toHaveLength(2);
    expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await count()).toBe(before + 2);
    slack.handle.edit(channel.id, said.ts, 'Could you have a look, please?');
    slack.handle.erase(channel.id, said.ts);
    await slack.handle.settled();
    expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await count()).toBe(before + 1);
  });

  it('I7: no text of a message is in the database', async () => {
    const tables = ['journey_event', 'source_object', 'set_aside', 'inbox_delivery', 'stream_state', 'hint'];
    const texts = [...seed.chatter.map(({ text }) => text), 'Could you have a look', 'At once'];
    for (const table of tables) {
      const dump = JSON.stringify(await database.asOwner(`SELECT * FROM ${table}`));
      for (const text of texts) expect(dump.includes(text), `${table} holds ${text}`).toBe(false);
    }
  });

  it('finds the account by the only mail domain of the other workspace, once the CRM knows it', async () => {
    const [row] = await database.asOwner(
      `SELECT subject, match->>'reason' AS reason FROM journey_event WHERE workspace_id = $1 AND subject LIKE '%.example' LIMIT 1`,
      [workspace.workspaceId],
    );
    expect(row).toMatchObject({ reason: expect.stringMatching(/unknown|record/) });
  });

  it('I6: events of another app, or of none, leave nothing', async () => {
    const before = (await database.asOwner('SELECT 1 FROM inbox_delivery', [])).length;
    slack.handle.registerApp({ ...app, signingSecret: 'forged' });
    slack.handle.events.retryDelaysMs = [];
    slack.handle.say(shared[0]?.members[0] ?? '', shared[0]?.id ?? '', 'forged');
    await slack.handle.settled();
    expect(slack.handle.deliveries.at(-1)?.outcome).toBe(401);
    expect(await database.asOwner('SELECT 1 FROM inbox_delivery', [])).toHaveLength(before);
    slack.handle.registerApp({ ...app, ...credentials });
  });

  it('G5, G6: an uninstall ends the grant by what Slack answers', async () => {
    slack.handle.uninstall(sampleTeams.main, app);
    await slack.handle.settled();
    const faults = [{ stream: 'channels', fault: { kind: 'auth-revoked' } }];
    expect(await run()).toMatchObject({ kind: 'ran', result: { faults } });
    // One refusal, a good run and another refusal are not two in a row.
    const { tokens } = slack.handle.workspace.state;
    const dead = Object.values(tokens).find((one) => one.dead !== undefined);
    const why = dead?.dead;
    if (!dead || !why) throw new Error('the token is dead');
    delete dead.dead;
    clock.offset += 3_600_000;
    expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
    dead.dead = why;
    clock.offset += 3_600_000;
    expect(await run()).toMatchObject({ kind: 'ran', result: { faults } });
    const [still] = await database.inWorkspace(workspace.workspaceId, (tx) => installations(tx));
    expect(still?.status).toBe('active');
    // One refusal may be a mistake of the vendor's: a second one, some time later, ends the grant.
    clock.offset += 3_600_000;
    expect(await run()).toMatchObject({ kind: 'ran', result: { faults } });
    const [ended] = await database.inWorkspace(workspace.workspaceId, (tx) => installations(tx));
    expect(ended?.status).not.toBe('active');
  });
});
