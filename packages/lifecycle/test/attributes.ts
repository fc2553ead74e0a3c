import fc from 'fast-check';
import type { EventType } from '@waymark/journey';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Monday, shortly before European summer time begins. */
export const START = Date.UTC(2026, 2, 2, 8);

const subject = fc.constantFrom('Re: The export stops at midnight', 'The export  stops at midnight', 'Hello');
const amount = fc.constantFrom(100, 200, 300);
const dealStage = fc.constantFrom('talk', 'offer', 'contract');
const chance = fc.constantFrom(0.2, 0.5, 0.8);
const persona = fc.constantFrom('champion', 'user', 'Decision Maker', 'billing');

/** What events of a type say of themselves. */
export const attributesOf: Partial<Record<EventType, fc.Arbitrary<Record<string, unknown>>>> = {
  'email.received': fc.record(
    {
      threadId: fc.constantFrom('t1', 't2', 't3', '__proto__'),
      subject,
      sentiment: fc.constantFrom(-0.75, -0.4, 0.4, 3),
      sentimentPhrase: fc.constant('not good'),
    },
    { requiredKeys: ['threadId'] },
  ),
  'chat.received': fc.record({ channel: fc.constantFrom('c1', 'c2') }),
  'chat.sent': fc.record({ channel: fc.constantFrom('c1', 'c2') }),
  'email.sent': fc.record({ threadId: fc.constantFrom('t1', 't2', 't3', '__proto__') }),
  'ticket.opened': fc.record({
    ticketId: fc.constantFrom('1', '2', '3', '4', '5'),
    priority: fc.constantFrom('low', 'high', 'urgent'),
    subject,
  }),
  'ticket.replied': fc.record({ ticketId: fc.constantFrom('1', '2', '3') }),
  'ticket.solved': fc.record({ ticketId: fc.constantFrom('1', '2', '3', '4', '5') }),
  'ticket.escalated': fc.record({ ticketId: fc.constantFrom('1', '2', '3') }),
  'ticket.reopened': fc.record({ ticketId: fc.constantFrom('1', '2', '3') }),
  'deal.created': fc.record({
    dealId: fc.constantFrom('d1', 'd2'),
    kind: fc.constantFrom('new', 'renewal', 'expansion'),
    stage: dealStage,
    amount,
  }),
  'deal.stage_changed': fc.record(
    { dealId: fc.constantFrom('d1', 'd2', 'd3'), stage: dealStage, probability: chance, amount },
    { requiredKeys: ['dealId', 'stage'] },
  ),
  'deal.won': fc.record({ dealId: fc.constantFrom('d1', 'd2'), kind: fc.constantFrom('new', 'renewal') }),
  'deal.lost': fc.record({ dealId: fc.constantFrom('d1', 'd2'), kind: fc.constantFrom('new', 'renewal') }),
  'deal.close_date_changed': fc.record({
    dealId: fc.constantFrom('d1', 'd2'),
    previousCloseAt: fc.constant(START),
    closeAt: fc.constantFrom(START + 9 * DAY, START - 9 * DAY),
  }),
  'crm.stage_changed': fc.record({ to: fc.constantFrom('lead', 'opportunity', 'customer', 'churned', 'evangelist') }),
  'crm.owner_changed': fc.record(
    { from: fc.constantFrom('1', '2'), owner: fc.constantFrom('1', '2') },
    { requiredKeys: ['owner'] },
  ),
  'account.renewed': fc.record({ until: fc.constantFrom(START + 60 * DAY, START + 200 * DAY) }, { requiredKeys: [] }),
  'crm.property_changed': fc.oneof(
    fc.record({
      property: fc.constant('csm_name'),
      role: fc.constant('csm'),
      to: fc.constantFrom('1', '2'),
    }),
    fc.record({
      property: fc.constantFrom('notice_date', 'seats'),
      to: fc.constantFrom('2026-05-01', '10', '2026-06-01', ''),
    }),
    fc.record({
      property: fc.constant('onboarding_status'),
      to: fc.constantFrom('kickoff', 'training', 'live', 'contract_signed'),
    }),
    fc.record({
      property: fc.constant('renewal_date'),
      role: fc.constant('renewalDate'),
      to: fc.constantFrom('2026-05-01', '2026-08-30', String(START + 99 * DAY), '', 'soon'),
    }),
    fc.record({
      property: fc.constant('tier'),
      role: fc.constantFrom('tier', undefined),
      to: fc.constantFrom('enterprise', 'Mid', 'small', ''),
    }),
    fc.record({
      property: fc.constant('arr'),
      role: fc.constant('value'),
      to: fc.constantFrom('100', '5000', '', 'much'),
    }),
  ),
  'survey.responded': fc.record({ score: fc.integer({ min: 0, max: 10 }), kind: fc.constant('nps') }),
  'usage.recorded': fc.record(
    { metric: fc.constant('logins'), value: fc.integer({ min: 0, max: 9 }), limit: fc.constantFrom(5, 10) },
    { requiredKeys: ['metric', 'value'] },
  ),
  'contact.left': fc.record({ persona }, { requiredKeys: [] }),
  'contact.added': fc.record({ persona }),
  'flag.answered': fc.record({
    rule: fc.constantFrom('gone_quiet', 'ticket_load', 'r0', 'r1'),
    answer: fc.constantFrom('not_a_risk', 'reopened', 'claimed'),
  }),
};

/** What a meeting that is told of at an instant says of itself. */
export const meetingAttributes = (at: number) =>
  fc.record({
    startsAt: fc
      .oneof(fc.integer({ min: -48, max: 48 }), fc.integer({ min: 24, max: 30 * 24 }))
      .map((hours) => at + hours * HOUR),
    seriesId: fc.constantFrom('s1', 's2'),
    heldBasis: fc.constantFrom('recorded', 'assumed'),
  });
