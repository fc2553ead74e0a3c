import { compareFacts } from '../tracks/fact.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import type { Course } from '../course/moment.ts';
import { copyCourse } from '../course/moment.ts';
import { openSimulation, type Simulation } from '../engine/simulation.ts';
import type { AccountContext, Fact, Flag } from '../course/state.ts';
import { copyTracks, emptyTracks, type Tracks } from '../tracks/tracks.ts';
import { DAY } from '../time/zone.ts';

/** An account's context as it was known from an instant on. */
export interface KnownContext {
  readonly from: number;
  readonly context: AccountContext;
}

/** A flag as it was raised with what was known then. */
export interface RaisedFlag {
  /** Its latest form. */
  readonly flag: Flag;
  /** What it rested on when it was told: facts that came later have no part in it. */
  readonly asRaised: Flag;
  /** When it could be told: when it was raised, or once its sources were heard of again. */
  readonly toldAt: number;
  /** When it was first known to be open, epoch milliseconds: later than `flag.openedAt` where late facts brought it to light. */
  readonly raisedAt: number;
  /** When it was known to be over; null while it is not. */
  readonly endedAt: number | null;
  /** Whether facts that came later showed that it should never have opened. */
  readonly withdrawn: boolean;
}

interface Snapshot {
  /** Everything up to this instant is in it. */
  readonly at: number;
  readonly tracks: Tracks;
  readonly course: Course;
  readonly wakeAt: number;
}

/** How far apart snapshots are, and how many are kept. */
const snapshotEvery = 14 * DAY;
const snapshotsKept = 12;

/**
 * Walks an account's history as it became known: at each instant only the facts recorded by then count, and the answer is the one that
 * `reduce` would have given then. A late fact goes back to a snapshot before it, not to the beginning. Gives every flag that was open at
 * any time before `to`, in the order in which they were raised. Contexts come oldest first, the first one from the beginning. `toldAt` says
 * when a flag that was raised at an instant can be told.
 */
export function walkAsKnown(
  journey: CompiledJourney,
  contexts: readonly KnownContext[],
  facts: readonly Fact[],
  to: number,
  toldAt: (flag: Flag, raisedAt: number) => number = (_, raisedAt) => raisedAt,
): RaisedFlag[] {
  const walker = new Walker(journey, contexts, toldAt);
  const known = facts
    .filter((fact) => fact.recordedAt < to)
    .toSorted((a, b) => a.recordedAt - b.recordedAt || compareFacts(a, b));
  for (let index = 0; index < known.length;) {
    const at = known[index]?.recordedAt ?? to;
    const batch: Fact[] = [];
    for (let fact = known[index]; fact?.recordedAt === at; fact = known[++index]) batch.push(fact);
    walker.runTo(at - 1);
    walker.learn(batch, at);
  }
  walker.runTo(to - 1);
  return walker.raised();
}

type Raised = { -readonly [Key in keyof RaisedFlag]: RaisedFlag[Key] };

class Walker {
  readonly #journey: CompiledJourney;
  readonly #contexts: readonly KnownContext[];
  readonly #toldAt: (flag: Flag, raisedAt: number) => number;
  #contextAt = 0;
  /** Facts known, in the total order; those up to `#next` have been taken. */
  #known: Fact[] = [];
  #next = 0;
  #simulation: Simulation;
  #tracks: Tracks;
  #course: Course;
  /** The latest instant that was judged. */
  #judged = Number.MIN_SAFE_INTEGER;
  #now = Number.MIN_SAFE_INTEGER;
  #snapshots: Snapshot[] = [];
  readonly #raised = new Map<string, Raised>();
  #observedFlags: readonly Flag[] = [];

  constructor(
    journey: CompiledJourney,
    contexts: readonly KnownContext[],
    toldAt: (flag: Flag, raisedAt: number) => number,
  ) {
    this.#journey = journey;
    this.#contexts = contexts;
    this.#toldAt = toldAt;
    this.#tracks = emptyTracks();
    this.#course = emptyCourse();
    this.#simulation = this.#open(this.#beginning());
  }

