import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noteOwnWrites, saveWritebackMapping } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { markEchoes } from './echo.ts';
import type { PreparedRecord } from './prepare.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const property = 'lifecyclestage';
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const stageChange = (externalId: string, to: string, at: number): PreparedRecord => ({
  sourceId: randomUUID(),
  externalId,
  version: '1',
  outcome: 'stored',
  reason: null,
  detail: null,
  raw: '',
  drafts: [
    {
      type: 'crm.stage_changed',
      identity: `crm:1|company|${externalId}|${property}|${at}`,
      occurredAt: at,
      touchpoint: 'crm',
      direction: 'none',
      participants: [],
      automated: false,
      subject: `record:${externalId}`,
      attributes: { property, to },
      rank: 1,
    },
  ],
  entities: [],
  url: null,
  tags: [],
  excludedBy: null,
  contentDigest: '00',
  occurredAt: at,
});

it('marks our own writes that come back, and leaves what a person changed (H1)', async () => {
  const { workspaceId } = await database.newWorkspace('echo');
  const installationId = randomUUID();
  const marked = await database.inWorkspace(workspaceId, async (tx) => {
    await saveWritebackMapping(tx, {
      mappingId: randomUUID(),
      installationId,
      journey: 'lifecycle',
      property,
      values: {},
      allowBackward: false,
      approvedAt: now,
      approvedBy: 'test',
      enabled: true,
      createdAt: now - 3_600_000,
    });
    await noteOwnWrites(tx, [
      { writeId: randomUUID(), installationId, externalId: '1', property, value: 'customer', writtenAt: now },
    ]);
    const records = [
      stageChange('1', 'customer', now + 1000),
      stageChange('1', 'lead', now + 2000),
      stageChange('2', 'customer', now + 1000),
    ];
    const once = await markEchoes(tx, installationId, records);
    // Read again, the answer is the same: the log must not change by it.
    expect(await markEchoes(tx, installationId, records)).toEqual(once);
    return once;
  });
  expect(marked.map((record) => record.drafts[0]?.attributes.echo === true)).toEqual([true, false, false]);
});
