import { z } from 'zod';
import type { ImportCounts } from './report.ts';

const counts = z.object({
  lines: z.number(),
  stored: z.number(),
  merged: z.number(),
  rejected: z.number(),
  created: z.number(),
  types: z.record(z.string(), z.number()),
  unread: z.record(z.string(), z.number()).default({}),
  reasons: z.record(z.string(), z.number()),
  rejections: z.array(z.object({ line: z.number(), reason: z.string(), detail: z.string() })),
});

/** How the lines of an import ended, as far as they are stored. */
export type ImportTally = z.infer<typeof counts>;

export const emptyTally: ImportTally = {
  lines: 0,
  stored: 0,
  merged: 0,
  rejected: 0,
  created: 0,
  types: {},
  unread: {},
  reasons: {},
  rejections: [],
};

/** A tally as it was kept; undefined where it is none of ours. */
export function readTally(value: unknown): ImportTally | undefined {
  return counts.safeParse(value).data;
}

/** The most fields that are told of. */
const mostUnread = 400;

/** What one transaction adds to a tally. */
export interface TallyBatch extends ImportCounts {
  readonly created: number;
  readonly types: Iterable<readonly [string, number]>;
  readonly unread: Iterable<readonly [string, number]>;
  readonly rejections: ImportTally['rejections'];
}

/** A tally with a batch more. `listed`: rejections to keep by line; all are counted. */
export function addToTally(tally: ImportTally, batch: TallyBatch, listed: number): ImportTally {
  const types = { ...tally.types };
  for (const [type, count] of batch.types) types[type] = (types[type] ?? 0) + count;
  const unread = { ...tally.unread };
  for (const [field, count] of batch.unread)
    if (field in unread || Object.keys(unread).length < mostUnread) unread[field] = (unread[field] ?? 0) + count;
  const reasons = { ...tally.reasons };
  for (const { reason } of batch.rejections) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return {
    lines: tally.lines + batch.lines,
    stored: tally.stored + batch.stored,
    merged: tally.merged + batch.merged,
    rejected: tally.rejected + batch.rejected,
    created: tally.created + batch.created,
    types,
    unread,
    reasons,
    rejections: [...tally.rejections, ...batch.rejections.slice(0, Math.max(0, listed - tally.rejections.length))],
  };
}

/** Counts by the order of their names. */
export const sortedCounts = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
