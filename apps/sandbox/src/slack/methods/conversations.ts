import type { Call, Method } from '../call.ts';
import { SlackFault } from '../slack-fault.ts';
import type { Channel, Message } from '../state.ts';
import { isCommercial } from '../web-api.ts';
import { wireChannel, wireMessage, wireThread } from '../wire.ts';

const listScopes = ['channels:read', 'groups:read', 'im:read', 'mpim:read'];
const historyScopes = ['channels:history', 'groups:history', 'im:history', 'mpim:history'];

/** The methods of https://docs.slack.dev/reference/methods?family=conversations that an app like ours calls. */
export const conversationMethods: Readonly<Record<string, Method>> = {
  'conversations.list': {
    scopes: listScopes,
    tier: 2,
    run(call) {
      const types = (call.args.text('types') ?? 'public_channel').split(',').map((type) => type.trim());
      const wanted = { public: 'public_channel', private: 'private_channel', im: 'im' } as const;
      const channels = call.workspace
        .channelsOf(call.token.team)
        .filter((channel) => types.includes(wanted[channel.kind]))
        .filter((channel) => channel.kind === 'public' || channel.members.includes(call.token.user))
        .filter((channel) => !(channel.archived && call.args.flag('exclude_archived')));
      const { items, next } = page(call, channels, 100);
      return {
        channels: items.map((channel) => wireChannel(channel, call.token.user)),
        response_metadata: { next_cursor: next },
      };
    },
  },

  /** https://docs.slack.dev/reference/methods/users.conversations: those that the caller is in. */
  'users.conversations': {
    scopes: listScopes,
    tier: 3,
    run(call) {
      const types = (call.args.text('types') ?? 'public_channel').split(',').map((type) => type.trim());
      const wanted = { public: 'public_channel', private: 'private_channel', im: 'im' } as const;
      const channels = call.workspace
        .channelsOf(call.token.team)
        .filter((channel) => types.includes(wanted[channel.kind]) && channel.members.includes(call.token.user))
        .filter((channel) => !(channel.archived && call.args.flag('exclude_archived')));
      const { items, next } = page(call, channels, 100);
      return {
        channels: items.map((channel) => wireChannel(channel, call.token.user)),
        response_metadata: { next_cursor: next },
      };
    },
  },

  'conversations.info': {
    scopes: listScopes,
    tier: 3,
    run: (call) => ({ channel: wireChannel(named(call), call.token.user) }),
  },

  'conversations.members': {
    scopes: listScopes,
    tier: 4,
    run(call) {
      const { items, next } = page(call, named(call).members, 100);
      return { members: items, response_metadata: { next_cursor: next } };
    },
  },

  /** https://docs.slack.dev/reference/methods/conversations.history: newest first; `oldest` exclusive unless `inclusive`. */
  'conversations.history': {
    scopes: historyScopes,
    tier: 3,
    readsMessages: true,
    run(call) {
      const channel = readable(call);
      const replies = Map.groupBy(visible(call, channel), (message) => message.threadTs ?? '');
      const found = within(call, visible(call, channel))
        .filter((message) => message.threadTs === undefined || message.broadcast === true)
        .toReversed();
      const { items, next } = page(call, found, ...pageSizes(call, 100, 999));
      const options = { metadata: call.args.flag('include_all_metadata') };
      return {
        messages: items.map((message) => ({
          ...wireMessage(message, call.workspace.state, options),
          ...wireThread(message, replies.get(message.ts) ?? []),
        })),
        has_more: next !== '',
        channel_actions_ts: null,
        channel_actions_count: 0,
        pin_count: 0,
        ...(next !== '' && { response_metadata: { next_cursor: next } }),
      };
    },
  },

  /** https://docs.slack.dev/reference/methods/conversations.replies: the parent first, then replies from old to new. */
  'conversations.replies': {
    scopes: historyScopes,
    tier: 3,
    readsMessages: true,
    run(call) {
      const channel = readable(call);
      const ts = call.args.needed('ts', 'thread_not_found');
      const parent = visible(call, channel).find((message) => message.ts === ts);
      if (parent === undefined) throw new SlackFault('thread_not_found');
      const replies = visible(call, channel).filter((message) => message.threadTs === ts);
      const { items, next } = page(call, [parent, ...within(call, replies)], ...pageSizes(call, 1000, 1000));
      const options = { metadata: call.args.flag('include_all_metadata') };
      return {
        messages: items.map((message) => ({
          ...wireMessage(message, call.workspace.state, options),
          ...(message === parent && wireThread(parent, replies)),
        })),
        has_more: next !== '',
        ...(next !== '' && { response_metadata: { next_cursor: next } }),
      };
    },
  },

  'conversations.open': {
    scopes: ['im:write', 'mpim:write', 'channels:manage', 'groups:write'],
    tier: 3,
    run(call) {
      const [user, ...more] = (call.args.text('users') ?? '').split(',').filter((each) => each !== '');
      if (user === undefined) throw new SlackFault('users_list_not_supplied');
      if (more.length > 0) throw new SlackFault('method_not_supported_for_channel_type');
      const channel = call.workspace.openDirect(call.token.team, [call.token.user, user]);
      return { channel: call.args.flag('return_im') ? wireChannel(channel, call.token.user) : { id: channel.id } };
    },
  },

  'conversations.join': {
    scopes: ['channels:join', 'channels:manage'],
    tier: 3,
    run(call) {
      const channel = named(call);
      if (channel.archived) throw new SlackFault('is_archived');
      if (channel.kind !== 'public') throw new SlackFault('method_not_supported_for_channel_type');
      if (!channel.members.includes(call.token.user)) channel.members.push(call.token.user);
      call.workspace.changed({ team: channel.team, channel: channel.id });
      return { channel: wireChannel(channel, call.token.user) };
    },
  },
};

