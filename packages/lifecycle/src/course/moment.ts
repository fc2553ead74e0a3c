import type { JourneyDefinition, MilestoneDefinition } from '@waymark/journey';
import { contentDigest } from './digest.ts';
import type { AccountContext, Fact, Flag, Proof, SegmentSpell, StagePeriod } from './state.ts';
import { isInSale } from './prospect.ts';
import type { OutcomeMark } from '../rules/success.ts';
import { withPersonas } from '../definition/persona.ts';
import type { Gaps } from '../tracks/track-contact.ts';
import type { Company, Tracks } from '../tracks/tracks.ts';
import { key } from '../tracks/tracks.ts';
import { DAY, slowedZone, zoneOf, type Zone } from '../time/zone.ts';

/** Where a rule stands. `flag` is the index of its open flag. */
export interface RuleState {
  flag: number | null;
  /** Since when the condition has held without a flag being open. */
  holdingSince: number | null;
  clearedAt: number | null;
  /** Answered "not a risk": shut until the condition was false once, or this instant. */
  mutedUntil: number | null;
}

/** What has happened in the journey so far. Periods, flags and proofs are replaced, never changed in place. */
export interface Course {
  stage: string | null;
  stageSince: number | null;
  periods: StagePeriod[];
  milestones: Record<string, { readonly at: number; readonly proof: Proof }>;
  rules: Record<string, RuleState>;
  flags: Flag[];
  /** The segments it was in, oldest first; only where segments rest on conditions. Replaced, never changed in place. */
  segments?: readonly SegmentSpell[];
  /** The last outcome; only where the success of the journey rests on it. */
  outcome?: OutcomeMark;
  /** Where the definition leads round within one instant: replaced, never changed in place. */
  circling?: Circling;
}

/** What leads round: stages, and rules that are left as they are until another fact comes. */
export interface Circling {
  readonly stages: boolean;
  readonly rules: readonly string[];
}

/** A copy that can be changed without changing the original; what never changes in place is shared. */
export function copyCourse(course: Course): Course {
  const rules: Course['rules'] = {};
  for (const [rule, state] of Object.entries(course.rules)) rules[rule] = { ...state };
  return { ...course, milestones: { ...course.milestones }, flags: [...course.flags], rules };
}

/** An account's context with what is derived of it once. */
export interface Surroundings {
  readonly context: AccountContext;
  readonly digest: string;
  readonly zone: Zone;
  readonly segment: string | null;
  readonly contactKeys: ReadonlySet<string>;
  readonly domains: ReadonlySet<string>;
  readonly champions: readonly string[];
  /** Address key to the instant at which the contact left. */
  readonly leftAt: ReadonlyMap<string, number>;
  /** Addresses that were asked for: true for those of contacts and of their company, else the key of the address. */
  readonly asked: Map<string, true | string>;
}

/** An instant in an account's simulation: what conditions are evaluated in. */
export interface Moment {
  at: number;
  /** Set by every evaluation: the next instant at which its answer can change without a new fact. */
  flip: number;
  /** Set beside it by what watches a condition: the parts, as bits of `part`, of which a fact may change its answer sooner. */
  reads: number;
  /** Set by stages when they are settled: whether conditions that hold at once lead round. */
  isRound?: boolean;
  /** The facts of this very instant. */
  fresh: readonly Fact[];
  readonly tracks: Tracks;
  readonly course: Course;
  readonly around: Surroundings;
  readonly definition: JourneyDefinition;
  /** What is dear to compute, good for one version of the contact track. */
  readonly memo: Map<string, { readonly version: number; readonly gaps: Gaps }>;
}

/** Domains under which strangers share: they tell nothing of the company. */
const sharedDomains = new Set(
  'gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com gmx.de gmx.net web.de proton.me protonmail.com qq.com 163.com mail.ru'.split(
    ' ',
  ),
);

const remembered = new WeakMap<AccountContext, Map<JourneyDefinition, Surroundings>>();

/** What of an account's record a segment asks for. */
type Standing = Pick<AccountContext, 'tier' | 'value'>;

/** The tier and value of the account at the moment: by the dated history as far as it goes, else by what the record says. */
function standingAt({ around: { context }, tracks: { record } }: Moment): Standing {
  if (!record.tier && !record.worth) return context;
  const tier = record.tier ? record.tier.value : context.tier;
  const value = record.worth ? record.worth.value : context.value;
  return { ...(typeof tier === 'string' && { tier }), ...(typeof value === 'number' && { value }) };
}

/** The tier of the account at the moment, as the record writes it. */
export const tierAt = (moment: Moment): string | undefined => standingAt(moment).tier;

function fits({ tiers, valueAtLeast }: JourneyDefinition['segments'][number], standing: Standing): boolean {
  const tier = standing.tier?.trim().toLowerCase();
  return (
    (tiers === undefined || (tier !== undefined && tiers.some((name) => name.toLowerCase() === tier))) &&
    (valueAtLeast === undefined || (standing.value !== undefined && standing.value >= valueAtLeast))
  );
}

/** Whether the record of an account fits a segment at the moment, its condition left aside. */
export const fitsRecord = (segment: JourneyDefinition['segments'][number], moment: Moment): boolean =>
  fits(segment, standingAt(moment));

const firstFitting = ({ segments }: JourneyDefinition, standing: Standing): string | null =>
  segments.find((one) => one.when === undefined && fits(one, standing))?.id ?? null;

/** The segment of the account at the moment; null if it is in none. */
export function segmentOf(moment: Moment): string | null {
  const { course, around, tracks, definition } = moment;
  if (course.segments === undefined) {
    const { tier, worth } = tracks.record;
    return tier || worth ? firstFitting(definition, standingAt(moment)) : around.segment;
  }
  const last = course.segments.at(-1);
  return last && last.to === null ? last.segment : null;
}

