import { z } from 'zod';
import { blocksOf, type Call, type Method } from '../call.ts';
import { SlackFault } from '../slack-fault.ts';
import type { Channel, Message, MessageMetadata } from '../state.ts';
import { wireMessage } from '../wire.ts';

/** Slack cuts the text of a message here: https://docs.slack.dev/reference/methods/chat.postMessage */
const textLimit = 40_000;

const metadataSchema = z.strictObject({
  event_type: z.string().min(1).max(255),
  event_payload: z.record(z.string(), z.json()),
});

/** The methods of https://docs.slack.dev/reference/methods?family=chat that an app like ours calls. */
export const chatMethods: Readonly<Record<string, Method>> = {
  /** https://docs.slack.dev/reference/methods/chat.postMessage: about one message a second per channel. */
  'chat.postMessage': {
    scopes: ['chat:write'],
    run(call) {
      const channel = writable(call, call.args.needed('channel', 'channel_not_found'));
      const content = contentOf(call);
      if (content.text === undefined && content.blocks === undefined) throw new SlackFault('no_text');
      const threadTs = call.args.text('thread_ts');
      if (threadTs !== undefined && call.workspace.message(channel.id, threadTs) === undefined) {
        throw new SlackFault('thread_not_found');
      }
      call.meter.take(`chat.postMessage:${channel.id}`, 1, 1000);
      const message = call.workspace.post({
        channel: channel.id,
        user: call.token.user,
        token: call.token,
        text: content.text ?? '',
        ...(content.blocks && { blocks: content.blocks }),
        ...(content.metadata && { metadata: content.metadata }),
        ...(threadTs && { threadTs, broadcast: call.args.flag('reply_broadcast') }),
      });
      call.workspace.state.posts.push({
        at: call.workspace.now(),
        team: call.token.team,
        app: call.token.app,
        channel: channel.id,
        ts: message.ts,
        text: message.text,
        ...(message.threadTs && { threadTs: message.threadTs }),
        ...(message.metadata && { metadata: message.metadata }),
      });
      return { channel: channel.id, ts: message.ts, message: wire(call, message) };
    },
  },

  /** https://docs.slack.dev/reference/methods/chat.update: only the app's own messages. */
  'chat.update': {
    scopes: ['chat:write'],
    tier: 3,
    run(call) {
      const channel = call.workspace.channelFor(call.token, call.args.needed('channel', 'channel_not_found'));
      const message = ownMessage(call, channel, call.args.needed('ts', 'message_not_found'), 'cant_update_message');
      const content = contentOf(call);
      if (content.text === undefined && content.blocks === undefined) throw new SlackFault('no_text');
      call.workspace.revise(message, content);
      return { channel: channel.id, ts: message.ts, text: message.text, message: wire(call, message) };
    },
  },

  /** https://docs.slack.dev/reference/methods/chat.delete */
  'chat.delete': {
    scopes: ['chat:write'],
    tier: 3,
    run(call) {
      const channel = call.workspace.channelFor(call.token, call.args.needed('channel', 'channel_not_found'));
      const message = ownMessage(call, channel, call.args.needed('ts', 'message_not_found'), 'cant_delete_message');
      call.workspace.remove(message);
      return { channel: channel.id, ts: message.ts };
    },
  },

  /** https://docs.slack.dev/reference/methods/chat.postEphemeral: seen by one member of the channel, kept in no history. */
  'chat.postEphemeral': {
    scopes: ['chat:write'],
    tier: 4,
    run(call) {
      const channel = writable(call, call.args.needed('channel', 'channel_not_found'));
      const user = call.args.needed('user', 'user_not_in_channel');
      if (!channel.members.includes(user)) throw new SlackFault('user_not_in_channel');
      const content = contentOf(call);
      if (content.text === undefined && content.blocks === undefined) throw new SlackFault('no_text');
      const threadTs = call.args.text('thread_ts');
      const message = call.workspace.post({
        channel: channel.id,
        user: call.token.user,
        token: call.token,
        text: content.text ?? '',
        ...(content.blocks && { blocks: content.blocks }),
        ...(threadTs && { threadTs }),
        ephemeralTo: user,
      });
      return { message_ts: message.ts };
    },
  },

  /** https://docs.slack.dev/reference/methods/chat.getPermalink */
  'chat.getPermalink': {
    scopes: [],
    run(call) {
      const channel = call.workspace.channelFor(call.token, call.args.needed('channel', 'channel_not_found'));
      const ts = call.args.needed('message_ts', 'message_not_found');
      if (call.workspace.message(channel.id, ts) === undefined) throw new SlackFault('message_not_found');
      return { channel: channel.id, permalink: `${call.origin}/archives/${channel.id}/p${ts.replace('.', '')}` };
    },
  },
};

function wire(call: Call, message: Message): Record<string, unknown> {
  return wireMessage(message, call.workspace.state, { metadata: true });
}

/**
 * The channel, if the app may post there: as a member, or anywhere public with chat:write.public.
 * @see https://docs.slack.dev/reference/scopes/chat.write.public
 */
function writable(call: Call, name: string): Channel {
  const channel = call.workspace.channelFor(call.token, name);
  if (channel.archived) throw new SlackFault('is_archived');
  const invited = channel.members.includes(call.token.user);
  if (!invited && !call.token.scopes.includes('chat:write.public')) throw new SlackFault('not_in_channel');
  return channel;
}

function ownMessage(call: Call, channel: Channel, ts: string, foreign: string): Message {
  if (channel.archived) throw new SlackFault('is_archived');
  const message = call.workspace.message(channel.id, ts);
  if (message === undefined || message.ephemeralTo !== undefined) throw new SlackFault('message_not_found');
  if (message.app !== call.token.app) throw new SlackFault(foreign);
  return message;
}

function contentOf(call: Call) {
  const text = call.args.text('text');
  const blocks = blocksOf(call, 'message', call.args.structure('blocks', 'invalid_blocks_format'));
  const raw = call.args.structure('metadata', 'invalid_metadata_format');
  let metadata: MessageMetadata | undefined;
  if (raw !== undefined) {
    const parsed = metadataSchema.safeParse(raw);
    if (!parsed.success) throw new SlackFault('invalid_metadata_format');
    metadata = parsed.data;
  }
  return {
    ...(text !== undefined && { text: text.slice(0, textLimit) }),
    ...(blocks !== undefined && blocks.length > 0 && { blocks }),
    ...(metadata && { metadata }),
  };
}
