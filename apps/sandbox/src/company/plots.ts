import type { Random } from './random.ts';
import type { Lifecycle, StoryId, WorldAccount } from './world.ts';

/**
 * What is to happen at one account. Days are calendar days from the anchor, negative in the past. The figures of the risk
 * stories leave a wide margin to any sensible threshold, and so do those of the healthy accounts on the other side.
 */
export interface Plot {
  readonly story: StoryId;
  readonly tier: WorldAccount['tier'];
  readonly lifecycle: Lifecycle;
  /** The rule that must flag it: of a risk, or of an opportunity on an account that is healthy. */
  readonly rule?: string;
  readonly healthy: boolean;
  readonly summary: string;
  /** The day of the sale; absent before one. */
  readonly since?: number;
  /** The day of the next renewal. */
  readonly renewal?: number;
  readonly churned?: number;
  /** A first life as a customer, before a churn: the days of sale and loss. */
  readonly formerly?: { readonly since: number; readonly churned: number };
  /** Mail threads a month. */
  readonly pace: number;
  /** No ordinary thread ends after this day. */
  readonly quietFrom?: number;
  /** At most this many days between threads, for those who are seldom in touch but always. */
  readonly cadence?: number;
  /** Days between meetings of the standing series, 0 for none. */
  readonly series: 0 | 7 | 14 | 28;
  readonly people: number;
  readonly freeMail?: boolean;
  readonly viaReseller?: boolean;
  readonly csmUnnamed?: boolean;
  readonly live?: boolean;
}

const PACE = { enterprise: 5, mid: 2.7, small: 1.5 } as const;
const SERIES = { enterprise: 7, mid: 14, small: 28 } as const;
const PEOPLE = { enterprise: 7, mid: 5, small: 3 } as const;

function customer(
  random: Random,
  tier: Plot['tier'],
  story: StoryId,
  years: 1 | 2 | 3,
  renewal: number,
  summary: string,
  more: Partial<Plot> = {},
): Plot {
  return {
    story,
    tier,
    lifecycle: 'customer',
    healthy: more.rule === undefined,
    summary,
    since: renewal - 365 * years,
    renewal,
    pace: PACE[tier] * random.range(0.85, 1.2),
    series: SERIES[tier],
    people: PEOPLE[tier] + random.int(-1, 2),
    ...more,
  };
}

