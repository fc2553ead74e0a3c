import {
  contentUuid,
  fromCloudEvent,
  signalCatalogue,
  signalNames,
  type SignalDescription,
  type SignalName,
} from '@waymark/journey';
import { compileJourney, parseDefinition, whyNot, type AccountContext, type Fact } from '@waymark/lifecycle';
import { expect, it } from 'vitest';

/** A history small enough to be worked out with a pencil, and what each signal of it is on 1 July 2026 at noon, UTC. */
const us = 'maya@vendor.example';
const zoe = 'zoe@acme.example';
const cara = 'cara@acme.example';
const mail = (at: string, from: string, threadId: string) =>
  [at, 'email.received', { from, to: us, threadId }] as const;
const answer = (at: string, to: string, threadId: string) => [at, 'email.sent', { from: us, to, threadId }] as const;
const meeting = (at: string, what: string, more = {}) =>
  [at, `meeting.${what}`, { attendees: [zoe, us], ...more }] as const;
const ticket = (at: string, what: string, name: string, more = {}) =>
  [at, `ticket.${what}`, { ticket: name, ...more }] as const;
const DAY = 86_400_000;
const logins = Array.from({ length: 123 }, (_, day) => {
  const at = Date.UTC(2026, 2, 1, 1) + day * DAY;
  const value = at < Date.UTC(2026, 5, 18) ? 10 : 5;
  return [new Date(at).toISOString(), 'usage.recorded', { metric: 'logins', value }] as const;
});
const history: readonly (readonly [string, string, object])[] = [
  ['2026-01-02T00:00:00Z', 'deal.won', { dealId: 'D0', kind: 'new' }],
  mail('2026-01-05T09:00:00Z', zoe, 'z'),
  answer('2026-01-05T15:00:00Z', zoe, 'z'),
  ['2026-02-01T00:00:00Z', 'account.renewed', { until: '2027-02-01' }],
  ['2026-03-03T10:00:00Z', 'survey.responded', { score: 9, kind: 'nps', respondent: zoe }],
  ['2026-04-01T00:00:00Z', 'deal.created', { dealId: 'D1', kind: 'renewal', closeAt: '2026-06-30' }],
  ['2026-05-01T00:00:00Z', 'crm.property_changed', { property: 'renewal', role: 'renewalDate', to: '2026-12-31' }],
  ['2026-05-02T00:00:00Z', 'crm.property_changed', { property: 'trial_end', to: '2026-07-10' }],
  ['2026-06-01T00:00:00Z', 'deal.close_date_changed', { dealId: 'D1', kind: 'renewal', closeAt: '2026-07-31' }],
  ['2026-06-01T01:00:00Z', 'usage.recorded', { metric: 'seats', value: 80, limit: 100 }],
  mail('2026-06-01T09:00:00Z', zoe, 'a'),
  mail('2026-06-02T09:00:00Z', zoe, 'b'),
  ['2026-06-03T10:00:00Z', 'survey.responded', { score: 4, kind: 'nps', respondent: zoe }],
  ticket('2026-06-05T08:00:00Z', 'opened', 'T1', { requester: zoe, priority: 'high' }),
  ticket('2026-06-06T08:00:00Z', 'opened', 'T2', { requester: zoe, priority: 'urgent' }),
  ticket('2026-06-08T08:00:00Z', 'solved', 'T2'),
  ['2026-06-10T00:00:00Z', 'deal.stage_changed', { dealId: 'D1', kind: 'renewal', stage: 'Negotiation' }],
  meeting('2026-06-10T14:00:00Z', 'held'),
  mail('2026-06-15T10:00:00Z', zoe, 'c'),
  answer('2026-06-16T10:00:00Z', zoe, 'c'),
  meeting('2026-06-17T14:00:00Z', 'canceled'),
  ['2026-06-20T00:00:00Z', 'deal.close_date_changed', { dealId: 'D1', kind: 'renewal', closeAt: '2026-08-31' }],
  ticket('2026-06-20T08:00:00Z', 'opened', 'T3', { requester: zoe, priority: 'urgent' }),
  meeting('2026-06-20T09:00:00Z', 'scheduled', { startsAt: '2026-07-05T09:00:00Z' }),
  ticket('2026-06-21T08:00:00Z', 'solved', 'T3'),
  ticket('2026-06-22T08:00:00Z', 'reopened', 'T3'),
  ['2026-06-23T08:00:00Z', 'deal.created', { dealId: 'D2', kind: 'expansion' }],
  meeting('2026-06-24T14:00:00Z', 'no_show'),
  ticket('2026-06-25T08:00:00Z', 'escalated', 'T1'),
  mail('2026-06-25T10:00:00Z', cara, 'e'),
  answer('2026-06-25T12:00:00Z', cara, 'e'),
  mail('2026-06-26T16:00:00Z', zoe, 'd'),
  ['2026-06-30T01:00:00Z', 'usage.recorded', { metric: 'seats', value: 60, limit: 100 }],
  ...logins,
];