/** Derives what the engine needs of a context, once per context object. */
export function surroundingsOf(definition: JourneyDefinition, context: AccountContext): Surroundings {
  const known = remembered.get(context)?.get(definition);
  if (known) return known;
  const contactKeys = new Set<string>();
  const domains = new Set<string>();
  const champions: string[] = [];
  const leftAt = new Map<string, number>();
  const told = withPersonas(definition.personas, context);
  for (const contact of told.contacts) {
    const name = key(contact.address.toLowerCase());
    contactKeys.add(name);
    const domain = contact.address.toLowerCase().split('@')[1];
    if (domain && !sharedDomains.has(domain)) domains.add(domain);
    if (contact.persona?.toLowerCase() === 'champion') champions.push(name);
    if (contact.leftAt !== undefined) leftAt.set(name, contact.leftAt);
  }
  const made: Surroundings = {
    context: told,
    digest: contentDigest(context),
    zone: slowedZone(
      zoneOf(context.timezone, definition.quietDays, [...(context.holidays ?? []), ...(definition.holidays ?? [])]),
      (context.lulls ?? []).filter((one) => one.of === 'contact'),
    ),
    segment: firstFitting(definition, context),
    contactKeys,
    domains,
    champions,
    leftAt,
    asked: new Map(),
  };
  const perDefinition = remembered.get(context) ?? new Map<JourneyDefinition, Surroundings>();
  perDefinition.set(definition, made);
  remembered.set(context, perDefinition);
  return made;
}

/** Whether an address is one of the customer's, as far as the contacts and earlier mail tell. */
function isCustomerAddress(moment: Moment, address: string): boolean {
  const { around, tracks } = moment;
  let known = around.asked.get(address);
  if (known === undefined) {
    const lower = address.toLowerCase();
    const name = key(lower);
    known = around.contactKeys.has(name) || around.domains.has(lower.split('@')[1] ?? '') ? true : name;
    if (around.asked.size >= MOST_ASKED) around.asked.clear();
    around.asked.set(address, known);
  }
  return known === true || tracks.people.persons[known] !== undefined;
}

/** Whether a person, by their key, is a champion, as far as the contacts and events tell. */
function isChampion({ around, tracks }: Moment, name: string): boolean {
  if (around.champions.includes(name)) return true;
  for (const told of tracks.people.champions) if (key(told) === name) return true;
  return false;
}

/** Whom an account's people are known by, at any instant that its moment stands at. */
export const companyOf = (moment: Moment): Company => ({
  isTheirs: (address) => isCustomerAddress(moment, address),
  isChampion: (name) => isChampion(moment, name),
});

/** Addresses of which an answer is kept. */
const MOST_ASKED = 1000;

/** When the account became a customer: by the record, else by the first event that made it one; null if that is unknown. It may lie ahead. */
export function customerSince(moment: Moment): number | null {
  return moment.around.context.customerSince ?? moment.tracks.record.since ?? null;
}

/**
 * Whether the account is a customer at the moment. One that is a customer now has been since it became one, but for the time
 * between a churn and a return; where nobody knows since when, all the time but while nothing else than a sale was told of it. One that
 * is none now was one for as long as dated events say so.
 */
export function isCustomer(moment: Moment): boolean {
  const { tracks, around, definition } = moment;
  const { churned } = tracks.record;
  if (churned !== null) return false;
  if (!around.context.isCustomer) return spellSince(moment) !== null;
  const since = customerSince(moment);
  return since === null ? !isInSale(definition, tracks.record, around.context.isAssumed === true) : since <= moment.at;
}

/** Since when dated events, or the date that the CRM gives, make the account a customer; null if they do not. */
function spellSince(moment: Moment): number | null {
  const since = customerSince(moment);
  const { spell } = moment.tracks.record;
  const dated = since !== null && since <= moment.at && since > (spell?.endedAt ?? -Infinity) ? since : null;
  if (!spell?.customer) return dated;
  return dated === null ? spell.mark.at : Math.min(dated, spell.mark.at);
}

/**
 * Since when events make a customer of an account that is none now, where no event has ended it: the CRM knows better, and what was
 * judged since then is not believed. Null for every other account.
 */
export function doubtedSince(moment: Moment): number | null {
  const { isCustomer: isCustomerNow, isEndDated } = moment.around.context;
  return isCustomerNow || isEndDated === true || !isCustomer(moment) ? null : spellSince(moment);
}

/** When the contract ends: by the CRM's dated history as far as it goes, else by what the CRM says now. A date is a day of the account's zone. */
export function renewalAt(moment: Moment): number | null {
  const { context, zone } = moment.around;
  const { renewal } = moment.tracks.record;
  const told = renewal === null ? (context.renewalAt ?? null) : renewal.dueAt;
  return told === null ? null : zone.civil(told);
}

/** When a milestone is (or was) due; null while its start is unknown, or while it is neither reached nor owed in the current stage. */
export function dueOf(moment: Moment, milestone: MilestoneDefinition): number | null {
  const { stage, periods } = moment.course;
  const reached = moment.course.milestones[milestone.id] !== undefined;
  if (!reached && milestone.stages && (stage === null || !milestone.stages.includes(stage))) return null;
  const { after, days } = milestone.due;
  if (after === 'customerSince') {
    const since = customerSince(moment);
    return since === null ? null : since + Math.round(days * DAY);
  }
  const entered = periods.findLast((period) => period.stage === after.stage)?.enteredAt;
  return entered === undefined ? null : entered + Math.round(days * DAY);
}
