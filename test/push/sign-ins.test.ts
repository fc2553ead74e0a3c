import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { demoApp, sampleSubdomains, sampleTeams, startSandbox, type Sandbox } from '@waymark/sandbox';
import {
  createInstallLink,
  installMailboxes,
  openWaymark,
  readConfiguration,
  scopesOf,
  loadConnector,
  startServer,
  type Server,
  type Waymark,
} from '@waymark/server';
import { createWorkspace, installations, pushSubscriptions, saveProviderApp, type Workspace } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { syncInstallation } from '@waymark/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followConsent } from '../../apps/cli/src/demo/consent.ts';

let database: TestDatabase;
let sandbox: Sandbox;
let waymark: Waymark;
let server: Server;
let workspace: Workspace;
let offset = 0;

beforeAll(async () => {
  database = await testDatabase();
  sandbox = await startSandbox({
    caps: 'generous',
    autoConsent: true,
    stack: 'microsoft-salesforce',
    now: () => Date.now() + offset,
  });
  const { urls } = sandbox;
  waymark = await openWaymark(
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
    { now: () => Date.now() + offset, log: pino({ level: 'silent' }) },
  );
  server = await startServer(waymark, { roles: new Set(['http'] as const) });
  workspace = await createWorkspace(
    database,
    waymark.sealer,
    { slug: 'acme', name: 'Acme', settings: { historyDays: 20 } },
    waymark.now(),
  );
  const { clientId, clientSecret, signingSecret } = demoApp;
  const services = {
    microsoft: sandbox.microsoft,
    salesforce: sandbox.salesforce,
    zendesk: sandbox.zendesk,
    'slack-channels': sandbox.slack,
  };
  for (const [provider, service] of Object.entries(services)) {
    service.registerApp({ clientId, redirectUris: [`${server.publicUrl}/oauth/${provider}/callback`] });
    await database.inWorkspace(workspace.workspaceId, (tx) =>
      saveProviderApp(
        tx,
        waymark.sealer,
        { provider, clientId, clientSecret, extra: { signingSecret } },
        waymark.now(),
      ),
    );
  }
}, 60_000);
afterAll(async () => {
  await server?.close();
  await waymark?.close();
  await sandbox?.close();
  await database?.close();
});

const staff = () => sandbox.stack.mailboxes.microsoft;
const all = () => database.inWorkspace(workspace.workspaceId, (tx) => installations(tx));

async function connect(connector: string, settings: Record<string, unknown>, loginHint?: string) {
  const link = await createInstallLink(waymark, {
    workspaceId: workspace.workspaceId,
    connector,
    settings,
    publicUrl: server.publicUrl,
    ...(loginHint !== undefined && { loginHint }),
  });
  await followConsent(link);
  const found = (await all()).find((one) => one.connector === connector);
  if (!found) throw new Error(`${connector} was not connected.`);
  return found;
}
const missing = async (id: string, granted: readonly string[]) =>
  scopesOf(await loadConnector(id), {}).filter((scope) => !granted.includes(scope));
const run = (installationId: string) =>
  syncInstallation(waymark.sync, workspace.workspaceId, installationId, AbortSignal.timeout(60_000));
const subscriptions = (installationId: string) =>
  database.inWorkspace(workspace.workspaceId, (tx) => pushSubscriptions(tx, installationId));

describe('each vendor by its real consent', () => {
  it('Microsoft: the tenant in the path, scopes under its own names, a subscription that its vendor tried first', async () => {
    const one = await connect('outlook', { tenant: 'organizations' }, staff()[0]);
    expect(one).toMatchObject({ address: staff()[0], grantKind: 'consent', settings: { tenant: 'organizations' } });
    expect(await missing('outlook', one.grantedScopes)).toEqual([]);
    expect(await run(one.installationId)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    const made = await subscriptions(one.installationId);
    expect(made.length).toBeGreaterThan(0);
    expect(made.filter((row) => row.state !== 'active' || row.fault !== null)).toEqual([]);
  }, 60_000);

  it('Microsoft for the organization: the app alone, for chosen mailboxes of its group', async () => {
    const [, second = '', third = ''] = staff();
    const domain = second.slice(second.indexOf('@') + 1);
    const outcomes = await installMailboxes(waymark, {
      workspaceId: workspace.workspaceId,
      connector: 'outlook',
      mailboxes: [second],
      settings: { tenant: domain },
    });
    expect(outcomes).toMatchObject([
      { mailbox: second, problem: null, installation: { grantKind: 'client-credentials' } },
    ]);
    const id = outcomes[0]?.installation?.installationId ?? '';
    expect(await run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    const read = await database.asOwner<{ address: string }>('SELECT address FROM installation WHERE connector = $1', [
      'outlook',
    ]);
    expect(read.map((row) => row.address)).not.toContain(third);
    offset += 2 * 3_600_000;
    expect(await run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
  }, 60_000);

  it('Salesforce: an answer without an end, with the address of its org', async () => {
    const one = await connect('salesforce', {});
    expect(one).toMatchObject({ accessExpiresAt: null, settings: { domain: 'login' } });
    expect(await missing('salesforce', one.grantedScopes)).toEqual([]);
  }, 60_000);

  it('Zendesk: the subdomain among the settings', async () => {
    const one = await connect('zendesk', { subdomain: sampleSubdomains.main }, sampleSubdomains.main);
    expect(one.settings).toMatchObject({ subdomain: sampleSubdomains.main });
    expect(await missing('zendesk', one.grantedScopes)).toEqual([]);
  }, 60_000);

  it('Slack: a token of the type bot, scopes with commas', async () => {
    const one = await connect('slack-channels', {});
    expect(one.externalAccountId).toBe(sampleTeams.main);
    expect(await missing('slack-channels', one.grantedScopes)).toEqual([]);
  }, 60_000);

  it('I6: no link is made with a value that leads elsewhere', async () => {
    const link = (subdomain: string) =>
      createInstallLink(waymark, {
        workspaceId: workspace.workspaceId,
        connector: 'zendesk',
        settings: { subdomain },
        publicUrl: server.publicUrl,
      });
    for (const hostile of ['evil.com/', 'evil.com#', 'a@evil.com', '', '../x'])
      await expect(link(hostile), hostile).rejects.toThrow(/subdomain/i);
  });
});