const byHand: readonly (readonly [SignalName, string, number | string | null, string])[] = [
  ['days_since_inbound', '', 4.8, 'mail of 26 June, 16:00: 4 days and 20 hours'],
  ['unanswered_mail_age', '', 2.8, 'from Friday 16:00 8 hours, Monday and Tuesday 48, Wednesday 12: 68 hours'],
  ['unanswered_mails', '', 1, 'the meeting of 10 June answered a and b'],
  [
    'usual_answer_time',
    '',
    7.2,
    'five answers; the longest, a: 1 June 9:00 to 10 June 14:00, 7 business days and 5 hours',
  ],
  ['messages', 'direction: inbound, touchpoints: [email], days: 30', 4, 'b, c, d, e; a was on 1 June, the 31st day'],
  ['messages', 'days: 30', 12, 'theirs: 4 mails, 3 tickets and one again, a meeting, a survey; 2 of ours'],
  ['message_balance', 'days: 30', 0.8, '8 of 10: without meeting and survey'],
  ['meetings_held', 'days: 30', 1, ''],
  ['meetings_called_off', 'days: 90', 2, ''],
  ['meetings_canceled', '', 1, ''],
  ['meetings_no_show', '', 1, ''],
  ['meetings_missed_streak', '', 2, ''],
  ['days_since_meeting_held', '', 20.9, '10 June 14:00: 20 days and 22 hours'],
  ['days_until_next_meeting', '', 3.8, '5 July 9:00: 3 days and 21 hours, 3.875'],
  ['open_tickets', '', 2, 'T1 and T3'],
  ['open_tickets', 'days: 5', 0, 'the last that happened to any was T1 on 25 June, 6 days before'],
  ['open_tickets', 'days: 7', 1, ''],
  ['open_severe_tickets', '', 2, 'T1 escalated, T3 urgent'],
  ['open_escalated_tickets', '', 1, ''],
  ['oldest_ticket_age', '', 26.1, '5 June 8:00: 26 days and 4 hours'],
  ['tickets_opened', 'days: 30', 3, ''],
  ['tickets_reopened', 'days: 30', 1, ''],
  ['active_stakeholders', 'days: 30', 2, ''],
  ['new_stakeholders', 'days: 30', 1, 'Cara'],
  ['usage_of_plan', 'metric: seats, measure: level', 0.6, '60 of 100'],
  ['usage_trend', 'metric: logins, days: 14, baselineDays: 28', 0.5, 'from 18 June on 5 a day, 10 before'],
  ['survey_score', 'days: 90', 40, '4 of 10'],
  ['survey_score', 'days: 20', null, 'it is 28 days old'],
  ['survey_change', '', -50, '40 after 90'],
  ['deal_slips', 'kind: renewal', 2, ''],
  ['open_deals', '', 2, ''],
  ['deal_stage', 'kind: renewal', 'Negotiation', ''],
  ['days_in_deal_stage', 'kind: renewal', 21.5, ''],
  ['days_since_deal_won', 'kind: new', 180.5, ''],
  ['days_since_customer', '', 180.5, 'the deal won'],
  ['renewals', '', 1, ''],
  ['days_since_renewed', '', 150.5, ''],
  ['days_until_renewal', '', 182.5, '31 December'],
  ['days_until_contract_end', '', 182.5, 'the renewal date was said after the renewal'],
  ['days_until_date', 'property: trial_end', 8.5, ''],
  ['event_count', 'types: [email.received, email.sent], days: 16', 4, 'c was on 15 June, the 17th day'],
  ['stage', '', 'live', ''],
  ['days_in_stage', '', 180.5, ''],
  ['milestone_overdue', 'milestone: go_live', 120.5, 'due 60 days after 2 January, on 3 March'],
  ['upsell_during_severe', '', 1, 'D2 while T3 was open again'],
  ['repeated_questions', '', 1, 'mail b of 2 June, ticket T1 of 5 June'],
];

