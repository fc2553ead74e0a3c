import {
  advance,
  ENGINE_VERSION,
  foldKeeping,
  isFurther,
  keepState,
  refold,
  statesBefore,
  type AccountContext,
  type CompiledJourney,
  type EngineState,
  type KeptFold,
} from '@waymark/lifecycle';
import { earlierStates, factsOf, type Checkpoint, type Tx, type Wake } from '@waymark/store';

/** A state, and the earlier ones where these are to be written anew. */
interface Next {
  readonly state: EngineState;
  readonly earlier?: readonly EngineState[];
}

/** Goes on from the checkpoint where it still holds; from a state before what came late; else folds the whole log. */
export async function nextState(
  tx: Tx,
  input: {
    readonly journey: CompiledJourney;
    readonly context: AccountContext;
    readonly contextDigest: string;
    readonly before: Checkpoint | undefined;
    readonly wake: Wake;
    readonly now: number;
  },
): Promise<Next> {
  const { journey, context, before, wake, now } = input;
  const holds =
    before !== undefined &&
    before.definitionDigest === journey.digest &&
    before.engineVersion === ENGINE_VERSION &&
    before.contextDigest === input.contextDigest &&
    isEngineState(before.state);
  if (!holds || !isEngineState(before.state))
    return foldKeeping(journey, context, await factsOf(tx, context.accountId), now);
  const { state } = before;
  const from = wake.version === null ? null : wake.earliest;
  const inTime = from === null || state.at === null || from > state.at;
  if (inTime) {
    // Of the facts dated ahead, those that may have been changed or taken away since, and those that are due, are read anew.
    const due = state.ahead.find((fact) => fact.at <= now)?.at ?? Infinity;
    const again = Math.min(from ?? Infinity, due);
    const facts = again === Infinity ? [] : await factsOf(tx, context.accountId, { after: again });
    const ahead = state.ahead.filter((fact) => fact.at < again);
    const advanced = advance(journey, context, { ...state, ahead }, facts, now);
    if (advanced.kind === 'advanced') return grown(tx, input, state, advanced.state);
  }
  const kept = from === null ? undefined : await foldFromEarlier(tx, input, from);
  return kept ?? foldKeeping(journey, context, await factsOf(tx, context.accountId), now);
}

interface Place {
  readonly journey: CompiledJourney;
  readonly context: AccountContext;
  readonly now: number;
}

/** Keeps a state that has come to a place of its own; the earlier ones are read only then. */
async function grown(tx: Tx, { journey, context }: Place, before: EngineState, state: EngineState): Promise<Next> {
  if (!isFurther(before, state)) return { state };
  const stored = await storedStates(tx, context.accountId, journey);
  const earlier = keepState(stored, state);
  return earlier === stored ? { state } : { state, earlier };
}

/** Folds from the last kept state before what came late. */
async function foldFromEarlier(tx: Tx, { journey, context, now }: Place, from: number): Promise<KeptFold | undefined> {
  const holding = statesBefore(await storedStates(tx, context.accountId, journey), from);
  const after = holding.at(-1)?.at;
  if (after == null) return undefined;
  return refold(journey, context, holding, await factsOf(tx, context.accountId, { after }), now);
}

async function storedStates(tx: Tx, accountId: string, journey: CompiledJourney): Promise<readonly EngineState[]> {
  const stored = await earlierStates(tx, accountId, journey.definition.id);
  return Array.isArray(stored) ? stored.filter(isEngineState) : [];
}

/** The checkpoint is ours and its digest and engine version were compared: its form is known. */
export function isEngineState(value: unknown): value is EngineState {
  return typeof value === 'object' && value !== null && 'tracks' in value && 'course' in value;
}
