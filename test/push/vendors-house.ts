import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { demoApp, startSandbox, type Sandbox, type StackName } from '@waymark/sandbox';
import {
  createInstallLink,
  openWaymark,
  readConfiguration,
  startServer,
  type Server,
  type Waymark,
} from '@waymark/server';
import {
  createWorkspace,
  installations,
  pushSubscriptions,
  saveProviderApp,
  type Installation,
  type Workspace,
} from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { syncInstallation, type SyncOutcome } from '@waymark/sync';
import { followConsent } from '../../apps/cli/src/demo/consent.ts';

/** One server, and the sandbox of all vendors in place of the world, on one clock; nobody reads unless told to. */
export interface VendorsHouse {
  readonly database: TestDatabase;
  readonly sandbox: Sandbox;
  readonly waymark: Waymark;
  readonly server: Server;
  readonly workspace: Workspace;
  /** How far the clock is ahead, ms. */
  offset: number;
  readonly connect: (connector: string, settings: Record<string, unknown>, loginHint?: string) => Promise<Installation>;
  readonly run: (installationId: string) => Promise<SyncOutcome>;
  readonly subscriptions: (installationId: string) => ReturnType<typeof pushSubscriptions>;
  readonly close: () => Promise<void>;
}

/** Opens it, with an app registered at each vendor whose consent is asked for through this server. */
export async function openVendorsHouse(stack: StackName): Promise<VendorsHouse> {
  const clock = { offset: 0 };
  const now = () => Date.now() + clock.offset;
  const database = await testDatabase();
  const sandbox = await startSandbox({ caps: 'generous', autoConsent: true, stack, now });
  const { urls } = sandbox;
  const waymark = await openWaymark(
    readConfiguration({
      DATABASE_URL: database.url,
      WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
      WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
      WAYMARK_PORT: '0',
      WAYMARK_RATE_SCALE: '500',
      WAYMARK_GOOGLE_URL: urls.google,
      WAYMARK_HUBSPOT_URL: urls.hubspot,
      WAYMARK_MICROSOFT_URL: urls.microsoft,
      WAYMARK_SALESFORCE_URL: urls.salesforce,
      WAYMARK_SLACK_URL: urls.slack,
      WAYMARK_ZENDESK_URL: urls.zendesk,
    }),
    { now, log: pino({ level: 'silent' }) },
  );
  const server = await startServer(waymark, { roles: new Set(['http'] as const) });
  const workspace = await createWorkspace(
    database,
    waymark.sealer,
    { slug: 'acme', name: 'Acme', settings: { historyDays: 20 } },
    waymark.now(),
  );
  const { workspaceId } = workspace;
  const { clientId, clientSecret, signingSecret } = demoApp;
  const services = {
    hubspot: sandbox.hubspot,
    microsoft: sandbox.microsoft,
    salesforce: sandbox.salesforce,
    zendesk: sandbox.zendesk,
    'slack-channels': sandbox.slack,
  };
  for (const [provider, service] of Object.entries(services)) {
    service.registerApp({ clientId, redirectUris: [`${server.publicUrl}/oauth/${provider}/callback`] });
    const app = { provider, clientId, clientSecret, extra: { signingSecret } };
    await database.inWorkspace(workspaceId, (tx) => saveProviderApp(tx, waymark.sealer, app, waymark.now()));
  }
  return {
    database,
    sandbox,
    waymark,
    server,
    workspace,
    get offset() {
      return clock.offset;
    },
    set offset(ms: number) {
      clock.offset = ms;
    },
    connect: async (connector, settings, loginHint) => {
      const hint = loginHint === undefined ? {} : { loginHint };
      const request = { workspaceId, connector, settings, publicUrl: server.publicUrl, ...hint };
      await followConsent(await createInstallLink(waymark, request));
      const all = await database.inWorkspace(workspaceId, (tx) => installations(tx));
      const found = all.find((one) => one.connector === connector);
      if (!found) throw new Error(`${connector} was not connected.`);
      return found;
    },
    run: (installationId) => syncInstallation(waymark.sync, workspaceId, installationId, AbortSignal.timeout(60_000)),
    subscriptions: (installationId) => database.inWorkspace(workspaceId, (tx) => pushSubscriptions(tx, installationId)),
    close: async () => {
      await server.close();
      await waymark.close();
      await sandbox.close();
      await database.close();
    },
  };
}
