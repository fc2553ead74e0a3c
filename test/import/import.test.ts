import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFile, linesOf, loadAssignments, rematch, type ImportLine } from '@waymark/sync';
import { accounts, factsOf } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const now = Date.UTC(2026, 5, 1);
const line = (fields: Record<string, unknown>): string =>
  JSON.stringify({
    specversion: '1.0',
    source: 'crm',
    type: 'crm.stage_changed',
    time: '2026-03-01T09:30:00Z',
    subject: 'Acme.example',
    data: { to: 'live' },
    ...fields,
  });
let count = 0;
async function workspace() {
  count += 1;
  const { workspaceId } = await database.newWorkspace(`import-${count}`, { ownDomains: ['vendor.example'] });
  const deps = { database, sealer: database.sealer, now: () => now };
  return {
    workspaceId,
    run: (lines: readonly ImportLine[], options = {}) => importFile(deps, workspaceId, lines, options),
    inside: <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) => database.inWorkspace(workspaceId, work),
    log: () =>
      database.asOwner<{ event_id: string; type: string; account_id: string; attributes: Record<string, unknown> }>(
        'SELECT event_id, type, account_id, attributes FROM journey_event WHERE workspace_id = $1 ORDER BY event_id, source_id',
        [workspaceId],
      ),
    forget: async () => {
      for (const table of ['journey_event', 'account', 'assignment', 'account_wake'])
        await database.asOwner(`DELETE FROM ${table} WHERE workspace_id = $1`, [workspaceId]);
    },
    setAside: () =>
      database.asOwner<{ source_id: string; reason: string; detail: string; raw: Buffer; external_id: string }>(
        'SELECT source_id, reason, detail, raw, external_id FROM set_aside WHERE workspace_id = $1 ORDER BY external_id',
        [workspaceId],
      ),
  };
}