/** Standard and largest page of messages; both are 15 for commercial apps outside the marketplace. */
function pageSizes(call: Call, standard: number, most: number): [standard: number, most: number] {
  return isCommercial(call.workspace, call.token) ? [15, 15] : [standard, most];
}

function named(call: Call): Channel {
  return call.workspace.channelFor(call.token, call.args.needed('channel', 'channel_not_found'));
}

function readable(call: Call): Channel {
  const channel = named(call);
  if (!channel.members.includes(call.token.user)) throw new SlackFault('not_in_channel');
  return channel;
}

function visible(call: Call, channel: Channel): Message[] {
  return call.workspace.messages(channel.id).filter((message) => message.ephemeralTo === undefined);
}

function within(call: Call, messages: readonly Message[]): Message[] {
  const oldest = stamp(call, 'oldest', '0');
  const latest = stamp(call, 'latest', '9999999999.999999');
  const inclusive = call.args.flag('inclusive');
  return messages.filter(({ ts }) => (ts > oldest && ts < latest) || (inclusive && (ts === oldest || ts === latest)));
}

/** Stamps may come without or with fewer decimals; compared as text they must be of one shape. */
function stamp(call: Call, name: string, standard: string): string {
  const raw = call.args.text(name) ?? standard;
  const match = /^(\d{1,10})(?:\.(\d{1,6}))?$/.exec(raw);
  if (match === null) throw new SlackFault(`invalid_ts_${name}`);
  return `${(match[1] ?? '').padStart(10, '0')}.${(match[2] ?? '').padEnd(6, '0')}`;
}

/** Cursors are opaque to the client: the offset in base64, as Slack's look. */
export function page<Item>(
  call: Call,
  all: readonly Item[],
  standard: number,
  most = 1000,
): { items: Item[]; next: string } {
  const limit = call.args.count('limit', standard, most);
  const cursor = call.args.text('cursor');
  const decoded = cursor === undefined ? 'offset:0' : Buffer.from(cursor, 'base64').toString();
  const start = /^offset:(\d{1,9})$/.exec(decoded)?.[1];
  if (start === undefined) throw new SlackFault('invalid_cursor');
  const end = Number(start) + limit;
  const next = end < all.length ? Buffer.from(`offset:${end}`).toString('base64') : '';
  return { items: all.slice(Number(start), end), next };
}
