import { ConnectorFault } from '@waymark/connector-kit';
import { addHints, wantRun } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coverageIndex } from '../coverage/coverage.ts';
import { defectOf } from './defect.ts';
import { syncInstallation } from '../installation/installation.ts';
import { mail, scriptedConnector, scriptedStream, type Script } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const down = new ConnectorFault({ kind: 'transient', message: 'down' });
const second = 1000;

async function dueAt(rig: SyncRig): Promise<number> {
  const [row] = await rig.rows<{ next_run_at: Date }>('SELECT next_run_at FROM installation WHERE workspace_id = $1');
  return row?.next_run_at.getTime() ?? 0;
}

describe('a stream that fails', () => {
  const two = (contacts: Script, pulls: string[]) =>
    scriptedConnector('crm', [
      scriptedStream('companies', 1, () => {
        pulls.push('companies');
        return [{ records: [], done: true }];
      }),
      scriptedStream('contacts', 2, (...how) => {
        pulls.push('contacts');
        return contacts(...how);
      }),
    ]);

  it('is tried again later each time, up to a quarter of an hour, while the others keep their own time', async () => {
    const rig = await syncRig(database);
    const pulls: string[] = [];
    const id = await rig.install(two(() => [down], pulls));
    await rig.run(id);
    const pauses: number[] = [];
    let last = rig.now;
    for (let turn = 0; turn < 40; turn += 1) {
      rig.now = await dueAt(rig);
      const before = pulls.filter((one) => one === 'contacts').length;
      await rig.run(id);
      if (pulls.filter((one) => one === 'contacts').length === before) continue;
      pauses.push((rig.now - last) / second);
      last = rig.now;
    }
    expect(pauses.slice(0, 8)).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
    // Five minutes at most between two readings of the stream that is well.
    expect(pulls.filter((one) => one === 'companies').length).toBe(41);
    rig.use(two(() => [{ records: [], done: true }], pulls));
    while (pulls.at(-1) !== 'contacts') {
      rig.now = await dueAt(rig);
      await rig.run(id);
    }
    expect(await rig.rows('SELECT failures, retry_at, fault FROM stream_state WHERE workspace_id = $1')).toEqual([
      { failures: 0, retry_at: null, fault: null },
      { failures: 0, retry_at: null, fault: null },
    ]);
  });

  it('fails in the parts that are known where a provider does not list them for a moment: its history was read all the same', async () => {
    const rig = await syncRig(database);
    const pulls: string[] = [];
    let lists: () => Promise<readonly { id: string; label: string }[]> = () => Promise.reject(down);
    let asked = 0;
    let others = 0;
    const partitions = () => {
      asked += 1;
      return lists();
    };
    const id = await rig.install(
      scriptedConnector('calendar', [
        scriptedStream(
          'events',
          1,
          (_from, _context, partition) => {
            pulls.push(partition);
            return [{ records: [], done: true }];
          },
          { partitions },
        ),
        scriptedStream('people', 2, () => {
          others += 1;
          return [{ records: [], done: true }];
        }),
      ]),
    );
    const parts = () =>
      rig.rows<{ partition: string; failures: number; read: boolean }>(
        "SELECT partition, failures, backfill_done_at IS NOT NULL AS read FROM stream_state WHERE workspace_id = $1 AND stream = 'events' ORDER BY partition",
      );
    const gapsOf = async () => {
      const index = await database.inWorkspace(rig.workspaceId, (tx) => coverageIndex(tx));
      return index({ sources: null, csmEmail: null }).gaps.map((gap) => gap.reason);
    };
    // Before any part is known there is nothing but the stream.
    await rig.run(id);
    expect(await parts()).toEqual([{ partition: '', failures: 1, read: false }]);
    expect(await gapsOf()).toEqual(['The history is still being read.']);

    lists = () => Promise.resolve(['a', 'b'].map((name) => ({ id: name, label: name })));
    rig.now = await dueAt(rig);
    await rig.run(id);
    expect(await gapsOf()).toEqual([]);

    lists = () => Promise.reject(down);
    rig.now = await dueAt(rig);
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [{ fault: { kind: 'transient' } }] } });
    expect(await parts()).toEqual([
      { partition: 'a', failures: 1, read: true },
      { partition: 'b', failures: 1, read: true },
    ]);
    expect(await gapsOf()).toEqual([]);
    // And it is left alone as a whole: while the other stream keeps its time, nobody asks for the list.
    const turns = 20;
    const before = asked;
    for (let turn = 0; turn < turns; turn += 1) {
      rig.now = await dueAt(rig);
      await rig.run(id);
    }
    expect(others).toBe(turns + 3);
    expect(asked - before).toBeLessThan(turns - 5);

    lists = () => Promise.resolve([{ id: 'b', label: 'b' }]);
    while (pulls.length < 3) {
      rig.now = await dueAt(rig);
      await rig.run(id);
    }
    expect(await parts()).toEqual([{ partition: 'b', failures: 0, read: true }]);
    expect(pulls).toEqual(['a', 'b', 'b']);
  });

  it('is tried at once when a hint names it, when a run is wished for, or by hand', async () => {
    const rig = await syncRig(database);
    const pulls: string[] = [];
    const id = await rig.install(two(() => [down], pulls));
    await rig.run(id);
    for (let turn = 0; turn < 8; turn += 1) {
      rig.now = await dueAt(rig);
      await rig.run(id);
    }
    rig.now = await dueAt(rig);
    await rig.run(id);
    rig.now += second;
    const tried = async (how: () => Promise<unknown>) => {
      pulls.length = 0;
      await how();
      return pulls.includes('contacts');
    };
    await database.inWorkspace(rig.workspaceId, (tx) =>
      addHints(tx, [
        { installationId: id, stream: 'contacts', dedupeKey: uuidv7(), externalIds: [], receivedAt: rig.now },
      ]),
    );
    expect(await tried(() => rig.run(id))).toBe(true);
    rig.now = await dueAt(rig);
    await database.inWorkspace(rig.workspaceId, (tx) => wantRun(tx, id, rig.now));
    expect(await tried(() => rig.run(id))).toBe(true);
    const none = new AbortController().signal;
    expect(await tried(() => syncInstallation(rig.deps, rig.workspaceId, id, none, { byHand: true }))).toBe(true);
  });

  it('where nobody is let in, the whole installation waits as long, and the provider is not asked meanwhile', async () => {
    const rig = await syncRig(database);
    let asked = 0;
    const closed = {
      ...two(() => [], []),
      connect: () => {
        asked += 1;
        return Promise.reject(down);
      },
    };
    const id = await rig.install(closed);
    const waits: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      await rig.run(id);
      const due = await dueAt(rig);
      waits.push((due - rig.now) / second);
      rig.now = due;
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
    expect(asked).toBe(7);
  });
});

