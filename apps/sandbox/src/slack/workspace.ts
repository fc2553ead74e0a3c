import { randomBytes } from 'node:crypto';
import type { StoredBlock } from './block-limits.ts';
import { SlackFault } from './slack-fault.ts';
import type { Channel, Message, MessageMetadata, SlackApp, SlackState, Token, Trigger, User } from './state.ts';

/** What changed, for the pages that watch. */
export interface Change {
  readonly team: string;
  readonly channel?: string;
  /** Only this user's page is touched. */
  readonly user?: string;
}

/** A message before the service gives it a time stamp. */
export interface Draft {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly token?: Token;
  readonly blocks?: StoredBlock[];
  readonly metadata?: MessageMetadata;
  readonly threadTs?: string;
  readonly broadcast?: boolean;
  readonly ephemeralTo?: string;
}

/** A trigger may be exchanged for a view for three seconds: https://docs.slack.dev/interactivity/handling-user-interaction */
const triggerLifeMs = 3000;
/** https://docs.slack.dev/interactivity/handling-user-interaction#message_responses */
const responseUrlLifeMs = 30 * 60_000;

/** Guards the state of the Slack service: every change of teams, channels, messages and views goes through it. */
export class Workspace {
  readonly state: SlackState;
  readonly now: () => number;
  readonly #watchers = new Set<(change: Change) => void>();

  /** @param now epoch milliseconds. */
  constructor(state: SlackState, now: () => number) {
    this.state = state;
    this.now = now;
  }

