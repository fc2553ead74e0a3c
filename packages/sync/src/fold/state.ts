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
  type Fact,
  type KeptFold,
} from '@waymark/lifecycle';
import { earlierStates, type Checkpoint, type Tx, type Wake } from '@waymark/store';

/** A state, and the earlier ones where these are to be written anew. */
interface Next {
  readonly state: EngineState;
  readonly earlier?: readonly EngineState[];
}

/** Reads an account's facts from an instant on, or all of them. */
export type ReadFacts = (after?: number) => Promise<readonly Fact[]>;

/** What an account's next state in a journey is worked out from. */
export interface StateQuestion {
  readonly journey: CompiledJourney;
  readonly context: AccountContext;
  readonly contextDigest: string;
  readonly before: Checkpoint | undefined;
  readonly wake: Wake;
  readonly now: number;
}

/** The state of the checkpoint, where it still holds. */
function heldState({ journey, contextDigest, before }: StateQuestion): EngineState | undefined {
  const holds =
    before !== undefined &&
    before.definitionDigest === journey.digest &&
    before.engineVersion === ENGINE_VERSION &&
    before.contextDigest === contextDigest &&
    isEngineState(before.state);
  return holds && isEngineState(before.state) ? before.state : undefined;
}

/** From when on facts have to be read to go on from a state: Infinity for none; undefined where it cannot be gone on from. */
function readFrom(state: EngineState, { wake, now }: StateQuestion): number | undefined {
  const from = wake.version === null ? null : wake.earliest;
  const inTime = from === null || state.at === null || from > state.at;
  if (!inTime) return undefined;
  // Of the facts dated ahead, those that may have been changed or taken away since, and those that are due, are read anew.
  const due = state.ahead.find((fact) => fact.at <= now)?.at ?? Infinity;
  return Math.min(from ?? Infinity, due);
}

/**
 * The facts that will be asked for first, so that they can be read for many accounts at once: from an instant on, or all (`after` undefined).
 * Undefined where none are, or where it is not known how many there may be.
 */
export function factsAhead(question: StateQuestion): { readonly after: number | undefined } | undefined {
  const { before } = question;
  if (!before || !isEngineState(before.state) || before.state.taken > mostTaken) return undefined;
  const state = heldState(question);
  if (!state) return { after: undefined };
  const after = readFrom(state, question);
  return after === undefined || after === Infinity ? undefined : { after };
}

/** Accounts with more facts than this are read by themselves: some at once have to fit into memory. */
const mostTaken = 2000;

/** Goes on from the checkpoint where it still holds; from a state before what came late; else folds the whole log. */
export async function nextState(tx: Tx, read: ReadFacts, question: StateQuestion): Promise<Next> {
  const { journey, context, wake, now } = question;
  const state = heldState(question);
  if (!state) return foldKeeping(journey, context, await read(), now);
  const again = readFrom(state, question);
  if (again !== undefined) {
    const facts = again === Infinity ? [] : await read(again);
    const ahead = state.ahead.filter((fact) => fact.at < again);
    const advanced = advance(journey, context, { ...state, ahead }, facts, now);
    if (advanced.kind === 'advanced') return grown(tx, question, state, advanced.state);
  }
  const from = wake.version === null ? null : wake.earliest;
  const kept = from === null ? undefined : await foldFromEarlier(tx, read, question, from);
  return kept ?? foldKeeping(journey, context, await read(), now);
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
async function foldFromEarlier(
  tx: Tx,
  read: ReadFacts,
  { journey, context, now }: Place,
  from: number,
): Promise<KeptFold | undefined> {
  const holding = statesBefore(await storedStates(tx, context.accountId, journey), from);
  const after = holding.at(-1)?.at;
  if (after == null) return undefined;
  return refold(journey, context, holding, await read(after), now);
}

async function storedStates(tx: Tx, accountId: string, journey: CompiledJourney): Promise<readonly EngineState[]> {
  const stored = await earlierStates(tx, accountId, journey.definition.id);
  return Array.isArray(stored) ? stored.filter(isEngineState) : [];
}

/** The checkpoint is ours and its digest and engine version were compared: its form is known. */
export function isEngineState(value: unknown): value is EngineState {
  return typeof value === 'object' && value !== null && 'tracks' in value && 'course' in value;
}
