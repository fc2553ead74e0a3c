import {
  ENGINE_VERSION,
  foldKeeping,
  refold,
  worthKeeping,
  type AccountContext,
  type AccountJourney,
  type CompiledJourney,
  type EngineState,
  type Fact,
} from '@waymark/lifecycle';
import type { Checkpoint, KeptChange, KeptPlace, Wake } from '@waymark/store';

/** What an account's next state in a journey is worked out from. */
export interface StateQuestion {
  readonly journey: CompiledJourney;
  readonly context: AccountContext;
  readonly contextDigest: string;
  readonly before: Checkpoint | undefined;
  /** Where states are kept, the earliest first. */
  readonly places: readonly KeptPlace[];
  readonly wake: Wake;
  readonly now: number;
}

/** A state, and what is to be kept from now on. */
export interface Next {
  readonly state: EngineState;
  readonly kept: KeptChange;
  /** From when on it was worked out anew, epoch ms: what had ended before stands. -Infinity for a fold of the whole log. */
  readonly since: number;
}

/** Reads an account's facts after an instant, or all of them. */
export type ReadFacts = (after?: number) => Promise<readonly Fact[]>;

/**
 * Facts that are folded again rather than kept in a state of their own: a state of some hundred kilobytes costs as much to store as some
 * dozen facts to fold.
 */
const factsBetween = 32;

/** The last place before anything changed, if states of then still hold: from there the fold goes on. */
export function placeBefore({ journey, contextDigest, before, places, wake }: StateQuestion): KeptPlace | undefined {
  const holds =
    before !== undefined &&
    before.definitionDigest === journey.digest &&
    before.engineVersion === ENGINE_VERSION &&
    before.contextDigest === contextDigest;
  if (!holds) return undefined;
  const changed = wake.version === null ? null : wake.earliest;
  return places.findLast(({ at }) => changed === null || at < changed);
}

/** How many facts there are after a place, or in all: as far as is known, and at least. Undefined where nothing is known of the account. */
export function factsAfter({ before, places }: StateQuestion, place: KeptPlace | undefined): number | undefined {
  // Forgotten, or from before states were kept as they are now.
  if (!before || before.contextDigest === '') return undefined;
  return (places.at(-1)?.taken ?? 0) - (place?.taken ?? 0) + factsBetween;
}

/**
 * Goes on from a kept state by all that came after it; without one, or where it does not hold, folds the whole log. What is kept
 * changes only where the account has moved on by some dozen facts, or what was kept no longer holds.
 */
export async function nextState(question: StateQuestion, from: unknown, read: ReadFacts): Promise<Next> {
  const { journey, context, now, places } = question;
  const place = placeBefore(question);
  if (place && isEngineState(from)) {
    const grown = refold(journey, context, [from], await read(place.at), now);
    if (grown) {
      const added = grown.earlier.filter((one) => one !== from);
      const valid = places.filter(({ taken }) => taken <= place.taken);
      return { state: grown.state, kept: keeping(question, valid, added, grown.state), since: place.at };
    }
  }
  const { state, earlier } = foldKeeping(journey, context, await read(), now);
  return { state, kept: keeping(question, [], earlier, state), since: -Infinity };
}

/** What is to be kept of a fold of the whole log, in the place of what is. */
export function keepingWhole(
  of: Pick<StateQuestion, 'journey' | 'context' | 'places'>,
  { state, earlier }: { readonly state: EngineState; readonly earlier?: readonly EngineState[] },
): KeptChange {
  return keeping(of, [], earlier ?? [], state);
}

function keeping(
  { journey, context, places }: Pick<StateQuestion, 'journey' | 'context' | 'places'>,
  valid: readonly KeptPlace[],
  passed: readonly EngineState[],
  last: EngineState,
): KeptChange {
  const before = passed.at(-1)?.taken ?? valid.at(-1)?.taken ?? 0;
  const fresh = [...passed, ...(last.taken - before >= factsBetween ? [last] : [])];
  const worth = new Set(worthKeeping([...valid, ...fresh].map(({ taken }) => taken)));
  const stays = new Set(valid.filter(({ taken }) => worth.has(taken)));
  return {
    accountId: context.accountId,
    journey: journey.definition.id,
    gone: places.filter((one) => !stays.has(one)).map(({ taken }) => taken),
    added: fresh.flatMap((one) =>
      one.at !== null && worth.has(one.taken)
        ? // What was ahead is read again from there, in the form it has by then; what it has taken never is.
          [{ taken: one.taken, at: one.at, state: { ...one, ahead: [], recent: [] } }]
        : [],
    ),
  };
}

/** A state that we kept: what it was made by is compared by the engine itself. */
export function isEngineState(value: unknown): value is EngineState {
  return typeof value === 'object' && value !== null && 'tracks' in value && 'course' in value;
}

/** What is kept of an answer beside the states: what lists and wakes need. */
export function checkpointOf(
  answer: AccountJourney,
  of: {
    readonly accountId: string;
    readonly journey: CompiledJourney;
    readonly contextDigest: string;
    readonly now: number;
  },
): Checkpoint {
  return {
    accountId: of.accountId,
    journey: of.journey.definition.id,
    definitionDigest: of.journey.digest,
    engineVersion: ENGINE_VERSION,
    contextDigest: of.contextDigest,
    stage: answer.stage,
    health: answer.health.score,
    digest: answer.digest,
    asOf: of.now,
    nextChangeAt: answer.nextChangeAt,
  };
}
