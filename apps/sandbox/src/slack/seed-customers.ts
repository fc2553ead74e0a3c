import { createRandom } from '../company/random.ts';
import type { World, WorldAccount } from '../company/world.ts';
import type { SlackSeed } from './seed.ts';
import type { Channel, Team, User } from './state.ts';

const day = 86_400_000;
const hour = 3_600_000;
/** Customers that share a channel. */
const mostCustomers = 6;

const theirs = [
  'Hi! Is the export back to normal on your side?',
  'We rolled it out to the second team today :tada:',
  'Quick question: can we add two more seats for November?',
  'Thanks, that did it.',
  'Our admin will look at the new settings tomorrow.',
];
const ours = [
  'Good morning! The fix is live, could you try again?',
  'Great to hear. Shall we look at the numbers on Thursday?',
  'I have shared the guide, tell me if anything is unclear.',
  'Noted, I will come back to you today.',
  'Welcome to the channel! Ask us anything here.',
];

/**
 * Channels shared with some of the sample's healthy customers through Slack Connect: their workspaces, their people and some months of
 * talk. Drawn from a generator of its own, so that the rest of the sample stays as it is; only of healthy customers, so that every
 * story keeps its answer.
 */
export function customerChats(world: World, host: string): SlackSeed {
  const random = createRandom(world.seed).fork('slack channels');
  const healthy = new Set(
    world.manifest.filter((story) => story.healthy && story.story === 'healthy').map(({ account }) => account),
  );
  const chosen = world.accounts
    .filter(({ key, lifecycle, domains }) => lifecycle === 'customer' && domains.length > 0 && healthy.has(key))
    .slice(0, mostCustomers);
  const teams: Team[] = [];
  const users: User[] = [];
  const channels: Channel[] = [];
  const lines: { channel: string; user: string; at: number; text: string; answers?: number }[] = [];
  for (const [index, account] of chosen.entries()) {
    const number = String(index + 1).padStart(2, '0');
    const team: Team = {
      id: `T0CUST00${number}`,
      name: account.name,
      domain: slug(account.name),
      emailDomain: account.domains.join(','),
    };
    const people = peopleOf(world, account, team.id, number);
    const csm = world.vendor.staff.find(({ email }) => email === account.csm)?.slack;
    if (people.length === 0 || csm === undefined) continue;
    const channel: Channel = {
      id: `C0CUST00${number}`,
      team: host,
      name: `ext-${slug(account.name)}`,
      kind: index % 2 === 0 ? 'private' : 'public',
      topic: `Shared with ${account.name}`,
      archived: false,
      created: Math.floor((world.anchor - 120 * day) / 1000),
      members: [csm.id, ...people.map(({ id }) => id)],
      sharedWith: [team.id],
    };
    teams.push(team);
    users.push(...people);
    channels.push(channel);
    const fork = random.fork(account.key);
    const talks = fork.int(8, 16);
    for (let talk = 0; talk < talks; talk += 1) {
      // Between 9 and 16 UTC, some months back to two days ago.
      const back = Math.floor(fork.range(2, 90));
      const at = Math.floor((world.anchor - back * day) / day) * day + fork.int(9, 15) * hour;
      const asks = fork.pick(people).id;
      const first = lines.length;
      lines.push({ channel: channel.id, user: asks, at, text: fork.pick(theirs) });
      if (fork.chance(0.6))
        lines.push({ channel: channel.id, user: csm.id, at: at + 0.3 * hour, text: fork.pick(ours), answers: first });
      else lines.push({ channel: channel.id, user: csm.id, at: at + 0.5 * hour, text: fork.pick(ours) });
    }
  }
  return { teams, users, channels, chatter: inOrder(lines) };
}

/** Oldest first, with answers told by their new places. */
function inOrder(lines: SlackSeed['chatter']): SlackSeed['chatter'] {
  const order = lines.map((_, index) => index).sort((a, b) => (lines[a]?.at ?? 0) - (lines[b]?.at ?? 0) || a - b);
  const places = new Map(order.map((old, place) => [old, place]));
  return order.flatMap((old) => {
    const line = lines[old];
    if (!line) return [];
    const { answers, ...rest } = line;
    const place = answers === undefined ? undefined : places.get(answers);
    return [{ ...rest, ...(place !== undefined && { answers: place }) }];
  });
}

/** At most three people of the customer with an address of its own; the second one hides it from other workspaces. */
function peopleOf(world: World, account: WorldAccount, team: string, number: string): User[] {
  return world.people
    .filter((person) => person.account === account.key && person.leftAt === undefined)
    .flatMap((person) => {
      const email = person.addresses.find((address) => account.domains.includes(address.split('@')[1] ?? ''));
      return email === undefined ? [] : [{ person, email }];
    })
    .slice(0, 3)
    .map(({ person, email }, index) => ({
      id: `U0C${number}P00${index + 1}`,
      team,
      name: email.split('@')[0] ?? '',
      realName: person.name,
      title: person.title,
      email,
      timezone: 'Etc/UTC',
      isBot: false,
      deleted: false,
      ...(index === 1 && { hidesEmail: true }),
    }));
}

/** A name as Slack writes it in addresses and channels. */
export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