describe('importing CloudEvents', () => {
  it('stores each event once, makes its account, and wakes it (I1)', async () => {
    const { run, inside, workspaceId } = await workspace();
    const lines = [line({ id: '1' }), line({ id: '2', time: '2026-03-02T09:30:00Z' }), line({ id: '1' }), '', '  '];
    const first = await run(lines);
    expect(first).toMatchObject({ lines: 3, stored: 2, merged: 1, rejected: 0 });
    expect(first.accounts).toMatchObject({ created: 1, changed: 1 });
    const [account] = await inside((tx) => accounts(tx));
    expect(account).toMatchObject({ name: 'acme.example', domain: 'acme.example', isCustomer: true });
    const facts = await inside((tx) => factsOf(tx, account?.accountId ?? ''));
    expect(facts.map(({ type, occurredAt }) => [type, occurredAt])).toEqual([
      ['crm.stage_changed', Date.UTC(2026, 2, 1, 9, 30)],
      ['crm.stage_changed', Date.UTC(2026, 2, 2, 9, 30)],
    ]);
    const wakes = await database.asOwner('SELECT earliest FROM account_wake WHERE workspace_id = $1', [workspaceId]);
    expect(wakes).toEqual([{ earliest: new Date('2026-03-01T09:30:00Z') }]);

    const again = await run(lines);
    expect(again).toMatchObject({ lines: 3, stored: 0, merged: 3, rejected: 0 });
    expect(again.accounts).toMatchObject({ created: 0, changed: 0 });
  });

  it('rejects with the line and the field, and keeps the line sealed (I9)', async () => {
    const { run, setAside, workspaceId } = await workspace();
    const lines = [
      '{"half',
      '1',
      line({ id: '3', type: 'email.opened' }),
      line({ id: '4', time: 'yesterday' }),
      line({ id: '5', type: 'email.received', data: {} }),
      line({ id: '6', subject: undefined }),
      line({ id: '7' }),
      line({ id: '8', type: 'usage.recorded', data: { metric: 'logins', value: 'many' } }),
      '{"__proto__":{"polluted":true},"specversion":"1.0"}',
      line({ id: '10', subject: 'account:00000000-0000-7000-8000-00000000dead' }),
    ];
    const result = await run(lines);
    expect(result).toMatchObject({ lines: 10, stored: 1, merged: 0, rejected: 9 });
    expect(result.rejections.map(({ line: number, reason }) => [number, reason])).toEqual([
      [1, 'not-json'],
      [2, 'not-an-object'],
      [3, 'unknown-type'],
      [4, 'invalid'],
      [5, 'invalid'],
      [6, 'invalid'],
      [8, 'invalid'],
      [9, 'unsafe-key'],
      [10, 'unknown-account'],
    ]);
    expect(result.rejections[3]?.detail).toContain('time: give a time as in');
    expect(result.rejections[4]?.detail).toBe('data.from: email.received needs it');
    expect(result.rejections[6]?.detail).toContain('data.value:');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    await run(lines);
    const kept = await setAside();
    expect(kept).toHaveLength(9);
    const opened = await Promise.all(
      kept.map((one) => database.sealer.open(workspaceId, '', `set_aside:${one.source_id}`, one.raw)),
    );
    expect(opened.toSorted()).toEqual(lines.filter((_, at) => at !== 6).toSorted());
  });

  it('stores what PostgreSQL cannot hold as text, and can give it back', async () => {
    const { run, log } = await workspace();
    const hard = `{"specversion":"1.0","id":"n","source":"crm","type":"deal.lost","time":"2026-03-01T00:00:00Z","subject":"42","data":{"name":"cut \\ud83d","note":"a\\u0000b","path":"C:\\\\u0000"}}`;
    const result = await run([hard, line({ id: 'a\0b' }), line({ id: 'tab\tand\\n', data: { to: 'a\tb\n\\N' } })]);
    expect(result).toMatchObject({ stored: 2, rejected: 1, reasons: { invalid: 1 } });
    const rows = await log();
    const lost = rows.find((row) => row.type === 'deal.lost');
    expect(lost?.attributes).toMatchObject({
      name: 'cut \ufffd',
      note: 'ab',
      path: 'C:\\u0000',
      cloudevent: { line: hard },
    });
    expect(rows.find((row) => row.type !== 'deal.lost')?.attributes).toMatchObject({ to: 'a\tb\n\\N' });
  });

  it('reads bytes with a mark, CRLF, giant and broken lines in bounded memory', async () => {
    const { run } = await workspace();
    async function* bytes() {
      yield Buffer.from('\ufeff');
      yield Buffer.from(`${line({ id: 'ä1' })}\r\n`);
      yield Buffer.from('{"data":"');
      for (let at = 0; at < 40; at += 1) yield Buffer.alloc(100_000, 120);
      yield Buffer.from(`"}\n${line({ id: '2' }).slice(0, 20)}`);
      yield Buffer.from(`${line({ id: '2' }).slice(20)}\n`);
      yield Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}\r\n\r\n')]);
      yield Buffer.from(`${'['.repeat(5000)}\n`);
      yield Buffer.from(line({ id: '3' }));
    }
    const blocks: ImportLine[] = [];
    for await (const block of linesOf(bytes())) blocks.push(...block);
    const result = await run(blocks);
    expect(result).toMatchObject({ lines: 6, stored: 3, rejected: 3 });
    expect(result.rejections.map(({ line: number, reason }) => [number, reason])).toEqual([
      [2, 'too-long'],
      [4, 'not-utf8'],
      [6, 'too-deep'],
    ]);
  });

  it('the same lines in any order and batch size give the same log, conflicting ids included (I3)', async () => {
    const lines = [
      ...Array.from({ length: 40 }, (_, at) =>
        line({ id: String(at % 30), subject: `c${at % 7}.example`, data: { to: `s${at % 4}` } }),
      ),
      line({ id: 'm', type: 'email.received', data: { from: 'Ana <ANA@c1.example>', messageId: '<x@c1.example>' } }),
      line({ id: 'n', type: 'email.received', data: { from: 'ana@c1.example', messageId: 'x@C1.example' } }),
    ];
    const answers = [];
    const { run, inside, forget } = await workspace();
    for (const [order, batchRows] of [
      [lines, 1000],
      [lines.toReversed(), 7],
      [lines, 1],
    ] as const) {
      await run(order, { batchRows });
      const all: unknown[] = [];
      await inside(async (tx) => {
        for (const one of await accounts(tx)) all.push([one.name, await factsOf(tx, one.accountId)]);
      });
      answers.push(JSON.stringify(all));
      await forget();
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('email.received');
  });

  it('matching again leaves imported events with the account that their line names', async () => {
    const { run, inside, log } = await workspace();
    await run([
      line({ id: '1', subject: 'CRM-77' }),
      line({ id: '2', subject: 'acme.example', type: 'email.received', data: { from: 'ana@other.example' } }),
      line({ id: '3', subject: 'eu.acme.example', type: 'chat.received', data: { from: 'ben@acme.example' } }),
    ]);
    const before = await log();
    expect(new Set(before.map((row) => row.account_id)).size).toBe(3);
    const scope = { accountIds: before.map((row) => row.account_id) };
    expect(await inside(async (tx) => rematch(tx, await loadAssignments(tx), scope, undefined))).toEqual([]);
    expect(await log()).toEqual(before);
  });

  it('runs that overlap, or are cut off, leave each event once (I1)', async () => {
    const { run, log } = await workspace();
    const lines = Array.from({ length: 300 }, (_, at) => line({ id: String(at), subject: `c${at % 9}.example` }));
    const stop = new AbortController();
    const cut = run(lines, { batchRows: 50, signal: stop.signal, onProgress: () => stop.abort(new Error('cut')) });
    await expect(cut).rejects.toThrow('cut');
    const both = await Promise.all([run(lines, { batchRows: 64 }), run(lines.toReversed(), { batchRows: 50 })]);
    expect(both[0].stored + both[1].stored).toBeGreaterThan(0);
    expect(await log()).toHaveLength(300);
  });
});
