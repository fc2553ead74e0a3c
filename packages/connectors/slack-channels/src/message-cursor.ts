import { z } from 'zod';

const thread = z.strictObject({ ts: z.string(), cursor: z.string().nullable() });

/** A reading of history under way: channels that are left, each with the time from which on it is read. */
const round = z.strictObject({
  startedAt: z.number().int(),
  /** The gap that this reading closes. */
  gapFrom: z.number().nullable(),
  /** All channels of this reading. */
  channels: z.array(z.string()),
  todo: z.array(z.strictObject({ channel: z.string(), from: z.number() })),
  /** Within the first of them: where its listing is, and the threads that were found and are not read yet. */
  cursor: z.string().nullable(),
  listed: z.boolean(),
  threads: z.array(thread),
});
export type Round = z.infer<typeof round>;

/** Where the reading of messages is. */
export const messageCursor = z.strictObject({
  /** The place in the inbox. */
  after: z.string().nullable(),
  /** Up to when the history of `channels` was compared, epoch ms; 0 before the first reading. */
  checkedTo: z.number().int(),
  channels: z.array(z.string()),
  /** From when on Slack left events out, epoch ms. */
  gapFrom: z.number().nullable(),
  round: round.nullable(),
});
export type MessageCursor = z.infer<typeof messageCursor>;

export const firstCursor: MessageCursor = { after: null, checkedTo: 0, channels: [], gapFrom: null, round: null };
