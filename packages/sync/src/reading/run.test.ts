import { ConnectorFault, type Session } from '@waymark/connector-kit';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { events, live, mailbox, once, record, state } from '../testing/run-records.ts';
import { scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

describe('a page and its cursor', () => {
  it('I1, I2: are stored together, once, however often the page comes', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(once({ records: [record('m1'), record('m2')] }, { records: [record('m1')] })));
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [], records: 3 } });
    await rig.run(id);
    expect(await events(rig)).toHaveLength(2);
    expect(await state(rig)).toMatchObject([{ stream: 'messages', cursor: 4 }]);
  });

  it('I2, A10: a failure between them stores neither', async () => {
    let fail = true;
    const rig = await syncRig(database, {
      point: (name) => (fail && name === 'page-stored' ? Promise.reject(new Error('killed')) : Promise.resolve()),
    });
    const id = await rig.install(mailbox(once({ records: [record('m1')] })));
    await rig.run(id);
    expect(await events(rig)).toEqual([]);
    expect(await state(rig)).toMatchObject([{ cursor: null, fault: { kind: 'transient' } }]);
    fail = false;
    await rig.run(id);
    expect(await live(rig)).toEqual([['m1', null]]);
  });

  it('A14, A15: a worker whose lease was taken stores nothing, and does not touch the other’s', async () => {
    const rig = await syncRig(database);
    let taken: unknown;
    const steal = async () => {
      if (taken !== undefined) return;
      taken = true;
      rig.now += 120_000;
      taken = await rig.run(id);
    };
    const id = await rig.install(mailbox(() => [steal, { records: [record('m1')], done: true }]));
    expect(await rig.run(id)).toEqual({ kind: 'lost' });
    expect(taken).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await events(rig)).toHaveLength(1);
  });

  it.each([
    ['a cursor', 'UPDATE stream_state SET cursor_version = cursor_version + 1 WHERE workspace_id = $1'],
    ['a lease', 'UPDATE installation SET lease_fence = lease_fence + 1 WHERE workspace_id = $1'],
  ])('A15, R10: %s that moved under a run ends it without its page', async (_what, statement) => {
    const rig = await syncRig(database);
    const move = async () => {
      await database.asOwner(statement, [rig.workspaceId]);
    };
    const id = await rig.install(mailbox(() => [move, { records: [record('m1')], done: true }]));
    expect(await rig.run(id)).toEqual({ kind: 'lost' });
    expect(await events(rig)).toEqual([]);
  });

  it('A14: two workers on one installation: one runs', async () => {
    const rig = await syncRig(database);
    let second: unknown;
    const id = await rig.install(
      mailbox(() => [
        async () => {
          second ??= await rig.run(id);
        },
        { records: [record('m1')], done: true },
      ]),
    );
    expect(await rig.run(id)).toMatchObject({ kind: 'ran' });
    expect(second).toEqual({ kind: 'busy' });
  });

  it('A14: a lost heartbeat ends the run', async () => {
    const points: string[] = [];
    const rig = await syncRig(database, { point: (name) => Promise.resolve(void points.push(name)) });
    rig.deps = { ...rig.deps, leaseMs: 60 };
    const stopped = Promise.withResolvers<void>();
    const connect = (session: Session) => {
      session.signal.addEventListener('abort', () => stopped.resolve());
      return Promise.resolve({});
    };
    const losing = async () => {
      await database.asOwner('UPDATE installation SET lease_fence = lease_fence + 1 WHERE workspace_id = $1', [
        rig.workspaceId,
      ]);
      // The next heartbeat finds out; how long that takes is the machine's affair.
      await stopped.promise;
    };
    const pages = scriptedStream('messages', 10, () => [losing, { records: [record('m1')], done: true }]);
    const id = await rig.install(scriptedConnector('mailbox', [pages], { connect }));
    expect(await rig.run(id)).toEqual({ kind: 'lost' });
    expect(points).not.toContain('page-read');
  });

  it('A4: a reading without its last page is a fault, and nothing is healed by it', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(mailbox(() => [{ records: [record('m1')] }]));
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [{ fault: { kind: 'transient' } }] } });
    expect(await live(rig)).toEqual([['m1', null]]);
  });
});

