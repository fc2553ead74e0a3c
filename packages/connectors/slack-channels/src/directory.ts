import { ConnectorFault } from '@waymark/connector-kit';
import type { SlackChannel, SlackClient, SlackIdentity, SlackUser } from './client.ts';
import { accountOf } from './settings.ts';

/** Members that are looked at to find the customer's people in one channel. */
const mostMembers = 200;
/** Outside people that are named on a message of ours. */
const mostNamed = 20;

/** One workspace beyond our own that shares a channel. */
export interface OutsideTeam {
  readonly id: string;
  readonly domains: readonly string[];
}

/** A channel with what tells whose it is. */
export interface ChannelView {
  readonly channel: SlackChannel;
  readonly outsideTeams: readonly OutsideTeam[];
}

/** Who is who in a workspace, asked once a run. */
export class Directory {
  readonly #client: SlackClient;
  readonly #channels = new Map<string, Promise<ChannelView | undefined>>();
  readonly #users = new Map<string, Promise<SlackUser | undefined>>();
  readonly #teams = new Map<string, Promise<OutsideTeam>>();
  readonly #outsiders = new Map<string, Promise<readonly string[]>>();
  #identity: Promise<SlackIdentity> | undefined;

  constructor(client: SlackClient) {
    this.#client = client;
  }

  identity(): Promise<SlackIdentity> {
    return (this.#identity ??= this.#client.identity());
  }

  /** Undefined where the app is not in the channel any more. */
  channel(id: string): Promise<ChannelView | undefined> {
    return kept(this.#channels, id, async () => {
      const channel = await orGone(this.#client.channel(id));
      return channel && this.#view(channel);
    });
  }

  /** A channel as a listing gave it. */
  view(channel: SlackChannel): Promise<ChannelView | undefined> {
    return kept(this.#channels, channel.id, () => this.#view(channel));
  }

  async #view(channel: SlackChannel): Promise<ChannelView> {
    const outside: OutsideTeam[] = [];
    for (const id of channel.isShared ? channel.teams : []) {
      if (!(await this.isOwnTeam(id, channel))) outside.push(await this.#team(id));
    }
    return { channel, outsideTeams: outside };
  }

  /** Whether a workspace is ours, or of our organization. */
  async isOwnTeam(id: string, channel: SlackChannel): Promise<boolean> {
    const own = await this.identity();
    return id === own.team_id || id === own.enterprise_id || channel.ownTeams.includes(id);
  }

  #team(id: string): Promise<OutsideTeam> {
    return kept(this.#teams, id, async () => ({ id, domains: (await orGone(this.#client.teamDomains(id))) ?? [] }));
  }

  /** Undefined for people whom Slack does not show. */
  user(id: string): Promise<SlackUser | undefined> {
    return kept(this.#users, id, () => orGone(this.#client.user(id)));
  }

  /** Members of a channel, at most the first few hundred. */
  async members(channel: string): Promise<readonly SlackUser[]> {
    const found: SlackUser[] = [];
    let cursor: string | undefined;
    let seen = 0;
    do {
      const page = await orGone(this.#client.members(channel, cursor));
      for (const id of page?.members ?? []) {
        const user = await this.user(id);
        if (user) found.push(user);
      }
      seen += page?.members.length ?? 0;
      cursor = page?.next;
    } while (cursor !== undefined && seen < mostMembers);
    return found;
  }

  /** Whether a person is not of our workspace: of another one, or a guest. */
  async isOutside(user: SlackUser, channel: SlackChannel): Promise<boolean> {
    if (user.isGuest) return true;
    return user.team !== undefined && !(await this.isOwnTeam(user.team, channel));
  }

  /** Addresses of outside people in a channel whose account nothing else tells; asked for no other channel. */
  async outsiders({ channel, outsideTeams }: ChannelView): Promise<readonly string[]> {
    const [only, ...more] = outsideTeams;
    const told = more.length === 0 && only?.domains.length === 1;
    if (told || accountOf(this.#client.settings, channel) !== undefined) return [];
    return kept(this.#outsiders, channel.id, async () => {
      const addresses = new Set<string>();
      for (const user of await this.members(channel.id)) {
        if (user.email && !user.isBot && !user.isDeleted && (await this.isOutside(user, channel)))
          addresses.add(user.email.toLowerCase());
      }
      return [...addresses].sort().slice(0, mostNamed);
    });
  }
}

const mostKept = 5000;

function kept<T>(map: Map<string, Promise<T>>, id: string, read: () => Promise<T>): Promise<T> {
  const known = map.get(id);
  if (known) return known;
  if (map.size >= mostKept) map.clear();
  const reading = read();
  map.set(id, reading);
  // A failure is not kept: the next one asks again.
  reading.catch(() => map.delete(id));
  return reading;
}

/** Undefined where Slack says that there is no such thing, or none that we may see. */
export async function orGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return undefined;
    throw error;
  }
}
