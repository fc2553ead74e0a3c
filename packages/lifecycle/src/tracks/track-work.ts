import { countOn } from './day-counts.ts';
import { actorOf, markOf, numberAttribute, textAttribute } from './fact.ts';
import type { Fact } from '../course/state.ts';
import { part } from './reads.ts';
import { movedOn } from './track-deal-moves.ts';
import type { DealTrack, Mark, MeetingTrack, OpenTicket, RecordTrack, TicketTrack } from './tracks.ts';
import { key } from './tracks.ts';
import { DAY } from '../time/zone.ts';

const MOST_MISSED = 20;
const MOST_HELD = 6;
const MOST_PUT_OFF = 10;
const MOST_CALLED_OFF = 100;
const MOST_UPCOMING = 400;
const MOST_TICKETS = 2000;
const SOLVED_KEPT = 180 * DAY;
const USAGE_KEPT_DAYS = 361;
const MOST_METRICS = 20;
const MOST_SURVEYS = 20;
const MOST_SALE_STAGES = 30;

/** Whether a meeting that a calendar assumes held is known (from a CRM) to have been missed or called off. */
export function isCalledOff(track: MeetingTrack, fact: Fact): boolean {
  if (fact.type !== 'meeting.held' || fact.attributes.heldBasis !== 'assumed') return false;
  const startsAt = numberAttribute(fact, 'startsAt');
  return startsAt !== undefined && track.calledOff.includes(startsAt);
}

/** Meetings: held, missed in a row, to come. Gives the parts that it changed, as bits of `part`. */
export function takeMeeting(track: MeetingTrack, fact: Fact): number {
  const at = fact.occurredAt;
  const startsAt = numberAttribute(fact, 'startsAt');
  const series = textAttribute(fact, 'seriesId') ?? null;
  switch (fact.type) {
    case 'meeting.scheduled':
      if (startsAt !== undefined && startsAt > at) {
        track.upcoming = track.upcoming.filter((one) => one.startsAt > at);
        if (track.upcoming.length < MOST_UPCOMING) track.upcoming.push({ mark: markOf(fact), startsAt, series });
        track.upcoming.sort((a, b) => a.startsAt - b.startsAt);
      }
      return part.meetings;
    case 'meeting.held': {
      if (fact.direction === 'internal') return 0;
      track.lastHeld = markOf(fact);
      track.recentHeld.push(track.lastHeld);
      if (track.recentHeld.length > MOST_HELD) track.recentHeld.shift();
      countOn(track.held, at);
      if (track.missed.length === 0) return part.meetings;
      track.missed = [];
      return part.meetings | part.streak;
    }
    case 'meeting.canceled':
    case 'meeting.no_show': {
      if (fact.direction === 'internal') return 0;
      if (startsAt !== undefined) {
        track.calledOff.push(startsAt);
        if (track.calledOff.length > MOST_CALLED_OFF) track.calledOff.shift();
        track.upcoming = track.upcoming.filter((one) => one.startsAt !== startsAt || one.series !== series);
      }
      const sameAct =
        fact.type === 'meeting.canceled' &&
        series !== null &&
        track.missed.some((one) => one.type === 'meeting.canceled' && one.series === series && at - one.at < DAY);
      // A series called off in one go is one word of theirs.
      if (!sameAct) countOn(track.calledOffDays, at);
      if (!sameAct) track.missed.push({ ...markOf(fact), series, startsAt: startsAt ?? null });
      if (track.missed.length > MOST_MISSED) track.missed.shift();
      return part.meetings | part.missed | part.streak;
    }
    default:
      return 0;
  }
}

const priorities: Readonly<Record<string, OpenTicket['priority']>> = {
  low: 'low',
  medium: 'medium',
  high: 'high',
  urgent: 'urgent',
};

/** What is known of a track's tickets beside the track itself, so that those long solved need not be gone through. */
interface TicketIndex {
  readonly open: Set<OpenTicket>;
  /** None was solved before, and is still remembered. */
  solvedFrom: number;
}

const indexes = new WeakMap<TicketTrack, TicketIndex>();

