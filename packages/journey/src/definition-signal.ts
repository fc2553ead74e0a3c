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
  engagement_sliding: {
    unit: 'days',
    label: 'time for which words, meetings and use have fallen steadily',
    params: [],
  },
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
  their_answer_time: {
    unit: 'business_days',
    label: 'time that this customer usually takes to answer us',
    params: ['percentile', 'latest'],
  },
  usual_meeting_gap: { unit: 'days', label: 'usual time between meetings held', params: ['percentile', 'days'] },
  meetings_no_show: { unit: 'count', label: 'meetings in the window to which nobody came', params: ['days'] },
  meetings_canceled: { unit: 'count', label: 'meetings canceled in the window', params: ['days'] },
  stakeholders_left: {
    unit: 'count',
    label: 'people of the customer who left in the window',
    params: ['persona', 'days'],
  },
  single_threaded: {
    unit: 'count',
    label: 'whether one person alone is in touch where several were',
    params: ['days', 'baselineDays', 'least'],
  },
  contact_concentration: {
    unit: 'ratio',
    label: 'share of the contact that the most active person carries',
    params: ['days'],
  },
  persona_silent_days: {
    unit: 'days',
    label: 'time since anyone with the persona was last in touch',
    params: ['persona'],
    required: ['persona'],
  },
  persona_usual_gap: {
    unit: 'days',
    label: 'usual time between contacts of the persona',
    params: ['persona'],
    required: ['persona'],
  },
  persona_active: {
    unit: 'count',
    label: 'people with the persona in touch in the window',
    params: ['persona', 'days'],
    required: ['persona'],
  },
  usage_of_plan: {
    unit: 'ratio',
    label: 'usage against what is licensed or planned',
    params: ['metric', 'measure', 'property', 'days'],
    required: ['metric'],
  },
  deal_stage: { unit: 'none', label: 'stage of the open deal that moved last', params: ['kind'] },
  days_in_deal_stage: { unit: 'days', label: 'time that an open deal has stood in its stage', params: ['kind'] },
  deal_steps_back: {
    unit: 'count',
    label: 'times an open deal went back a stage or was lowered',
    params: ['kind', 'days'],
  },
  days_until_contract_end: { unit: 'days', label: 'time until the contract ends', params: [] },
  days_until_date: {
    unit: 'days',
    label: 'time until a date in the CRM',
    params: ['property'],
    required: ['property'],
  },
  event_count: {
    unit: 'count',
    label: 'events in the window',
    params: ['types', 'days'],
    required: ['types'],
  },
  event_trend: {
    unit: 'ratio',
    label: 'events against the own usual rate',
    params: ['types', 'days', 'baselineDays'],
    required: ['types'],
  },
  tier_share: {
    unit: 'ratio',
    label: 'events in the window against the median of customers of the same tier',
    params: ['types', 'days', 'leastAccounts'],
    required: ['types'],
  },
  tier_trend: {
    unit: 'ratio',
    label: 'events against the own usual rate, against the median of the same of customers of the same tier',
    params: ['types', 'days', 'baselineDays', 'leastAccounts'],
    required: ['types'],
  },
  survey_change: {
    unit: 'score',
    label: 'last survey score against the one before, in points of 100',
    params: ['days'],
  },
  repeated_questions: {
    unit: 'count',
    label: 'questions asked again in another channel before we answered',
    params: ['days', 'withinDays'],
  },
  handoff_untouched: {
    unit: 'business_days',
    label: 'time since a handoff without a word of ours',
    params: [],
  },
  upsell_during_severe: {
    unit: 'count',
    label: 'times an expansion deal went out while a severe ticket was open',
    params: ['days'],
  },
  crossed_outreach: {
    unit: 'count',
    label: 'days on which two of ours wrote to the customer side by side',
    params: ['days'],
  },
  subject_words: {
    unit: 'count',
    label: 'subjects of the customer in the window that have one of the given words',
    params: ['words', 'days'],
    required: ['words'],
  },
  sentiment: {
    unit: 'score',
    label: 'how what the customer wrote in the window sounds, from -1 to 1',
    params: ['days', 'leastTexts'],
  },
  sentiment_trend: {
    unit: 'score',
    label: 'how what the customer wrote in the window sounds against before',
    params: ['days', 'baselineDays', 'leastTexts'],
  },
});

export type SignalName = keyof typeof signalCatalogue;
export const signalNames = Object.keys(signalCatalogue) as [SignalName, ...SignalName[]];

/** Whether a name is a signal's. */
export function isSignalName(name: string): name is SignalName {
  return Object.hasOwn(signalCatalogue, name);
}
