import type { CursorSpec } from '@waymark/connector-kit';
import { z } from 'zod';

const instant = z.number().int();

/**
 * Where an export by cursor stands: after Zendesk's own cursor, or at a time where there is none yet or it was refused. `goodAt` is when
 * a reading last ended, or first began; `since` is how far back is kept.
 */
const exportCursor = z.object({
  after: z.string().max(2000).nullable(),
  /** Epoch milliseconds from which an export without cursor begins. */
  from: instant,
  goodAt: instant,
  since: instant,
});
export type ExportCursor = z.infer<typeof exportCursor>;

const MINUTE = 60_000;

/** How far a reading goes back behind the last good one where Zendesk refuses the cursor; when that happens is not documented. */
export const BEFORE_LAST_GOOD_MS = 60 * MINUTE;

/**
 * Exports leave out the last minute, so that what they give is final.
 * https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api
 */
export const EXPORT_SETTLE_MS = MINUTE;

const base = { overlapMs: 0, settleMs: EXPORT_SETTLE_MS } as const;

export const exportCursorSpec: CursorSpec<ExportCursor> = {
  kind: 'zendesk-export',
  version: 1,
  schema: exportCursor,
  ...base,
};

/**
 * Where the organizations stand: within the list of all of them, or at rest, from where on changes are exported. `after` is the list's
 * own cursor, good for as long as a run pages.
 */
const organizationCursor = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('enumerate'), startedAt: instant, after: z.string().max(2000) }),
  z.object({ phase: z.literal('live'), from: instant }),
]);
export type OrganizationCursor = z.infer<typeof organizationCursor>;

/** Organizations are exported by time alone (failure D14): each reading begins again a little before the end of the last one. */
export const organizationCursorSpec: CursorSpec<OrganizationCursor> = {
  kind: 'zendesk-organizations',
  version: 1,
  schema: organizationCursor,
  overlapMs: 5 * MINUTE,
  settleMs: EXPORT_SETTLE_MS,
};

/** Where the ratings stand: everything that was given before `from` is stored. `after` is set within a run. */
const ratingCursor = z.object({
  from: instant,
  since: instant,
  running: z.object({ startedAt: instant, after: z.string().max(2000) }).optional(),
});
export type RatingCursor = z.infer<typeof ratingCursor>;

/** A rating may be given again with another answer; whether the list's time is that of the first is not documented. */
export const ratingCursorSpec: CursorSpec<RatingCursor> = {
  kind: 'zendesk-ratings',
  version: 1,
  schema: ratingCursor,
  overlapMs: 3 * 24 * 60 * MINUTE,
  settleMs: 0,
};