const at = Date.UTC(2026, 6, 1, 12);
const isText = (signal: SignalName): boolean => signalCatalogue[signal].unit === 'none';

/** The values that signals have, as the reasons why rules raise nothing tell them. */
function valuesOf(asked: readonly (readonly [SignalName, string])[], facts: readonly Fact[]) {
  const rules = asked.map(([signal, params], index) => {
    const never = isText(signal) ? "op: '==', value: xyzzy" : "op: '<', value: -100000";
    const when = `{ signal: ${signal}${params === '' ? '' : `, with: { ${params} }`}, ${never} }`;
    return `  - { id: r${index}, kind: opportunity, severity: low, title: R, appliesTo: { customers: false }, when: ${when}, reason: r, clears: c, nextStep: n }`;
  });
  const source = `id: p
version: 1
title: P
type: linear
stages:
  - { id: live, title: L, enter: [{ from: [none], on: { type: deal.won } }] }
milestones:
  - { id: go_live, title: G, side: customer, stages: [live], due: { days: 60, after: { stage: live } } }
rules:
${rules.join('\n')}
`;
  const journey = compileJourney(parseDefinition(source, 'by-hand.yaml'));
  const context: AccountContext = { accountId: contentUuid('acme'), isCustomer: true, contacts: [], gaps: [] };
  return whyNot(journey, context, facts, at).map(({ unmet }) => {
    const [first] = unmet;
    return first?.kind === 'comparison' ? first.comparison.value : undefined;
  });
}

function factOf([time, type, data]: (typeof history)[number], index: number): Fact {
  const read = fromCloudEvent({
    specversion: '1.0',
    id: String(index),
    source: 's',
    type,
    time,
    subject: 'a.example',
    data,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  const { event } = read;
  const { touchpoint, direction, participants, automated, attributes } = event;
  const known = { occurredAt: event.time, recordedAt: event.time };
  return {
    id: contentUuid(String(index)),
    type: event.type,
    ...known,
    touchpoint,
    direction,
    participants,
    automated,
    attributes,
  };
}

it('gives what a pencil gives', () => {
  const facts = history.map(factOf).toSorted((a, b) => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1));
  const found = valuesOf(
    byHand.map(([signal, params]) => [signal, params]),
    facts,
  );
  expect(byHand.map(([signal, params], index) => [signal, params, found[index]])).toEqual(
    byHand.map(([signal, params, value]) => [signal, params, value]),
  );
});

it('knows of an account without any event its counts, and nothing else', () => {
  const least: Readonly<Record<string, string>> = {
    metric: 'metric: seats',
    property: 'property: p',
    milestone: 'milestone: go_live',
    stage: 'stage: live',
    persona: 'persona: champion',
    types: 'types: [email.received]',
    words: 'words: [abc]',
  };
  const paramsOf = (signal: SignalName): string => {
    const { required = [] }: SignalDescription = signalCatalogue[signal];
    return required.map((name) => least[name]).join(', ');
  };
  const found = valuesOf(
    signalNames.map((signal) => [signal, paramsOf(signal)]),
    [],
  );
  expect(signalNames.filter((_, index) => found[index] !== null)).toEqual(
    signalNames.filter((signal) => signalCatalogue[signal].unit === 'count'),
  );
});
