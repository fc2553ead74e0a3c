import { setImmediate as breathe } from 'node:timers/promises';
import { importProgress } from '@waymark/store';
import { loadExclusions } from '../matching/exclusions.ts';
import { ImportAccounts } from './accounts.ts';
import { ImportRun } from './import-run.ts';
import type { ImportLine, NumberedLine } from './lines.ts';
import type { ImportDependencies, ImportOptions } from './options.ts';
import type { ImportResult } from './report.ts';
import { readTally } from './tally.ts';

export type { ImportDependencies, ImportOptions };

type Line = ImportLine | NumberedLine;
type Lines = Iterable<Line | readonly Line[]>;
type AsyncLines = AsyncIterable<Line | readonly Line[]>;

/** Lines between two turns of the event loop, so that the transaction under way gets its turn. */
const linesATurn = 200;
const firstBatchRows = 2000;
const mostCharacters = 24 * 1024 * 1024;

/**
 * Imports CloudEvents 1.0, one JSON object a line, in bounded memory: lines are read, checked and matched while the batch before them
 * is being stored. Every line ends stored, merged, or rejected with its reason; rejected ones are set aside sealed. Safe to repeat and
 * to cut off at any time: what is stored is stored once, and a second run stores nothing new. Throws what the database throws.
 *
 * @param lines lines without their line feed, one by one or in blocks as `linesOf` gives them
 */
export async function importFile(
  deps: ImportDependencies,
  workspaceId: string,
  lines: Lines | AsyncLines,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const known = await deps.database.inWorkspace(workspaceId, async (tx) => ({
    accounts: await ImportAccounts.load(tx),
    exclusions: await loadExclusions(tx),
    before: options.importId === undefined ? undefined : await importProgress(tx, options.importId),
  }));
  const tally = readTally(known.before?.counts);
  const resumedAt = tally === undefined || options.dryRun ? 0 : (known.before?.line ?? 0);
  const run = new ImportRun(deps, workspaceId, { ...known, tally: resumedAt > 0 ? tally : undefined }, options);
  const batchRows = options.batchRows ?? 15_000;
  // The first transactions are small, so that there soon is one to run beside.
  let rows = Math.min(batchRows, firstBatchRows);
  let batch = run.nextBatch();
  let number = 0;
  try {
    for await (const block of lines) {
      for (const each of Array.isArray(block) ? block : [block]) {
        number += 1;
        const numbered = typeof each === 'string' || 'reason' in each ? { number, line: each } : each;
        if (number % linesATurn === 0) await breathe();
        if (numbered.number <= resumedAt) continue;
        const full = batch.rows.size + batch.rejected.length >= rows || batch.characters >= mostCharacters;
        // All that one row of a table makes is stored at once: an import goes on after a row.
        if (full && numbered.number !== batch.last) {
          await run.write(batch);
          batch = run.nextBatch();
          rows = Math.min(batchRows, rows * 2);
        }
        run.take(batch, numbered);
        batch.last = numbered.number;
      }
    }
  } catch (error) {
    // What was read before the source failed is stored: it may be mended and imported again.
    await run.write(batch).then(
      () => run.idle(),
      () => undefined,
    );
    throw error;
  }
  await run.write(batch);
  return run.finish(resumedAt);
}
