import { randomBytes } from 'node:crypto';
import { demoApp, samplePortals, startSandbox, type Sandbox } from '@waymark/sandbox';
import {
  createInstallLink,
  openWaymark,
  readConfiguration,
  startServer,
  type Server,
  type Waymark,
} from '@waymark/server';
import { createWorkspace, installations, saveProviderApp, streamStates, type Workspace } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { syncInstallation } from '@waymark/sync';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followConsent } from '../../apps/cli/src/demo/consent.ts';

const MINUTE = 60_000;
let database: TestDatabase;
let sandbox: Sandbox;
let waymark: Waymark;
let server: Server;
let workspace: Workspace;
let installationId = '';
let offset = 0;

const now = (): number => Date.now() + offset;
const run = () => syncInstallation(waymark.sync, workspace.workspaceId, installationId, AbortSignal.timeout(MINUTE));

/** Rows as the owner sees them: for looking, never for doing. */
const count = async (table: string, where = 'true'): Promise<number> => {
  const [row] = await database.asOwner<{ count: string }>(`SELECT count(*) FROM ${table} WHERE ${where}`, []);
  return Number(row?.count);
};

beforeAll(async () => {
  database = await testDatabase();
  sandbox = await startSandbox({ caps: 'generous', autoConsent: true, now });
  waymark = await openWaymark(
    readConfiguration({
      DATABASE_URL: database.url,
      WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
      WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
      WAYMARK_PORT: '0',
      WAYMARK_RATE_SCALE: '500',
      WAYMARK_HUBSPOT_URL: sandbox.urls.hubspot,
    }),
    { now, log: pino({ level: 'silent' }) },
  );
  server = await startServer(waymark, { roles: new Set(['http'] as const) });
  workspace = await createWorkspace(
    database,
    waymark.sealer,
    { slug: 'acme', name: 'Acme', settings: { historyDays: 60 } },
    now(),
  );
  const { clientId, clientSecret } = demoApp;
  const redirectUris = [`${server.publicUrl}/oauth/hubspot/callback`];
  sandbox.hubspot.registerApp({ clientId, clientSecret, redirectUris });
  await database.inWorkspace(workspace.workspaceId, (tx) =>
    saveProviderApp(tx, waymark.sealer, { provider: 'hubspot', clientId, clientSecret, extra: {} }, now()),
  );
  // An account without Service Hub.
  sandbox.hubspot.handle.settings.ungrantableScopes.add('crm.objects.feedback_submissions.read');
  const link = await createInstallLink(waymark, {
    workspaceId: workspace.workspaceId,
    connector: 'hubspot',
    settings: { journal: true },
    publicUrl: server.publicUrl,
    loginHint: String(samplePortals.main),
  });
  await followConsent(link);
  const [installed] = await database.inWorkspace(workspace.workspaceId, (tx) => installations(tx));
  installationId = installed?.installationId ?? expect.fail('HubSpot was not connected');
}, MINUTE);

afterAll(async () => {
  await server?.close();
  await waymark?.close();
  await sandbox?.close();
  await database?.close();
});

describe('hubspot by the runner', () => {
  it(
    'D13: connects an account that lacks a product, and its stream rests without a fault',
    async () => {
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      const states = await database.inWorkspace(workspace.workspaceId, (tx) => streamStates(tx, installationId));
      expect(states.filter(({ fault }) => fault !== null)).toEqual([]);
      const read = states.filter(({ lastSuccessAt }) => lastSuccessAt !== null).map(({ stream }) => stream);
      expect(read).toEqual(expect.arrayContaining(['companies', 'emails', 'journal']));
      expect(read).not.toContain('feedback_submissions');
    },
    2 * MINUTE,
  );

  it(
    'I8: keeps what the journal names with the place in it, and the next run reads it',
    async () => {
      const [company] = sandbox.hubspot.handle.findBy(samplePortals.main, 'companies', 'lifecyclestage', 'customer');
      const id = company?.id ?? expect.fail('no customer');
      sandbox.hubspot.handle.patch(samplePortals.main, 'companies', id, { name: 'Renamed by a person' });
      offset += 6 * MINUTE;
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      const ours = `stream = 'companies' AND '${id}' = ANY (external_ids)`;
      expect(await count('hint', ours)).toBe(1);
      offset += 1000;
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      expect(await count('hint', `${ours} AND taken_at IS NULL`)).toBe(0);
    },
    2 * MINUTE,
  );
});
