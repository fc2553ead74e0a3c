import type { MilestoneDefinition, SignalName, SignalParams } from '@waymark/journey';
import { countIn, nextEdge } from '../tracks/day-counts.ts';
import { customerSince, dueOf, isCustomer, renewalAt, type Moment } from '../course/moment.ts';
import { elapsed, latestFirst, MOST_SHOWN, NEVER, note, remaining, steady, type SignalFactory } from './signal.ts';
import type { Evidence } from '../course/state.ts';
import { trend, trendTurn } from './signals-engagement.ts';
import type { DealState, Mark, OpenTicket } from '../tracks/tracks.ts';
import { openIn } from '../tracks/track-work.ts';
import { key } from '../tracks/tracks.ts';
import { counted, span } from '../course/wording.ts';
import { DAY } from '../time/zone.ts';

const openTickets = (moment: Moment): OpenTicket[] => [...openIn(moment.tracks.tickets)];
const isUrgent = (one: OpenTicket) => one.priority === 'urgent';
const isHigh = (one: OpenTicket) => one.priority === 'urgent' || one.priority === 'high';
const isEscalated = (one: OpenTicket) => one.escalated !== null;

const ranks = { low: 1, medium: 2, high: 3, urgent: 4 } as const;

/** Escalated before urgent before the rest; of the same rank the one that has waited longest. */
function worstFirst(a: OpenTicket, b: OpenTicket): number {
  const rank = (one: OpenTicket) => (one.escalated ? 5 : one.priority ? ranks[one.priority] : 0);
  return rank(b) - rank(a) || a.opened.at - b.opened.at || (a.opened.id < b.opened.id ? -1 : 1);
}

function ticketNote(one: OpenTicket, index: number, all: readonly OpenTicket[]) {
  const priority = one.priority ? `, priority ${one.priority}` : '';
  const place = all.length > 1 ? `; ${index + 1} of ${all.length} open` : '';
  if (!one.escalated) return note(one.opened, `Open ticket${priority}${place}`);
  const after =
    one.escalated.at > one.opened.at ? ` ${span(one.escalated.at - one.opened.at)} after it was opened` : '';
  return note(one.escalated, `Ticket escalated${after}${priority}${place}`);
}

/** As many as a proof holds. */
const MOST_TICKETS_SHOWN = 20;

/** Open tickets of a kind; with `days`, those that something happened to in the window: forgotten ones are no load. */
function ticketCount(which: (ticket: OpenTicket) => boolean): SignalFactory {
  return (params) => {
    const window = params.days === undefined ? NEVER : params.days * DAY;
    const chosen = (moment: Moment) =>
      openTickets(moment).filter((one) => which(one) && moment.at - one.touchedAt < window);
    return steady((moment) => chosen(moment).length, {
      falls: true,
      turns: (moment) => chosen(moment).reduce((first, one) => Math.min(first, one.touchedAt + window), NEVER),
      evidence: (moment) => chosen(moment).toSorted(worstFirst).map(ticketNote).slice(0, MOST_TICKETS_SHOWN),
    });
  };
}

const openDeals = (moment: Moment, params: SignalParams): DealState[] =>
  Object.values(moment.tracks.deals.open).filter((deal) => params.kind === undefined || deal.kind === params.kind);

function closed(tally: Record<string, { count: number; last: Mark }>, params: SignalParams) {
  const chosen = Object.entries(tally).filter(([kind]) => params.kind === undefined || kind === params.kind);
  let last: Mark | null = null;
  let count = 0;
  for (const [, entry] of chosen) {
    count += entry.count;
    if (last === null || entry.last.at > last.at) last = entry.last;
  }
  return { count, last };
}

/** The milestone that has been overdue longest, or the one that is due first. */
function firstDue(moment: Moment, params: SignalParams): { due: number; milestone: MilestoneDefinition } | null {
  let first: { due: number; milestone: MilestoneDefinition } | null = null;
  for (const milestone of moment.definition.milestones) {
    if (params.milestone !== undefined && milestone.id !== params.milestone) continue;
    if (moment.course.milestones[milestone.id]) continue;
    const due = dueOf(moment, milestone);
    if (due !== null && (first === null || due < first.due)) first = { due, milestone };
  }
  return first;
}

const dealEvidence = (deals: readonly DealState[]) =>
  deals.slice(0, MOST_SHOWN).map((deal) => note(deal.mark, deal.kind ? `Open ${deal.kind} deal` : 'Open deal'));

