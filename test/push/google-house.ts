import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import {
  createInstallLink,
  openWaymark,
  readConfiguration,
  startServer,
  type Server,
  type Waymark,
} from '@waymark/server';
import { createWorkspace, installations, saveProviderApp, type Installation, type Workspace } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { syncInstallation, type SyncOutcome } from '@waymark/sync';
import { followConsent } from '../../apps/cli/src/demo/consent.ts';
import { ana, app, ben, startGoogle, type GoogleFixture } from '../../apps/sandbox/src/google/google-fixture.ts';

export const topic = {
  pubsubTopic: 'projects/acme-mail/topics/waymark',
  pubsubAudience: 'https://waymark.example/webhooks/google',
  pubsubServiceAccount: 'pusher@acme-mail.iam.gserviceaccount.com',
} as const;

/** One server and one Google on one clock; nobody reads unless told to. */
export interface GoogleHouse {
  readonly google: GoogleFixture;
  readonly database: TestDatabase;
  readonly waymark: Waymark;
  readonly server: Server;
  readonly workspace: Workspace;
  readonly connect: (connector: string, user: string) => Promise<Installation>;
  readonly run: (installationId: string) => Promise<SyncOutcome>;
  readonly all: () => Promise<readonly Installation[]>;
  readonly rows: <R extends Record<string, unknown>>(sql: string) => Promise<R[]>;
  /** Called at each named point of the server. */
  atPoint: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openGoogleHouse(extra: Readonly<Record<string, string>> = {}): Promise<GoogleHouse> {
  const database = await testDatabase();
  const google = await startGoogle({ caps: 'generous' });
  google.clock.now = Date.now();
  let atPoint: (name: string) => Promise<void> = () => Promise.resolve();
  const waymark = await openWaymark(
    readConfiguration({
      DATABASE_URL: database.url,
      WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
      WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
      WAYMARK_PORT: '0',
      WAYMARK_GOOGLE_URL: google.url,
    }),
    { now: () => google.clock.now, log: pino({ level: 'silent' }), point: (name) => atPoint(name) },
  );
  const server = await startServer(waymark, { roles: new Set(['http'] as const) });
  google.handle.registerApp({ ...app, redirectUris: [`${server.publicUrl}/oauth/google/callback`] });
  const workspace = await createWorkspace(
    database,
    waymark.sealer,
    { slug: 'acme', name: 'Acme', settings: { ownDomains: ['vendor.example'] } },
    waymark.now(),
  );
  const { workspaceId } = workspace;
  const { clientId, clientSecret } = app;
  await database.inWorkspace(workspaceId, (tx) =>
    saveProviderApp(tx, waymark.sealer, { provider: 'google', clientId, clientSecret, extra }, waymark.now()),
  );
  const all = () => database.inWorkspace(workspaceId, (tx) => installations(tx));
  return {
    google,
    database,
    waymark,
    server,
    workspace,
    all,
    connect: async (connector, user) => {
      const request = { workspaceId, connector, settings: {}, publicUrl: server.publicUrl, loginHint: user };
      await followConsent(await createInstallLink(waymark, request));
      const found = (await all()).find((one) => one.connector === connector && one.externalAccountId === user);
      if (!found) throw new Error(`${user} was not connected.`);
      return found;
    },
    run: (installationId) => syncInstallation(waymark.sync, workspaceId, installationId, new AbortController().signal),
    rows: (sql) => database.asOwner(sql),
    get atPoint() {
      return atPoint;
    },
    set atPoint(work: (name: string) => Promise<void>) {
      atPoint = work;
    },
    close: async () => {
      await server.close();
      await waymark.close();
      await google.close();
      await database.close();
    },
  };
}

export { ana, ben };
