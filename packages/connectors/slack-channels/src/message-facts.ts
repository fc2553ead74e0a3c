import { z } from 'zod';

/** A message's time stamp: its identity within the channel, and when it was written, in microseconds. */
export const stamp = z.string().regex(/^\d{9,10}\.\d{6}$/);

const id = z.string().min(1).max(50);
/** A message is kept whatever is odd about one of its fields; without a time stamp alone it is none. */
const optionalId = id
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? undefined);

/** A message as Slack gives it, with its text: https://docs.slack.dev/reference/events/message */
const wireMessage = z.object({
  ts: stamp,
  subtype: z.string().max(100).nullish().catch(undefined),
  user: optionalId,
  bot_id: optionalId,
  app_id: optionalId,
  /** The author's workspace; `user_team` of messages that came through Slack Connect. */
  team: optionalId,
  user_team: optionalId,
  source_team: optionalId,
  thread_ts: stamp.nullish().catch(undefined),
  edited: z.object({ ts: stamp }).nullish().catch(undefined),
  text: z.string().nullish().catch(undefined),
  files: z.array(z.unknown()).nullish().catch(undefined),
  reply_count: z.number().int().nullish().catch(undefined),
  latest_reply: stamp.nullish().catch(undefined),
});

/** What is kept of a message: everything but what it says. */
export interface MessageFacts {
  readonly ts: string;
  readonly subtype?: string;
  readonly user?: string;
  readonly botId?: string;
  readonly team?: string;
  readonly threadTs?: string;
  readonly editedTs?: string;
  /** Characters of the text. */
  readonly length: number;
  readonly files: number;
  /** People, groups and channels that the text calls. */
  readonly mentions: number;
}

/** A message of a listing, with what it tells of its thread. */
export interface ListedMessage {
  readonly facts: MessageFacts;
  /** The time stamp of the newest reply, on the first message of a thread. */
  readonly latestReply?: string;
}

/** Drops the text of a message before anything else sees it; undefined where the value is no message. */
export function listedMessage(value: unknown): ListedMessage | undefined {
  const read = wireMessage.safeParse(value);
  if (!read.success) return undefined;
  const { latest_reply: latest, reply_count: replies } = read.data;
  return { facts: factsOf(read.data), ...(latest && (replies ?? 0) > 0 && { latestReply: latest }) };
}

function factsOf(message: z.infer<typeof wireMessage>): MessageFacts {
  const text = message.text ?? '';
  const team = message.user_team ?? message.team ?? message.source_team;
  return {
    ts: message.ts,
    ...(message.subtype && { subtype: message.subtype }),
    ...(message.user !== undefined && { user: message.user }),
    ...(message.bot_id !== undefined && { botId: message.bot_id }),
    ...(team !== undefined && { team }),
    ...(message.thread_ts && message.thread_ts !== message.ts && { threadTs: message.thread_ts }),
    ...(message.edited && { editedTs: message.edited.ts }),
    length: text.length,
    files: message.files?.length ?? 0,
    mentions: Math.min(1000, text.match(/<[@!][A-Za-z0-9^|_.-]{1,100}>/g)?.length ?? 0),
  };
}

/** The same facts as the inbox and records keep them. */
export const messageFacts: z.ZodType<MessageFacts> = z.object({
  ts: stamp,
  subtype: z.exactOptional(z.string()),
  user: z.exactOptional(z.string()),
  botId: z.exactOptional(z.string()),
  team: z.exactOptional(z.string()),
  threadTs: z.exactOptional(stamp),
  editedTs: z.exactOptional(z.string()),
  length: z.number().int(),
  files: z.number().int(),
  mentions: z.number().int(),
});

/** A time stamp as whole microseconds, to compare versions by. */
export const versionOf = (ts: string): string => ts.replace('.', '').replace(/^0+(?=\d)/, '');

/** A time stamp as epoch milliseconds. */
export const timeOf = (ts: string): number => Math.floor(Number(ts.replace('.', '')) / 1000);