/** Each time that a close date was put off, the last first. */
function slipEvidence(deals: readonly DealState[]): Evidence[] {
  return deals
    .flatMap(({ putOff, slips }) =>
      putOff.map((one, index) => ({ ...one, number: slips - putOff.length + index + 1, slips })),
    )
    .toSorted(latestFirst)
    .slice(0, MOST_SHOWN)
    .map((one) =>
      note(
        one,
        `Close date put off by ${span(one.byMs)}${one.slips > 1 ? `, time ${one.number} of ${one.slips}` : ''}`,
      ),
    );
}

/** What set the clock of the milestone that is due first, and how far they came. */
function milestoneEvidence(moment: Moment, params: SignalParams): Evidence[] {
  const first = firstDue(moment, params);
  if (!first) return [];
  const { after } = first.milestone.due;
  const { course, definition } = moment;
  const stage = after === 'customerSince' ? null : after.stage;
  const period = course.periods.findLast((one) => one.stage === stage);
  const began = period?.proof.evidence[0] ?? becameCustomer(moment)[0];
  const title = definition.stages.find((one) => one.id === stage)?.title;
  const reached = definition.milestones
    .flatMap(({ id, title: name }) => {
      const found = course.milestones[id];
      return found ? [{ name, ...found }] : [];
    })
    .toSorted((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1));
  const last = reached[0];
  const proof = last?.proof.evidence[0];
  const allowed = `${first.milestone.title} due after ${counted(first.milestone.due.days, 'day', 'days')}`;
  const from = began?.at ?? first.due;
  const later = last && last.at > from ? `, ${span(last.at - from)} after the start` : '';
  return [
    ...(began ? [{ ...began, note: `${title ? `${title} began` : 'Customer since then'}: ${allowed}` }] : []),
    ...(last && proof
      ? [
          {
            ...proof,
            note: `Last milestone reached: ${last.name}${later}; ${reached.length} of ${definition.milestones.length}`,
          },
        ]
      : []),
  ];
}

/** The event that made the account a customer, as far as one is dated. */
function becameCustomer({ tracks: { record } }: Moment): Evidence[] {
  const { spell } = record;
  if (!spell?.customer) return [];
  return [
    note(spell.mark, spell.mark.type === 'crm.stage_changed' ? 'Became a customer in the CRM' : 'Deal won or renewed'),
  ];
}

function usageSum(
  moment: Moment,
  params: SignalParams,
  days: number,
  back: number,
): { total: number; recorded: number } {
  const last = Math.floor(moment.at / DAY) - back;
  let total = 0;
  let recorded = 0;
  for (const [day, value] of moment.tracks.record.usage[key(params.metric ?? '')] ?? []) {
    if (day > last - days && day <= last) {
      total += value;
      recorded += 1;
    }
  }
  return { total, recorded };
}

