import type { Database, Sealer, Tx } from '@waymark/store';
import type { Folded } from '../fold/answer-changes.ts';
import type { ImportCounts } from './report.ts';

export interface ImportDependencies {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly now: () => number;
  /**
   * Where given, accounts that the import makes are folded at its end, and this is called in the transaction that stores their answers, as
   * `foldDue` calls it. All other accounts, and all of them where it is not given, wait for `foldDue`.
   */
  readonly afterFold?: (tx: Tx, folded: readonly Folded[]) => Promise<void>;
  /** Told once at the end where accounts changed: somebody should fold them soon. */
  readonly onCommitted?: (workspaceId: string) => void;
}

export interface ImportOptions {
  /** Rows of a transaction; 15,000 by default. */
  readonly batchRows?: number;
  /** Sightings of accounts that are folded in one transaction, 20,000 by default; an account that has more is folded alone. */
  readonly foldTogether?: number;
  /** Rejected lines to list in the result; 1,000 by default. All are counted and kept. */
  readonly listed?: number;
  /**
   * Stores nothing and tells what would be stored, merged, rejected and made. What the file itself repeats is told by 52 bits of each
   * event's id, which is all that is held in memory.
   */
  readonly dryRun?: boolean;
  /**
   * Names the file by its content (a uuid): an import of it that was cut off goes on after the last line that is stored, and counts
   * for both. One that has ended begins anew.
   */
  readonly importId?: string;
  readonly signal?: AbortSignal;
  /** Told after each transaction. */
  readonly onProgress?: (counts: ImportCounts) => void;
  /** Told at the end, while accounts are folded: how many are. */
  readonly onFolded?: (accounts: number) => void;
}
