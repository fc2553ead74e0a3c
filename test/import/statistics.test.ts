import { afterAll, beforeAll, expect, it } from 'vitest';
import { importFile } from '@waymark/sync';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('the server knows of the rows before accounts are worked out, so that it finds those of one without reading all', async () => {
  const { workspaceId } = await database.newWorkspace();
  const lines = Array.from({ length: 2000 }, (_, at) =>
    JSON.stringify({
      specversion: '1.0',
      id: String(at),
      source: 'desk',
      type: 'ticket.opened',
      time: '2026-03-01T09:30:00Z',
      subject: `case-${at % 700}`,
      data: { ticket: String(at) },
    }),
  );
  const deps = { database, sealer: database.sealer, now: () => Date.UTC(2026, 5, 1) };
  expect(await importFile(deps, workspaceId, lines)).toMatchObject({ stored: 2000 });
  const [log] = await database.asOwner<{ rows: number }>(
    `SELECT reltuples::float8 AS rows FROM pg_class WHERE relname = 'journey_event'`,
  );
  expect(log?.rows).toBe(2000);
  const plan = await database.asOwner(
    `EXPLAIN SELECT event_id FROM journey_event WHERE workspace_id = $1 AND account_id = $1 AND superseded_at IS NULL`,
    [workspaceId],
  );
  expect(JSON.stringify(plan)).toContain('journey_event_account');
});
