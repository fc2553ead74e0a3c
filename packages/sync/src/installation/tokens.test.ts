import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { installation as readInstallation } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSession } from './installation.ts';
import { priority } from './limits.ts';
import { noPoint, type Point } from '../reading/points.ts';
import { scriptedConnector } from '../testing/scripted-source.ts';
import { start, syncRig, type SyncRig } from '../testing/sync-rig.ts';
import { TokenKeeper } from './tokens.ts';

let database: TestDatabase;
let server: Server;
let asked: string[] = [];
let answer: (refreshToken: string) => { readonly status: number; readonly body: string };
const hour = 3_600_000;
const pair = (n: number, more: object = {}) => ({
  status: 200,
  body: JSON.stringify({
    access_token: `access-${n}`,
    refresh_token: `refresh-${n}`,
    token_type: 'bearer',
    expires_in: 3600,
    ...more,
  }),
});

beforeAll(async () => {
  database = await testDatabase({ poolSize: 4 });
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const token = new URLSearchParams(body).get('refresh_token') ?? '';
      asked.push(token);
      const said = answer(token);
      setTimeout(() => response.writeHead(said.status, { 'content-type': 'application/json' }).end(said.body), 30);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterAll(async () => {
  server.close();
  await database.close();
});
beforeEach(() => {
  asked = [];
  answer = () => pair(asked.length);
});

const issuer = () => ({ provider: 'x', tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token` });

async function rigWith(expiresAt: number | null) {
  const rig = await syncRig(database);
  const id = await rig.install(scriptedConnector('x', []));
  await database.asOwner('UPDATE installation SET access_expires_at = $2 WHERE workspace_id = $1', [
    rig.workspaceId,
    expiresAt === null ? null : new Date(expiresAt),
  ]);
  const keeper = (point: Point = noPoint, over: Pick<TestDatabase, 'inWorkspace'> = database) =>
    new TokenKeeper({
      database: { ...database, ...over },
      sealer: database.sealer,
      // As the server reads them: from the database.
      credentials: (workspaceId) =>
        database.inWorkspace(workspaceId, async (tx) => {
          await tx.query('SELECT 1');
          return { clientId: 'id', clientSecret: 'secret' };
        }),
      now: () => rig.now,
      point,
    });
  return { rig, id, keeper };
}
const installation = async (rig: SyncRig, id: string) =>
  (
    await database.asOwner<{ status: string; revoked_signals: number; refresh_token: Buffer; token_version: number }>(
      'SELECT status, revoked_signals, refresh_token, token_version FROM installation WHERE workspace_id = $1 AND installation_id = $2',
      [rig.workspaceId, id],
    )
  )[0];
const storedRefresh = async (rig: SyncRig, id: string) =>
  database.sealer.open(
    rig.workspaceId,
    id,
    'refresh_token',
    (await installation(rig, id))?.refresh_token ?? Buffer.alloc(0),
  );

describe('access tokens', () => {
  it('E1, R17: ten callers with an expired token are one exchange, in one process and over ten', async () => {
    const { rig, id, keeper } = await rigWith(start - 1);
    const one = keeper();
    const within = await Promise.all(Array.from({ length: 10 }, () => one.accessToken(rig.workspaceId, id, issuer())));
    expect(new Set(within)).toEqual(new Set(['access-1']));
    expect(asked).toEqual(['refresh']);
    rig.now += 2 * hour;
    const across = await Promise.all(
      Array.from({ length: 10 }, () => keeper().accessToken(rig.workspaceId, id, issuer())),
    );
    expect(new Set(across)).toEqual(new Set(['access-2']));
    expect(asked).toEqual(['refresh', 'refresh-1']);
  });

  it('E1: ten calls that were refused with the same token are one exchange, however late their answers come', async () => {
    const { rig, id, keeper } = await rigWith(null);
    const one = keeper();
    await one.accessToken(rig.workspaceId, id, issuer());
    const usedAt = rig.now;
    rig.now += 1000;
    const early = Array.from({ length: 5 }, () => one.refresh(rig.workspaceId, id, issuer(), undefined, usedAt));
    await Promise.all(early);
    rig.now += 1000;
    await Promise.all(Array.from({ length: 5 }, () => one.refresh(rig.workspaceId, id, issuer(), undefined, usedAt)));
    expect(asked).toHaveLength(1);
    await one.refresh(rig.workspaceId, id, issuer(), undefined, rig.now);
    expect(asked).toHaveLength(2);
  });

  it('more installations than connections refresh at once without waiting for each other for ever', async () => {
    const rigs: Awaited<ReturnType<typeof rigWith>>[] = [];
    for (let n = 0; n < 6; n += 1) rigs.push(await rigWith(start - 1));
    await Promise.all(rigs.map(({ rig, id, keeper }) => keeper().accessToken(rig.workspaceId, id, issuer())));
    expect(asked).toHaveLength(6);
  }, 15_000);

  it('E3: a new refresh token is stored before the new access token is used', async () => {
    const stored: string[] = [];
    const { rig, id, keeper } = await rigWith(start - 1);
    const one = keeper(async (name) => {
      if (name === 'token-stored') stored.push(await storedRefresh(rig, id));
    });
    await one.accessToken(rig.workspaceId, id, issuer());
    expect(stored).toEqual(['refresh-1']);
    answer = () => pair(2, { refresh_token: undefined });
    rig.now += 2 * hour;
    expect(await one.accessToken(rig.workspaceId, id, issuer())).toBe('access-2');
    expect(await storedRefresh(rig, id)).toBe('refresh-1');
  });

  it('E2, R17: invalid_grant twice asks a person, and keeps the credentials', async () => {
    const { rig, id, keeper } = await rigWith(start - 1);
    answer = () => ({ status: 400, body: '{"error":"invalid_grant"}' });
    const first = keeper();
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, () => first.accessToken(rig.workspaceId, id, issuer())),
    );
    expect(all.every((one) => one.status === 'rejected')).toBe(true);
    expect(await installation(rig, id)).toMatchObject({ status: 'active', revoked_signals: 1 });
    await expect(keeper().accessToken(rig.workspaceId, id, issuer())).rejects.toMatchObject({
      fault: { kind: 'auth-revoked' },
    });
    expect(await installation(rig, id)).toMatchObject({ status: 'needs_auth' });
    expect(await storedRefresh(rig, id)).toBe('refresh');
  });

  it('E2: callers of one moment count one refusal, though one of them is slow to read the row', async () => {
    const { rig, id, keeper } = await rigWith(start - 1);
    answer = () => ({ status: 400, body: '{"error":"invalid_grant"}' });
    const late = Promise.withResolvers<void>();
    let isLate = false;
    const one = keeper(noPoint, {
      inWorkspace: async (...given) => {
        if (isLate) await late.promise;
        return database.inWorkspace(...given);
      },
    });
    const refused = { fault: { kind: 'auth-revoked' } };
    const first = expect(one.accessToken(rig.workspaceId, id, issuer())).rejects.toMatchObject(refused);
    isLate = true;
    const second = expect(one.accessToken(rig.workspaceId, id, issuer())).rejects.toMatchObject(refused);
    isLate = false;
    await first;
    late.resolve();
    await second;
    expect(await installation(rig, id)).toMatchObject({ status: 'active', revoked_signals: 1 });
    expect(asked).toEqual(['refresh']);
  });

  it('E2: a passing failure of the endpoint keeps everything and counts as nothing', async () => {
    const { rig, id, keeper } = await rigWith(start - 1);
    for (const said of [
      { status: 500, body: 'oops' },
      { status: 200, body: '<html>' },
      { status: 400, body: '{"error":"temporarily_unavailable"}' },
    ]) {
      answer = () => said;
      await expect(keeper().accessToken(rig.workspaceId, id, issuer())).rejects.toMatchObject({
        fault: { kind: 'transient' },
      });
    }
    answer = () => ({ status: 400, body: '{"error":"invalid_client"}' });
    await expect(keeper().accessToken(rig.workspaceId, id, issuer())).rejects.toMatchObject({
      fault: { kind: 'rejected' },
    });
    expect(await installation(rig, id)).toMatchObject({ status: 'active', revoked_signals: 0, token_version: 1 });
    expect(await storedRefresh(rig, id)).toBe('refresh');
  });

  it('is renewed by the clock before it ends, a short one not at every call', async () => {
    const { rig, id, keeper } = await rigWith(start + hour);
    const one = keeper();
    expect(await one.accessToken(rig.workspaceId, id, issuer())).toBe('token');
    rig.now = start + hour - 299_000;
    expect(await one.accessToken(rig.workspaceId, id, issuer())).toBe('access-1');
    answer = () => pair(asked.length, { expires_in: 100 });
    rig.now += 2 * hour;
    await one.accessToken(rig.workspaceId, id, issuer());
    await one.accessToken(rig.workspaceId, id, issuer());
    expect(asked).toHaveLength(2);
    rig.now += 81_000;
    await one.accessToken(rig.workspaceId, id, issuer());
    expect(asked).toHaveLength(3);
  });

  it('B7: a grant that was given anew, here or by another process, is used from the next session on', async () => {
    const rig = await syncRig(database);
    const used: string[] = [];
    const connector = scriptedConnector('x', [], {
      connect: async (session) => {
        used.push(await session.accessToken());
        return {};
      },
    });
    const id = await rig.install(connector);
    const session = async () => {
      const one = await database.inWorkspace(rig.workspaceId, (tx) => readInstallation(tx, id));
      if (one) await openSession(rig.deps, rig.workspaceId, one, priority.live, new AbortController().signal);
    };
    await session();
    await session();
    // One that never ends, as Slack's: nothing but the new grant says that it is dead.
    await database.asOwner(
      'UPDATE installation SET access_token = $2, generation = generation + 1, token_version = token_version + 1 WHERE workspace_id = $1',
      [rig.workspaceId, await database.sealer.seal(rig.workspaceId, id, 'access_token', 'new token')],
    );
    await session();
    expect(used).toEqual(['token', 'token', 'new token']);
  });
});
