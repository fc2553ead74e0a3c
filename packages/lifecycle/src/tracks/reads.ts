import type { SignalName } from '@waymark/journey';
import type { Fact } from '../course/state.ts';

/** Parts of what is remembered, as bits: a condition is looked at again only if a part that it reads has changed, or its time has come. */
export const part = {
  contact: 1,
  mail: 2,
  meetings: 4,
  tickets: 8,
  people: 16,
  deals: 32,
  record: 64,
  /** Stage and milestones. */
  course: 128,
  /** Which flags are open. */
  flags: 256,
  /** What happened at all: every fact. */
  happenings: 512,
  /** Who is known at all, who is a champion and who has left: not when they were last in touch. */
  roster: 1024,
  /** Thresholds and answers of people: what is watched at all is looked at again. */
  terms: 2048,
  /** Meetings that were called off or missed. */
  missed: 4096,
  /** Those of them since the last meeting that was held. */
  streak: 8192,
  usage: 16_384,
  surveys: 32_768,
  /** Whether events make the account a customer, or ended it. */
  spell: 65_536,
  /** How soon ours answer. */
  answers: 131_072,
  /** What both sides ask, answer and say beside each other. */
  exchange: 262_144,
  /** A handoff that nobody took up. */
  handoff: 524_288,
  /** Offers made while something is on fire. */
  offers: 1_048_576,
  /** On which days people were in touch. */
  presence: 2_097_152,
  /** Which mail has waited longest. */
  oldest: 4_194_304,
  /** Words of theirs: no word of ours changes what rests on these. */
  heard: 8_388_608,
  /** When a champion was in touch. */
  champions: 16_777_216,
} as const;

export const everyPart = 33_554_431;

/** What each signal reads. Context does not change within a simulation, and time is told by `flip`. */
export const signalReads: Readonly<Record<SignalName, number>> = {
  days_since_inbound: part.heard,
  usual_inbound_gap: part.heard,
  unanswered_mail_age: part.oldest,
  unanswered_mails: part.mail,
  usual_answer_time: part.answers,
  messages: part.contact,
  messages_trend: part.contact,
  engagement_drop: part.contact | part.meetings | part.usage,
  engagement_level: part.contact | part.meetings | part.usage,
  engagement_sliding: part.contact | part.meetings | part.usage,
  usage_level: part.contact | part.meetings | part.usage,
  message_balance: part.contact,
  meetings_held: part.meetings,
  meetings_called_off: part.meetings,
  meetings_missed_streak: part.streak,
  days_since_meeting_held: part.meetings,
  days_until_next_meeting: part.meetings,
  open_tickets: part.tickets,
  open_severe_tickets: part.tickets,
  open_high_tickets: part.tickets,
  open_escalated_tickets: part.tickets,
  tickets_opened: part.tickets,
  tickets_trend: part.tickets,
  tickets_reopened: part.tickets,
  oldest_ticket_age: part.tickets,
  active_stakeholders: part.people,
  new_stakeholders: part.people,
  quiet_stakeholders: part.people,
  days_since_champion_left: part.champions | part.roster,
  champion_silent_days: part.champions | part.roster,
  champion_usual_gap: part.champions | part.roster,
  is_customer: part.spell,
  days_since_customer: part.spell,
  days_until_renewal: part.record,
  milestone_overdue: part.course | part.spell,
  milestone_reached: part.course,
  open_deals: part.deals,
  deals_won: part.deals,
  deals_lost: part.deals,
  days_since_deal_won: part.deals,
  deal_slips: part.deals,
  survey_score: part.surveys,
  usage_trend: part.usage,
  crm_stage: part.record,
  crm_property: part.record,
  renewals: part.record,
  days_since_renewed: part.record,
  days_since_churned: part.spell,
  stage: part.course,
  days_in_stage: part.course,
  times_in_stage: part.course,
  open_risks: part.flags,
  their_answer_time: part.exchange,
  usual_meeting_gap: part.meetings,
  meetings_no_show: part.missed | part.happenings,
  meetings_canceled: part.missed | part.happenings,
  stakeholders_left: part.people,
  single_threaded: part.people | part.presence,
  contact_concentration: part.people | part.presence,
  persona_silent_days: part.people,
  persona_usual_gap: part.people,
  persona_active: part.people,
  usage_of_plan: part.usage | part.record,
  deal_stage: part.deals,
  days_in_deal_stage: part.deals,
  deal_steps_back: part.deals,
  days_until_contract_end: part.record,
  days_until_date: part.record,
  event_count: part.happenings,
  event_trend: part.happenings,
  tier_share: part.happenings,
  tier_trend: part.happenings,
  survey_change: part.surveys,
  repeated_questions: part.exchange,
  handoff_untouched: part.handoff,
  upsell_during_severe: part.offers,
  crossed_outreach: part.exchange,
  subject_words: part.exchange,
  sentiment: part.exchange,
  sentiment_trend: part.exchange,
};

/** What anybody's word can change. */
const words = part.contact | part.heard | part.people | part.champions | part.presence | part.exchange | part.handoff;
const mail = words | part.mail | part.oldest | part.answers;

/** Of each noun; of types by the noun before the dot. */
const touchedByNoun: Readonly<Record<string, number>> = {
  email: mail,
  chat: mail,
  meeting: mail | part.meetings | part.missed | part.streak,
  ticket: words | part.tickets,
  survey: (words & ~part.handoff) | part.surveys,
  deal: part.deals | part.record | part.spell | part.handoff | part.offers,
  crm: part.record | part.spell | part.handoff,
  contact: part.people | part.champions | part.presence | part.roster,
  usage: part.usage,
  account: part.record | part.spell,
  milestone: 0,
  playbook: 0,
  flag: 0,
};

const nouns = new Map<Fact['type'], string>();

/** What a type is of: the noun before the dot. */
export function nounOf(type: Fact['type']): string {
  let noun = nouns.get(type);
  if (noun === undefined) {
    noun = type.slice(0, type.indexOf('.'));
    nouns.set(type, noun);
  }
  return noun;
}

/** Which parts a fact can change. */
export function touchedBy({ type }: Fact): number {
  let touched = touchedByType.get(type);
  if (touched === undefined) {
    touched = (touchedByNoun[nounOf(type)] ?? everyPart) | part.happenings;
    touchedByType.set(type, touched);
  }
  return touched;
}

const touchedByType = new Map<Fact['type'], number>();

/** What is told by its words: how it is read rests on who takes part, and on meetings that were called off. */
const told = part.contact | part.mail | part.answers | part.meetings | part.people | part.happenings | part.exchange;

/** For what is remembered of one part, what has to be remembered of others. */
const rests: readonly (readonly [parts: number, on: number])[] = [
  // What its evidence names, and how things stood before.
  [part.handoff, part.contact | part.deals],
  [part.offers, part.deals | part.tickets],
  [part.exchange | part.answers | part.oldest, part.mail],
  [part.missed | part.streak | told, part.meetings],
  [part.heard, part.contact],
  [part.contact | part.mail | part.roster | part.presence | part.champions, part.people],
];

/**
 * The parts that have to be remembered so that some can be read, as bits of `part`. What the CRM's record says, and whether the account is a
 * customer, is asked of every account.
 */
export function remembersFor(reads: number): number {
  let parts = reads | part.record | part.spell;
  for (const [some, on] of rests) if ((parts & some) !== 0) parts |= on;
  return parts;
}
