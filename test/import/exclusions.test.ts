import { exclude, importFile } from '@waymark/sync';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const mail = (id: string, from: string, data: object = {}) =>
  JSON.stringify({
    specversion: '1.0',
    source: 'archive',
    id,
    type: 'email.received',
    time: '2026-03-01T09:30:00Z',
    subject: 'acme.example',
    data: { from, ...data },
  });

it('I11: an import keeps nothing of who is excluded, not even of lines that it cannot read; what was imported before is purged', async () => {
  const { workspaceId } = await database.newWorkspace('excluded', { ownDomains: ['vendor.example'] });
  const deps = { database, sealer: database.sealer, now: () => Date.UTC(2026, 5, 1) };
  const lines = [
    mail('1', 'ann@acme.example'),
    mail('2', 'bob@acme.example'),
    mail('3', 'x@lawyers.example'),
    '{"broken": "ann@acme.example',
  ];
  const first = await importFile(deps, workspaceId, lines);
  expect(first).toMatchObject({ stored: 3, rejected: 1 });
  const { receipt } = await exclude(deps, workspaceId, { kind: 'person', value: 'ann@acme.example' }, 'admin');
  expect(receipt.counts).toMatchObject({ events: 1, sightings: 1, setAside: 1 });
  await exclude(deps, workspaceId, { kind: 'domain', value: 'lawyers.example' }, 'admin');
  const again = await importFile(deps, workspaceId, lines);
  expect(again).toMatchObject({ lines: 4, stored: 0, merged: 1, rejected: 3 });
  expect(again.reasons).toEqual({ excluded_domain: 1, excluded_person: 2 });
  const left = await database.asOwner<{ from: string }>(
    `SELECT participants->0->>'address' AS from FROM journey_event WHERE workspace_id = $1`,
    [workspaceId],
  );
  expect(left).toEqual([{ from: 'bob@acme.example' }]);
  expect(await database.asOwner('SELECT 1 FROM set_aside WHERE workspace_id = $1', [workspaceId])).toEqual([]);
});
