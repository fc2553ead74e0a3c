import { contentDigest } from '../course/digest.ts';
import { compareFacts } from '../tracks/fact.ts';
import { ENGINE_VERSION, type CompiledJourney } from '../rules/journey.ts';
import { copyCourse, doubtedSince, surroundingsOf } from '../course/moment.ts';
import { milestoneAt, milestoneTurn } from '../rules/milestone.ts';
import type { Course, Moment } from '../course/moment.ts';
import { touchedBy } from '../tracks/reads.ts';
import { openSimulation, type Simulation, type Watch } from './simulation.ts';
import type { AccountContext, AccountJourney, Fact, Flag, Health, Proof } from '../course/state.ts';
import { copyTracks, emptyTracks, type Tracks } from '../tracks/tracks.ts';

/**
 * A checkpoint of one account in one journey: plain JSON. It stands at the last fact, not at `asOf`, so that a fact a little older
 * than the last waking is still in time.
 */
export interface EngineState {
  readonly engineVersion: number;
  readonly definitionDigest: string;
  readonly contextDigest: string;
  /** The parts of its facts that are remembered, as bits of `part`. */
  readonly remembers: number;
  readonly asOf: number;
  /** The instant of the last fact taken; null before the first. */
  readonly at: number | null;
  /** How many facts it has taken. */
  readonly taken: number;
  /** The facts of that instant, judged only when time moves on, since more may come. */
  readonly pending: readonly Fact[];
  /** Ids lately taken, so that what is delivered twice is known. */
  readonly recent: readonly string[];
  /**
   * Facts that were seen but are dated after `asOf`, the next one first. Only when they are due, so that the log can be asked
   * again by then: a meeting that is to be held may be called off.
   */
  readonly ahead: readonly { readonly id: string; readonly at: number }[];
  /** The next instant to look at, if no fact comes; sooner than it need be where not everything was looked at again. */
  readonly wakeAt: number | null;
  /** What that rests on; without it, everything is looked at anew. */
  readonly watch?: Watch;
  readonly tracks: Tracks;
  readonly course: Course;
}

export type Advanced =
  | { readonly kind: 'advanced'; readonly state: EngineState }
  | { readonly kind: 'late'; readonly from: number };

const RECENT_KEPT = 256;
/** Quiet wakings that are looked through for the next real change, before the search gives the next waking instead. */
const MOST_QUIET_WAKES = 32;
const forever = (at: number | null): number => at ?? Number.POSITIVE_INFINITY;
const orNull = (at: number): number | null => (Number.isFinite(at) ? at : null);

function begin(journey: CompiledJourney, context: AccountContext): EngineState {
  const { customerSince, watchedFrom } = context;
  // What was before anyone watched leaves no trace to judge: an account without earlier facts begins when watching began.
  const start = customerSince === undefined ? null : Math.max(customerSince, watchedFrom ?? -Infinity);
  return {
    engineVersion: ENGINE_VERSION,
    definitionDigest: journey.digest,
    contextDigest: surroundingsOf(journey.definition, context).digest,
    remembers: journey.remembers,
    asOf: Number.MIN_SAFE_INTEGER,
    at: null,
    taken: 0,
    pending: [],
    recent: [],
    ahead: [],
    wakeAt: start,
    tracks: emptyTracks(),
    course: { stage: null, stageSince: null, periods: [], milestones: {}, rules: {}, flags: [] },
  };
}

/** One form of each fact, in the total order. Of several forms under one id the first in that order speaks. */
export function factsInOrder(facts: readonly Fact[]): readonly Fact[] {
  if (areInOrder(facts)) return facts;
  const ordered = facts.toSorted(compareFacts);
  const seen = new Map<string, Fact>();
  let conflicting = false;
  for (const fact of ordered) {
    const other = seen.get(fact.id);
    if (!other) seen.set(fact.id, fact);
    else if (other !== fact && other.occurredAt === fact.occurredAt) conflicting = true;
  }
  if (conflicting) {
    for (const fact of ordered) {
      const other = seen.get(fact.id);
      if (other && other !== fact && other.occurredAt === fact.occurredAt && contentDigest(fact) < contentDigest(other))
        seen.set(fact.id, fact);
    }
  }
  return seen.size === ordered.length ? ordered : [...seen.values()].toSorted(compareFacts);
}

/** Whether facts are in the total order, and each is there once. */
function areInOrder(facts: readonly Fact[]): boolean {
  let before: Fact | null = null;
  for (const fact of facts) {
    if (before && compareFacts(before, fact) >= 0) return false;
    before = fact;
  }
  const ids = new Set<string>();
  for (const { id } of facts) ids.add(id);
  return ids.size === facts.length;
}

