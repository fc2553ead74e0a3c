import type { SlackSeed } from '../../apps/sandbox/src/slack/seed.ts';

const person = (id: string, team: string, realName: string) => ({
  id,
  team,
  name: realName.split(' ')[0]?.toLowerCase() ?? '',
  realName,
  email: `${id.toLowerCase()}@example.com`,
  timezone: 'Europe/Berlin',
  isBot: false,
  deleted: false,
});
const room = (id: string, team: string, name: string, members: string[]) => ({
  id,
  team,
  name,
  kind: 'public' as const,
  topic: 'Accounts that need a look',
  archived: false,
  created: 1,
  members,
});
/** Two workspaces of Slack with people and rooms. */
export const seed: SlackSeed = {
  teams: [
    { id: 'T0ONE', name: 'Lumen Ledger', domain: 'lumen' },
    { id: 'T0TWO', name: 'Second Harbor', domain: 'harbor' },
  ],
  users: [
    person('U0MAYA', 'T0ONE', 'Maya Okafor'),
    person('U0JONAS', 'T0ONE', 'Jonas Lindqvist'),
    person('U0ZOE', 'T0TWO', 'Zoe Vold'),
  ],
  channels: [
    room('C0ALERTS', 'T0ONE', 'cs-alerts', ['U0MAYA', 'U0JONAS']),
    room('C0GEN', 'T0ONE', 'general', ['U0MAYA', 'U0JONAS']),
    room('C0TWO', 'T0TWO', 'general', ['U0ZOE']),
  ],
  chatter: [],
};

/** Text without marks. */
export const plain = (text: string) => ({ type: 'plain_text' as const, text });
/** Text with Slack’s marks. */
export const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text });
/** An option of a menu; its value is its text in snake case. */
export const option = (text: string) => ({ text: plain(text), value: text.toLowerCase().replaceAll(' ', '_') });
const hostile = '&lt;img src=x onerror=alert(1)&gt; "quoted" &amp; co';

/** A message with one of every element that an alert may carry. */
export const alertBlocks = [
  { type: 'header' as const, text: plain('Northgate Paper: gone quiet') },
  {
    type: 'section' as const,
    text: mrkdwn(`*No answer for 24 days* from ${hostile}`),
    accessory: { type: 'button' as const, action_id: 'why', text: plain('Why?') },
  },
  {
    type: 'actions' as const,
    block_id: 'answers',
    elements: [
      { type: 'button' as const, action_id: 'claim', style: 'primary' as const, text: plain('Claim') },
      {
        type: 'button' as const,
        action_id: 'not_a_risk',
        text: plain('Not a risk'),
        confirm: {
          title: plain('Sure?'),
          text: plain('The flag is closed.'),
          confirm: plain('Close it'),
          deny: plain('Back'),
        },
      },
      {
        type: 'static_select' as const,
        action_id: 'snooze',
        placeholder: plain('Snooze'),
        options: [option('One day'), option('One week')],
      },
      { type: 'overflow' as const, action_id: 'more', options: [option('Wrong account'), option('Open page')] },
      { type: 'datepicker' as const, action_id: 'until' },
    ],
  },
];
