import { destinationKey, type Destination } from '@waymark/alerts';
import { setSlackUser, writeSlackDestination, type Member, type SlackDestination } from '@waymark/store';
import type { SlackSession } from '../bot-token.ts';
import type { SlackBotDependencies } from '../dependencies.ts';
import type { ChannelBook, ReadChannels } from './channel-book.ts';
import { classifyCall, type CallOutcome } from '../web-client.ts';

/** What became of the search for a channel: found, no such place, or no answer for now. */
export type Found =
  | { readonly kind: 'found'; readonly channel: string }
  | { readonly kind: 'unreachable'; readonly error: string }
  | { readonly kind: 'later'; readonly outcome: CallOutcome };

/** Refusals that mean that a place will not take messages, however often it is asked (failure G4). */
export const destinationErrors: ReadonlySet<string> = new Set([
  'is_archived',
  'not_in_channel',
  'channel_not_found',
  'channel_is_limited_access',
  'user_not_found',
  'users_not_found',
  'user_disabled',
  'user_not_visible',
  'cannot_dm_bot',
  'messages_tab_disabled',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_thread_only_channel',
  'restricted_action_non_threadable_channel',
  'no_permission',
  'team_access_not_granted',
  'missing_scope',
  'invalid_users',
  'unknown_method',
]);

/** What the search needs: the rows as they were when the round began. */
export interface FindContext {
  readonly deps: SlackBotDependencies;
  readonly workspaceId: string;
  readonly session: SlackSession;
  readonly book: ChannelBook;
  readonly destinations: readonly SlackDestination[];
  readonly members: readonly Member[];
}

/**
 * The channel of a destination. A member's Slack user is the one set by hand, else looked up by address and kept as a hint
 * (failure G9); a channel's name is looked up once.
 */
export async function findChannel(context: FindContext, destination: Destination): Promise<Found> {
  try {
    if (destination.kind === 'channel') return await findNamed(context, destination.channel);
    const user = destination.kind === 'user' ? destination.slackUserId : await slackUserOf(context, destination.email);
    return { kind: 'found', channel: await directMessage(context, user) };
  } catch (error) {
    const outcome = classifyCall(error);
    if (outcome.kind === 'refused') return { kind: 'unreachable', error: outcome.error };
    return { kind: 'later', outcome };
  }
}

/** https://docs.slack.dev/reference/methods/users.lookupByEmail */
async function slackUserOf({ deps, workspaceId, session, members }: FindContext, email: string): Promise<string> {
  const member = members.find((one) => one.email.toLowerCase() === email);
  if (member?.slackUserId) return member.slackUserId;
  const answer = await session.client.users.lookupByEmail({ email });
  const id = answer.user?.id ?? '';
  await deps.database.inWorkspace(workspaceId, (tx) => setSlackUser(tx, email, id, 'email', deps.now()));
  return id;
}

/** https://docs.slack.dev/reference/methods/conversations.open */
async function directMessage(context: FindContext, user: string): Promise<string> {
  const key = `user:${user}`;
  const kept = keptChannel(context, key);
  if (kept !== undefined) return kept;
  const opened = await context.session.client.conversations.open({ users: user });
  const channel = opened.channel?.id ?? user;
  await keepChannel(context, key, channel);
  return channel;
}

async function findNamed(context: FindContext, name: string): Promise<Found> {
  if (/^[CGD][A-Z0-9]{2,}$/.test(name)) return { kind: 'found', channel: name };
  const key = `channel:${name}`;
  const kept = keptChannel(context, key);
  if (kept !== undefined) return { kind: 'found', channel: kept };
  const { workspaceId, session, book } = context;
  // A tenant's own view of a team: what its token is shown.
  const team = `${workspaceId} ${session.installation.slack.teamId}`;
  const found = await book.find(team, name.replace(/^#/, '').toLowerCase(), channelsOf(session));
  if (found === undefined) return { kind: 'unreachable', error: 'channel_not_found' };
  await keepChannel(context, key, found);
  return { kind: 'found', channel: found };
}

/** https://docs.slack.dev/reference/methods/conversations.list */
const channelsOf =
  (session: SlackSession): ReadChannels =>
  async (cursor) => {
    const page = await session.client.conversations.list({ limit: 200, ...(cursor !== undefined && { cursor }) });
    const ids = new Map<string, string>();
    for (const { id, name } of page.channels ?? [])
      if (id !== undefined && name !== undefined && !ids.has(name)) ids.set(name, id);
    return { ids, next: page.response_metadata?.next_cursor || undefined };
  };

function keptChannel({ destinations }: FindContext, key: string): string | undefined {
  return destinations.find((one) => one.destination === key && one.pausedReason === null)?.channel ?? undefined;
}

async function keepChannel(
  { deps, workspaceId, session }: FindContext,
  destination: string,
  channel: string,
): Promise<void> {
  const { teamId } = session.installation.slack;
  await deps.database.inWorkspace(workspaceId, (tx) =>
    writeSlackDestination(tx, teamId, { destination, channel, pausedReason: null, toldAdminAt: null }, deps.now()),
  );
}

/** A destination in words, for the admin. */
export function describeDestination(destination: Destination): string {
  if (destination.kind === 'member') return `the direct message to ${destination.email}`;
  return destination.kind === 'channel'
    ? `the channel ${destination.channel}`
    : `the direct message to ${destinationKey(destination)}`;
}
