import { createHmac, randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { demoApp, samplePortals, sampleTeams, startSandbox, type Sandbox } from '@waymark/sandbox';
import {
  activateTemplate,
  createInstallLink,
  openWaymark,
  readConfiguration,
  slackInstallLink,
  startServer,
  type Server,
  type Waymark,
} from '@waymark/server';
import { createWorkspace, saveProviderApp, type Workspace } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { followConsent } from '../../apps/cli/src/demo/consent.ts';

/** One server with two workspaces that share their provider apps, as two tenants of one operator do. */
export interface Gate {
  readonly sandbox: Sandbox;
  readonly database: TestDatabase;
  readonly waymark: Waymark;
  readonly server: Server;
  readonly north: Workspace;
  readonly south: Workspace;
  /** Moves the server's clock, milliseconds; the sandbox keeps its own. */
  offset: number;
  readonly log: readonly string[];
  readonly close: () => Promise<void>;
}

/** Opens the gate: HTTP only, nobody reads or posts. Both workspaces have HubSpot and Slack, each its own portal and team. */
export async function openGate(): Promise<Gate> {
  const database = await testDatabase();
  const sandbox = await startSandbox({ caps: 'generous', autoConsent: true });
  const log: string[] = [];
  const clock = { offset: 0 };
  const waymark = await openWaymark(
    readConfiguration({
      DATABASE_URL: database.url,
      WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
      WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
      WAYMARK_PORT: '0',
      WAYMARK_GOOGLE_URL: sandbox.urls.google,
      WAYMARK_HUBSPOT_URL: sandbox.urls.hubspot,
      WAYMARK_SLACK_URL: sandbox.urls.slack,
    }),
    {
      now: () => Date.now() + clock.offset,
      log: pino({ level: 'debug', base: null }, { write: (line) => void log.push(line) }),
    },
  );
  const server = await startServer(waymark, { roles: new Set(['http'] as const) });
  const callback = (provider: string) => [`${server.publicUrl}/oauth/${provider}/callback`];
  sandbox.google.registerApp({ clientId: demoApp.clientId, redirectUris: callback('google') });
  // Webhooks are sent by the tests themselves.
  sandbox.hubspot.registerApp({ clientId: demoApp.clientId, redirectUris: callback('hubspot') });
  sandbox.slack.registerApp({ clientId: demoApp.clientId, redirectUris: callback('slack') });
  const make = async (slug: string, portal: number, team: string) => {
    const workspace = await createWorkspace(database, waymark.sealer, { slug, name: slug }, waymark.now());
    const { workspaceId } = workspace;
    await activateTemplate(waymark, workspaceId, 'nine-stages', 'test');
    await database.inWorkspace(workspaceId, async (tx) => {
      const { clientId, clientSecret, signingSecret } = demoApp;
      for (const provider of ['google', 'hubspot', 'slack']) {
        const extra = provider === 'slack' ? { signingSecret } : {};
        await saveProviderApp(tx, waymark.sealer, { provider, clientId, clientSecret, extra }, waymark.now());
      }
    });
    await followConsent(await hubspotLink(waymark, server, workspaceId, portal));
    await followConsent(`${await slackInstallLink(waymark, workspaceId, server.publicUrl)}?team=${team}`);
    return workspace;
  };
  const north = await make('north', samplePortals.main, sampleTeams.main);
  const south = await make('south', samplePortals.second, sampleTeams.second);
  return {
    sandbox,
    database,
    waymark,
    server,
    north,
    south,
    get offset() {
      return clock.offset;
    },
    set offset(ms: number) {
      clock.offset = ms;
    },
    log,
    close: async () => {
      await server.close();
      await waymark.close();
      await sandbox.close();
      await database.close();
    },
  };
}

/** A fresh install link of HubSpot for a workspace. */
export function hubspotLink(waymark: Waymark, server: Server, workspaceId: string, portal: number): Promise<string> {
  return createInstallLink(waymark, {
    workspaceId,
    connector: 'hubspot',
    settings: {},
    publicUrl: server.publicUrl,
    loginHint: String(portal),
  });
}

/** A HubSpot webhook, signed as HubSpot signs unless told otherwise. `at` is the stamp, epoch milliseconds. */
export function hubspotWebhook(
  server: Server,
  body: string,
  options: { readonly secret?: string; readonly at?: number; readonly tamper?: string } = {},
): Promise<Response> {
  const url = `${server.publicUrl}/webhooks/hubspot`;
  const stamp = String(options.at ?? Date.now());
  const signature = createHmac('sha256', options.secret ?? demoApp.clientSecret)
    .update(`POST${url}${body}${stamp}`, 'utf8')
    .digest('base64');
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // A server that refuses a large body unread ends the connection, which then must not be used again.
      connection: 'close',
      'x-hubspot-signature-v3': signature,
      'x-hubspot-request-timestamp': stamp,
    },
    body: options.tamper ?? body,
  });
}

/** One change of a ticket as HubSpot tells it. */
export const ticketChange = (portalId: number, objectId: number, occurredAt = Date.now()): string =>
  JSON.stringify([
    {
      eventId: 1,
      subscriptionId: 1,
      portalId,
      appId: 3_000_001,
      occurredAt,
      subscriptionType: 'ticket.propertyChange',
      attemptNumber: 0,
      objectId,
      propertyName: 'hs_pipeline_stage',
      propertyValue: '4',
      changeSource: 'CRM_UI',
    },
  ]);

/** A request as Slack signs it unless told otherwise. `at` is the stamp, epoch seconds. */
export function slackRequest(
  server: Server,
  body: string,
  options: {
    readonly secret?: string;
    readonly at?: number;
    readonly tamper?: string;
    readonly type?: 'json' | 'form';
  } = {},
): Promise<Response> {
  const stamp = String(options.at ?? Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', options.secret ?? demoApp.signingSecret)
    .update(`v0:${stamp}:${body}`, 'utf8')
    .digest('hex');
  return fetch(`${server.publicUrl}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': options.type === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
      connection: 'close',
      'x-slack-request-timestamp': stamp,
      'x-slack-signature': `v0=${signature}`,
    },
    body: options.tamper ?? body,
  });
}
