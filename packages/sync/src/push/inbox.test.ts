import { addDeliveries, sealDelivery, sweepDeliveries } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openInbox } from './inbox.ts';
import { scriptedConnector } from '../testing/scripted-source.ts';
import { syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

async function world() {
  const rig = await syncRig(database);
  const id = await rig.install(scriptedConnector('chat', []));
  const put = async (keys: readonly string[], stream = 'messages') => {
    const sealed = await Promise.all(
      keys.map((key) =>
        sealDelivery(database.sealer, rig.workspaceId, id, { stream, dedupeKey: key, payload: { key } }),
      ),
    );
    return database.inWorkspace(rig.workspaceId, (tx) => addDeliveries(tx, id, sealed, rig.now));
  };
  const open = () => openInbox({ database, sealer: database.sealer, now: () => rig.now }, rig.workspaceId, id);
  return { rig, id, put, open };
}
const passed = (rig: SyncRig) =>
  rig.rows<{ dedupe_key: string }>(
    'SELECT dedupe_key FROM inbox_delivery WHERE workspace_id = $1 AND passed_at IS NOT NULL ORDER BY place',
  );

describe('an inbox', () => {
  it('is read in the order of coming, a stream at a time, each delivery once', async () => {
    const { put, open } = await world();
    expect(await put(['a', 'b'])).toBe(2);
    expect(await put(['b', 'c'])).toBe(1);
    expect(await put(['a'], 'people')).toBe(1);
    const first = await open().read('messages', null, 2);
    expect(first.map((one) => one.payload)).toEqual([{ key: 'a' }, { key: 'b' }]);
    const rest = await open().read('messages', first.at(-1)?.place ?? null, 2);
    expect(rest.map((one) => one.payload)).toEqual([{ key: 'c' }]);
    expect(await open().read('messages', rest.at(-1)?.place ?? null, 2)).toEqual([]);
  });

  it('A15, R6: a later place is never seen before an earlier one, whoever commits first', async () => {
    const { rig, id, put, open } = await world();
    const slow = await sealDelivery(database.sealer, rig.workspaceId, id, {
      stream: 'messages',
      dedupeKey: 'slow',
      payload: 'slow',
    });
    let goOn: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (goOn = resolve));
    let written: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (written = resolve));
    const first = database.inWorkspace(rig.workspaceId, async (tx) => {
      await addDeliveries(tx, id, [slow], rig.now);
      written();
      await waiting;
    });
    await begun;
    const second = put(['quick']);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await open().read('messages', null, 10)).toEqual([]);
    goOn();
    await Promise.all([first, second]);
    expect((await open().read('messages', null, 10)).map((one) => one.payload)).toEqual(['slow', { key: 'quick' }]);
  });

  it('forgets only what a stored cursor has passed, and that days later', async () => {
    const { rig, put, open } = await world();
    await put(['a', 'b', 'c']);
    const inbox = open();
    const [a, b] = await inbox.read('messages', null, 2);
    // Of the page in hand nobody knows yet whether it is stored.
    await inbox.read('messages', b?.place ?? null, 2);
    expect(await passed(rig)).toEqual([]);
    await open().read('messages', a?.place ?? null, 2);
    expect(await passed(rig)).toEqual([{ dedupe_key: 'a' }]);
    await database.inWorkspace(rig.workspaceId, (tx) => sweepDeliveries(tx, rig.now));
    expect(await rig.rows('SELECT 1 FROM inbox_delivery WHERE workspace_id = $1')).toHaveLength(3);
    await database.inWorkspace(rig.workspaceId, (tx) => sweepDeliveries(tx, rig.now + 1));
    expect(await rig.rows('SELECT 1 FROM inbox_delivery WHERE workspace_id = $1')).toHaveLength(2);
  });

  it('refuses a place that is none', async () => {
    const { open } = await world();
    await expect(open().read('messages', '1; DROP', 1)).rejects.toThrow('no place');
  });
});
