import type { PullContext } from '@waymark/connector-kit';
import { horizonMs } from '@waymark/connector-kit';
import { z } from 'zod';

/** A whole reading in progress. Its pages prove no place to go on from, so that a cut one starts anew. */
const reading = z.object({ phase: z.literal('reading'), enumeration: z.string(), since: z.number() });

/**
 * Following the changes of a window. Graph binds a delta link to the window of its first call, so that the window stands here and is
 * laid anew every week (failure A9). `since` is where the first reading began: a later one must not show less.
 */
const live = z.object({
  phase: z.literal('live'),
  committed: z.string().startsWith('/'),
  since: z.number(),
  window: z.object({ from: z.number(), to: z.number() }),
  anchoredAt: z.number(),
});
export type LiveCalendar = z.infer<typeof live>;

export const calendarCursor = z.discriminatedUnion('phase', [reading, live]);
export type CalendarCursor = z.infer<typeof calendarCursor>;

const day = 86_400_000;
const anchorMs = 7 * day;
/** An occurrence moved back by up to this much is still listed with the span that it came from. */
const marginMs = 31 * day;
/** The longest window that Exchange takes is 1,825 days. */
const longestMs = 1_820 * day;

/** Whether the changes of the cursor's window are still worth following. */
export function isAnchored(cursor: LiveCalendar, context: PullContext): boolean {
  return context.mode !== 'resync' && context.until - cursor.anchoredAt < anchorMs;
}

/** The span of a reading, as far back as the first one began, and whether that is known. */
export function spanOf(
  from: CalendarCursor | null,
  context: PullContext,
): { readonly since: number; readonly known: boolean } {
  const expired = calendarCursor.safeParse(context.expired);
  const remembered = from?.since ?? (expired.success ? expired.data.since : undefined);
  if (remembered === undefined) return { since: context.since, known: context.mode === 'backfill' };
  return { since: Math.min(remembered, context.since), known: true };
}

/** The window to ask for: the span with a margin, up to the horizon. */
export function windowOf(since: number, until: number): { readonly from: number; readonly to: number } {
  const to = until + horizonMs;
  return { from: Math.max(since - marginMs, to - longestMs), to };
}
