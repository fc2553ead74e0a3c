import { ConnectorFault, type Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { listedMessage, stamp, type ListedMessage } from './message-facts.ts';
import { settingsOf, type SlackSettings } from './settings.ts';

const text = z.string().max(1000);
const optional = text.nullish().transform((value) => value ?? undefined);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value === true);
const ids = z
  .array(text)
  .nullish()
  .transform((value) => value ?? []);
const next = z
  .object({ next_cursor: z.string().optional() })
  .nullish()
  .transform((value) => value?.next_cursor || undefined);

const identityAnswer = z.object({
  url: z.string(),
  team: text,
  team_id: text,
  user_id: text,
  enterprise_id: optional,
  is_enterprise_install: flag,
});

/** https://docs.slack.dev/reference/objects/conversation-object */
const channel = z
  .object({
    id: text,
    name: optional,
    is_private: flag,
    is_archived: flag,
    is_ext_shared: flag,
    connected_team_ids: ids,
    shared_team_ids: ids,
    internal_team_ids: ids,
    context_team_id: optional,
  })
  .transform((one) => ({
    id: one.id,
    name: one.name ?? '',
    isPrivate: one.is_private,
    isArchived: one.is_archived,
    isShared: one.is_ext_shared,
    /** All workspaces that share the channel, and those of them that are of our own organization. */
    teams: [...new Set([...one.connected_team_ids, ...one.shared_team_ids])],
    ownTeams: one.internal_team_ids,
  }));
export type SlackChannel = z.infer<typeof channel>;

/** https://docs.slack.dev/reference/objects/user-object */
const user = z
  .object({
    id: text,
    team_id: optional,
    deleted: flag,
    updated: z.number().optional(),
    is_bot: flag,
    is_app_user: flag,
    is_restricted: flag,
    is_ultra_restricted: flag,
    real_name: optional,
    enterprise_user: z.object({ enterprise_id: optional }).nullish(),
    profile: z.object({ email: optional, real_name: optional, title: optional, team: optional }).prefault({}),
  })
  .transform((one) => ({
    id: one.id,
    team: one.profile.team ?? one.team_id,
    enterprise: one.enterprise_user?.enterprise_id,
    isBot: one.is_bot,
    /** A guest of our own workspace. */
    isGuest: one.is_restricted || one.is_ultra_restricted,
    isDeleted: one.deleted,
    updatedAt: (one.updated ?? 0) * 1000,
    name: one.profile.real_name || one.real_name,
    title: one.profile.title,
    email: one.profile.email,
  }));
export type SlackUser = z.infer<typeof user>;

/** One without a time stamp makes the whole answer one that is not understood: none is left out. */
const messages = z
  .array(z.looseObject({ ts: stamp }))
  .transform((all) => all.map(listedMessage).filter((one) => one !== undefined));

const channelsAnswer = z.object({ channels: z.array(channel), response_metadata: next });
const channelAnswer = z.object({ channel });
const membersAnswer = z.object({ members: z.array(text), response_metadata: next });
const userAnswer = z.object({ user });
const teamAnswer = z.object({ team: z.object({ id: text, name: optional, email_domain: optional }) });
const messagesAnswer = z.object({ messages, has_more: flag, response_metadata: next });

/** A page of messages, without their texts. */
export interface MessagePage {
  readonly messages: readonly ListedMessage[];
  readonly next: string | undefined;
}

/** Which messages to list: from `oldest` on, both bounds counted in. Time stamps as Slack writes them. */
export interface MessageRange {
  readonly channel: string;
  readonly oldest: string;
  readonly latest: string;
  readonly cursor: string | undefined;
}

export type SlackIdentity = z.infer<typeof identityAnswer>;