/** Signals of the account: tickets, contract, milestones, deals, surveys, usage, the CRM's record, the journey itself. */
export const accountSignals = {
  open_tickets: ticketCount(() => true),
  open_severe_tickets: ticketCount((one) => isUrgent(one) || isEscalated(one)),
  open_high_tickets: ticketCount(isHigh),
  open_escalated_tickets: ticketCount(isEscalated),
  tickets_opened: (params) => {
    const days = params.days ?? 30;
    return steady((moment) => countIn(moment.tracks.tickets.opened, moment.at, days), {
      falls: true,
      turns: (moment) => nextEdge(moment.tracks.tickets.opened, moment.at, days),
    });
  },
  tickets_trend: (params) => {
    const days = params.days ?? 14;
    const baseline = params.baselineDays ?? 90;
    return steady((moment) => trend([moment.tracks.tickets.opened], moment.at, days, baseline), {
      turns: (moment) => trendTurn([moment.tracks.tickets.opened], moment.at, days, baseline),
    });
  },
  oldest_ticket_age: () =>
    elapsed((moment) =>
      openTickets(moment).reduce<number | null>((first, one) => Math.min(first ?? NEVER, one.opened.at), null),
    ),
  is_customer: () =>
    steady((moment) => (isCustomer(moment) ? 1 : 0), {
      turns: (moment) => {
        const since = customerSince(moment);
        return since !== null && since > moment.at ? since : NEVER;
      },
      evidence: becameCustomer,
    }),
  days_since_customer: () => elapsed(customerSince),
  days_until_renewal: () =>
    remaining(renewalAt, {
      evidence: (moment) => {
        const { renewal } = moment.tracks.record;
        const date = renewalAt(moment);
        if (renewal === null || date === null) return [];
        return [note(renewal.mark, `Renewal date set to ${moment.around.zone.shortDate(date, moment.at)} in the CRM`)];
      },
    }),
  milestone_overdue: (params) =>
    elapsed((moment) => firstDue(moment, params)?.due ?? null, {
      evidence: (moment) => milestoneEvidence(moment, params),
      what: (moment) => firstDue(moment, params)?.milestone.title ?? null,
    }),
  milestone_reached: (params) =>
    steady((moment) => (moment.course.milestones[params.milestone ?? ''] ? 1 : 0), {
      evidence: (moment) => [...(moment.course.milestones[params.milestone ?? '']?.proof.evidence ?? [])],
    }),
  open_deals: (params) =>
    steady((moment) => openDeals(moment, params).length, {
      evidence: (moment) => dealEvidence(openDeals(moment, params)),
    }),
  deals_won: (params) =>
    steady((moment) => closed(moment.tracks.deals.won, params).count, {
      evidence: (moment) => {
        const { last } = closed(moment.tracks.deals.won, params);
        return last ? [note(last, 'Deal won')] : [];
      },
    }),
  deals_lost: (params) =>
    steady((moment) => closed(moment.tracks.deals.lost, params).count, {
      evidence: (moment) => {
        const { last } = closed(moment.tracks.deals.lost, params);
        return last ? [note(last, 'Deal lost')] : [];
      },
    }),
  days_since_deal_won: (params) => elapsed((moment) => closed(moment.tracks.deals.won, params).last?.at ?? null),
  deal_slips: (params) =>
    steady((moment) => openDeals(moment, params).reduce((total, deal) => total + deal.slips, 0), {
      evidence: (moment) => slipEvidence(openDeals(moment, params)),
    }),
  survey_score: (params) => {
    const window = (params.days ?? 180) * DAY;
    return steady(
      ({ at, tracks: { record } }) =>
        record.survey && at - record.survey.mark.at < window ? record.survey.score : null,
      {
        falls: true,
        turns: ({ at, tracks: { record } }) =>
          record.survey && at - record.survey.mark.at < window ? record.survey.mark.at + window : NEVER,
        evidence: ({ tracks: { record } }) => (record.survey ? [note(record.survey.mark, 'Last survey answer')] : []),
      },
    );
  },
  usage_trend: (params) => {
    const days = params.days ?? 14;
    const baseline = params.baselineDays ?? 60;
    return steady(
      (moment) => {
        const usual = usageSum(moment, params, baseline, days);
        if (usual.recorded < 7 || usual.total <= 0) return null;
        return Math.round((usageSum(moment, params, days, 0).total / days / (usual.total / baseline)) * 1000) / 1000;
      },
      {
        turns: (moment) => {
          const today = Math.floor(moment.at / DAY);
          let first = NEVER;
          for (const [day] of moment.tracks.record.usage[key(params.metric ?? '')] ?? []) {
            for (const edge of [day + days, day + days + baseline])
              if (edge > today) first = Math.min(first, edge * DAY);
          }
          return first;
        },
      },
    );
  },
  crm_stage: () =>
    steady(({ tracks: { record } }) => record.crmStage?.value ?? null, {
      evidence: ({ tracks: { record } }) =>
        record.crmStage ? [note(record.crmStage.mark, 'Stage changed in the CRM')] : [],
    }),
  crm_property: (params) =>
    steady(({ tracks: { record } }) => record.properties[key(params.property ?? '')]?.value ?? null, {
      evidence: ({ tracks: { record } }) => {
        const found = record.properties[key(params.property ?? '')];
        return found ? [note(found.mark, `CRM property ${params.property} changed`)] : [];
      },
    }),
  renewals: () =>
    steady(({ tracks: { record } }) => record.renewals, {
      evidence: ({ tracks: { record } }) => (record.lastRenewal ? [note(record.lastRenewal, 'Renewed')] : []),
    }),
  days_since_renewed: () =>
    elapsed(({ tracks: { record } }) => record.lastRenewal?.at ?? null, {
      movesOn: true,
      evidence: ({ tracks: { record } }) => (record.lastRenewal ? [note(record.lastRenewal, 'Renewed')] : []),
    }),
  days_since_churned: () =>
    elapsed(({ tracks: { record } }) => record.churned?.at ?? null, {
      evidence: ({ tracks: { record } }) => (record.churned ? [note(record.churned, 'Churned')] : []),
    }),
  stage: () => steady(({ course }) => course.stage),
  days_in_stage: () => elapsed(({ course }) => course.stageSince),
  times_in_stage: (params) =>
    steady(({ course }) => course.periods.filter((period) => period.stage === params.stage).length),
  open_risks: () => steady(({ course }) => openRisks(course)),
} satisfies Partial<Record<SignalName, SignalFactory>>;

function openRisks(course: Moment['course']): number {
  let open = 0;
  for (const rule of Object.values(course.rules))
    if (rule.flag !== null && course.flags[rule.flag]?.kind === 'risk') open += 1;
  return open;
}
