import { z } from 'zod';
import type { SlackClient } from './client.ts';
import type { Directory } from './directory.ts';
import { messageFacts, stamp, type MessageFacts } from './message-facts.ts';

const author = z.object({
  user: z.exactOptional(z.string()),
  team: z.exactOptional(z.string()),
  name: z.exactOptional(z.string()),
  address: z.exactOptional(z.string()),
  isBot: z.boolean(),
  isGuest: z.boolean(),
  /** Whether the author's workspace is another than ours; null where Slack does not tell. */
  otherTeam: z.boolean().nullable(),
});
export type Author = z.infer<typeof author>;

const channelOf = z.object({
  id: z.string(),
  name: z.string(),
  isShared: z.boolean(),
  outsideTeams: z.array(z.object({ id: z.string(), domains: z.array(z.string()) })),
  /** Addresses of outside members, where nothing else tells the account. */
  outsiders: z.array(z.string()),
});

/** A message with who wrote it and where, without its text; or the fact that it was deleted. */
export const rawMessage = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('message'),
    facts: messageFacts,
    channel: channelOf,
    author: author.nullable(),
    url: z.exactOptional(z.string()),
  }),
  z.object({ kind: z.literal('deleted'), channelId: z.string(), ts: stamp }),
]);
export type RawMessage = z.infer<typeof rawMessage>;

/** The id of a message's record: its time stamp is unique within its channel alone. */
export const messageId = (channel: string, ts: string): string => `${channel}:${ts}`;

/** A message with its channel and its author, asked of Slack; undefined where the app is not in the channel any more. */
export async function describeMessage(
  directory: Directory,
  channelId: string,
  facts: MessageFacts,
): Promise<RawMessage | undefined> {
  const view = await directory.channel(channelId);
  if (!view) return undefined;
  const { channel, outsideTeams } = view;
  const { url } = await directory.identity();
  return {
    kind: 'message',
    facts,
    channel: {
      id: channel.id,
      name: channel.name,
      isShared: channel.isShared,
      outsideTeams: outsideTeams.map(({ id, domains }) => ({ id, domains: [...domains] })),
      outsiders: [...(await directory.outsiders(view))],
    },
    author: await authorOf(directory, view.channel, facts),
    ...(/^https?:\/\//.test(url) && {
      url: `${url.replace(/\/+$/, '')}/archives/${channelId}/p${facts.ts.replace('.', '')}`,
    }),
  };
}

async function authorOf(
  directory: Directory,
  channel: Awaited<ReturnType<SlackClient['channel']>>,
  facts: MessageFacts,
): Promise<Author | null> {
  const user = facts.user === undefined ? undefined : await directory.user(facts.user);
  // What the message says of its author's workspace was true when it was written.
  const team = facts.team ?? user?.team;
  if (facts.user === undefined && facts.botId === undefined) return null;
  return {
    ...(facts.user !== undefined && { user: facts.user }),
    ...(team !== undefined && { team }),
    ...(user?.name && { name: user.name.slice(0, 500) }),
    ...(user?.email && { address: user.email.toLowerCase() }),
    // Slackbot is a robot, though users.info does not call it one.
    isBot: facts.botId !== undefined || facts.user === 'USLACKBOT' || user?.isBot === true,
    isGuest: user?.isGuest === true,
    otherTeam: team === undefined ? null : !(await directory.isOwnTeam(team, channel)),
  };
}
