import type { AnyConnector } from '@waymark/connector-kit';
import { saveGrant, wantRun } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConnector } from '../registry.ts';
import { now, openOn } from '../status/testing/furnished.ts';
import type { Waymark } from '../waymark.ts';
import { SyncWorker } from './sync-worker.ts';

let database: TestDatabase;
let waymark: Waymark;
beforeAll(async () => {
  database = await testDatabase();
  waymark = await openOn(database);
});
afterAll(async () => {
  await waymark.close();
  await database.close();
});

/** Installations of a mailbox in a workspace of their own. */
async function tenant(
  slug: string,
  mailboxes: number,
): Promise<{ readonly workspaceId: string; readonly ids: readonly string[] }> {
  const { workspaceId } = await database.newWorkspace(slug, { ownDomains: ['vendor.example'] });
  const ids: string[] = [];
  for (let index = 0; index < mailboxes; index += 1) {
    const installationId = uuidv7();
    const accessToken = await waymark.sealer.seal(workspaceId, installationId, 'access_token', 'token');
    await waymark.database.inWorkspace(workspaceId, (tx) =>
      saveGrant(
        tx,
        {
          installationId,
          connector: 'gmail',
          provider: 'google',
          externalAccountId: `${slug}-${index}`,
          label: `${slug}-${index}`,
          address: null,
          settings: {},
          grantedScopes: ['https://www.googleapis.com/auth/gmail.readonly'],
          accessToken,
          refreshToken: null,
          accessExpiresAt: null,
        },
        now,
      ),
    );
    ids.push(installationId);
  }
  return { workspaceId, ids };
}

describe('the worker that reads', () => {
  it('I10: a tenant with a backlog of twenty mailboxes that hang does not delay that of another', async () => {
    const gmail = await loadConnector('gmail');
    const begun: string[] = [];
    let release = (): void => undefined;
    const hangs = new Promise<void>((resolve) => {
      release = resolve;
    });
    const [messages] = gmail.streams;
    if (!messages) throw new Error('gmail has no stream');
    const connector: AnyConnector = {
      ...gmail,
      connect: (session) => Promise.resolve(session),
      streams: [
        {
          ...messages,
          // eslint-disable-next-line require-yield
          async *pull() {
            begun.push('pull');
            await hangs;
          },
        },
      ],
    };
    const quick: AnyConnector = {
      ...connector,
      streams: [{ ...messages, pull: once }],
    };
    const busy = await tenant('busy', 20);
    const calm = await tenant('calm', 1);
    const ran: string[] = [];
    const of = new Map<string, AnyConnector>();
    const worker = new SyncWorker(
      { ...waymark, sync: { ...waymark.sync, connector: () => Promise.resolve(of.get('now') ?? connector) } },
      (workspaceId) => void ran.push(workspaceId),
    );
    for (const id of busy.ids) worker.run(busy.workspaceId, id);
    await waitFor(() => begun.length === 4);
    of.set('now', quick);
    worker.run(calm.workspaceId, calm.ids[0] ?? '');
    await waitFor(() => ran.includes(calm.workspaceId));
    // No more of the large tenant than its part, and none of them ended.
    expect(begun).toHaveLength(4);
    expect(ran).not.toContain(busy.workspaceId);
    release();
    await worker.stop();
  });

  it('is not idle while what came during a run is read', async () => {
    const gmail = await loadConnector('gmail');
    const [messages] = gmail.streams;
    if (!messages) throw new Error('gmail has no stream');
    const { workspaceId, ids } = await tenant('asked', 1);
    const [installationId = ''] = ids;
    const [second, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let runs = 0;
    const connector: AnyConnector = {
      ...gmail,
      connect: (session) => Promise.resolve(session),
      streams: [
        {
          ...messages,
          async *pull() {
            runs += 1;
            if (runs === 1)
              await waymark.database.inWorkspace(workspaceId, (tx) => wantRun(tx, installationId, waymark.now() + 1));
            else {
              second.resolve();
              await release.promise;
            }
            yield* once();
          },
        },
      ],
    };
    const sync = { ...waymark.sync, connector: () => Promise.resolve(connector) };
    const worker = new SyncWorker({ ...waymark, sync }, () => undefined);
    worker.run(workspaceId, installationId);
    const idle = worker.idle().then(() => 'idle');
    await second.promise;
    expect(await Promise.race([idle, sleep(2000).then(() => 'busy')])).toBe('busy');
    release.resolve();
    await idle;
    expect(runs).toBe(2);
    await worker.stop();
  });
});

async function* once() {
  await Promise.resolve();
  yield { records: [], gone: [], cursor: { phase: 'live', historyId: '1' }, done: true };
}

/** Waits until something holds; the test's own limit says how long that may take. */
async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}
