import { ConnectorFault } from '@waymark/connector-kit';
import { addHints, wantHints, wantRun } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { syncInstallation } from '../installation/installation.ts';
import { scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const open = async (rig: SyncRig) =>
  (
    await rig.rows<{ dedupe_key: string }>(
      'SELECT dedupe_key FROM hint WHERE workspace_id = $1 AND taken_at IS NULL ORDER BY 1',
    )
  ).map((row) => row.dedupe_key);
const hint = (rig: SyncRig, installationId: string, stream: string, key: string, ids: string[] = [], at = start) =>
  database.inWorkspace(rig.workspaceId, (tx) =>
    addHints(tx, [{ installationId, stream, dedupeKey: key, externalIds: ids, receivedAt: at }]),
  );

/** As a webhook leaves it. */
const hinted = (rig: SyncRig, installationId: string, stream: string, dedupeKey: string) =>
  database.inWorkspace(rig.workspaceId, async (tx) => {
    await addHints(tx, [{ installationId, stream, dedupeKey, externalIds: [], receivedAt: rig.now }]);
    await wantHints(tx, [installationId], rig.now);
  });
const wishes = (rig: SyncRig) => rig.rows('SELECT wanted_at, hinted_at FROM installation WHERE workspace_id = $1');

it('E11: hints reach their stream, each object once, and are taken only once it was read', async () => {
  const rig = await syncRig(database);
  const asked: unknown[] = [];
  let broken = true;
  const connector = scriptedConnector('crm', [
    scriptedStream('contacts', 1, (_from, context) => {
      asked.push(context.ids);
      return broken ? [new ConnectorFault({ kind: 'transient', message: '500' })] : [{ done: true }];
    }),
    scriptedStream('deals', 2, () => [{ done: true }]),
  ]);
  const id = await rig.install(connector);
  expect(await hint(rig, id, 'contacts', 'k1', ['1', '2'])).toBe(1);
  expect(await hint(rig, id, 'contacts', 'k1', ['1', '2'])).toBe(0);
  await hint(rig, id, 'contacts', 'k2', ['2']);
  await hint(rig, id, 'deals', 'k3');
  await hint(rig, id, 'removed', 'k4');
  await rig.run(id);
  expect(asked).toEqual([['1', '2']]);
  // The stream that failed keeps its hints; one that works, and one that is no more, do not pile up.
  expect(await open(rig)).toEqual(['k1', 'k2']);
  broken = false;
  await rig.run(id);
  expect(await open(rig)).toEqual([]);
});

it('a hint that comes while the run reads is answered by the same run, and a wish of a person stays for the next', async () => {
  const rig = await syncRig(database);
  const asked: unknown[] = [];
  const id: string = await rig.install(
    scriptedConnector('crm', [
      scriptedStream('contacts', 1, (_from, context) => {
        asked.push(context.ids);
        return [
          async () => {
            if (asked.length > 1) return;
            // Received before the run by its clock, stored after the run had asked for hints.
            await hint(rig, id, 'contacts', 'k1', ['1'], start - 1);
            rig.now += 10;
            await database.inWorkspace(rig.workspaceId, (tx) => wantRun(tx, id, rig.now));
          },
          { done: true },
        ];
      }),
    ]),
  );
  await hint(rig, id, 'contacts', 'k0', ['0']);
  await rig.run(id);
  expect(asked).toEqual([['0'], ['1']]);
  expect(await open(rig)).toEqual([]);
  expect(await wishes(rig)).toEqual([{ wanted_at: new Date(start + 10), hinted_at: null }]);
});

it('after a hint nothing is read that nobody asked for', async () => {
  const rig = await syncRig(database);
  const read: string[] = [];
  const stream = (name: string, order: number) =>
    scriptedStream(name, order, () => {
      read.push(name);
      return [{ done: true }];
    });
  const id = await rig.install(scriptedConnector('crm', [stream('contacts', 1), stream('deals', 2)]));
  await rig.run(id);
  read.length = 0;
  rig.now += 1000;
  await hinted(rig, id, 'deals', 'k1');
  const ifAsked = () =>
    syncInstallation(rig.deps, rig.workspaceId, id, new AbortController().signal, { ifAsked: true });
  expect(await ifAsked()).toMatchObject({ kind: 'ran' });
  expect(await wishes(rig)).toEqual([{ wanted_at: null, hinted_at: null }]);
  expect(await ifAsked()).toEqual({ kind: 'idle' });
  expect(read).toEqual(['deals']);
  // A person asks for all of it, hint or not.
  await hinted(rig, id, 'deals', 'k2');
  await database.inWorkspace(rig.workspaceId, (tx) => wantRun(tx, id, rig.now));
  expect(await ifAsked()).toMatchObject({ kind: 'ran' });
  expect(read).toEqual(['deals', 'contacts', 'deals']);
  expect(await ifAsked()).toEqual({ kind: 'idle' });
});

it('a hint whose stream fails waits for the time of the stream, and does not keep the run going', async () => {
  const rig = await syncRig(database);
  let calls = 0;
  const id = await rig.install(
    scriptedConnector('crm', [
      scriptedStream('contacts', 1, () => {
        calls += 1;
        return calls === 1 ? [{ done: true }] : [new ConnectorFault({ kind: 'transient', message: '500' })];
      }),
    ]),
  );
  await rig.run(id);
  rig.now += 1000;
  await hinted(rig, id, 'contacts', 'k1');
  await rig.run(id);
  expect(calls).toBe(2);
  expect(await open(rig)).toEqual(['k1']);
  expect(await wishes(rig)).toEqual([{ wanted_at: null, hinted_at: null }]);
});

it('a hint before the time reads only what it names, and leaves the clock of the rest alone', async () => {
  const rig = await syncRig(database);
  const read: string[] = [];
  const connector = scriptedConnector('crm', [
    scriptedStream('contacts', 1, () => {
      read.push('contacts');
      return [{ done: true }];
    }),
    scriptedStream('deals', 2, () => {
      read.push('deals');
      return [{ done: true }];
    }),
  ]);
  const id = await rig.install(connector);
  await rig.run(id);
  expect(read).toEqual(['contacts', 'deals']);
  const due = await rig.rows('SELECT next_run_at FROM installation WHERE workspace_id = $1');
  rig.now += 1000;
  await hint(rig, id, 'deals', 'k1', ['1'], rig.now);
  await rig.run(id);
  expect(read).toEqual(['contacts', 'deals', 'deals']);
  expect(await rig.rows('SELECT next_run_at FROM installation WHERE workspace_id = $1')).toEqual(due);
  rig.now += 3_600_000;
  await rig.run(id);
  expect(read).toEqual(['contacts', 'deals', 'deals', 'contacts', 'deals']);
});

it('a hint does not wait for the history of another stream: it is answered between two of its pages', async () => {
  const rig = await syncRig(database);
  const order: string[] = [];
  let ask: () => Promise<unknown> = () => Promise.resolve();
  const id: string = await rig.install(
    scriptedConnector('crm', [
      scriptedStream('companies', 1, (_from, context) => {
        order.push(`companies ${context.mode} ${context.ids?.join() ?? ''}`);
        return [{ done: true }];
      }),
      scriptedStream('emails', 2, () => {
        const before = (number: number) => async () => {
          order.push(`emails ${number}`);
          rig.now += 5_000;
          if (number === 1) await ask();
        };
        return [before(1), {}, before(2), {}, before(3), { done: true }];
      }),
      scriptedStream('deals', 3, () => {
        order.push('deals');
        return [{ done: true }];
      }),
    ]),
  );
  ask = async () => {
    await hint(rig, id, 'companies', 'k1', ['7'], rig.now);
    // Its history comes with this very run, and all of it.
    await hint(rig, id, 'deals', 'k2', ['8'], rig.now);
  };
  await rig.run(id);
  // One page is read ahead of the one that is stored.
  expect(order.slice(0, 6)).toEqual([
    'companies backfill ',
    'emails 1',
    'emails 2',
    'companies live 7',
    'emails 3',
    'deals',
  ]);
  expect(await open(rig)).toEqual([]);
});

it('a hint whose stream fails between two pages stays open, and the history goes on', async () => {
  const rig = await syncRig(database);
  let calls = 0;
  const id: string = await rig.install(
    scriptedConnector('crm', [
      scriptedStream('companies', 1, () => {
        calls += 1;
        return calls === 1 ? [{ done: true }] : [new ConnectorFault({ kind: 'transient', message: '500' })];
      }),
      scriptedStream('emails', 2, () => [
        async () => {
          rig.now += 5_000;
          await hint(rig, id, 'companies', 'k1', ['7'], rig.now);
        },
        {},
        { done: true },
      ]),
    ]),
  );
  expect(await rig.run(id)).toMatchObject({ result: { faults: [{ stream: 'companies' }], answered: [] } });
  expect(await open(rig)).toEqual(['k1']);
  expect(
    await rig.rows(
      `SELECT stream FROM stream_state WHERE workspace_id = $1 AND backfill_done_at IS NOT NULL ORDER BY 1`,
    ),
  ).toEqual([{ stream: 'companies' }, { stream: 'emails' }]);
});
