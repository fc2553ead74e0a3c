import type { PullContext } from '@waymark/connector-kit';
import { z } from 'zod';

const link = z.string().startsWith('/');
const enumeration = z.object({ id: z.string(), from: z.number(), to: z.number() });

/** A round of delta in the middle. What the last whole round ended with is kept apart: a dead `next` falls back on it (failure A7). */
const round = z.object({
  phase: z.literal('round'),
  committed: link.nullable(),
  next: link,
  since: z.number(),
  /** Set where the round lists the whole folder. */
  enumeration: enumeration.optional(),
});
export type Round = z.infer<typeof round>;

/** Reading again what arrived lately, with the place in the changes kept. */
const reread = z.object({ phase: z.literal('reread'), committed: link, next: link, since: z.number() });
export type Reread = z.infer<typeof reread>;

/** Between rounds. `since` is where the first one began: what is older was never asked for. */
const live = z.object({ phase: z.literal('live'), committed: link, since: z.number() });

/** One folder's place. Links are paths with their query, without host and version. */
export const mailCursor = z.discriminatedUnion('phase', [round, reread, live]);
export type MailCursor = z.infer<typeof mailCursor>;

/** The delta link that Graph refused, so that it is not taken again unseen (failure A2). */
export function expiredLink(context: PullContext): string | undefined {
  const expired = mailCursor.safeParse(context.expired);
  return expired.success ? (expired.data.committed ?? undefined) : undefined;
}
