import { z } from 'zod';
import { messageFacts, stamp } from './message-facts.ts';

/** What the inbox holds of an event. `gap`: from this minute on (epoch ms), Slack left events out. */
export const slackDelivery = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('message'), channel: z.string(), facts: messageFacts }),
  z.object({ kind: z.literal('deleted'), channel: z.string(), ts: stamp, at: z.string() }),
  z.object({ kind: z.literal('gap'), from: z.number() }),
]);
export type SlackDelivery = z.infer<typeof slackDelivery>;
