import type { EventSource } from './event-source.ts';
import { SlackFault } from './slack-fault.ts';
import type { Channel, Message, SlackApp } from './state.ts';
import { wireMessage } from './wire.ts';
import type { Workspace } from './workspace.ts';

/** What a person does in Slack besides using elements: writes messages, opens an app's home. */
export class People {
  readonly #workspace: Workspace;
  readonly #events: EventSource;

  constructor(workspace: Workspace, events: EventSource) {
    this.#workspace = workspace;
    this.#events = events;
  }

  /** Posts a message as a person; apps in the channel hear of it as `message`, mentioned ones as `app_mention`. */
  say(by: { team: string; user: string; channel: string }, text: string, threadTs?: string): Message {
    const channel = this.#workspace.channelFor(by, by.channel);
    if (channel.archived) throw new SlackFault('is_archived');
    if (!channel.members.includes(by.user)) channel.members.push(by.user);
    const message = this.#workspace.post({
      channel: channel.id,
      user: by.user,
      text,
      ...(threadTs !== undefined && { threadTs }),
    });
    this.#workspace.markRead(by.user, channel.id);
    const abroad = by.team !== channel.team;
    const event = {
      channel: channel.id,
      user: by.user,
      text,
      ts: message.ts,
      team: by.team,
      event_ts: message.ts,
      ...(abroad && { user_team: by.team, source_team: by.team }),
      ...(threadTs !== undefined && { thread_ts: threadTs }),
    };
    for (const { app, bot } of this.#listeners(channel)) {
      const options = { ...(abroad && { actorTeam: by.team }) };
      this.#events.tell(app, channel.team, { type: 'message', channel_type: kindOf(channel), ...event }, options);
      if (text.includes(`<@${bot}>`)) this.#events.tell(app, channel.team, { type: 'app_mention', ...event }, options);
    }
    return message;
  }

  /** Edits a message as its author. @see https://docs.slack.dev/reference/events/message/message_changed */
  edit(message: Message, text: string): void {
    const { state } = this.#workspace;
    const before = wireMessage(message, state, { metadata: false });
    this.#workspace.revise(message, { text });
    const after = wireMessage(message, state, { metadata: false });
    this.#tellChange(message, { subtype: 'message_changed', message: after, previous_message: before });
  }

  /** Deletes a message as its author. @see https://docs.slack.dev/reference/events/message/message_deleted */
  erase(message: Message): void {
    const before = wireMessage(message, this.#workspace.state, { metadata: false });
    this.#workspace.remove(message);
    this.#tellChange(message, { subtype: 'message_deleted', deleted_ts: message.ts, previous_message: before });
  }

  /** Puts someone into a channel; apps in it hear of it. @see https://docs.slack.dev/reference/events/member_joined_channel */
  join(channel: Channel, user: string): void {
    if (channel.members.includes(user)) return;
    channel.members.push(user);
    this.#workspace.changed({ team: channel.team, channel: channel.id });
    const event = { type: 'member_joined_channel', user, channel: channel.id, team: channel.team };
    for (const { app } of this.#listeners(channel)) this.#events.tell(app, channel.team, event);
  }

  #tellChange(message: Message, change: Readonly<Record<string, unknown>>): void {
    const channel = this.#workspace.state.channels[message.channel];
    if (channel === undefined) return;
    const at = this.#workspace.nextTs();
    const event = { channel: channel.id, channel_type: kindOf(channel), hidden: true, ts: at, event_ts: at, ...change };
    for (const { app } of this.#listeners(channel)) this.#events.tell(app, channel.team, { type: 'message', ...event });
  }

  /** Apps in the channel: of the workspace that holds it. */
  #listeners(channel: Channel): readonly { readonly app: SlackApp; readonly bot: string }[] {
    return this.#workspace.installedApps(channel.team).flatMap((app) => {
      const bot = this.#workspace.installation(channel.team, app.id)?.user;
      return bot !== undefined && channel.members.includes(bot) ? [{ app, bot }] : [];
    });
  }

  /** Opens the direct message with an app on one of its tabs. @see https://docs.slack.dev/reference/events/app_home_opened */
  openApp(by: { team: string; user: string }, bot: string, tab: 'home' | 'messages'): Channel {
    const channel = this.#workspace.openDirect(by.team, [by.user, bot]);
    const app = this.#workspace.state.apps[this.#workspace.user(by.team, bot).app ?? ''];
    if (app !== undefined) {
      this.#events.tell(app, by.team, { type: 'app_home_opened', user: by.user, channel: channel.id, tab });
    }
    return channel;
  }
}

function kindOf(channel: Channel): string {
  return { public: 'channel', private: 'group', im: 'im' }[channel.kind];
}
