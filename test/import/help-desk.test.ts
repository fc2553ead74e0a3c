import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { activateDefinition, checkpoints } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { foldDue, importFile, journeyFromStages, noPoint, replayWorkspace } from '@waymark/sync';
import { randomOf } from '../bench/history.ts';

/** A real help-desk log that is not part of the project; without the folder the test is skipped. */
const folder = process.env['WAYMARK_DATA_DIR'];
if (folder === undefined) console.warn('Set WAYMARK_DATA_DIR to a folder with eventlogs/helpdesk.csv to import it.');

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const now = Date.UTC(2026, 5, 1);

/** The log's rows (case, activity, time without a zone, taken as UTC) as CloudEvents. */
function linesOfLog(csv: string): readonly string[] {
  return csv
    .split('\n')
    .slice(1)
    .filter((row) => row.trim() !== '')
    .map((row, at) => {
      const [caseId, activity, time] = row.trim().split(',');
      return JSON.stringify({
        specversion: '1.0',
        id: `row-${at + 1}`,
        source: 'helpdesk',
        type: 'crm.stage_changed',
        time: `${time?.replace(' ', 'T')}Z`,
        subject: `case-${caseId}.helpdesk.example`,
        data: { to: activity },
      });
    });
}

it.skipIf(folder === undefined)(
  'the help-desk log is stored once and gives one state in any order (I1, I3)',
  { timeout: 600_000 },
  async () => {
    const lines = linesOfLog(await readFile(join(folder ?? '', 'eventlogs/helpdesk.csv'), 'utf8'));
    const { workspaceId } = await database.newWorkspace('helpdesk');
    const source = await readFile(templateFile('nine-stages'), 'utf8');
    const { definition, digest } = compileJourney(parseDefinition(source, 'nine-stages.yaml'));
    const stored = { journey: definition.id, digest, version: definition.version, source };
    await database.inWorkspace(workspaceId, (tx) => activateDefinition(tx, stored, 'test', now));
    const afterFold = () => Promise.resolve();
    const deps = { database, sealer: database.sealer, now: () => now, afterFold };
    const state = async () => {
      const rest = { database, workspaceId, now: () => now, point: noPoint, afterFold };
      for (let done = 1; done > 0;) done = await foldDue(rest);
      const folded = await database.inWorkspace(workspaceId, (tx) => checkpoints(tx));
      const hash = createHash('sha256');
      for (const one of folded) hash.update(`${one.accountId} ${one.digest}\n`);
      return { accounts: folded.length, digest: hash.digest('hex') };
    };
    const replay = async () => {
      const stored = await replayWorkspace(database, workspaceId, { now });
      const journey = await database.inWorkspace(workspaceId, (tx) => journeyFromStages(tx, 'crm.stage_changed'));
      const found = await replayWorkspace(database, workspaceId, { now, journey });
      return { stored, found };
    };
    const first = await importFile(deps, workspaceId, lines);
    expect(first).toMatchObject({ lines: lines.length, stored: lines.length, merged: 0, rejected: 0 });
    expect(first.accounts.folded).toBe(first.accounts.created);
    const inOrder = await state();
    expect(inOrder.accounts).toBe(first.accounts.created);
    const replayed = await replay();
    expect(replayed.stored).toMatchObject({ events: lines.length, differences: [] });
    expect(replayed.found.transitions).toBeGreaterThan(inOrder.accounts);
    const second = await importFile(deps, workspaceId, lines);
    expect(second).toMatchObject({
      stored: 0,
      merged: lines.length,
      rejected: 0,
      accounts: { created: 0, changed: 0 },
    });

    for (const table of [
      'journey_event',
      'account',
      'assignment',
      'account_wake',
      'engine_state',
      'stage_period',
      'flag',
    ])
      await database.asOwner(`DELETE FROM ${table} WHERE workspace_id = $1`, [workspaceId]);
    const random = randomOf(11);
    const shuffled = lines.map((line) => ({ line, at: random() })).sort((a, b) => a.at - b.at);
    const third = await importFile(
      deps,
      workspaceId,
      shuffled.map(({ line }) => line),
      { batchRows: 1500 },
    );
    expect(third).toMatchObject({ stored: lines.length, accounts: { folded: first.accounts.folded } });
    expect(await state()).toEqual(inOrder);
    expect(await replay()).toEqual(replayed);
    console.info(
      `${first.lines} lines: ${first.stored} stored, ${first.accounts.created} accounts (${first.accounts.folded} folded by the import); ` +
        `again: ${second.stored} stored, ${second.merged} merged; shuffled: ${third.accounts.folded} folded by the import; state ${inOrder.digest.slice(0, 16)}; ` +
        `replay by its own stages: ${replayed.found.transitions} stage changes, digest ${replayed.found.digest.slice(0, 16)}`,
    );
  },
);
