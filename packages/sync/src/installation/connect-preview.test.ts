import { setStatus } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptPreview, previewInstallation } from './connect-preview.ts';
import { exclude } from '../matching/exclusions.ts';
import { rowsOfAll } from '../testing/all-rows.ts';
import { company, mail, scriptedConnector, scriptedStream, type ScriptedRecord } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const from = (id: string, sender: string): ScriptedRecord => ({
  id,
  version: '1',
  events: [mail(id, start - day, sender, 'csm@vendor.example')],
});

it('says what would be kept and dropped before anything is stored; nothing is read before it is accepted', async () => {
  const rig = await syncRig(database);
  const companies = [{ id: 'c1', version: '1', entities: [company('c1', ['acme.example'])] }];
  await rig.run(
    await rig.install(
      scriptedConnector('crm', [scriptedStream('companies', 1, () => [{ records: companies, done: true }])]),
    ),
  );
  await rig.fold();
  const robot = { ...mail('m5', start - day, 'news@tool.example', 'csm@vendor.example'), automated: true };
  const among = {
    ...mail('m6', start - day, 'csm@vendor.example', 'boss@vendor.example'),
    type: 'email.internal' as const,
    direction: 'internal' as const,
  };
  const inbox: readonly ScriptedRecord[] = [
    from('m1', 'ann@acme.example'),
    from('m2', 'bob@acme.example'),
    from('m3', 'x@lawyers.example'),
    from('m4', 'free@gmail.com'),
    { id: 'm5', version: '1', events: [robot] },
    { id: 'm6', version: '1', events: [among] },
    { id: 'm7', version: '1', ignored: 'spam' },
    { id: 'm8', version: '1', throws: 'unreadable' },
    ...Array.from({ length: 30 }, (_, at) => from(`n${at}`, 'ann@acme.example')),
  ];
  const box = scriptedConnector('mailbox', [
    scriptedStream('messages', 1, () => [{ records: inbox.slice(0, 20) }, { records: inbox.slice(20), done: true }]),
    { ...scriptedStream('meetings', 2, () => []), scopes: ['calendar'] },
  ]);
  const installationId = await rig.install(box);
  await database.inWorkspace(rig.workspaceId, (tx) => setStatus(tx, installationId, 'preview', 'asked', rig.now));
  const before = await rowsOfAll(database, rig.workspaceId);
  const first = await previewInstallation(rig.deps, rig.workspaceId, installationId, { limit: 10 });
  expect(first).toMatchObject({
    records: 10,
    more: true,
    kept: 9,
    dropped: 1,
    outcomes: { matched: 4, unmatched: 2, automated: 1, internal: 1, 'left out': 1, unreadable: 1 },
    reasons: { domain: 4, 'unknown-domain': 1, 'free-mail': 1, automated: 1, internal: 1, spam: 1, mapping: 1 },
    missing: ['meetings'],
  });
  expect(first.domains[0]).toEqual({ domain: 'acme.example', kept: 4, dropped: 0, reasons: { domain: 4 } });
  // Asked for by a webhook or the clock, it is not read.
  expect(await rig.run(installationId)).toEqual({ kind: 'inactive' });
  expect(await rowsOfAll(database, rig.workspaceId)).toEqual(before);

  const deps = { database, sealer: database.sealer, now: () => rig.now };
  await exclude(deps, rig.workspaceId, { kind: 'domain', value: 'lawyers.example', installationId }, 'admin');
  const second = await previewInstallation(rig.deps, rig.workspaceId, installationId);
  expect(second).toMatchObject({ records: 38, more: false, dropped: 2 });
  expect(second.outcomes).toMatchObject({ excluded: 1 });
  expect(second.domains).toContainEqual({
    domain: 'lawyers.example',
    kept: 0,
    dropped: 1,
    reasons: { excluded_domain: 1 },
  });

  await database.inWorkspace(rig.workspaceId, (tx) => acceptPreview(tx, installationId, 'admin', rig.now));
  await expect(
    database.inWorkspace(rig.workspaceId, (tx) => acceptPreview(tx, installationId, 'admin', rig.now)),
  ).rejects.toMatchObject({ code: 'EXCLUSION' });
  expect(await rig.run(installationId)).toMatchObject({ kind: 'ran' });
  const rows = await rig.rows<{ outcome: string; reason: string | null; n: number }>(
    `SELECT outcome, reason, count(*)::int AS n FROM source_object WHERE workspace_id = $1 AND object = 'messages' GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  // What came is what was told.
  expect(rows).toEqual([
    { outcome: 'ignored', reason: 'excluded_domain', n: 1 },
    { outcome: 'ignored', reason: 'spam', n: 1 },
    { outcome: 'rejected', reason: 'mapping', n: 1 },
    { outcome: 'stored', reason: null, n: 35 },
  ]);
});
