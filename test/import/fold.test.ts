import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { activateDefinition, checkpoints, flags, stagePeriods } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { foldDue, importFile, noPoint } from '@waymark/sync';
import { historyLines, randomOf } from '../bench/history.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const now = Date.UTC(2026, 5, 1);
const lines = [...historyLines({ events: 3000, accounts: 12, until: now })];

/** Lines in an order of their own, some of them twice. */
function shuffled(seed: number): readonly string[] {
  const random = randomOf(seed);
  const doubled = [...lines, ...lines.filter(() => random() < 0.1)];
  return doubled
    .map((line) => ({ line, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ line }) => line);
}

it(
  'accounts folded along the way, from the log, or in any order have one answer (I3)',
  { timeout: 120_000 },
  async () => {
    const { workspaceId } = await database.newWorkspace('fold', { ownDomains: ['vendor.example'] });
    const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) => database.inWorkspace(workspaceId, work);
    const source = await readFile(templateFile('nine-stages'), 'utf8');
    const { definition, digest } = compileJourney(parseDefinition(source, 'nine-stages.yaml'));
    const stored = { journey: definition.id, digest, version: definition.version, source };
    await inside((tx) => activateDefinition(tx, stored, 'test', now));
    const afterFold = () => Promise.resolve();
    const answer = async () => {
      const rest: number[] = [];
      for (let done = 1; done > 0; rest.push(done))
        done = await foldDue({ database, workspaceId, now: () => now, point: noPoint, afterFold });
      const said = await inside(async (tx) => ({
        digests: (await checkpoints(tx)).map((one) => [one.accountId, one.digest, one.stage, one.nextChangeAt]),
        periods: (await stagePeriods(tx)).map(({ periodId: _id, ...period }) => period),
        flags: (await flags(tx)).map(({ generation: _generation, ...flag }) => flag),
      }));
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
      const order = (each: unknown, other: unknown) => (JSON.stringify(each) < JSON.stringify(other) ? -1 : 1);
      return {
        rest: rest[0],
        said: { ...said, periods: said.periods.toSorted(order), flags: said.flags.toSorted(order) },
      };
    };
    const deps = { database, sealer: database.sealer, now: () => now };
    const plain = await importFile(deps, workspaceId, lines, { batchRows: 700 });
    expect(plain.accounts).toMatchObject({ created: 12, changed: 12, folded: 0 });
    const fromLog = await answer();
    expect(fromLog.rest).toBe(12);
    expect(fromLog.said.digests).toHaveLength(12);

    const along = await importFile({ ...deps, afterFold }, workspaceId, lines, { batchRows: 700, foldEvery: 500 });
    expect(along.accounts.folded).toBe(12);
    const fromHand = await answer();
    expect(fromHand.rest).toBe(0);
    expect(fromHand.said).toEqual(fromLog.said);

    for (const seed of [1, 2]) {
      const mixed = await importFile({ ...deps, afterFold }, workspaceId, shuffled(seed), {
        batchRows: 400 * seed,
        foldEvery: 500,
      });
      // What came out of order is folded at the end, without waiting for anybody.
      expect(mixed.accounts.folded).toBe(12);
      const inAnyOrder = await answer();
      expect(inAnyOrder.rest).toBe(0);
      expect(inAnyOrder.said).toEqual(fromLog.said);
    }
  },
);
