import type { ReadAs, UnreadField } from './unread-field.ts';

/** How the lines ended so far; blank ones count as nothing. `lines` = `stored` + `merged` + `rejected`. */
export interface ImportCounts {
  readonly lines: number;
  /** Events that the log did not have. */
  readonly stored: number;
  /** Lines that say what the log has, again or as another sighting of the same fact. */
  readonly merged: number;
  readonly rejected: number;
}

export interface ImportResult extends ImportCounts {
  readonly accounts: {
    readonly created: number;
    readonly changed: number;
    readonly folded: number;
    /** The subjects of the first thousand that were made. */
    readonly made: readonly string[];
  };
  /** Lines that were stored or merged, by the type of their event. */
  readonly types: Readonly<Record<string, number>>;
  /** Fields that are called otherwise than in the vocabulary, and as what they were read. */
  readonly readAs: readonly ReadAs[];
  /** Fields that are kept and that nothing reads, and such as are missing: what the lines say in other words than the vocabulary. */
  readonly unread: readonly UnreadField[];
  readonly reasons: Readonly<Record<string, number>>;
  /** The first rejected lines, by number in the file, counted from 1. */
  readonly rejections: readonly { readonly line: number; readonly reason: string; readonly detail: string }[];
  /** The last line that a run before had stored, which was cut off; the counts are those of both. 0 where it began at the beginning. */
  readonly resumedAt: number;
}