/** Takes facts that are in order, unique, and after what the state has taken. Changes nothing of the given state. */
function consume(
  journey: CompiledJourney,
  context: AccountContext,
  state: EngineState,
  facts: readonly Fact[],
  asOf: number,
  tracks: Tracks,
): EngineState {
  const course = copyCourse(state.course);
  const simulation = openSimulation(journey, context, tracks, course, forever(state.wakeAt), state.watch);
  let { at, taken } = state;
  let pending = [...state.pending];
  const recent = state.recent.slice(-RECENT_KEPT);
  const ahead = new Map(state.ahead.map((one) => [one.id, one.at]));
  for (const fact of facts) {
    if (fact.occurredAt > asOf) {
      ahead.set(fact.id, fact.occurredAt);
      continue;
    }
    if (ahead.size > 0) ahead.delete(fact.id);
    if (at !== fact.occurredAt) {
      if (at !== null && pending.length > 0) simulation.settle(at, pending);
      while (simulation.wakeAt < fact.occurredAt) simulation.settle(simulation.wakeAt, []);
      at = fact.occurredAt;
      pending = [];
    }
    pending.push(simulation.take(fact));
    taken += 1;
    recent.push(fact.id);
  }
  const watch = simulation.watch();
  return {
    ...state,
    asOf,
    at,
    taken,
    pending,
    recent: recent.slice(-RECENT_KEPT),
    ahead: [...ahead]
      .map(([id, dueAt]) => ({ id, at: dueAt }))
      .toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)),
    wakeAt: orNull(simulation.wakeAt),
    ...(watch && { watch }),
    tracks,
    course,
  };
}

/**
 * Folds an account's facts into a state as of an instant. The state, but for how early it wakes, is a function of the set of facts, the
 * context, the definition and `asOf`: order, duplication and batches make no difference.
 */
export function fold(
  journey: CompiledJourney,
  context: AccountContext,
  facts: readonly Fact[],
  asOf: number,
): EngineState {
  const state = begin(journey, context);
  return consume(journey, context, state, factsInOrder(facts), asOf, state.tracks);
}

/**
 * Adds facts to a state, and moves it on to `asOf`. Give it at least what is new; what it has taken lately it skips. Gives `late`
 * where only a fold of all facts can be exact: a fact that belongs before one already taken, a fact that was dated ahead, is due
 * now and is not among those given, an `asOf` before the state's last fact, or another context, definition or engine version.
 * Knows additions only: if a fact that was taken is changed or gone, fold anew. The given state is not changed.
 */
export function advance(
  journey: CompiledJourney,
  context: AccountContext,
  state: EngineState,
  facts: readonly Fact[],
  asOf: number,
): Advanced {
  const { digest } = surroundingsOf(journey.definition, context);
  const same =
    state.engineVersion === ENGINE_VERSION &&
    state.definitionDigest === journey.digest &&
    (journey.remembers & ~state.remembers) === 0 &&
    state.contextDigest === digest;
  if (!same) return { kind: 'late', from: Number.MIN_SAFE_INTEGER };
  if (state.at !== null && asOf < state.at) return { kind: 'late', from: asOf };
  const known = facts.length > 8 ? new Set(state.recent) : null;
  const fresh = factsInOrder(facts.filter(({ id }) => !(known ? known.has(id) : state.recent.includes(id))));
  const given = new Set(fresh.map((fact) => fact.id));
  const missing = state.ahead.find((one) => one.at <= asOf && !given.has(one.id));
  if (missing) return { kind: 'late', from: missing.at };
  const first = fresh[0];
  const last = state.pending.at(-1);
  if (first && last && compareFacts(first, last) < 0) return { kind: 'late', from: first.occurredAt };
  let touched = 0;
  for (const fact of fresh) if (fact.occurredAt <= asOf) touched |= touchedBy(fact);
  const tracks = touched === 0 ? state.tracks : copyTracks(state.tracks, touched);
  return { kind: 'advanced', state: consume(journey, context, state, fresh, asOf, tracks) };
}

/** Runs a state's simulation up to its `asOf`. Changes nothing of the state. */
function settled(journey: CompiledJourney, context: AccountContext, state: EngineState): Simulation {
  const course = copyCourse(state.course);
  const simulation = openSimulation(journey, context, state.tracks, course, forever(state.wakeAt), state.watch);
  if (state.at !== null && state.pending.length > 0) simulation.settle(state.at, state.pending);
  while (simulation.wakeAt <= state.asOf) simulation.settle(simulation.wakeAt, []);
  simulation.moment.at = state.asOf;
  simulation.moment.fresh = [];
  return simulation;
}

