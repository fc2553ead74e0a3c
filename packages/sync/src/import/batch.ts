import { CopyBatch, type ImportedAccount } from '@waymark/store';
import type { ImportedClaim } from '../matching/imported-claims.ts';
import type { RejectedLine } from './prepare.ts';

/** One transaction's worth of lines. */
export interface Batch {
  readonly rows: CopyBatch;
  /** The accounts that its lines are about, where nothing is stored that would tell. */
  readonly touched: Set<string>;
  readonly threads: Set<string>;
  readonly accounts: ImportedAccount[];
  readonly claims: ImportedClaim[];
  readonly rejected: { readonly number: number; readonly line: RejectedLine }[];
  readonly types: Map<string, number>;
  /** What its lines say and leave out that is not read, by type and field. */
  readonly unread: Map<string, number>;
  characters: number;
  /** The number of the last line. */
  last: number;
}

/** A batch with nothing in it. `rows`: of one that is done with, to be used again. */
export const emptyBatch = (rows = new CopyBatch()): Batch => ({
  rows,
  touched: new Set(),
  threads: new Set(),
  accounts: [],
  claims: [],
  rejected: [],
  types: new Map(),
  unread: new Map(),
  characters: 0,
  last: 0,
});
