import { z } from 'zod';
import { messageFacts, stamp } from './message-facts.ts';

/** What the inbox holds of an event. `gap`: from this minute on (epoch ms), Slack left events out. */
export const slackDelivery = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('message'), channel: z.string(), facts: messageFacts }),
  z.object({ kind: z.literal('deleted'), channel: z.string(), ts: stamp, at: z.string() }),
  z.object({ kind: z.literal('gap'), from: z.number() }),
  /** A message of a form that is not known; its event's id leads to it in Slack's own log. */
  z.object({ kind: z.literal('unread'), id: z.string() }),
]);
export type SlackDelivery = z.infer<typeof slackDelivery>;
