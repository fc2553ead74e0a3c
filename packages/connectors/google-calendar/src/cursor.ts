import type { PullContext } from '@waymark/connector-kit';
import { z } from 'zod';

/** A whole read in progress. Its pages prove no place to go on from, so a cut one starts anew. */
const reading = z.object({
  phase: z.literal('reading'),
  enumeration: z.string(),
  since: z.number(),
});

/** Following one calendar's changes. `since` is where its first read began: a later whole read must not show less. */
const live = z.object({ phase: z.literal('live'), syncToken: z.string().min(1), since: z.number() });

export const calendarCursor = z.discriminatedUnion('phase', [reading, live]);
export type CalendarCursor = z.infer<typeof calendarCursor>;

/**
 * Where a calendar's span begins: where its first read began, whatever the run asks for. A series is replaced as a whole, so
 * a shorter span would take its older meetings away.
 */
export function spanStart(
  from: CalendarCursor | null,
  context: PullContext,
): { readonly since: number; readonly known: boolean } {
  const expired = calendarCursor.safeParse(context.expired);
  const remembered = from?.since ?? (expired.success ? expired.data.since : undefined);
  if (remembered !== undefined) return { since: Math.min(remembered, context.since), known: true };
  return { since: context.since, known: context.mode === 'backfill' };
}
