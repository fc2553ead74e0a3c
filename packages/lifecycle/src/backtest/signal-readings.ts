import type { SignalName, SignalParams, Touchpoint } from '@waymark/journey';
import type { AccountWalk } from './backtest.ts';
import type { KnownContext } from './backtest-walk.ts';
import { advance, fold, momentOf, type EngineState } from '../engine/engine.ts';
import { compileJourney, rememberingFor, type CompiledJourney } from '../rules/journey.ts';
import { isCustomer } from '../course/moment.ts';
import { outcomesOf, type Outcome } from './outcome.ts';
import { shown, signalBinder } from '../signals/signals.ts';
import type { AccountContext, Fact } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** A signal with parameters, as a column of a table. */
export interface SignalColumn {
  readonly signal: SignalName;
  readonly with?: SignalParams;
}

/** A column in words: the signal's own label with what narrows it. */
export interface NamedColumn extends SignalColumn {
  /** One per signal and parameters, for machines: `messages_trend{direction=inbound,days=30}`. */
  readonly id: string;
  readonly label: string;
  readonly unit: string;
}

/** What the signals said of an account at an instant, with what was known then. */
export interface Reading {
  readonly at: number;
  /** In the order of the columns, in the signals' units; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

/** An outcome with the instant at which it became known, epoch milliseconds. */
export interface KnownOutcome extends Outcome {
  readonly knownAt: number;
}

/** One account's readings while it was a customer, and how it went on. */
export interface AccountReadings {
  readonly account: string;
  readonly readings: readonly Reading[];
  readonly outcomes: readonly KnownOutcome[];
}

export interface ReadingOptions {
  /** The first instant that is read, and the end of what is known. Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** How far apart readings are; a month of 30 days without it. */
  readonly everyDays?: number;
}

/** The instants at which accounts are read: counted back from the end, so that the last one is what is known last. */
function readingInstants({ from, to, everyDays = 30 }: ReadingOptions): number[] {
  const instants: number[] = [];
  for (let at = to - 1; at >= from; at -= everyDays * DAY) instants.push(at);
  return instants.toReversed();
}

/** What the columns are called. */
export function namedColumns(journey: CompiledJourney, columns: readonly SignalColumn[]): NamedColumn[] {
  const bind = signalBinder(journey.definition);
  return columns.map((column) => {
    const { label, unit } = bind(column.signal, column.with);
    const given = Object.entries(column.with ?? {}).map(([name, value]) => `${name}=${String(value)}`);
    return { ...column, id: `${column.signal}${given.length > 0 ? `{${given.join(',')}}` : ''}`, label, unit };
  });
}

/**
 * Reads signals of accounts at instants, each time as if nothing were known that was recorded later, and only while the account was a
 * customer that had not churned. Rules play no part. Accounts are taken one at a time.
 */
export async function readSignals(
  journey: CompiledJourney,
  walk: AccountWalk,
  columns: readonly SignalColumn[],
  options: ReadingOptions,
): Promise<AccountReadings[]> {
  // Stages and milestones are signals too; flags are what is judged elsewhere.
  const { health: _health, ...rest } = journey.definition;
  const bare = rememberingFor(
    compileJourney({ ...rest, rules: [] }),
    columns.map(({ signal }) => signal),
  );
  const bind = signalBinder(journey.definition);
  const bound = columns.map((column) => bind(column.signal, column.with));
  const instants = readingInstants(options);
  const read: (AccountReadings & { readonly place: number })[] = [];
  for await (const { account, place = read.length, contexts, facts } of walk()) {
    const outcomes = outcomesKnown(journey, facts, options.to);
    const readings: Reading[] = [];
    const known = new KnownState(bare, contexts, facts);
    for (const at of instants) {
      const { context, state } = known.at(at);
      if (state.at === null || outcomes.findLast((one) => one.at <= at)?.kind === 'churned') continue;
      const moment = momentOf(bare, context, state);
      if (!isCustomer(moment)) continue;
      const values = bound.map((signal) => {
        const value = shown(signal, signal.read(moment));
        if (typeof value !== 'number' || !Number.isFinite(value)) return null;
        const days = Math.max(signal.params.days ?? 30, signal.unit === 'days' ? value : 0);
        return isWatched(context, touchpointsOf(signal.name, signal.params), at - days * DAY, at) ? value : null;
      });
      readings.push({ at, values });
    }
    read.push({ account, place, readings, outcomes });
  }
  return read.toSorted((a, b) => a.place - b.place);
}

function outcomesKnown(journey: CompiledJourney, facts: readonly Fact[], to: number): KnownOutcome[] {
  const seen = facts.filter((fact) => fact.recordedAt < to && fact.occurredAt < to);
  const recordedAt = new Map(seen.map((fact) => [fact.id, fact.recordedAt]));
  return outcomesOf(journey.definition, seen, to).map((one) => ({
    ...one,
    knownAt: Math.max(one.sureAt, recordedAt.get(one.eventId) ?? one.at),
  }));
}

const people: readonly Touchpoint[] = ['email', 'chat'];
const seenIn: Partial<Record<SignalName, readonly Touchpoint[]>> = {
  days_since_inbound: ['email', 'chat', 'meeting'],
  messages: people,
  messages_trend: people,
  unanswered_mail_age: ['email'],
  unanswered_mails: ['email'],
  active_stakeholders: ['email', 'chat', 'meeting'],
  new_stakeholders: ['email', 'chat', 'meeting'],
  champion_silent_days: ['email', 'chat', 'meeting'],
  meetings_held: ['meeting'],
  meetings_missed_streak: ['meeting'],
  days_since_meeting_held: ['meeting'],
  tickets_opened: ['ticket'],
  tickets_trend: ['ticket'],
  usage_trend: ['product'],
  usage_of_plan: ['product'],
  their_answer_time: ['email'],
  message_balance: people,
  meetings_no_show: ['meeting'],
  meetings_canceled: ['meeting'],
  single_threaded: ['email', 'chat', 'meeting'],
  contact_concentration: ['email', 'chat', 'meeting'],
  persona_silent_days: ['email', 'chat', 'meeting'],
  persona_active: ['email', 'chat', 'meeting'],
  quiet_stakeholders: ['email', 'chat', 'meeting'],
  repeated_questions: ['email', 'chat', 'ticket'],
  handoff_untouched: ['email', 'chat', 'meeting'],
  crossed_outreach: people,
};

/** What a signal would have missed something in, were it not watched. */
function touchpointsOf(name: SignalName, params: SignalParams): readonly Touchpoint[] {
  return params.touchpoints ?? seenIn[name] ?? [];
}

/** Whether no known silence of a source lies within a stretch: what was not seen is unknown, not absent. */
function isWatched({ gaps }: AccountContext, touchpoints: readonly Touchpoint[], from: number, to: number): boolean {
  return !gaps.some(
    (gap) =>
      gap.from <= to && (gap.to === null || gap.to > from) && gap.touchpoints.some((one) => touchpoints.includes(one)),
  );
}

/** An account's state as it was known at one instant after the other. */
class KnownState {
  readonly #journey: CompiledJourney;
  readonly #contexts: readonly KnownContext[];
  readonly #facts: readonly Fact[];
  #next = 0;
  #state: EngineState | null = null;

  constructor(journey: CompiledJourney, contexts: readonly KnownContext[], facts: readonly Fact[]) {
    this.#journey = journey;
    this.#contexts = contexts;
    this.#facts = facts.toSorted((a, b) => a.recordedAt - b.recordedAt);
  }

  at(at: number): { readonly context: AccountContext; readonly state: EngineState } {
    const context = this.#contexts.findLast((one) => one.from <= at)?.context;
    if (!context) throw new RangeError('Readings need a context from the beginning on.');
    const before = this.#next;
    while ((this.#facts[this.#next]?.recordedAt ?? Infinity) <= at) this.#next += 1;
    const fresh = this.#facts.slice(before, this.#next);
    const advanced = this.#state && advance(this.#journey, context, this.#state, fresh, at);
    // Late facts, or a context that says something else of the past: only a fold of all that is known is exact.
    const state =
      advanced?.kind === 'advanced'
        ? advanced.state
        : fold(this.#journey, context, this.#facts.slice(0, this.#next), at);
    this.#state = state;
    return { context, state };
  }
}
