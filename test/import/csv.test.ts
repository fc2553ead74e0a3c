import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { csvLines, importFile, parseCsvMapping, type CsvMapping, type ImportOptions } from '@waymark/sync';

/** Real tables that are not part of the project; without the folder their tests are skipped. */
const folder = process.env['WAYMARK_DATA_DIR'];
if (folder === undefined)
  console.warn(
    'Set WAYMARK_DATA_DIR to a folder with eventlogs/helpdesk.csv and maven/sales_pipeline.csv to import them.',
  );

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const now = Date.UTC(2026, 5, 1);

const importer = (workspaceId: string) => {
  const deps = { database, sealer: database.sealer, now: () => now, afterFold: () => Promise.resolve() };
  return (chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, mapping: CsvMapping, options: ImportOptions = {}) =>
    importFile(deps, workspaceId, csvLines(chunks, mapping), options);
};
const count = async (table: string, workspaceId: string) => {
  const rows = await database.asOwner(`SELECT count(*)::int AS n FROM ${table} WHERE workspace_id = $1`, [workspaceId]);
  return Number(rows[0]?.['n']);
};

const tickets = parseCsvMapping(`
source: desk
zone: UTC
events:
  - { type: ticket.opened, id: '{Case}-o', time: '{Opened}', subject: '{Account}', data: { ticket: '{Case}' } }
  - { type: ticket.solved, id: '{Case}-s', needs: [Solved], time: '{Solved}', subject: '{Account}', data: { ticket: '{Case}' } }
`);
const table = `Case,Account,Opened,Solved
1,fjord.example,2026-03-01 10:00,2026-03-02 10:00
2,fjord.example,yesterday,
3,lumen.example,2026-03-03 10:00,
3,lumen.example,2026-03-03 10:00,
4,,2026-03-03 10:00,
`;

describe('a dry run', () => {
  it('tells what an import would do, and stores nothing', async () => {
    const { workspaceId } = await database.newWorkspace('csv-dry');
    const run = importer(workspaceId);
    const dry = await run([Buffer.from(table)], tickets, { dryRun: true });
    expect(dry).toMatchObject({
      lines: 6,
      stored: 3,
      merged: 1,
      rejected: 2,
      accounts: { created: 2, made: ['fjord.example', 'lumen.example'] },
      types: { 'ticket.opened': 3, 'ticket.solved': 1 },
      reasons: { 'bad-cell': 2 },
      rejections: [
        { line: 3, reason: 'bad-cell', detail: expect.stringContaining('time') },
        { line: 6, reason: 'bad-cell', detail: 'subject: there is nothing in {Account}' },
      ],
    });
    for (const each of ['journey_event', 'account', 'assignment', 'set_aside', 'account_wake'])
      expect(await count(each, workspaceId), each).toBe(0);

    const real = await run([Buffer.from(table)], tickets);
    const { stored, merged, rejected, types, reasons, rejections } = real;
    expect({ stored, merged, rejected, types, reasons, rejections }).toEqual({
      stored: dry.stored,
      merged: dry.merged,
      rejected: dry.rejected,
      types: dry.types,
      reasons: dry.reasons,
      rejections: dry.rejections,
    });
    expect(real.accounts.made).toEqual(dry.accounts.made);
    expect(await count('set_aside', workspaceId)).toBe(2);
    expect(await run([Buffer.from(table)], tickets, { dryRun: true })).toMatchObject({
      stored: 0,
      merged: 4,
      accounts: { created: 0 },
    });
  });

  it('of many transactions counts what the file itself repeats once', async () => {
    const { workspaceId } = await database.newWorkspace('csv-dry-batches');
    const run = importer(workspaceId);
    const body = Array.from({ length: 5000 }, (_, at) => `${at % 2500},a${at % 40}.example,2026-03-01 10:00,`).join(
      '\n',
    );
    const file = [Buffer.from(`Case,Account,Opened,Solved\n${body}`)];
    const dry = await run(file, tickets, { dryRun: true, batchRows: 700 });
    const real = await run(file, tickets, { batchRows: 700 });
    expect(dry).toMatchObject({ stored: 2500, merged: 2500, accounts: { created: 40 } });
    expect(real).toMatchObject({ stored: dry.stored, merged: dry.merged, accounts: { created: dry.accounts.created } });
  });
});

