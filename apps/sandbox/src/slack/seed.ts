import type { World } from '../company/world.ts';
import { customerChats, slug } from './seed-customers.ts';
import { emptySlackState, type Channel, type SlackState, type Team, type User } from './state.ts';

/** What the Slack service starts with. */
export interface SlackSeed {
  readonly teams: readonly Team[];
  readonly users: readonly User[];
  readonly channels: readonly Channel[];
  /** What people wrote before; oldest first in each channel. */
  readonly chatter: readonly {
    readonly channel: string;
    readonly user: string;
    readonly at: number;
    readonly text: string;
    /** The place in this list of the message that it answers. */
    readonly answers?: number;
  }[];
}

/** Ids of the sample teams: the demo's own, and a tiny one that proves that teams are kept apart. */
export const sampleTeams = { main: 'T0SAMPLE01', second: 'T0SECOND01' } as const;

/** The state of a service that starts with this seed. */
export function stateFromSeed(seed: SlackSeed): SlackState {
  const state = emptySlackState();
  for (const team of seed.teams) state.teams[team.id] = team;
  for (const user of seed.users) state.users[user.id] = user;
  for (const channel of seed.channels) {
    state.channels[channel.id] = channel;
    state.messages[channel.id] = [];
  }
  const stampOf = (index: number) =>
    `${Math.floor((seed.chatter[index]?.at ?? 0) / 1000)}.${String(index + 1).padStart(6, '0')}`;
  for (const [index, { channel, user, at, text, answers }] of seed.chatter.entries()) {
    const ts = stampOf(index);
    const team = state.channels[channel]?.team ?? '';
    const thread = answers === undefined ? {} : { threadTs: stampOf(answers) };
    state.messages[channel]?.push({ ts, team, channel, user, text, ...thread });
    state.lastMicros = Math.max(state.lastMicros, Math.floor(at / 1000) * 1_000_000 + index + 1);
    for (const { id } of seed.users) state.reads[`${id}:${channel}`] = ts;
  }
  return state;
}

/**
 * Projects the sample company onto Slack: a team with everyone who has a Slack user, the usual channels, some talk of the
 * last days, and a second small team.
 */
export function seedFromWorld(world: World): SlackSeed {
  const main: Team = { id: sampleTeams.main, name: world.vendor.name, domain: slug(world.vendor.name) };
  const second: Team = { id: sampleTeams.second, name: 'Second Harbor', domain: 'second-harbor' };
  const titles = {
    csm: 'Customer Success Manager',
    sales: 'Account Executive',
    support: 'Support Engineer',
    revops: 'Revenue Operations',
    shared: '',
  };
  const users: User[] = world.vendor.staff.flatMap((member) =>
    member.slack === undefined
      ? []
      : {
          id: member.slack.id,
          team: main.id,
          name: member.slack.handle,
          realName: member.name,
          title: titles[member.role],
          email: member.slack.email,
          timezone: world.vendor.timezone,
          isBot: false,
          deleted: false,
        },
  );
  const outsiders: User[] = ['Tomas Rye', 'Ines Vold'].map((realName, index) => ({
    id: `U0SECOND0${index + 1}`,
    team: second.id,
    name: realName.toLowerCase().replace(' ', '.'),
    realName,
    email: `${realName.toLowerCase().replace(' ', '.')}@second-harbor.example`,
    timezone: 'Europe/Oslo',
    isBot: false,
    deleted: false,
  }));
  const created = Math.floor(world.anchor / 1000) - 400 * 86_400;
  const channel = (id: string, team: string, name: string, topic: string): Channel => ({
    id,
    team,
    name,
    kind: 'public',
    topic,
    archived: false,
    created,
    members: [...users, ...outsiders].filter((user) => user.team === team).map((user) => user.id),
  });
  const channels = [
    channel('C0GENERAL1', main.id, 'general', 'Company-wide announcements'),
    channel('C0CSALERTS', main.id, 'cs-alerts', 'Accounts that need a look'),
    channel('C0SUCCESS1', main.id, 'customer-success', 'The CS team'),
    channel('C0RENEWALS', main.id, 'renewals', 'Renewals of this quarter'),
    channel('C0SECOND01', second.id, 'general', 'Everyone'),
    channel('C0SECOND02', second.id, 'cs-alerts', 'Accounts that need a look'),
  ];
  const csms = world.vendor.staff.flatMap((member) => (member.role === 'csm' && member.slack ? member.slack.id : []));
  const hour = 3_600_000;
  const lines: [channel: string, speaker: number, hoursAgo: number, text: string][] = [
    ['C0GENERAL1', 0, 70, 'Morning! The new help center articles are live :tada:'],
    ['C0GENERAL1', 1, 69, 'Lovely, thank you. Sharing them with two onboarding customers today.'],
    ['C0SUCCESS1', 2, 30, 'Can someone cover my 3 pm on Thursday?'],
    ['C0SUCCESS1', 3, 29, 'I can take it. Send me the notes?'],
    ['C0SUCCESS1', 1, 6, 'Team sync moved to 10:30 tomorrow.'],
    ['C0RENEWALS', 0, 26, 'Renewal list for the quarter is up to date.'],
  ];
  const chatter = lines.flatMap(([where, speaker, ago, text]) => {
    const user = csms[speaker % Math.max(1, csms.length)];
    return user === undefined ? [] : { channel: where, user, at: world.anchor - ago * hour, text };
  });
  const customers = customerChats(world, main.id);
  return {
    teams: [main, second, ...customers.teams],
    users: [...users, ...outsiders, ...customers.users],
    channels: [...channels, ...customers.channels],
    chatter: [
      ...chatter,
      ...customers.chatter.map((line) => ({
        ...line,
        ...(line.answers !== undefined && { answers: line.answers + chatter.length }),
      })),
    ],
  };
}
