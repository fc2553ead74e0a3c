import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rotateMasterKey, rotateWorkspaceKey } from './key-rotation.ts';
import { providerApp, saveProviderApp } from './repositories/provider-apps.ts';
import { createWorkspace } from './repositories/workspaces.ts';
import { createSealer, loadMasterKey } from './secrets.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const hour = 3_600_000;

describe('sealed secrets', () => {
  const masterKey = Buffer.alloc(32, 7);
  let database: TestDatabase;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    database = await testDatabase();
    const sealer = createSealer({ database, masterKey });
    acme = (await createWorkspace(database, sealer, { slug: 'acme', name: 'Acme' }, 0)).workspaceId;
    other = (await createWorkspace(database, sealer, { slug: 'other', name: 'Other' }, 0)).workspaceId;
  });
  afterAll(() => database.close());
  const sealer = () => createSealer({ database, masterKey });

  it('open where they were sealed', async () => {
    const sealed = await sealer().seal(acme, 'i1', 'access_token', 'canary-token');
    expect(sealed.includes('canary-token')).toBe(false);
    expect(await sealer().open(acme, 'i1', 'access_token', sealed)).toBe('canary-token');
    const again = await sealer().seal(acme, 'i1', 'access_token', 'canary-token');
    expect(again.equals(sealed)).toBe(false);
  });

  it('R20: open nowhere else, and not when altered', async () => {
    const sealed = await sealer().seal(acme, 'i1', 'access_token', 'canary-token');
    const moved: [string, string, string, Buffer][] = [
      [other, 'i1', 'access_token', sealed],
      [acme, 'i2', 'access_token', sealed],
      [acme, 'i1', 'refresh_token', sealed],
      [acme, '', 'i1access_token', sealed],
      [acme, 'i1', 'access_token', Buffer.concat([sealed.subarray(0, -1), Buffer.from([(sealed.at(-1) ?? 0) ^ 1])])],
      [acme, 'i1', 'access_token', sealed.subarray(0, 20)],
      [acme, 'i1', 'access_token', Buffer.concat([Buffer.from([1, 0, 0, 0, 9]), sealed.subarray(5)])],
    ];
    for (const where of moved)
      await expect(sealer().open(...where)).rejects.toMatchObject({ code: 'secret_unreadable' });
    const stranger = createSealer({ database, masterKey: Buffer.alloc(32, 8) });
    await expect(stranger.open(acme, 'i1', 'access_token', sealed)).rejects.toMatchObject({
      code: 'secret_unreadable',
    });
  });

  it('R20: a data key moved between workspaces does not unwrap', async () => {
    await database.asOwner(
      'UPDATE workspace SET wrapped_key = (SELECT wrapped_key FROM workspace WHERE workspace_id = $1) WHERE workspace_id = $2',
      [acme, (await createWorkspace(database, sealer(), { slug: 'victim', name: 'V' }, 0)).workspaceId],
    );
    const [victim] = await database.asOwner<{ id: string }>(
      `SELECT workspace_id AS id FROM workspace WHERE slug = 'victim'`,
    );
    await expect(sealer().seal(victim?.id ?? '', '', 'x', 'y')).rejects.toMatchObject({ code: 'secret_unreadable' });
    await database.asOwner(`DELETE FROM workspace WHERE slug = 'victim'`);
  });

  it('survive the rotation of the data key, whose former keys go when nothing needs them', async () => {
    const running = sealer();
    const app = {
      provider: 'google',
      clientId: 'id',
      clientSecret: 'canary-secret',
      extra: { signing: 'canary-extra' },
    };
    await database.inWorkspace(acme, (tx) => saveProviderApp(tx, running, app, 0));
    const versions = () =>
      database.asOwner(
        'SELECT get_byte(client_secret, 4) AS secret, get_byte(extra, 4) AS extra FROM provider_app WHERE workspace_id = $1',
        [acme],
      );
    expect(await versions()).toEqual([{ secret: 1, extra: 1 }]);

    expect(await rotateWorkspaceKey(database, sealer(), acme, 0)).toEqual({
      version: 2,
      resealed: 2,
      unreadable: 0,
      retiredKeysDropped: 0,
    });
    expect(await versions()).toEqual([{ secret: 2, extra: 2 }]);
    // A process that has not noticed still reads, and what it seals is read by others.
    expect(await database.inWorkspace(acme, (tx) => providerApp(tx, running, 'google'))).toEqual(app);
    expect(await rotateWorkspaceKey(database, sealer(), acme, 2 * hour)).toMatchObject({
      version: 3,
      resealed: 2,
      retiredKeysDropped: 1,
    });
    expect(await database.inWorkspace(acme, (tx) => providerApp(tx, sealer(), 'google'))).toEqual(app);
  });

  it('survive the rotation of the master key, also one that was interrupted', async () => {
    const sealed = await sealer().seal(acme, '', 'x', 'canary');
    const next = Buffer.alloc(32, 9);
    expect(await rotateMasterKey(database, masterKey, next)).toBeGreaterThan(2);
    expect(await rotateMasterKey(database, masterKey, next)).toBe(0);
    expect(await createSealer({ database, masterKey: next }).open(acme, '', 'x', sealed)).toBe('canary');
    await expect(sealer().open(acme, '', 'x', sealed)).rejects.toMatchObject({ code: 'secret_unreadable' });
    await rotateMasterKey(database, next, masterKey);
  });
});

describe('the master key', () => {
  it('is made once in a file that only its owner reads', async () => {
    const home = await mkdtemp(join(tmpdir(), 'waymark-key-'));
    try {
      const keys = await Promise.all(Array.from({ length: 40 }, () => loadMasterKey({ home })));
      expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
      expect((await stat(join(home, 'master.key'))).mode & 0o777).toBe(0o600);
      await chmod(join(home, 'master.key'), 0o644);
      await expect(loadMasterKey({ home })).rejects.toMatchObject({ code: 'master_key_invalid' });
    } finally {
      await rm(home, { recursive: true });
    }
  });

  it('is refused when it is not 32 bytes', async () => {
    await expect(loadMasterKey({ base64: 'c2hvcnQ=' })).rejects.toMatchObject({ code: 'master_key_invalid' });
    expect(await loadMasterKey({ base64: Buffer.alloc(32, 1).toString('base64') })).toEqual(Buffer.alloc(32, 1));
  });
});
