import type { EventSource } from './event-source.ts';
import { SlackFault } from './slack-fault.ts';
import type { Channel, Message } from './state.ts';
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
    for (const app of this.#workspace.installedApps(by.team)) {
      const bot = this.#workspace.installation(by.team, app.id)?.user;
      if (bot === undefined || !channel.members.includes(bot)) continue;
      const event = {
        channel: channel.id,
        user: by.user,
        text,
        ts: message.ts,
        team: by.team,
        event_ts: message.ts,
        ...(threadTs !== undefined && { thread_ts: threadTs }),
      };
      this.#events.tell(app, by.team, { type: 'message', channel_type: kindOf(channel), ...event });
      if (text.includes(`<@${bot}>`)) this.#events.tell(app, by.team, { type: 'app_mention', ...event });
    }
    return message;
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