function risks(random: Random): Plot[] {
  const at = (rule: string, more: Partial<Plot> = {}): Partial<Plot> => ({ rule, healthy: false, ...more });
  const make = (tier: Plot['tier'], story: StoryId, renewal: number, summary: string, more: Partial<Plot>): Plot =>
    customer(random, tier, story, 2, renewal, summary, more);
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
    make(
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
    make(
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
    make(
      'mid',
      'unanswered',
      246,
      'A question to the shared success mailbox has waited for five working days.',
      at('unanswered_mail', { quietFrom: -19, series: 28 }),
    ),
    make(
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

function well(random: Random): Plot[] {
  const plots: Plot[] = [];
  const steady = 'In regular contact both ways, few tickets, all mail answered within a day or two.';
  const healthy = (
    tier: Plot['tier'],
    years: 1 | 2 | 3,
    renewal: number,
    summary = steady,
    more: Partial<Plot> = {},
  ): void => {
    plots.push(customer(random, tier, 'healthy', years, renewal, summary, more));
  };
  for (let i = 0; i < 5; i += 1) healthy('enterprise', i % 2 === 0 ? 2 : 3, random.int(120, 300));
  for (let i = 0; i < 8; i += 1) healthy('mid', i < 4 ? 1 : 2, random.int(120, 255));
  for (let i = 0; i < 5; i += 1) healthy('small', i < 2 ? 1 : 2, random.int(120, 255));
  const soon = 'Renewal is near, and they write and meet every week or two.';
  healthy('enterprise', 2, 28, soon);
  healthy('enterprise', 3, 52, soon);
  healthy('mid', 2, 36, soon);
  healthy('mid', 2, 57, soon);
  const fresh = 'New customer, onboarding on time.';
  healthy('mid', 1, 352, fresh, { pace: 5 });
  healthy('mid', 1, 344, fresh, { pace: 5 });
  healthy('small', 1, 340, fresh, { pace: 4 });
  healthy('small', 1, 330, fresh, { pace: 4 });
  healthy('mid', 2, 210, steady, { live: true });
  healthy('mid', 2, 240, 'Regular contact; no CSM is named in the CRM, so the company owner is the CSM.', {
    csmUnnamed: true,
  });
  healthy('small', 2, 226, 'Regular contact, all of it from free-mail addresses that the CRM knows.', {
    freeMail: true,
    people: 2,
  });
  healthy('mid', 2, 160);
  healthy('small', 3, 205);
  for (let i = 0; i < 8; i += 1) {
    plots.push(
      customer(
        random,
        'small',
        'healthy-low-touch',
        i < 6 ? 2 : 3,
        random.int(140, 320),
        'One short exchange every three weeks, as it has always been.',
        {
          cadence: random.int(19, 22),
          pace: 1.4,
          series: 0,
          people: 2,
        },
      ),
    );
  }
  const expand = 'Live and growing: weekly calls, many people in touch, new users asked for, nothing open.';
  const expanding = { rule: 'ready_to_expand', healthy: true, pace: 6, series: 7, people: 9 } as const;
  plots.push(customer(random, 'mid', 'ready-to-expand', 2, 215, expand, expanding));
  plots.push(customer(random, 'enterprise', 'ready-to-expand', 2, 188, expand, { ...expanding, pace: 7.5 }));
  plots.push(customer(random, 'mid', 'ready-to-expand', 2, 243, expand, expanding));
  const back = 'Churned, was won back by a new deal, and is live and in touch again.';
  plots.push(customer(random, 'mid', 'won-back', 1, 271, back, { formerly: { since: -640, churned: -236 } }));
  plots.push(customer(random, 'small', 'won-back', 1, 249, back, { formerly: { since: -610, churned: -262 } }));
  const behind = "Buys through a reseller; its people write from the reseller's domain.";
  plots.push(customer(random, 'small', 'reseller', 2, 173, behind, { viaReseller: true, people: 2, pace: 2.2 }));
  plots.push(customer(random, 'small', 'reseller', 2, 236, behind, { viaReseller: true, people: 2, pace: 2.2 }));
  return plots;
}

function others(random: Random): Plot[] {
  const plots: Plot[] = [];
  const base = { healthy: true, series: 0 } as const;
  plots.push({
    ...base,
    story: 'partner',
    tier: 'mid',
    lifecycle: 'partner',
    pace: 1.5,
    people: 3,
    summary: 'A reseller: a partner, not a customer, though two customers write from its domain.',
  });
  plots.push({
    ...base,
    story: 'partner',
    tier: 'small',
    lifecycle: 'partner',
    pace: 0.8,
    people: 2,
    quietFrom: -70,
    summary: 'A technology partner, silent for months: no risk rule applies.',
  });
  for (let i = 0; i < 7; i += 1) {
    plots.push({
      ...base,
      story: 'prospect',
      tier: i < 2 ? 'enterprise' : i < 5 ? 'mid' : 'small',
      lifecycle: i < 4 ? 'opportunity' : 'lead',
      pace: 3,
      people: 2,
      ...(i === 2 || i === 5 ? { quietFrom: -40 } : {}),
      summary:
        i === 2 || i === 5
          ? 'A prospect who stopped answering: no risk rule applies.'
          : 'A prospect in talks with sales.',
    });
  }
  for (let i = 0; i < 5; i += 1) {
    const churned = -random.int(60, 230);
    plots.push({
      ...base,
      story: 'churned',
      tier: i < 3 ? 'mid' : 'small',
      lifecycle: 'churned',
      since: churned - 365,
      churned,
      pace: 2,
      people: 3,
      quietFrom: churned,
      series: 28,
      summary: 'Left when the term ended: silent since, and no risk rule applies.',
    });
  }
  return plots;
}

/** All accounts of the sample: 60 customers and 14 others, the reseller first among the others. */
export function drawPlots(random: Random): readonly Plot[] {
  return [...risks(random.fork('risks')), ...well(random.fork('well')), ...others(random.fork('others'))];
}