/** The moment of a state's `asOf`, with everything up to it judged: what conditions are asked in. */
export function momentOf(journey: CompiledJourney, context: AccountContext, state: EngineState): Moment {
  return settled(journey, context, state).moment;
}

/**
 * Whether dated facts tell of an account that is no customer now how it ended. Asked before its answer of an earlier instant, at which
 * these facts do not show yet: without it, an account whose end is not dated is none that events made one by mistake.
 */
export function isEndDated(journey: CompiledJourney, context: AccountContext, facts: readonly Fact[]): boolean {
  const last = facts.reduce((latest, fact) => Math.max(latest, fact.occurredAt), Number.MIN_SAFE_INTEGER);
  return !context.isCustomer && doubtedSince(momentOf(journey, context, fold(journey, context, facts, last))) === null;
}

/** Every proof that an account's facts give as of an instant, also of what later turned out not to be believed. */
export function proofsAt(
  journey: CompiledJourney,
  context: AccountContext,
  facts: readonly Fact[],
  asOf: number,
): Proof[] {
  const { course } = settled(journey, context, fold(journey, context, facts, asOf)).moment;
  return [...course.periods, ...course.flags, ...Object.values(course.milestones)].map(({ proof }) => proof);
}

/** The answer about an account at the state's `asOf`. */
export function view(journey: CompiledJourney, context: AccountContext, state: EngineState): AccountJourney {
  const { asOf } = state;
  const simulation = settled(journey, context, state);
  const { moment } = simulation;
  const { course } = moment;

  const health = journey.health(moment);
  const healthTurns = moment.flip;
  const success = journey.success?.of(moment);
  const scoresTurn = success ? Math.min(healthTurns, moment.flip) : healthTurns;
  const milestones = journey.milestones.map(({ definition }) => milestoneAt(moment, definition));
  const rules = new Map(journey.rules.map((rule) => [rule.id, rule]));
  // A customer by events, but none by the CRM's record, with no date for the end: what that time seemed to show is not believed.
  const doubted = doubtedSince(moment);
  const forCustomers = new Set(journey.rules.flatMap((rule) => (rule.definition.appliesTo.customers ? [rule.id] : [])));
  const believed = course.flags.filter(
    (flag) => doubted === null || flag.openedAt < doubted || !(forCustomers.has(flag.rule) || flag.rule === 'data_gap'),
  );
  const flags = believed.map((flag): Flag => {
    const rule = flag.clearedAt === null ? rules.get(flag.rule) : undefined;
    return rule ? { ...flag, reasonNow: rule.reason(moment), evidenceNow: rule.evidence(moment) } : flag;
  });
  const answer = {
    accountId: context.accountId,
    journey: journey.definition.id,
    definitionDigest: journey.digest,
    engineVersion: ENGINE_VERSION,
    asOf,
    stage: course.stage,
    periods: course.periods,
    milestones,
    flags,
    health,
    ...(success && { success }),
    ...(course.segments && { segments: course.segments }),
    digest: contentDigest({
      definition: journey.digest,
      periods: course.periods.map((period) => ({ ...period, proof: period.proof.digest })),
      milestones: milestones.map((milestone) => ({ ...milestone, proof: milestone.proof?.digest ?? null })),
      flags: believed.map((flag) => ({ ...flag, proof: flag.proof.digest })),
      // How a score reads (`3 days ago`) changes daily; what it is does not.
      health: bare(health),
      ...(success && { success: bare(success) }),
      ...(course.segments && { segments: course.segments }),
    }),
  };
  const due = state.ahead[0]?.at ?? Number.POSITIVE_INFINITY;
  return { ...answer, nextChangeAt: orNull(Math.min(due, nextChange(journey, simulation, scoresTurn))) };
}

/** A score without its words. */
const bare = ({ score, version, parts }: Health) => ({
  score,
  parts: parts.map(({ part, weight, score: own }) => ({ part, weight, score: own })),
  version,
});

/** Runs the simulation ahead, without facts, to the first instant at which the answer changes. */
function nextChange(journey: CompiledJourney, simulation: Simulation, scoresTurn: number): number {
  const { moment } = simulation;
  let limit = scoresTurn;
  for (const { definition } of journey.milestones) limit = Math.min(limit, milestoneTurn(moment, definition));
  for (let quiet = 0; simulation.wakeAt < limit; quiet++) {
    const at = simulation.wakeAt;
    if (quiet === MOST_QUIET_WAKES || simulation.settle(at, [])) return at;
  }
  return limit;
}

/** The answer about an account from all its facts: `view` of `fold`. */
export function reduce(
  journey: CompiledJourney,
  context: AccountContext,
  facts: readonly Fact[],
  asOf: number,
): AccountJourney {
  return view(journey, context, fold(journey, context, facts, asOf));
}
