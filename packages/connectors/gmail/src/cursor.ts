import type { PullContext } from '@waymark/connector-kit';
import { z } from 'zod';

const historyId = z.string().min(1);

/** Reading all messages of a span, window by window from the newest, with the history id pinned before (failures A2, A3). */
const listing = z.object({
  phase: z.literal('listing'),
  /** From here the history goes on once all windows are read. */
  historyId,
  enumeration: z.string(),
  since: z.number(),
  /** When the reading began, epoch milliseconds. */
  startedAt: z.number(),
  /** Where the window in hand ends; null for the newest, which is open. */
  before: z.number().nullable(),
  pageToken: z.string().optional(),
});
export type Listing = z.infer<typeof listing>;

/**
 * Following the mailbox's history. After a listing it still carries the enumeration: what arrived meanwhile is in the history, so
 * that only at its end is it known what was not seen.
 */
const live = z.object({
  phase: z.literal('live'),
  historyId,
  enumeration: z.object({ id: z.string(), from: z.number(), to: z.number() }).optional(),
});

export type Live = z.infer<typeof live>;

export const gmailCursor = z.discriminatedUnion('phase', [listing, live]);
export type GmailCursor = z.infer<typeof gmailCursor>;

const windowMs = 30 * 86_400_000;
/** Arrival may precede the written date by this much, so that a mail dated inside the span is always listed. */
const marginMs = 300_000;

/** The start of a listing that goes on from `pinned` in the history. */
export function startListing(pinned: string, context: PullContext): Listing {
  return {
    phase: 'listing',
    historyId: pinned,
    enumeration: `${pinned}@${context.until}`,
    since: context.since,
    startedAt: context.until,
    before: null,
  };
}

/** Where the window in hand begins, epoch milliseconds; never before `since`. */
function windowStart(cursor: Listing): number {
  return Math.max(cursor.since - marginMs, (cursor.before ?? cursor.startedAt) - windowMs);
}

/** The search for the window in hand; a second wider at both ends, since Gmail does not say whether its bounds are inclusive. */
export function windowQuery(cursor: Listing): string {
  return spanQuery(windowStart(cursor), cursor.before);
}

/** A search for all that arrived in a span, in epoch seconds: https://developers.google.com/workspace/gmail/api/guides/filtering */
export function spanQuery(from: number, before: number | null): string {
  const after = `after:${Math.max(0, Math.floor(from / 1_000) - 1)}`;
  return before === null ? after : `${after} before:${Math.ceil(before / 1_000) + 1}`;
}

/** The cursor after a page of the window in hand: its next page, the window before it, or the history. */
export function afterPage(cursor: Listing, nextPageToken: string | undefined): GmailCursor {
  const { pageToken: _read, ...rest } = cursor;
  if (nextPageToken !== undefined) return { ...rest, pageToken: nextPageToken };
  const start = windowStart(cursor);
  if (start <= cursor.since - marginMs) {
    return { phase: 'live', historyId: cursor.historyId, enumeration: enumerationOf(cursor) };
  }
  return { ...rest, before: start };
}

/** What a listing enumerates: all that is dated within its span. */
export function enumerationOf(cursor: Listing): { id: string; from: number; to: number } {
  return { id: cursor.enumeration, from: cursor.since, to: cursor.startedAt };
}

/** The later of two history ids; they are numbers too long for a double. */
export function laterHistory(a: string, b: string): string {
  return a.length === b.length ? (a > b ? a : b) : a.length > b.length ? a : b;
}
