import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockMatching } from './repositories/assignments.ts';
import { rehearse } from './tenancy.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const acme = '018f0000-0000-7000-8000-00000000000a';
const other = '018f0000-0000-7000-8000-00000000000b';

describe('a transaction in a workspace', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.close());

  const add = (workspace: string, row: string): Promise<unknown> =>
    database.inWorkspace(workspace, (tx) =>
      tx.query('INSERT INTO workspace_settings (workspace_id, settings, updated_at) VALUES ($1, $2, $3)', [
        row,
        {},
        new Date(0),
      ]),
    );
  const count = (workspace: string): Promise<number> =>
    database.inWorkspace(workspace, async (tx) => {
      const { rows } = await tx.query<{ n: number }>(
        'SELECT count(*) AS n FROM workspace_settings WHERE workspace_id = $1',
        [acme],
      );
      return rows[0]?.n ?? -1;
    });

  it('R1: shows and takes only its own rows', async () => {
    await add(acme, acme);
    expect(await count(acme)).toBe(1);
    expect(await count(other)).toBe(0);
    await expect(add(other, acme)).rejects.toMatchObject({ code: '42501' });
  });

  it('R3: leaves nothing on the connection', async () => {
    const { rows } = await database.app.query(
      `SELECT coalesce(current_setting('app.workspace', true), '') AS left_over`,
    );
    expect(rows[0].left_over).toBe('');
  });

  it('R23: refuses a call without a workspace', async () => {
    await expect(count('')).rejects.toMatchObject({ code: 'workspace_missing' });
    await expect(count(`${acme}' OR true --`)).rejects.toMatchObject({ code: 'workspace_missing' });
  });

  it('rolls back what threw', async () => {
    const failed = database.inWorkspace(other, async (tx) => {
      await tx.query('INSERT INTO workspace_settings (workspace_id, settings, updated_at) VALUES ($1, $2, $3)', [
        other,
        {},
        new Date(0),
      ]);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    const rows = await database.asOwner('SELECT 1 FROM workspace_settings WHERE workspace_id = $1', [other]);
    expect(rows).toEqual([]);
  });

  it('repeats the work after a serialization failure, only when told', async () => {
    for (const [retry, runs] of [
      [true, 3],
      [false, 1],
    ] as const) {
      let tries = 0;
      const work = database.inWorkspace(
        acme,
        async () => {
          tries += 1;
          if (tries < 3) throw Object.assign(new Error('deadlock'), { code: '40P01' });
        },
        { retry },
      );
      await work.catch(() => undefined);
      expect(tries).toBe(runs);
    }
  });

  it('refuses a query after its transaction has ended', async () => {
    const late = await database.inWorkspace(acme, async (tx) => () => tx.query('SELECT 1'));
    await expect(late()).rejects.toMatchObject({ code: 'workspace_missing' });
  });

  it('has the turn of matching again after a rehearsal that took it back', async () => {
    await database.inWorkspace(acme, async (tx) => {
      const held = async () => {
        const { rows } = await tx.query<{ n: number }>(
          `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`,
        );
        return rows[0]?.n;
      };
      await rehearse(tx, (inner) => lockMatching(inner));
      expect(await held()).toBe(0);
      await lockMatching(tx);
      expect(await held()).toBe(1);
      await rehearse(tx, (inner) => lockMatching(inner));
      expect(await held()).toBe(1);
    });
  });

  it('control: a statement that breaks a rule of distribution is refused in tests', async () => {
    const run = (text: string, values: readonly unknown[] = []): Promise<unknown> =>
      database.inWorkspace(acme, (tx) => tx.query(text, values));
    await expect(run('SELECT settings FROM workspace_settings')).rejects.toThrow(/^S2/);
    await expect(run('SELECT waymark_enter($1)', [other])).rejects.toThrow(/^S7/);
    await expect(
      database.global((tx) => tx.query('SELECT 1 FROM account WHERE workspace_id = $1', [acme])),
    ).rejects.toThrow(/^S1/);
    await expect(database.inWorkspace(acme, (tx) => tx.client.query('SELECT name FROM account'))).rejects.toThrow(
      /^S2/,
    );
  });
});
