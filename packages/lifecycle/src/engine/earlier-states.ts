import { advance, factsInOrder, fold, type EngineState } from './engine.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import type { AccountContext, Fact } from '../course/state.ts';

/** Facts between two kept states. A late fact that is no older than this many costs no more than so many are folded again. */
const SPACING = 250;

/** A state, and states of the same account further back, oldest first: from the last one before a late fact the fold goes on. */
export interface KeptFold {
  readonly state: EngineState;
  readonly earlier: readonly EngineState[];
}

const placeOf = (state: EngineState): number => Math.floor(state.taken / SPACING);

/** How far a place in the history is good for: the largest power of two that divides it. */
const reachOf = (place: number): number => place & -place;

/** Whether a state has come to a place of its own since another of the same account, where it is worth keeping. */
function isFurther(before: EngineState | undefined, state: EngineState): boolean {
  return placeOf(state) > (before ? placeOf(before) : 0);
}

/**
 * Adds a state to the kept ones where it has come to a place of its own, and lets go of what is no longer needed. The further back, the
 * fewer are kept: about as many as the history's length has binary digits. Gives the same list where nothing changes.
 */
export function keepState(earlier: readonly EngineState[], state: EngineState): readonly EngineState[] {
  const last = earlier.at(-1);
  if (state.at === null || !isFurther(last, state)) return earlier;
  const place = placeOf(state);
  // What was ahead is read again from there, in the form it has by then.
  return [...earlier, { ...state, ahead: [] }].filter((one) => place - placeOf(one) < 2 * reachOf(placeOf(one)));
}

/**
 * Of states that have taken so many facts, fewest first, those worth keeping: the last, and of all others the first of its place, fewer
 * the further back.
 */
export function worthKeeping(taken: readonly number[]): readonly number[] {
  const placeAt = (count: number | undefined): number => Math.floor((count ?? 0) / SPACING);
  const last = placeAt(taken.at(-1));
  return taken.filter((count, at) => {
    const place = placeAt(count);
    const isFirst = place > placeAt(taken[at - 1]);
    return at === taken.length - 1 || (isFirst && last - place < 2 * reachOf(place));
  });
}

/**
 * Folds all facts and keeps states along the way. The state is that of `fold`; `earlier` is empty for a short history, which is folded
 * again as fast.
 */
export function foldKeeping(
  journey: CompiledJourney,
  context: AccountContext,
  facts: readonly Fact[],
  asOf: number,
): KeptFold {
  const begun = fold(journey, context, [], Number.MIN_SAFE_INTEGER);
  const kept =
    facts.length < 2 * SPACING ? undefined : goOn(journey, context, { state: begun, earlier: [] }, facts, asOf);
  return kept ?? { state: fold(journey, context, facts, asOf), earlier: [] };
}

/**
 * The kept states that still hold when facts from `from` on may have come, changed or gone, oldest first. The last of them is where
 * `refold` goes on.
 */
export function statesBefore(earlier: readonly EngineState[], from: number): readonly EngineState[] {
  return earlier.filter((one) => one.at !== null && one.at < from);
}

/**
 * Goes on from the last of the states that hold by every fact from its `at` on; undefined where none holds, or where definition, context
 * or engine are others than then: fold all facts.
 */
export function refold(
  journey: CompiledJourney,
  context: AccountContext,
  holding: readonly EngineState[],
  facts: readonly Fact[],
  asOf: number,
): KeptFold | undefined {
  const state = holding.at(-1);
  return state && goOn(journey, context, { state, earlier: holding }, facts, asOf);
}

function goOn(
  journey: CompiledJourney,
  context: AccountContext,
  from: KeptFold,
  facts: readonly Fact[],
  asOf: number,
): KeptFold | undefined {
  let { state, earlier } = from;
  const ordered = factsInOrder(facts);
  const due = ordered.findIndex((fact) => fact.occurredAt > asOf);
  const last = due === -1 ? ordered.length : due;
  for (let first = 0, end = 0; first < last; first = end) {
    end = Math.min(first + SPACING, last);
    // A state that has taken all of its instant can be gone on from by what came after it.
    while (end < last && ordered[end]?.occurredAt === ordered[end - 1]?.occurredAt) end += 1;
    const some = ordered.slice(first, end);
    const next = advance(journey, context, state, some, some.at(-1)?.occurredAt ?? asOf);
    if (next.kind === 'late') return undefined;
    state = next.state;
    earlier = keepState(earlier, state);
  }
  const next = advance(journey, context, state, ordered.slice(last), asOf);
  return next.kind === 'late' ? undefined : { state: next.state, earlier };
}