/** The reads of a workspace that the connector makes. Each throws ConnectorFault through the session. */
export interface SlackClient {
  readonly session: Session;
  readonly settings: SlackSettings;
  identity(): Promise<SlackIdentity>;
  /** Conversations that the app was invited to. */
  channels(
    cursor: string | undefined,
  ): Promise<{ readonly channels: readonly SlackChannel[]; readonly next: string | undefined }>;
  channel(id: string): Promise<SlackChannel>;
  members(
    channel: string,
    cursor: string | undefined,
  ): Promise<{ readonly members: readonly string[]; readonly next: string | undefined }>;
  user(id: string): Promise<SlackUser>;
  /** Mail domains that a workspace lets join by themselves; the nearest thing to a customer's domain that Slack tells. */
  teamDomains(id: string): Promise<readonly string[]>;
  history(range: MessageRange): Promise<MessagePage>;
  replies(thread: string, range: MessageRange): Promise<MessagePage>;
}

/** Messages a page: 15 is the most for commercial apps outside the Marketplace, and 200 what Slack recommends for others. */
const pageSize = (settings: SlackSettings): number => (settings.distribution === 'commercial' ? 15 : 200);

/**
 * Loads the SDK and binds it to a session. Each call is made once: the SDK would retry for half an hour and wait out limits by itself.
 */
export async function connect(session: Session): Promise<SlackClient> {
  const { LogLevel, WebClient } = await import('@slack/web-api');
  const base = (session.baseUrls['slack'] ?? 'https://slack.com').replace(/\/+$/, '');
  const nothing = () => undefined;
  const web = new WebClient(undefined, {
    slackApiUrl: `${base}/api/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 30_000,
    // What it would log can hold tokens, texts and names (I7).
    logger: {
      debug: nothing,
      info: nothing,
      warn: nothing,
      error: nothing,
      setLevel: nothing,
      getLevel: () => LogLevel.ERROR,
      setName: nothing,
    },
  });
  const settings = settingsOf(session.settings);
  const slow = settings.distribution === 'commercial';

  const read = <T>(
    bucket: string,
    method: string,
    answer: z.ZodType<T>,
    args: Readonly<Record<string, unknown>>,
  ): Promise<T> =>
    session.call({ bucket, idempotent: true, doc: `https://docs.slack.dev/reference/methods/${method}` }, async () => {
      const given: unknown = await web.apiCall(method, { ...args, token: await session.accessToken() });
      const parsed = answer.safeParse(given);
      if (parsed.success) return parsed.data;
      const where = parsed.error.issues[0]?.path.join('.') ?? '';
      throw new ConnectorFault({
        kind: 'transient',
        message: `Slack answered ${method} in an unknown form (at "${where}").`,
      });
    });
  const range = ({ channel: id, oldest, latest, cursor }: MessageRange) => ({
    channel: id,
    oldest,
    latest,
    inclusive: true,
    limit: pageSize(settings),
    ...(cursor !== undefined && { cursor }),
  });
  const page = (answer: z.infer<typeof messagesAnswer>): MessagePage => ({
    messages: answer.messages,
    next: answer.has_more ? answer.response_metadata : undefined,
  });
  const history = slow ? 'history-slow' : 'history';

  return {
    session,
    settings,
    identity: () => read('directory', 'auth.test', identityAnswer, {}),
    async channels(cursor) {
      const args = { types: 'public_channel,private_channel', exclude_archived: false, limit: 200 };
      const answer = await read('directory', 'users.conversations', channelsAnswer, {
        ...args,
        ...(cursor && { cursor }),
      });
      return { channels: answer.channels, next: answer.response_metadata };
    },
    channel: async (id) => (await read('directory', 'conversations.info', channelAnswer, { channel: id })).channel,
    async members(id, cursor) {
      const args = { channel: id, limit: 200, ...(cursor && { cursor }) };
      const answer = await read('users', 'conversations.members', membersAnswer, args);
      return { members: answer.members, next: answer.response_metadata };
    },
    user: async (id) => (await read('users', 'users.info', userAnswer, { user: id })).user,
    async teamDomains(id) {
      const { team } = await read('directory', 'team.info', teamAnswer, { team: id });
      return (team.email_domain ?? '').split(',').flatMap((one) => one.trim().toLowerCase() || []);
    },
    history: async (wanted) => page(await read(history, 'conversations.history', messagesAnswer, range(wanted))),
    replies: async (thread, wanted) =>
      page(await read(history, 'conversations.replies', messagesAnswer, { ...range(wanted), ts: thread })),
  };
}
