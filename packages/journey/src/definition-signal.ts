/** The unit in which a signal is compared and shown. */
export type SignalUnit = 'days' | 'business_days' | 'count' | 'ratio' | 'score' | 'none';

/** What a signal is, for people and for the check of a definition. */
export interface SignalDescription {
  readonly unit: SignalUnit;
  /** As it reads in a proof: `days since the customer was last in touch`. */
  readonly label: string;
  readonly params: readonly string[];
  /** Parameters without which the signal has no meaning. */
  readonly required?: readonly string[];
}

const description = <T extends Record<string, SignalDescription>>(entries: T): T => entries;

/** Every signal that a definition may compare. The engine computes each; a definition cannot add to the list. */
export const signalCatalogue = description({
  days_since_inbound: { unit: 'days', label: 'time since the customer was last in touch', params: ['touchpoints'] },
  usual_inbound_gap: {
    unit: 'days',
    label: 'usual time between contacts of this customer',
    params: ['touchpoints', 'percentile', 'days'],
  },
  unanswered_mail_age: { unit: 'business_days', label: 'age of the oldest unanswered customer mail', params: [] },
  unanswered_mails: { unit: 'count', label: 'customer mails without an answer', params: [] },
  usual_answer_time: {
    unit: 'business_days',
    label: 'time that our answers to this customer usually take',
    params: ['percentile'],
  },
  messages: { unit: 'count', label: 'messages in the window', params: ['touchpoints', 'direction', 'days'] },
  messages_trend: {
    unit: 'ratio',
    label: 'messages against the own usual rate',
    params: ['touchpoints', 'direction', 'days', 'baselineDays'],
  },
  engagement_drop: {
    unit: 'score',
    label: 'fall of words, meetings and use below the own usual, in standard deviations',
    params: [],
  },
  engagement_level: { unit: 'ratio', label: 'words, meetings and use against the own usual', params: [] },
  usage_level: { unit: 'ratio', label: 'use of the product against the own usual', params: [] },
  message_balance: {
    unit: 'ratio',
    label: 'share of the messages in the window that came from the customer',
    params: ['days'],
  },
  meetings_called_off: { unit: 'count', label: 'meetings canceled or missed in the window', params: ['days'] },
  tickets_reopened: { unit: 'count', label: 'tickets reopened in the window', params: ['days'] },
  quiet_stakeholders: {
    unit: 'count',
    label: 'people of the customer who used to be in touch and are silent',
    params: ['days'],
  },
  meetings_held: { unit: 'count', label: 'meetings held in the window', params: ['days'] },
  meetings_missed_streak: { unit: 'count', label: 'meetings canceled or missed in a row', params: ['days'] },
  days_since_meeting_held: { unit: 'days', label: 'time since the last meeting was held', params: [] },
  days_until_next_meeting: { unit: 'days', label: 'time until the next meeting', params: [] },
  open_tickets: { unit: 'count', label: 'open tickets', params: ['days'] },
  open_severe_tickets: { unit: 'count', label: 'open tickets that are urgent or escalated', params: ['days'] },
  open_high_tickets: { unit: 'count', label: 'open tickets of high or urgent priority', params: ['days'] },
  open_escalated_tickets: { unit: 'count', label: 'open tickets that were escalated', params: ['days'] },
  tickets_opened: { unit: 'count', label: 'tickets opened in the window', params: ['days'] },
  tickets_trend: {
    unit: 'ratio',
    label: 'tickets opened against the own usual rate',
    params: ['days', 'baselineDays'],
  },
  oldest_ticket_age: { unit: 'days', label: 'age of the oldest open ticket', params: [] },
  active_stakeholders: { unit: 'count', label: 'people of the customer in touch in the window', params: ['days'] },
  new_stakeholders: {
    unit: 'count',
    label: 'people of the customer in touch for the first time in the window',
    params: ['days'],
  },
  days_since_champion_left: { unit: 'days', label: 'time since a champion left', params: [] },
  champion_silent_days: { unit: 'days', label: 'time since the champion was last in touch', params: [] },
  champion_usual_gap: { unit: 'days', label: 'usual time between contacts of the champion', params: [] },
  is_customer: { unit: 'count', label: 'whether the account is a customer', params: [] },
  days_since_customer: { unit: 'days', label: 'time as a customer', params: [] },
  days_until_renewal: { unit: 'days', label: 'time until renewal', params: [] },
  milestone_overdue: { unit: 'days', label: 'time by which a milestone is overdue', params: ['milestone'] },
  milestone_reached: {
    unit: 'count',
    label: 'whether a milestone is reached',
    params: ['milestone'],
    required: ['milestone'],
  },
  open_deals: { unit: 'count', label: 'open deals', params: ['kind'] },
  deals_won: { unit: 'count', label: 'deals won', params: ['kind'] },
  deals_lost: { unit: 'count', label: 'deals lost', params: ['kind'] },
  days_since_deal_won: { unit: 'days', label: 'time since a deal was won', params: ['kind'] },
  deal_slips: { unit: 'count', label: 'times the close date of an open deal was put off', params: ['kind'] },
  survey_score: { unit: 'score', label: 'last survey score, from 0 to 100', params: ['days'] },
  usage_trend: {
    unit: 'ratio',
    label: 'usage against the own usual',
    params: ['metric', 'days', 'baselineDays'],
    required: ['metric'],
  },
  crm_stage: { unit: 'none', label: 'lifecycle stage in the CRM', params: [] },
  crm_property: { unit: 'none', label: 'CRM property', params: ['property'], required: ['property'] },
  renewals: { unit: 'count', label: 'renewals so far', params: [] },
  days_since_renewed: { unit: 'days', label: 'time since the last renewal', params: [] },
  days_since_churned: { unit: 'days', label: 'time since the customer churned', params: [] },
  stage: { unit: 'none', label: 'current stage', params: [] },
  days_in_stage: { unit: 'days', label: 'time in the current stage', params: [] },
  times_in_stage: { unit: 'count', label: 'times in a stage', params: ['stage'], required: ['stage'] },
  open_risks: { unit: 'count', label: 'open risks', params: [] },
});

export type SignalName = keyof typeof signalCatalogue;
export const signalNames = Object.keys(signalCatalogue) as [SignalName, ...SignalName[]];

/** Whether a name is a signal's. */
export function isSignalName(name: string): name is SignalName {
  return Object.hasOwn(signalCatalogue, name);
}
