import { accountsToFold, wakeAccounts } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importFile } from '../import/import.ts';
import { linesOf } from '../import/lines.ts';
import { syncRig } from '../testing/sync-rig.ts';
import { foldDue } from './fold.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('what comes between the list of accounts that are due and the fold of one is answered by that fold', async () => {
  const rig = await syncRig(database);
  // More than four transactions of sixteen: the last begins once another has ended.
  const lines = Array.from({ length: 90 }, (_, n) =>
    JSON.stringify({
      specversion: '1.0',
      id: `${n}`,
      source: 'mail',
      type: 'email.received',
      subject: `customer-${n}.example`,
      time: '2026-05-01T08:00:00Z',
      data: { from: `ann@customer-${n}.example` },
    }),
  );
  const { workspaceId } = rig;
  const dependencies = { database, sealer: database.sealer, now: () => rig.now };
  await importFile(dependencies, workspaceId, linesOf([Buffer.from(lines.join('\n'))]), {});
  const due = () => database.inWorkspace(workspaceId, (tx) => accountsToFold(tx, rig.now, 500));
  const last = (await due()).at(-1)?.accountId ?? '';
  let folds = 0;
  let telling: Promise<void> | undefined;
  const foldAll = () =>
    foldDue({
      database,
      workspaceId,
      now: () => rig.now,
      point: () => Promise.resolve(),
      afterFold: async (_tx, folded) => {
        folds += folded.filter(({ account }) => account.accountId === last).length;
        if (folds > 0) return;
        // None of the first four ends before it is told, so that the last begins after it for certain.
        telling ??= database.inWorkspace(workspaceId, async (tx) => {
          await wakeAccounts(tx, [{ accountId: last, earliest: rig.now }], rig.now);
        });
        await telling;
      },
    });
  await foldAll();
  expect(telling).toBeDefined();
  const once = folds;
  expect(once).toBeGreaterThan(0);
  expect(await due()).toEqual([]);
  await foldAll();
  expect(folds).toBe(once);
});
