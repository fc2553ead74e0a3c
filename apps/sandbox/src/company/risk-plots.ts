import { customer, type Plot } from './plot.ts';
import type { Random } from './random.ts';
import type { StoryId } from './world.ts';

const at = (rule: string, more: Partial<Plot> = {}): Partial<Plot> => ({ rule, healthy: false, ...more });

/** The 14 accounts at risk, two of each story. */
export function drawRiskPlots(random: Random): Plot[] {
  const make = (tier: Plot['tier'], story: StoryId, renewal: number, summary: string, more: Partial<Plot>): Plot =>
    customer(random, tier, story, 2, renewal, summary, more);
  const young = (tier: Plot['tier'], story: StoryId, renewal: number, summary: string, more: Partial<Plot>): Plot =>
    customer(random, tier, story, 1, renewal, summary, more);
  return [
    make(
      'enterprise',
      'gone-quiet',
      190,
      'Wrote several times a week, then nothing for 49 days but one out-of-office reply.',
      at('gone_quiet', { quietFrom: -49 }),
    ),
    make(
      'mid',
      'gone-quiet',
      231,
      'Nobody has written or met for 56 days; three nudges went without an answer.',
      at('gone_quiet', { quietFrom: -56 }),
    ),
    make(
      'enterprise',
      'champion-left',
      204,
      'The champion left; mail to the old address bounces while the others write on.',
      at('champion_left'),
    ),
    young(
      'mid',
      'champion-left',
      167,
      'The champion said goodbye; the contact is marked as gone and mail bounces.',
      at('champion_left'),
    ),
    make(
      'mid',
      'onboarding-stuck',
      295,
      'Sold 70 days ago; the kickoff was moved twice and canceled, go-live is nowhere near.',
      at('onboarding_behind', { since: -70, series: 0 }),
    ),
    make(
      'small',
      'onboarding-stuck',
      268,
      'Kickoff was held, training was canceled, and after 97 days they are not live.',
      at('onboarding_behind', { since: -97, series: 0 }),
    ),
    young(
      'enterprise',
      'ticket-storm',
      214,
      'Eight tickets in nine days, seven of them open and two escalated.',
      at('ticket_load'),
    ),
    make('mid', 'ticket-storm', 178, 'Seven tickets in a week, all open, three of them urgent.', at('ticket_load')),
    make(
      'enterprise',
      'renewal-slipping',
      33,
      'Renewal in 33 days, its close date moved three times, no meeting held for weeks and hardly a mail.',
      at('renewal_weak', { quietFrom: -44, series: 14 }),
    ),
    make(
      'mid',
      'renewal-slipping',
      41,
      'Renewal in 41 days, the deal slips and the last call was canceled.',
      at('renewal_weak', { quietFrom: -46, series: 14 }),
    ),
    make(
      'mid',
      'unanswered',
      183,
      'The champion wrote a week ago and again three working days ago; nobody has answered.',
      at('unanswered_mail', { quietFrom: -20, series: 28 }),
    ),
    young(
      'mid',
      'unanswered',
      246,
      'A question to the shared success mailbox has waited for five working days.',
      at('unanswered_mail', { quietFrom: -19, series: 28, toShared: true }),
    ),
    young(
      'mid',
      'meeting-no-shows',
      199,
      'The last four calls of the series were canceled one after another.',
      at('meeting_streak', { series: 14 }),
    ),
    make(
      'small',
      'meeting-no-shows',
      224,
      'Three booked calls in a row, and nobody came.',
      at('meeting_streak', { series: 0 }),
    ),
  ];
}
