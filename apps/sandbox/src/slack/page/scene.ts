import { SlackFault } from '../slack-fault.ts';
import type { Channel, Message, SlackApp, Team, User, View } from '../state.ts';
import { topModal } from '../modals.ts';
import type { Workspace } from '../workspace.ts';

/** What one page address shows. */
export interface PageAddress {
  readonly team?: string;
  readonly user?: string;
  readonly channel?: string;
  readonly thread?: string;
  readonly tab?: string;
}

/** What the page at one address shows: who acts, where, and what stands beside it. */
export class PageScene {
  readonly workspace: Workspace;
  readonly team: Team;
  readonly user: User;
  readonly channel: Channel;
  readonly thread: Message | undefined;
  /** The app whose direct message this is, if it is one. */
  readonly app: SlackApp | undefined;
  readonly tab: 'home' | 'messages';
  readonly #replies: Map<string, Message[]>;

  private constructor(workspace: Workspace, team: Team, user: User, channel: Channel, address: PageAddress) {
    this.workspace = workspace;
    this.team = team;
    this.user = user;
    this.channel = channel;
    this.thread = address.thread === undefined ? undefined : workspace.message(channel.id, address.thread);
    this.app = workspace.state.apps[this.partner(channel)?.app ?? ''];
    this.tab = this.app !== undefined && address.tab === 'home' ? 'home' : 'messages';
    const replies = workspace.messages(channel.id).filter((message) => message.threadTs !== undefined);
    this.#replies = Map.groupBy(replies, (message) => message.threadTs ?? '');
  }

  /**
   * The scene of an address; what it leaves out is chosen: the first team, the person with most unread messages, the
   * place with something new. Throws SlackFault if it names what does not exist, or there is no team yet.
   */
  static of(workspace: Workspace, address: PageAddress): PageScene {
    const team = workspace.state.teams[address.team ?? Object.keys(workspace.state.teams)[0] ?? ''];
    if (team === undefined) throw new SlackFault('team_not_found');
    const user = address.user === undefined ? busiest(workspace, team.id) : workspace.user(team.id, address.user);
    if (user === undefined || user.isBot) throw new SlackFault('user_not_found');
    const open = directs(workspace, team.id, user.id);
    const channel =
      address.channel === undefined
        ? (open.find(({ id }) => workspace.unread(user.id, id) > 0) ?? rooms(workspace, team.id, user.id)[0])
        : workspace.channelFor({ team: team.id, user: user.id }, address.channel);
    if (channel === undefined) throw new SlackFault('channel_not_found');
    return new PageScene(workspace, team, user, channel, address);
  }

  /** Times are shown as the acting user sees them. */
  get timezone(): string {
    return this.user.timezone;
  }

  get rooms(): Channel[] {
    return rooms(this.workspace, this.team.id, this.user.id);
  }

  get directs(): Channel[] {
    return directs(this.workspace, this.team.id, this.user.id);
  }

  get people(): User[] {
    return this.workspace.usersOf(this.team.id).filter((user) => !user.isBot && !user.deleted);
  }

  get modal(): View | undefined {
    return topModal(this.workspace, this.user.id);
  }

  get home(): View | undefined {
    const { state } = this.workspace;
    return state.views[state.homes[`${this.user.id}:${this.app?.id}`] ?? ''];
  }

  /** The last messages of the channel's main line. */
  get messages(): Message[] {
    return this.workspace
      .messages(this.channel.id)
      .filter((message) => message.threadTs === undefined || message.broadcast === true)
      .slice(-200);
  }

  repliesTo(ts: string): Message[] {
    return (this.#replies.get(ts) ?? []).filter((reply) => reply.ephemeralTo === undefined);
  }

  /** Replies with the ephemeral ones that the acting user sees. */
  threadOf(ts: string): Message[] {
    return this.#replies.get(ts) ?? [];
  }

  /** The other one of a direct message. */
  partner(channel: Channel): User | undefined {
    if (channel.kind !== 'im') return undefined;
    return this.workspace.state.users[channel.members.find((member) => member !== this.user.id) ?? this.user.id];
  }

  titleOf(channel: Channel): string {
    return channel.kind === 'im' ? (this.partner(channel)?.realName ?? 'Direct message') : channel.name;
  }

  /** Unread messages of a person in all direct messages, for the switcher. */
  unreadOf(user: User): number {
    return directs(this.workspace, this.team.id, user.id).reduce(
      (sum, { id }) => sum + this.workspace.unread(user.id, id),
      0,
    );
  }

  /** The address of another place, by default the same team, user and channel. */
  link(to: PageAddress): string {
    const query = new URLSearchParams({ team: this.team.id, user: this.user.id, channel: this.channel.id });
    for (const [name, value] of Object.entries(to)) if (typeof value === 'string') query.set(name, value);
    return `/?${query.toString()}`;
  }
}

function rooms(workspace: Workspace, team: string, user: string): Channel[] {
  return workspace
    .channelsOf(team)
    .filter(
      (channel) =>
        channel.kind !== 'im' && !channel.archived && (channel.kind === 'public' || channel.members.includes(user)),
    )
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

/** A direct message with each installed app, and those with people in which something was said. */
function directs(workspace: Workspace, team: string, user: string): Channel[] {
  const bots = workspace.installedApps(team).flatMap((app) => workspace.installation(team, app.id)?.user ?? []);
  const withApps = bots.map((bot) => workspace.openDirect(team, [user, bot]));
  const others = workspace
    .channelsOf(team)
    .filter((channel) => channel.kind === 'im' && channel.members.includes(user) && !withApps.includes(channel))
    .filter((channel) => workspace.messages(channel.id).length > 0);
  return [...withApps, ...others];
}

function busiest(workspace: Workspace, team: string): User | undefined {
  const unread = (user: User) =>
    directs(workspace, team, user.id).reduce((sum, { id }) => sum + workspace.unread(user.id, id), 0);
  return workspace
    .usersOf(team)
    .filter((user) => !user.isBot && !user.deleted)
    .toSorted((one, other) => unread(other) - unread(one))[0];
}