  /** Calls back after every change until the returned function is called. */
  watch(watcher: (change: Change) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  changed(change: Change): void {
    for (const watcher of this.#watchers) watcher(change);
  }

  /** A new id with Slack's look, such as `V0000000K2`. */
  nextId(prefix: string): string {
    this.state.lastId += 1;
    return `${prefix}${this.state.lastId.toString(36).toUpperCase().padStart(8, '0')}`;
  }

  /** A time stamp greater than all before: the identity of a message in its channel. */
  nextTs(at = this.now()): string {
    this.state.lastMicros = Math.max(at * 1000, this.state.lastMicros + 1);
    return formatTs(this.state.lastMicros);
  }

  /** The user, who must be of this team. */
  user(team: string, id: string): User {
    const user = this.state.users[id];
    if (user === undefined || user.team !== team) throw new SlackFault('user_not_found');
    return user;
  }

  /** The user as a team may see them: its own people, and those of other teams in channels that they share. */
  visibleUser(team: string, id: string): User {
    const user = this.state.users[id];
    const met = user !== undefined && this.channelsOf(team).some((channel) => channel.sharedWith?.includes(user.team));
    return met ? user : this.user(team, id);
  }

  usersOf(team: string): User[] {
    return Object.values(this.state.users).filter((user) => user.team === team);
  }

  channelsOf(team: string): Channel[] {
    return Object.values(this.state.channels).filter((channel) => channel.team === team);
  }

  /**
   * The channel as the caller may name it: a channel id, `#name`, or a user's id for the direct message with them.
   * @throws SlackFault channel_not_found, also for a private channel or direct message the caller is not in.
   */
  channelFor(caller: { team: string; user: string }, name: string): Channel {
    if (/^[UW]/.test(name)) return this.openDirect(caller.team, [caller.user, name]);
    const channel = name.startsWith('#')
      ? this.channelsOf(caller.team).find((each) => each.name === name.slice(1))
      : this.state.channels[name];
    const shared = channel?.sharedWith?.includes(caller.team) === true;
    if (channel === undefined || (channel.team !== caller.team && !shared)) throw new SlackFault('channel_not_found');
    if (channel.kind !== 'public' && !channel.members.includes(caller.user)) throw new SlackFault('channel_not_found');
    return channel;
  }

  /** The direct message between two users of a team, made if it is not there yet. */
  openDirect(team: string, members: readonly [string, string]): Channel {
    for (const member of members) {
      const user = this.state.users[member];
      if (user === undefined || user.team !== team || user.deleted) throw new SlackFault('user_not_found');
    }
    if (members[0] === members[1] && this.user(team, members[0]).isBot) throw new SlackFault('cannot_dm_bot');
    const id = `D${[...members]
      .toSorted()
      .join('')
      .replaceAll(/[^A-Z0-9]/g, '')}`;
    const found = this.state.channels[id];
    if (found !== undefined) return found;
    return this.addChannel({ id, team, name: '', kind: 'im', members: [...members] });
  }

  addChannel(channel: Pick<Channel, 'team' | 'name' | 'kind' | 'members'> & { id?: string; topic?: string }): Channel {
    const added: Channel = {
      topic: '',
      archived: false,
      created: Math.floor(this.now() / 1000),
      ...channel,
      id: channel.id ?? this.nextId('C'),
    };
    this.state.channels[added.id] = added;
    this.state.messages[added.id] ??= [];
    this.changed({ team: added.team });
    return added;
  }

  messages(channel: string): Message[] {
    return (this.state.messages[channel] ??= []);
  }

  message(channel: string, ts: string): Message | undefined {
    return this.messages(channel).findLast((message) => message.ts === ts);
  }

  /** Appends a message; the draft is taken as checked. */
  post(draft: Draft): Message {
    const channel = this.state.channels[draft.channel];
    if (channel === undefined) throw new SlackFault('channel_not_found');
    const message: Message = {
      ts: this.nextTs(),
      team: channel.team,
      channel: channel.id,
      user: draft.user,
      text: draft.text,
      ...(draft.token && { app: draft.token.app, bot: draft.token.bot }),
      ...(draft.blocks && { blocks: draft.blocks }),
      ...(draft.metadata && { metadata: draft.metadata }),
      ...(draft.threadTs && { threadTs: draft.threadTs }),
      ...(draft.broadcast && { broadcast: true }),
      ...(draft.ephemeralTo && { ephemeralTo: draft.ephemeralTo }),
    };
    this.messages(channel.id).push(message);
    this.changed({ team: channel.team, channel: channel.id });
    return message;
  }

  /** Replaces what a message says; parts not given stay, except that new text without blocks drops the old blocks. */
  revise(message: Message, next: { text?: string; blocks?: StoredBlock[]; metadata?: MessageMetadata }): void {
    if (next.text !== undefined) message.text = next.text;
    if (next.blocks !== undefined) message.blocks = next.blocks;
    else if (next.text !== undefined) delete message.blocks;
    if (next.metadata !== undefined) message.metadata = next.metadata;
    message.edited = { user: message.user, ts: this.nextTs() };
    this.changed({ team: message.team, channel: message.channel });
  }

  remove(message: Message): void {
    const messages = this.messages(message.channel);
    messages.splice(messages.indexOf(message), 1);
    this.changed({ team: message.team, channel: message.channel });
  }

  /** The app installed in the team with this command, or undefined. */
  appWithCommand(team: string, command: string): SlackApp | undefined {
    return this.installedApps(team).find((app) => app.commands.some((each) => each.name === command));
  }

  installedApps(team: string): SlackApp[] {
    return Object.values(this.state.apps).filter((app) => this.installation(team, app.id) !== undefined);
  }

  /** The living bot token of an app in a team. */
  installation(team: string, app: string): Token | undefined {
    return Object.values(this.state.tokens).find(
      (token) => token.team === team && token.app === app && token.dead === undefined,
    );
  }

  /** Installs the app (again): the same bot user, scopes added to what it had, a new token if the old one is dead. */
  install(team: string, app: SlackApp, scopes: readonly string[]): Token {
    const living = this.installation(team, app.id);
    if (living !== undefined) {
      living.scopes = [...new Set([...living.scopes, ...scopes])];
      return living;
    }
    let bot = this.usersOf(team).find((user) => user.app === app.id);
    if (bot === undefined) {
      bot = {
        id: this.nextId('U'),
        team,
        name: app.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
        realName: app.name,
        timezone: 'Etc/UTC',
        isBot: true,
        deleted: false,
        app: app.id,
      };
      this.state.users[bot.id] = bot;
    }
    bot.deleted = false;
    const token: Token = {
      token: `xoxb-${team}-${randomBytes(18).toString('hex')}`,
      team,
      app: app.id,
      user: bot.id,
      bot: `B${bot.id.slice(1)}`,
      scopes: [...scopes],
    };
    this.state.tokens[token.token] = token;
    this.changed({ team });
    return token;
  }

  addTrigger(from: { team: string; app: string; user: string; view?: string }): Trigger {
    const trigger: Trigger = {
      id: `${Math.floor(this.now())}.${randomBytes(8).toString('hex')}`,
      expiresAt: this.now() + triggerLifeMs,
      exchanged: false,
      ...from,
    };
    for (const old of Object.values(this.state.triggers)) {
      if (old.expiresAt < this.now() - 60_000) delete this.state.triggers[old.id];
    }
    this.state.triggers[trigger.id] = trigger;
    return trigger;
  }

  /** Makes an address that accepts five answers within thirty minutes; returns its id. */
  addResponseUrl(from: {
    team: string;
    app: string;
    user: string;
    channel: string;
    ts?: string;
    threadTs?: string;
  }): string {
    const id = `${from.team}/${randomBytes(12).toString('hex')}`;
    for (const old of Object.values(this.state.responseUrls)) {
      if (old.expiresAt < this.now()) delete this.state.responseUrls[old.id];
    }
    this.state.responseUrls[id] = { id, expiresAt: this.now() + responseUrlLifeMs, uses: 0, ...from };
    return id;
  }

  markRead(user: string, channel: string): void {
    const last = this.messages(channel).findLast((message) => seenBy(message, user));
    if (last === undefined || (this.state.reads[`${user}:${channel}`] ?? '0') >= last.ts) return;
    this.state.reads[`${user}:${channel}`] = last.ts;
    const team = this.state.channels[channel]?.team;
    if (team !== undefined) this.changed({ team, user });
  }

  /** Messages of others in the channel that the user has not seen. */
  unread(user: string, channel: string): number {
    const read = this.state.reads[`${user}:${channel}`] ?? '0';
    return this.messages(channel).filter(
      (message) =>
        message.ts > read && message.user !== user && seenBy(message, user) && (!message.threadTs || message.broadcast),
    ).length;
  }
}

/** `1700000000.000100` of microseconds. */
function formatTs(micros: number): string {
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
}

/** Ephemeral messages are seen by one user only. */
export function seenBy(message: Message, user: string): boolean {
  return message.ephemeralTo === undefined || message.ephemeralTo === user;
}
