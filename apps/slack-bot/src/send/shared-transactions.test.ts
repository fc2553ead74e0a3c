import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { SharedTransactions } from './shared-transactions.ts';

let database: TestDatabase;
let workspaceId: string;

beforeAll(async () => {
  database = await testDatabase();
  ({ workspaceId } = await database.newWorkspace());
});
afterAll(() => database.close());

test('what comes during a commit shares the next transaction', async () => {
  const shared = new SharedTransactions(database);
  const seen = await Promise.all(
    Array.from({ length: 9 }, () =>
      shared.run(workspaceId, async (tx) => {
        const { rows } = await tx.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
        return rows[0]?.id;
      }),
    ),
  );
  expect(new Set(seen).size).toBe(2);
});

test('a piece that fails fails alone, and the others are durable', async () => {
  const shared = new SharedTransactions(database);
  const write = (name: string) =>
    shared.run(workspaceId, (tx) =>
      tx.query(
        'UPDATE workspace_settings SET settings = settings || jsonb_build_object($2::text, true) WHERE workspace_id = $1',
        [workspaceId, name],
      ),
    );
  const ended = await Promise.allSettled([
    write('one'),
    write('two'),
    shared.run(workspaceId, () => Promise.reject(new Error('no'))),
    write('three'),
  ]);
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  const { rows } = await database.inWorkspace(workspaceId, (tx) =>
    tx.query<{ settings: Record<string, unknown> }>('SELECT settings FROM workspace_settings WHERE workspace_id = $1', [
      workspaceId,
    ]),
  );
  expect(rows[0]?.settings).toMatchObject({ one: true, two: true, three: true });
});