function indexOf(track: TicketTrack): TicketIndex {
  let found = indexes.get(track);
  if (!found) {
    found = { open: new Set(), solvedFrom: -Infinity };
    for (const name in track.tickets) {
      const ticket = track.tickets[name];
      if (ticket?.solvedAt === null) found.open.add(ticket);
    }
    indexes.set(track, found);
  }
  return found;
}

/** The open tickets, in no order. */
export const openIn = (track: TicketTrack): ReadonlySet<OpenTicket> => indexOf(track).open;

/** Tickets by id, with priority and escalation. To be called with facts of tickets. Says whether anything has changed. */
export function takeTicket(track: TicketTrack, fact: Fact): boolean {
  const id = textAttribute(fact, 'ticketId');
  if (id === undefined) return false;
  const name = key(id);
  const priority = priorities[textAttribute(fact, 'priority') ?? ''];
  let ticket = track.tickets[name];
  if (!ticket) {
    // A solved ticket whose opening was never seen needs no memory; any other trace of a ticket shows that it is open.
    if (fact.type === 'ticket.solved') return false;
    forgetTickets(track, fact.occurredAt);
    ticket = { opened: markOf(fact), priority: null, escalated: null, solvedAt: null, touchedAt: fact.occurredAt };
    track.tickets[name] = ticket;
    indexOf(track).open.add(ticket);
  }
  ticket.touchedAt = fact.occurredAt;
  if (priority) ticket.priority = priority;
  if (fact.type === 'ticket.opened') countOn(track.opened, fact.occurredAt);
  else if (fact.type === 'ticket.escalated') ticket.escalated = markOf(fact);
  else if (fact.type === 'ticket.solved') {
    ticket.solvedAt = fact.occurredAt;
    indexOf(track).open.delete(ticket);
  }
  if (fact.type === 'ticket.reopened') {
    countOn(track.reopened, fact.occurredAt);
    ticket.solvedAt = null;
    ticket.escalated = null;
    indexOf(track).open.add(ticket);
  }
  return true;
}

function forgetTickets(track: TicketTrack, at: number): void {
  const index = indexOf(track);
  // Facts come in order of time: none that was solved since can be older than those that were left.
  if (index.solvedFrom >= at - SOLVED_KEPT) return;
  const names = Object.keys(track.tickets);
  if (names.length < MOST_TICKETS) return;
  index.solvedFrom = at;
  for (const name of names) {
    const solvedAt = track.tickets[name]?.solvedAt ?? null;
    if (solvedAt === null) continue;
    if (solvedAt < at - SOLVED_KEPT) delete track.tickets[name];
    else if (solvedAt < index.solvedFrom) index.solvedFrom = solvedAt;
  }
}

const dealKinds: Readonly<Record<string, 'new' | 'renewal' | 'expansion'>> = {
  new: 'new',
  renewal: 'renewal',
  expansion: 'expansion',
};

/** A fact of a deal with what earlier ones told it is about, where it leaves that out itself; the fact itself where there is nothing to add. */
export function withKnownDeal({ open }: DealTrack, fact: Fact): Fact {
  const name = textAttribute(fact, 'dealId');
  const deal = name === undefined ? undefined : open[key(name)];
  if (!deal) return fact;
  const { attributes } = fact;
  const kind = attributes.kind === undefined ? deal.kind : null;
  const pipeline = attributes.pipeline === undefined ? (deal.moves?.pipeline ?? null) : null;
  if (kind === null && pipeline === null) return fact;
  return {
    ...fact,
    attributes: { ...attributes, ...(kind !== null && { kind }), ...(pipeline !== null && { pipeline }) },
  };
}