  /** Lets time go on with what is known. */
  runTo(at: number): void {
    for (;;) {
      const change = this.#contexts[this.#contextAt + 1];
      if (!change || change.from > at) break;
      this.#settleUntil(change.from - 1);
      this.#contextAt += 1;
      // A gap that became known, or that was filled, speaks of the time since it began.
      const since = earliestChange(this.#contexts[this.#contextAt - 1]?.context, change.context);
      this.#rewind(since);
      this.#settleUntil(change.from);
    }
    this.#settleUntil(at);
  }

  /** Takes facts that became known at an instant, wherever in time they belong. */
  learn(facts: readonly Fact[], at: number): void {
    let first = Number.POSITIVE_INFINITY;
    for (const fact of facts) {
      this.#insert(fact);
      first = Math.min(first, fact.occurredAt);
    }
    if (first <= this.#judged) this.#rewind(first);
    this.#settleUntil(at);
  }

  raised(): RaisedFlag[] {
    return [...this.#raised.values()].toSorted(
      (a, b) => a.raisedAt - b.raisedAt || a.flag.openedAt - b.flag.openedAt || (a.flag.rule < b.flag.rule ? -1 : 1),
    );
  }

  get #context(): AccountContext {
    const known = this.#contexts[this.#contextAt];
    if (!known) throw new RangeError('A walk needs a context from the beginning on.');
    return known.context;
  }

  #beginning(): number {
    const { customerSince, watchedFrom } = this.#context;
    return customerSince === undefined ? Number.POSITIVE_INFINITY : Math.max(customerSince, watchedFrom ?? -Infinity);
  }

  #open(wakeAt: number): Simulation {
    return openSimulation(this.#journey, this.#context, this.#tracks, this.#course, wakeAt);
  }