it('I9: what is set aside of a row is the row itself', async () => {
  const { workspaceId } = await database.newWorkspace('csv-aside');
  await importer(workspaceId)([Buffer.from(table)], tickets);
  const kept = await database.asOwner(
    'SELECT source_id, external_id, raw FROM set_aside WHERE workspace_id = $1 ORDER BY external_id',
    [workspaceId],
  );
  const opened = await Promise.all(
    kept.map(async (row) => {
      const sealed = row['raw'];
      if (!(sealed instanceof Uint8Array)) throw new Error('a row that is set aside is sealed');
      const field = `set_aside:${String(row['source_id'])}`;
      const raw = await database.sealer.open(workspaceId, '', field, Buffer.from(sealed));
      return [row['external_id'], Buffer.from(raw).toString()];
    }),
  );
  expect(opened).toEqual([
    ['line 3', '2,fjord.example,yesterday,'],
    ['line 6', '4,,2026-03-03 10:00,'],
  ]);
});

describe.skipIf(folder === undefined)('real tables', () => {
  it('a help-desk log of 13,710 rows by the mapping of the documentation', { timeout: 300_000 }, async () => {
    const { workspaceId } = await database.newWorkspace('csv-helpdesk');
    const mapping = parseCsvMapping(`
source: helpdesk
zone: UTC
events:
  - type: crm.stage_changed
    id: '{#row}'
    time: { from: '{CompleteTimestamp}', format: 'yyyy-MM-dd HH:mm:ss' }
    subject: 'case-{CaseID}.helpdesk.example'
    data: { to: '{ActivityID}' }
`);
    const run = importer(workspaceId);
    const file = () => createReadStream(join(folder ?? '', 'eventlogs/helpdesk.csv'));
    const dry = await run(file(), mapping, { dryRun: true });
    const first = await run(file(), mapping);
    expect(first).toMatchObject({ lines: 13_710, stored: 13_710, merged: 0, rejected: 0 });
    expect(dry).toMatchObject({ stored: 13_710, rejected: 0, accounts: { created: first.accounts.created } });
    expect(await run(file(), mapping)).toMatchObject({ stored: 0, merged: 13_710, accounts: { created: 0 } });
    console.info(`helpdesk.csv: ${first.stored} stored, ${first.accounts.created} accounts`);
  });

  it(
    'a pipeline of 8,800 deals: created, won and lost, those without a date left out by name',
    { timeout: 300_000 },
    async () => {
      const { workspaceId } = await database.newWorkspace('csv-pipeline');
      const mapping = parseCsvMapping(
        `
source: pipeline
zone: UTC
skip:
  - { deal_stage: Prospecting }
  - { account: '' }
events:
  - type: deal.created
    id: '{opportunity_id}-created'
    time: '{engage_date}'
    subject: '{account}'
    data: { dealId: '{opportunity_id}', name: '{product}' }
  - type: { from: '{deal_stage}', values: { Won: deal.won, Lost: deal.lost } }
    id: '{opportunity_id}-closed'
    needs: [close_date]
    when: { deal_stage: [Won, Lost] }
    time: '{close_date}'
    subject: '{account}'
    data: { dealId: '{opportunity_id}', name: '{product}', amount: { from: '{close_value}', number: true } }
`,
      );
      const file = () => createReadStream(join(folder ?? '', 'maven/sales_pipeline.csv'));
      let rows = { rows: 0, skipped: 0 };
      const deps = { database, sealer: database.sealer, now: () => now };
      const result = await importFile(
        deps,
        workspaceId,
        csvLines(file(), mapping, (counts) => (rows = { ...counts })),
      );
      expect(rows.rows).toBe(8800);
      expect(result.rejections).toEqual([]);
      expect(result.lines).toBe(
        (result.types['deal.created'] ?? 0) + (result.types['deal.won'] ?? 0) + (result.types['deal.lost'] ?? 0),
      );
      expect(result.types['deal.created']).toBe(rows.rows - rows.skipped);
      console.info(
        `sales_pipeline.csv: ${rows.rows} rows, ${rows.skipped} left out, ${JSON.stringify(result.types)}, ${result.accounts.created} accounts`,
      );
    },
  );
});
