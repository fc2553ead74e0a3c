import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { activateDefinition, checkpoints, flags, sourceOutagesInForce, stagePeriods } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { foldDue, importFile, noPoint, type ImportDependencies } from '@waymark/sync';
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

it.each([
  ['while their source is heard', now],
  ['long after their source fell silent', now + 90 * 86_400_000],
] as const)(
  'accounts folded by the import or after it, in any order of lines, have one answer (I3) %s',
  { timeout: 120_000 },
  async (_name, at) => {
    const { workspaceId } = await database.newWorkspace(`fold-${at}`, { ownDomains: ['vendor.example'] });
    const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) => database.inWorkspace(workspaceId, work);
    const source = await readFile(templateFile('nine-stages'), 'utf8');
    const { definition, digest } = compileJourney(parseDefinition(source, 'nine-stages.yaml'));
    const stored = { journey: definition.id, digest, version: definition.version, source };
    await inside((tx) => activateDefinition(tx, stored, 'test', at));
    const afterFold = () => Promise.resolve();
    const answer = async () => {
      const rest: number[] = [];
      for (let done = 1; done > 0; rest.push(done))
        done = await foldDue({ database, workspaceId, now: () => at, point: noPoint, afterFold });
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
    const deps = { database, sealer: database.sealer, now: () => at };
    const plain = await importFile(deps, workspaceId, lines, { batchRows: 700 });
    expect(plain.accounts).toMatchObject({ created: 12, changed: 12, folded: 0 });
    const silent = await inside((tx) => sourceOutagesInForce(tx));
    expect(silent.length > 0).toBe(at > now);
    const fromLog = await answer();
    expect(fromLog.rest).toBe(12);
    expect(fromLog.said.digests).toHaveLength(12);

    const told = { folded: 0, calls: 0 };
    const tell: ImportDependencies['afterFold'] = (_tx, folded) => {
      told.folded += folded.length;
      told.calls += 1;
      return Promise.resolve();
    };
    const atOnce = await importFile({ ...deps, afterFold: tell }, workspaceId, lines, { batchRows: 700 });
    expect(atOnce.accounts.folded).toBe(12);
    // What follows is planned once a transaction: it reads the workspace's surroundings each time.
    expect(told).toEqual({ folded: 12, calls: 1 });
    const byImport = await answer();
    expect(byImport.rest).toBe(0);
    expect(byImport.said).toEqual(fromLog.said);

    // Accounts with much to read share no transaction, so that they are not in memory together.
    const calls: number[] = [];
    for (const foldTogether of [10_000, 600, 20]) {
      told.calls = 0;
      const parted = await importFile({ ...deps, afterFold: tell }, workspaceId, lines, { foldTogether });
      expect(parted.accounts.folded).toBe(12);
      calls.push(told.calls);
      expect((await answer()).said).toEqual(fromLog.said);
    }
    expect(calls).toEqual([1, expect.toSatisfy((between: number) => between > 3 && between < 12), 12]);

    for (const seed of [1, 2]) {
      const mixed = await importFile({ ...deps, afterFold }, workspaceId, shuffled(seed), { batchRows: 400 * seed });
      expect(mixed.accounts.folded).toBe(12);
      const inAnyOrder = await answer();
      expect(inAnyOrder.rest).toBe(0);
      expect(inAnyOrder.said).toEqual(fromLog.said);
    }
  },
);