  #insert(fact: Fact): void {
    let low = 0;
    let high = this.#known.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#known[middle];
      if (other && compareFacts(other, fact) <= 0) low = middle + 1;
      else high = middle;
    }
    // The same fact told again says nothing new.
    if (this.#known[low - 1]?.id === fact.id) return;
    this.#known.splice(low, 0, fact);
  }

  /** Goes back to the latest snapshot before an instant, so that what lies after it is judged anew. */
  #rewind(before: number): void {
    while ((this.#snapshots.at(-1)?.at ?? -Infinity) >= before) this.#snapshots.pop();
    const snapshot = this.#snapshots.at(-1);
    this.#tracks = snapshot ? copyTracks(snapshot.tracks) : emptyTracks();
    this.#course = snapshot ? copyCourse(snapshot.course) : emptyCourse();
    this.#judged = snapshot?.at ?? Number.MIN_SAFE_INTEGER;
    const at = this.#judged;
    this.#next = this.#known.findIndex((fact) => fact.occurredAt > at);
    if (this.#next < 0) this.#next = this.#known.length;
    this.#simulation = this.#open(snapshot?.wakeAt ?? this.#beginning());
  }

  /** Judges every instant up to and with `until`, and notes what was raised and ended meanwhile. */
  #settleUntil(until: number): void {
    const simulation = () => this.#simulation;
    for (;;) {
      const fact = this.#known[this.#next];
      const due = fact && fact.occurredAt <= until ? fact.occurredAt : Number.POSITIVE_INFINITY;
      const at = Math.min(due, simulation().wakeAt);
      if (at > until) break;
      const fresh: Fact[] = [];
      for (let one = this.#known[this.#next]; one && one.occurredAt === at; one = this.#known[++this.#next]) {
        fresh.push(simulation().take(one));
      }
      simulation().settle(at, fresh);
      this.#judged = Math.max(this.#judged, at);
      this.#keepSnapshot(at);
    }
    this.#observe(until);
    this.#now = Math.max(this.#now, until);
  }

  #keepSnapshot(at: number): void {
    if (at - (this.#snapshots.at(-1)?.at ?? -Infinity) < snapshotEvery) return;
    this.#snapshots.push({
      at,
      tracks: copyTracks(this.#tracks),
      course: copyCourse(this.#course),
      wakeAt: this.#simulation.wakeAt,
    });
    // The oldest go, but for every other one of them: what is very late is rare.
    if (this.#snapshots.length > snapshotsKept * 2)
      this.#snapshots = this.#snapshots.filter(
        (_, index, all) => index > all.length - snapshotsKept || index % 2 === 0,
      );
  }

  /** Compares the flags as of now with those that were known before. */
  #observe(until: number): void {
    const { flags } = this.#course;
    if (
      flags === this.#observedFlags ||
      (flags.length === this.#observedFlags.length && flags.every((flag, index) => flag === this.#observedFlags[index]))
    )
      return;
    const present = new Set<string>();
    for (const flag of flags) {
      present.add(flag.flagId);
      const known = this.#raised.get(flag.flagId);
      // Taken back before it could be told: where it comes back, it is news.
      const isUntold =
        known?.withdrawn === true && known.toldAt > known.raisedAt && (known.endedAt ?? Infinity) <= known.toldAt;
      if (known && !isUntold) {
        known.flag = flag;
        if (until <= known.toldAt) known.asRaised = flag;
        known.endedAt =
          flag.clearedAt === null ? null : (known.endedAt ?? Math.max(flag.clearedAt, Math.min(this.#now + 1, until)));
        known.withdrawn = false;
        continue;
      }
      const moved = this.#movedFrom(flag, flags);
      if (moved) {
        this.#raised.delete(moved.flag.flagId);
        const asRaised = until <= moved.toldAt ? flag : moved.asRaised;
        this.#raised.set(flag.flagId, { ...moved, flag, asRaised, endedAt: flag.clearedAt });
        continue;
      }
      const raisedAt = Math.max(flag.openedAt, Math.min(this.#now + 1, until));
      // Opened and over before it could be known: nobody was ever told.
      if (flag.clearedAt !== null && flag.clearedAt < raisedAt) continue;
      const toldAt = this.#toldAt(flag, raisedAt);
      const endedAt = flag.clearedAt;
      this.#raised.set(flag.flagId, { flag, asRaised: flag, raisedAt, toldAt, endedAt, withdrawn: false });
    }
    for (const [id, known] of this.#raised) {
      if (present.has(id) || known.withdrawn) continue;
      known.withdrawn = true;
      known.endedAt ??= until;
    }
    this.#observedFlags = [...flags];
  }

  /** The open flag of the same rule that this one stands for, where late facts only moved its opening. */
  #movedFrom(flag: Flag, flags: readonly Flag[]) {
    const present = new Set(flags.map((one) => one.flagId));
    for (const known of this.#raised.values())
      if (
        known.flag.rule === flag.rule &&
        known.endedAt === null &&
        !known.withdrawn &&
        !present.has(known.flag.flagId)
      )
        return known;
    return undefined;
  }
}

const emptyCourse = (): Course => ({
  stage: null,
  stageSince: null,
  periods: [],
  milestones: {},
  rules: {},
  flags: [],
});

/** The earliest instant of which two contexts say something else; the beginning where more than gaps and lulls differ. */
function earliestChange(before: AccountContext | undefined, after: AccountContext): number {
  const rest = (context: AccountContext) => JSON.stringify({ ...context, gaps: [], lulls: [] });
  if (!before || rest(before) !== rest(after)) return Number.MIN_SAFE_INTEGER;
  const spans = (context: AccountContext) =>
    new Map([...context.gaps, ...(context.lulls ?? [])].map((one) => [JSON.stringify(one), one.from]));
  const [old, now] = [spans(before), spans(after)];
  let first = Number.POSITIVE_INFINITY;
  for (const [text, from] of old) if (!now.has(text)) first = Math.min(first, from);
  for (const [text, from] of now) if (!old.has(text)) first = Math.min(first, from);
  return first;
}
