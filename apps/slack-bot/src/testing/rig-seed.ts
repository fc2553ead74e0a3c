import type { SlackSeed } from '../../../sandbox/src/slack/seed.ts';

const person = (id: string, team: string, realName: string) => ({
  id,
  team,
  name: realName.split(' ')[0]?.toLowerCase() ?? '',
  realName,
  email: `${realName.split(' ')[0]?.toLowerCase()}@vendor.example`,
  timezone: 'Etc/UTC',
  isBot: false,
  deleted: false,
});
const room = (id: string, team: string, name: string, members: string[]) => ({
  id,
  team,
  name,
  kind: 'public' as const,
  topic: '',
  archived: false,
  created: 1,
  members,
});

/** Two teams: one with two CSMs and an admin, and another that must see nothing. */
export const rigSeed: SlackSeed = {
  teams: [
    { id: 'T0ONE', name: 'Lumen Ledger', domain: 'lumen' },
    { id: 'T0TWO', name: 'Second Harbor', domain: 'harbor' },
  ],
  users: [
    // The first one consents to installs.
    person('U0ADMIN', 'T0ONE', 'Ada Minn'),
    person('U0MAYA', 'T0ONE', 'Maya Okafor'),
    person('U0JONAS', 'T0ONE', 'Jonas Lindqvist'),
    person('U0ZOE', 'T0TWO', 'Zoe Vold'),
  ],
  channels: [
    room('C0ALERTS', 'T0ONE', 'cs-alerts', ['U0MAYA', 'U0JONAS', 'U0ADMIN']),
    room('C0GEN', 'T0ONE', 'general', ['U0MAYA', 'U0JONAS', 'U0ADMIN']),
    room('C0TWO', 'T0TWO', 'general', ['U0ZOE']),
  ],
  chatter: [],
};