describe('a slip in a connector', () => {
  const slip = (): never => {
    const nothing: { readonly deep?: { readonly value: string } } = JSON.parse('{}');
    // As a connector in JavaScript would.
    throw new TypeError(`Cannot read properties of ${String(nothing.deep)} (reading 'value')`);
  };

  it('is told as its own, with the place, and not as a provider that is down; the other streams run', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(
      scriptedConnector('crm', [
        scriptedStream('companies', 1, () => slip()),
        scriptedStream('contacts', 2, () => [{ records: [], done: true }]),
      ]),
    );
    expect(await rig.run(id)).toMatchObject({
      result: {
        faults: [
          { stream: 'companies', fault: { kind: 'defect', message: expect.stringMatching(/pauses\.test\.ts:\d+/) } },
        ],
        read: 1,
      },
    });
  });

  it('so is one while it connects; what fetch throws for a failed connection stays a fault of the network', async () => {
    const rig = await syncRig(database);
    const id = await rig.install({
      ...scriptedConnector('crm', [scriptedStream('companies', 1, () => [])]),
      connect: () => slip(),
    });
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [{ fault: { kind: 'defect' } }] } });
    const refused = await fetch('http://127.0.0.1:1').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TypeError);
    expect(defectOf(refused)).toBeUndefined();
    expect(defectOf(new Error('the provider answered 500'))).toBeUndefined();
  });
});

it('I9: a record that was set aside long ago is read again by hand once the connector can read it', async () => {
  const rig = await syncRig(database);
  const asked: number[] = [];
  const box = (broken: boolean) =>
    scriptedConnector('mailbox', [
      scriptedStream('messages', 1, (_from, { since }) => {
        asked.push(since);
        const at = start - 90 * day;
        if (since > at) return [{ done: true }];
        const odd = { id: 'm1', version: '1', events: [mail('m1', at, 'ann@acme.example', 'csm@vendor.example')] };
        return [{ records: [{ ...odd, ...(broken && { throws: 'a form nobody knew' }) }], done: true }];
      }),
    ]);
  const id = await rig.install(box(true));
  await rig.run(id);
  const kept = () => rig.rows('SELECT 1 FROM set_aside WHERE workspace_id = $1');
  expect(await kept()).toHaveLength(1);
  rig.use(box(false));
  rig.now += 25 * 3_600_000;
  const none = new AbortController().signal;
  await syncInstallation(rig.deps, rig.workspaceId, id, none, { againSince: rig.now - 100 * day });
  expect(asked.at(-1)).toBe(rig.now - 100 * day);
  expect(await kept()).toEqual([]);
  expect(await rig.rows('SELECT 1 FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL')).toHaveLength(
    1,
  );
});