describe('faults', () => {
  const fault = (kind: 'auth-revoked' | 'transient', more = {}) => new ConnectorFault({ kind, message: kind, ...more });
  const twoStreams = (first: Parameters<typeof scriptedStream>[2], more = {}) =>
    scriptedConnector('two', [
      scriptedStream('contacts', 1, first, more),
      scriptedStream('messages', 2, once({ records: [record('m1')] })),
    ]);

  it('D13: a stream without its scope is paused, the others run', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(twoStreams(once({}), { scopes: ['contacts.read'] }));
    expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await state(rig)).toMatchObject([
      { paused_reason: expect.stringContaining('contacts.read') },
      { paused_reason: null },
    ]);
    expect(await live(rig)).toHaveLength(1);
  });

  it('D13: a stream whose object the user may not see is paused, and looked at again no sooner than the others', async () => {
    const rig = await syncRig(database);
    const hidden = new ConnectorFault({ kind: 'scope-missing', message: 'Give it Read on Case.' });
    const id = await rig.install(twoStreams(() => [hidden]));
    const due = async () => {
      await rig.run(id);
      const [row] = await rig.rows('SELECT next_run_at FROM installation WHERE workspace_id = $1');
      return row;
    };
    const paused = await due();
    expect(await state(rig)).toMatchObject([{ paused_reason: 'Give it Read on Case.' }, { paused_reason: null }]);
    rig.use(twoStreams(once({})));
    expect(await due()).toEqual(paused);
    rig.use(twoStreams(() => [fault('transient')]));
    expect(await due()).not.toEqual(paused);
  });

  it('a fault of one stream does not stop the others; a dead grant and a used up quota do', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(twoStreams(() => [fault('transient')]));
    expect(await rig.run(id)).toMatchObject({ result: { faults: [{ stream: 'contacts' }], records: 1 } });
    rig.use(twoStreams(() => [fault('auth-revoked')]));
    expect(await rig.run(id)).toMatchObject({ result: { faults: [{ fault: { kind: 'auth-revoked' } }], records: 0 } });
    rig.use(
      twoStreams(() => [new ConnectorFault({ kind: 'quota-exhausted', message: 'daily', resumeAt: start + day })]),
    );
    expect(await rig.run(id)).toMatchObject({ result: { resumeAt: start + day, records: 0 } });
    expect(await rig.rows('SELECT resume_at FROM installation WHERE workspace_id = $1')).toEqual([
      { resume_at: new Date(start + day) },
    ]);
  });

  it('F1: a provider that asks to be left alone for long is left alone', async () => {
    const rig = await syncRig(database);
    const id = await rig.install(
      twoStreams(() => [new ConnectorFault({ kind: 'rate-limited', message: 'slow', retryAfterMs: 3_600_000 })]),
    );
    await rig.run(id);
    expect(await rig.rows('SELECT resume_at FROM installation WHERE workspace_id = $1')).toEqual([
      { resume_at: new Date(start + 3_600_000) },
    ]);
  });

  it('a provider that lets nobody in is a fault of every stream, not an error', async () => {
    const rig = await syncRig(database);
    const closed = { ...twoStreams(once({})), connect: () => Promise.reject(fault('auth-revoked')) };
    const id = await rig.install(closed);
    expect(await rig.run(id)).toMatchObject({
      kind: 'ran',
      result: { faults: [{ fault: { kind: 'auth-revoked' } }, {}] },
    });
    expect((await state(rig)).map((one) => one.fault?.kind)).toEqual(['auth-revoked', 'auth-revoked']);
  });

  it('N5: a partition that is listed no more is forgotten, so that it opens no gap', async () => {
    const rig = await syncRig(database);
    const partitions = (...ids: string[]) => ({
      partitions: () => Promise.resolve(ids.map((id) => ({ id, label: id }))),
    });
    const id = await rig.install(mailbox(once({}), partitions('a', 'b')));
    await rig.run(id);
    rig.use(mailbox(once({}), partitions('b')));
    await rig.run(id);
    expect((await state(rig)).map((one) => one.partition)).toEqual(['b']);
  });
});
