import type { Channel, Message, SlackState, Team, User, View } from './state.ts';
import { valuesOf, type Typed } from './element-state.ts';

type Wire = Record<string, unknown>;

/** Slack's own pictures for an app that brings none. */
const botIcons = Object.fromEntries(
  [36, 48, 72].map((size) => [`image_${size}`, `https://a.slack-edge.com/80588/img/plugins/app/bot_${size}.png`]),
);

/** A message as the Web API gives it. @see https://docs.slack.dev/reference/events/message */
export function wireMessage(message: Message, state: SlackState, options: { metadata: boolean }): Wire {
  const app = message.app === undefined ? undefined : state.apps[message.app];
  const team = state.users[message.user]?.team ?? message.team;
  return {
    type: 'message',
    ...(message.broadcast && { subtype: 'thread_broadcast' }),
    user: message.user,
    text: message.text,
    ts: message.ts,
    team,
    ...(team !== message.team && { user_team: team, source_team: team }),
    ...(message.bot !== undefined && { bot_id: message.bot, app_id: message.app }),
    ...(app !== undefined && {
      bot_profile: {
        id: message.bot,
        app_id: app.id,
        name: app.name,
        deleted: false,
        updated: 0,
        icons: botIcons,
        team_id: message.team,
      },
    }),
    ...(message.blocks && { blocks: message.blocks }),
    ...(message.threadTs && { thread_ts: message.threadTs }),
    ...(message.edited && { edited: message.edited }),
    ...(options.metadata && message.metadata && { metadata: message.metadata }),
  };
}

/** What a thread's parent carries besides the message. */
export function wireThread(parent: Message, replies: readonly Message[]): Wire {
  const last = replies.at(-1);
  if (last === undefined) return {};
  return {
    thread_ts: parent.ts,
    reply_count: replies.length,
    reply_users: [...new Set(replies.map((reply) => reply.user))],
    reply_users_count: new Set(replies.map((reply) => reply.user)).size,
    latest_reply: last.ts,
  };
}

/** @see https://docs.slack.dev/reference/objects/conversation-object */
export function wireChannel(channel: Channel, viewer: string): Wire {
  const direct = channel.kind === 'im';
  return {
    id: channel.id,
    created: channel.created,
    is_archived: channel.archived,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_im: direct,
    is_mpim: false,
    is_private: channel.kind !== 'public',
    is_org_shared: false,
    is_ext_shared: channel.sharedWith !== undefined,
    is_shared: channel.sharedWith !== undefined,
    context_team_id: channel.team,
    ...(channel.sharedWith && {
      conversation_host_id: channel.team,
      internal_team_ids: [channel.team],
      shared_team_ids: [channel.team, ...channel.sharedWith],
      connected_team_ids: channel.sharedWith,
      pending_connected_team_ids: [],
    }),
    ...(direct
      ? { user: channel.members.find((member) => member !== viewer) ?? viewer }
      : {
          name: channel.name,
          name_normalized: channel.name,
          is_general: channel.name === 'general',
          is_member: channel.members.includes(viewer),
          num_members: channel.members.length,
          topic: { value: channel.topic, creator: '', last_set: 0 },
          purpose: { value: '', creator: '', last_set: 0 },
        }),
  };
}

/** @see https://docs.slack.dev/reference/objects/user-object */
export function wireUser(user: User, options: { email: boolean }): Wire {
  return {
    id: user.id,
    team_id: user.team,
    name: user.name,
    deleted: user.deleted,
    real_name: user.realName,
    tz: user.timezone,
    is_bot: user.isBot,
    is_app_user: false,
    is_admin: false,
    is_restricted: false,
    updated: 0,
    profile: {
      real_name: user.realName,
      display_name: user.name,
      title: user.title ?? '',
      team: user.team,
      ...(options.email && user.email !== undefined && { email: user.email }),
    },
  };
}

export function wireTeam(team: Team): Wire {
  return { id: team.id, name: team.name, domain: team.domain, email_domain: team.emailDomain ?? '', icon: {} };
}

/** A view as it is answered and sent in interactions. @see https://docs.slack.dev/reference/views */
export function wireView(view: View, values: Record<string, Record<string, Typed>> = valuesOf(view.blocks)): Wire {
  const plain = (text: string) => ({ type: 'plain_text', text, emoji: true });
  return {
    id: view.id,
    team_id: view.team,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.privateMetadata,
    callback_id: view.callbackId,
    state: { values },
    hash: view.hash,
    clear_on_close: view.clearOnClose,
    notify_on_close: view.notifyOnClose,
    ...(view.type === 'modal' && {
      title: plain(view.title),
      close: view.close === undefined ? null : plain(view.close),
      submit: view.submit === undefined ? null : plain(view.submit),
    }),
    previous_view_id: view.previousId ?? null,
    root_view_id: view.rootId,
    app_id: view.app,
    external_id: view.externalId,
    app_installed_team_id: view.team,
    bot_id: view.bot,
  };
}