/** Deals by id: open, slipped, won, lost. To be called with facts of deals. */
export function takeDeal(track: DealTrack, fact: Fact): void {
  const name = key(textAttribute(fact, 'dealId') ?? fact.id);
  const kind = dealKinds[textAttribute(fact, 'kind') ?? ''] ?? track.open[name]?.kind ?? null;
  if (fact.type === 'deal.won' || fact.type === 'deal.lost') {
    const tally = fact.type === 'deal.won' ? track.won : track.lost;
    tally[kind ?? 'unknown'] = { count: (tally[kind ?? 'unknown']?.count ?? 0) + 1, last: markOf(fact) };
    delete track.open[name];
    return;
  }
  const deal = (track.open[name] ??= { mark: markOf(fact), kind, closeAt: null, slips: 0, putOff: [], moves: null });
  deal.kind = kind;
  deal.moves = movedOn(deal.moves, fact);
  const closeAt = numberAttribute(fact, 'closeAt');
  if (fact.type === 'deal.close_date_changed') {
    const before = numberAttribute(fact, 'previousCloseAt') ?? deal.closeAt;
    // Less than a day is a correction of the hour, not a slip.
    if (closeAt !== undefined && before !== null && closeAt - before >= DAY) {
      deal.slips += 1;
      deal.putOff.push({ ...markOf(fact), byMs: closeAt - before });
      if (deal.putOff.length > MOST_PUT_OFF) deal.putOff.shift();
    }
  }
  if (closeAt !== undefined) deal.closeAt = closeAt;
}

/** The CRM's record, surveys, usage, renewals and churn. Gives the parts that it changed, as bits of `part`. */
export function takeRecord(track: RecordTrack, fact: Fact): number {
  const { spell, churned, tier, worth, since, sale, crmStage } = track;
  takeBeginning(track, fact);
  let changed = recorded(track, fact);
  if (spell !== track.spell || churned !== track.churned || sale !== track.sale || crmStage !== track.crmStage)
    changed |= part.spell;
  // Thresholds and due dates hang on these.
  if (tier?.value !== track.tier?.value || worth?.value !== track.worth?.value || since !== track.since)
    changed |= part.terms;
  return changed;
}

function recorded(track: RecordTrack, fact: Fact): number {
  const mark = markOf(fact);
  switch (fact.type) {
    case 'crm.stage_changed': {
      const value = textAttribute(fact, 'to');
      if (value !== undefined) track.crmStage = { value, mark };
      if (value?.toLowerCase() === 'customer') track.churned = null;
      // A promoter is a customer still; any other value of the lifecycle is not, or not yet.
      if (value?.toLowerCase() === 'customer') beginSpell(track, mark);
      else if (value !== undefined && value.toLowerCase() !== 'evangelist') endSpell(track, mark);
      return part.record;
    }
    case 'crm.property_changed': {
      const property = textAttribute(fact, 'property');
      const told = { value: textAttribute(fact, 'to') ?? '', mark };
      if (property !== undefined) track.properties[key(property)] = told;
      // What a declaration calls the property, whatever its name in the CRM.
      const role = textAttribute(fact, 'role');
      if (role !== undefined) track.properties[key(role)] = told;
      if (role === 'renewalDate') takeRenewalDate(track, told.value, mark);
      if (role === 'tier' || (role === undefined && property?.trim().toLowerCase() === 'tier' && !track.tier?.declared))
        track.tier = { value: told.value.trim() || null, declared: role === 'tier' };
      if (role === 'value') takeWorth(track, told.value);
      return part.record;
    }
    case 'survey.responded': {
      const score = numberAttribute(fact, 'score');
      const kind = textAttribute(fact, 'kind');
      if (score === undefined) return 0;
      // More than ten can be no answer of a kind that has ten at most.
      const isOfTen = kind === 'nps' || (kind === undefined && score <= 10);
      const usual = isOfTen ? 10 : kind === 'other' || kind === undefined ? 100 : 5;
      const scale = numberAttribute(fact, 'scale') ?? usual;
      if (scale <= 0) return 0;
      track.survey = { score: Math.round((score / scale) * 100), mark };
      track.surveys.push({ ...track.survey, kind: kind ?? 'nps', person: actorOf(fact) ?? null });
      if (track.surveys.length > MOST_SURVEYS) track.surveys.shift();
      return part.surveys;
    }
    case 'usage.recorded': {
      const metric = textAttribute(fact, 'metric');
      const value = numberAttribute(fact, 'value');
      if (metric === undefined || value === undefined) return 0;
      const name = key(metric);
      if (!(name in track.usage) && Object.keys(track.usage).length >= MOST_METRICS) return 0;
      const limit = numberAttribute(fact, 'limit') ?? numberAttribute(fact, 'plan');
      track.levels[name] = { value, limit: limit ?? track.levels[name]?.limit ?? null, mark };
      const days = (track.usage[name] ??= []);
      const day = Math.floor(fact.occurredAt / DAY);
      const last = days.at(-1);
      if (last && last[0] === day) days[days.length - 1] = [day, last[1] + value];
      else days.push([day, value]);
      while ((days[0]?.[0] ?? day) < day - USAGE_KEPT_DAYS) days.shift();
      return part.usage;
    }
    case 'account.renewed':
    case 'deal.won':
      if (fact.type === 'account.renewed' || textAttribute(fact, 'kind') === 'renewal') {
        // A renewal shows as a won deal and as a renewed account: within 30 days they are one.
        if (track.lastRenewal === null || fact.occurredAt - track.lastRenewal.at > 30 * DAY) track.renewals += 1;
        track.lastRenewal = mark;
        const until = fact.type === 'account.renewed' ? numberAttribute(fact, 'until') : undefined;
        if (until !== undefined) track.contract = { until, mark };
      }
      if (fact.type === 'deal.won') track.churned = null;
      beginSpell(track, mark);
      return part.record;
    case 'account.churned':
      track.churned = mark;
      endSpell(track, mark);
      return part.record;
    default:
      return 0;
  }
}

