import { afterAll, beforeAll, expect, test } from 'vitest';
import { Gathered } from './gathered.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
let workspaceId: string;

beforeAll(async () => {
  database = await testDatabase();
  ({ workspaceId } = await database.newWorkspace());
});
afterAll(() => database.close());

test('what comes during a commit shares the next transaction, and each piece has its own result', async () => {
  const gathered = new Gathered(database, async (tx, pieces: readonly number[]) => {
    const { rows } = await tx.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
    return pieces.map((piece) => ({ piece, transaction: rows[0]?.id }));
  });
  const seen = await Promise.all(Array.from({ length: 9 }, (_, piece) => gathered.add(workspaceId, piece)));
  expect(seen.map(({ piece }) => piece)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(new Set(seen.map(({ transaction }) => transaction)).size).toBe(2);
});

test('a piece that fails fails alone, and the others are durable', async () => {
  const gathered = new Gathered(database, async (tx, names: readonly (string | null)[]) => {
    for (const name of names) {
      if (name === null) throw new Error('no');
      await tx.query(
        'UPDATE workspace_settings SET settings = settings || jsonb_build_object($2::text, true) WHERE workspace_id = $1',
        [workspaceId, name],
      );
    }
    return names;
  });
  const ended = await Promise.allSettled(['one', 'two', null, 'three'].map((name) => gathered.add(workspaceId, name)));
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  const { rows } = await database.inWorkspace(workspaceId, (tx) =>
    tx.query<{ settings: Record<string, unknown> }>('SELECT settings FROM workspace_settings WHERE workspace_id = $1', [
      workspaceId,
    ]),
  );
  expect(rows[0]?.settings).toMatchObject({ one: true, two: true, three: true });
});
