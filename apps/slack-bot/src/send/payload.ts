import type { MessageContent } from '@waymark/alerts';
import type { OutboxRow } from '@waymark/store';
import { z } from 'zod';

/** What an outbox row holds: written by the planner of this version or an earlier one, and read by the sender alone. */
const Payload = z.looseObject({
  content: z.custom<MessageContent>((value) => typeof value === 'object' && value !== null && 'kind' in value),
  /** The channel's history could not be read, so it may have been posted before (failure R15). */
  possibleRepeat: z.boolean().default(false),
  /** Slack refused the blocks: only the text goes. */
  textOnly: z.boolean().default(false),
});
export type Payload = z.infer<typeof Payload>;

/** Reads what a row says. @throws ZodError for a row of another make */
export function payloadOf(row: Pick<OutboxRow, 'payload'>): Payload {
  return Payload.parse(row.payload);
}