/**
 * Since when it is a customer, as far as events tell: with the sale, or the stage that says so. What comes of being a customer shows only that
 * it was one before, and so does a value that is taken to have held since the record was made.
 */
function takeBeginning(track: RecordTrack, fact: Fact): void {
  if (track.since !== undefined) return;
  const { stages = [], deal = false } = track.sale ?? {};
  const kind = textAttribute(fact, 'kind');
  switch (fact.type) {
    case 'deal.won':
      track.since = kind === 'renewal' || kind === 'expansion' ? null : fact.occurredAt;
      break;
    case 'deal.created':
    case 'deal.stage_changed':
    case 'deal.lost':
      if (kind === 'renewal' || kind === 'expansion') track.since = null;
      // Who uses the product has bought it before.
      else if (kind === 'new' && !deal && Object.keys(track.usage).length === 0) track.sale = { stages, deal: true };
      break;
    case 'crm.stage_changed': {
      const told = [textAttribute(fact, 'from'), textAttribute(fact, 'to')].flatMap((one) => one?.toLowerCase() ?? []);
      const [to] = told.slice(-1);
      if (told.includes('evangelist') || told.slice(0, -1).includes('customer')) track.since = null;
      else if (to === 'customer') track.since = fact.attributes.assumed === true ? null : fact.occurredAt;
      else {
        const added = told.filter((stage) => !stages.includes(stage));
        if (added.length > 0) track.sale = { stages: [...stages, ...added].slice(0, MOST_SALE_STAGES), deal };
      }
      break;
    }
    case 'account.renewed':
    case 'account.churned':
      track.since = null;
  }
  if (track.since !== undefined) delete track.sale;
}

function beginSpell(track: RecordTrack, mark: Mark): void {
  if (!track.spell?.customer) track.spell = { customer: true, mark, endedAt: track.spell?.endedAt ?? null };
}

function endSpell(track: RecordTrack, mark: Mark): void {
  track.spell = { customer: false, mark, endedAt: mark.at };
}

/** A date as CRMs write it: ISO 8601, or epoch milliseconds in text. Null for any other text. */
export function dateIn(text: string): number | null {
  const value = text.trim();
  // Without an offset an instant would depend on where the engine runs.
  const isIso = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d))?$/.test(value);
  const instant = /^-?\d{1,15}$/.test(value) ? Number(value) : isIso ? Date.parse(value) : Number.NaN;
  return Number.isFinite(instant) ? instant : null;
}

/** Empty text takes the value away, one that is no number is no news. */
function takeWorth(track: RecordTrack, text: string): void {
  const value = text.trim() === '' ? null : Number(text);
  if (value === null || Number.isFinite(value)) track.worth = { value };
}

/** Empty text takes the date away, one that is no date is no news. */
function takeRenewalDate(track: RecordTrack, text: string, mark: Mark): void {
  const dueAt = dateIn(text);
  if (dueAt !== null || text.trim() === '') track.renewal = { dueAt, mark };
}
