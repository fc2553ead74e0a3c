import { randomBytes } from 'node:crypto';
import { demoApp, sampleSubdomains, startSandbox, type Sandbox } from '@waymark/sandbox';
import {
  createInstallLink,
  openWaymark,
  readConfiguration,
  startServer,
  type Server,
  type Waymark,
} from '@waymark/server';
import { createWorkspace, installations, saveProviderApp, type Workspace } from '@waymark/store';
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

/** Events in force of a type, or of all. */
const events = (type?: string): Promise<number> =>
  count('journey_event', `superseded_at IS NULL${type === undefined ? '' : ` AND type = '${type}'`}`);

/** Rows as the owner sees them: for looking, never for doing. */
const count = async (table: string, where = 'true'): Promise<number> => {
  const [row] = await database.asOwner<{ count: string }>(`SELECT count(*) FROM ${table} WHERE ${where}`, []);
  return Number(row?.count);
};

beforeAll(async () => {
  database = await testDatabase();
  sandbox = await startSandbox({ caps: 'generous', autoConsent: true, stack: 'mixed', now });
  waymark = await openWaymark(
    readConfiguration({
      DATABASE_URL: database.url,
      WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
      WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
      WAYMARK_PORT: '0',
      WAYMARK_RATE_SCALE: '500',
      WAYMARK_ZENDESK_URL: sandbox.urls.zendesk,
    }),
    { now, log: pino({ level: 'silent' }) },
  );
  server = await startServer(waymark, { roles: new Set(['http'] as const) });
  workspace = await createWorkspace(
    database,
    waymark.sealer,
    { slug: 'acme', name: 'Acme', settings: { historyDays: 800 } },
    now(),
  );
  const { clientId, clientSecret } = demoApp;
  sandbox.zendesk.registerApp({ clientId, redirectUris: [`${server.publicUrl}/oauth/zendesk/callback`] });
  await database.inWorkspace(workspace.workspaceId, (tx) =>
    saveProviderApp(tx, waymark.sealer, { provider: 'zendesk', clientId, clientSecret, extra: {} }, now()),
  );
  const link = await createInstallLink(waymark, {
    workspaceId: workspace.workspaceId,
    connector: 'zendesk',
    settings: { subdomain: sampleSubdomains.main },
    publicUrl: server.publicUrl,
    loginHint: sampleSubdomains.main,
  });
  await followConsent(link);
  const [installed] = await database.inWorkspace(workspace.workspaceId, (tx) => installations(tx));
  installationId = installed?.installationId ?? expect.fail('Zendesk was not connected');
}, MINUTE);

afterAll(async () => {
  await server?.close();
  await waymark?.close();
  await sandbox?.close();
  await database?.close();
});

describe('zendesk by the runner, from consent to the log', () => {
  const desk = () => sandbox.zendesk.handle.account(sampleSubdomains.main);

  it(
    'stores every record once and rejects none; a second run stores nothing more',
    async () => {
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      const held = [desk().organizations, desk().users, desk().tickets, desk().ratings].map(
        (all) => Object.keys(all).length,
      );
      expect(await count('source_object')).toBe(held.reduce((sum, each) => sum + each, 0));
      expect(await count('source_object', "outcome = 'rejected'")).toBe(0);
      const known = await events();
      expect(await events('ticket.opened')).toBe(Object.keys(desk().tickets).length);
      offset += 6 * MINUTE;
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      expect(await events()).toBe(known);
    },
    MINUTE,
  );

  it(
    'I8: hears of a ticket by a signed webhook and has it in the log with the next run',
    async () => {
      const ticket = Object.values(desk().tickets).find((each) => each.status === 'open') ?? expect.fail('none open');
      expect(Object.values(desk().webhooks)).toHaveLength(1);
      const handle = sandbox.zendesk.handle.desk(sampleSubdomains.main);
      const solved = await events('ticket.solved');
      handle.update(ticket.id, { authorId: desk().signedIn, at: now(), status: 'solved' });
      await sandbox.zendesk.handle.flushWebhooks();
      expect(sandbox.zendesk.handle.deliveries.map((each) => each.status)).toEqual([202, 202]);
      expect(await count('hint', 'taken_at IS NULL')).toBeGreaterThan(0);
      const before = sandbox.zendesk.handle.peak(sampleSubdomains.main).exportsPerMinute;
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      expect(await events('ticket.solved')).toBe(solved + 1);
      expect(sandbox.zendesk.handle.peak(sampleSubdomains.main).exportsPerMinute).toBe(before);
    },
    MINUTE,
  );

  it(
    'A1: a lost cursor is an hour read again, not an error',
    async () => {
      sandbox.zendesk.handle.expireCursors(sampleSubdomains.main);
      const known = await events();
      offset += 6 * MINUTE;
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      expect(await events()).toBe(known);
      expect(sandbox.zendesk.handle.unknownPaths).toEqual([]);
    },
    MINUTE,
  );

  it(
    'E1: goes on through a token that ran out, with the pair that replaced it',
    async () => {
      offset += 60 * MINUTE;
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      sandbox.zendesk.handle.expireAccess(sampleSubdomains.main);
      offset += 6 * MINUTE;
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
    },
    MINUTE,
  );

  it(
    'B2: the events of a deleted ticket end with it',
    async () => {
      const { id } = Object.values(desk().tickets)[0] ?? expect.fail('no ticket');
      sandbox.zendesk.handle.desk(sampleSubdomains.main).delete(id, now());
      offset += 6 * MINUTE;
      expect(await run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      expect(await count('source_object', `external_id = '${id}' AND gone_at IS NULL`)).toBe(0);
    },
    MINUTE,
  );
});
