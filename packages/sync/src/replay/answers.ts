import {
  advance,
  fold,
  view,
  type AccountContext,
  type AccountJourney,
  type CompiledJourney,
  type EngineState,
  type Fact,
} from '@waymark/lifecycle';

/** An account in a journey, with all that its log says; facts in the order of time. */
interface ReplaySubject {
  readonly journey: CompiledJourney;
  readonly context: AccountContext;
  readonly facts: readonly Fact[];
}

/**
 * The answers as of some instants (epoch milliseconds) in one pass: the facts are folded up to the first instant, and from there on to the next
 * ones by what came between. Where nothing can have changed since the instant before, its answer holds, but for how open flags read by then.
 */
export function answersAt(subject: ReplaySubject, instants: readonly number[]): (asOf: number) => AccountJourney {
  const { journey, context, facts } = subject;
  const found = new Map<number, AccountJourney>();
  let state: EngineState | undefined;
  let known: AccountJourney | undefined;
  for (const asOf of [...new Set(instants)].sort((a, b) => a - b)) {
    // A fact that is dated between the two is a change that was foreseen.
    if (known && (known.nextChangeAt === null || asOf < known.nextChangeAt)) known = { ...known, asOf };
    else {
      state = state ? moved(subject, state, asOf) : fold(journey, context, facts, asOf);
      known = view(journey, context, state);
    }
    found.set(asOf, known);
  }
  return (asOf) => {
    const answer = found.get(asOf);
    if (!answer) throw new RangeError(`No answer was asked for as of ${asOf}.`);
    return answer;
  };
}

/** The state as of a later instant: moved on by what came between, else folded anew. */
function moved({ journey, context, facts }: ReplaySubject, state: EngineState, asOf: number): EngineState {
  const first = facts.findIndex(({ occurredAt }) => occurredAt > state.asOf);
  const next = advance(journey, context, state, first < 0 ? [] : facts.slice(first), asOf);
  return next.kind === 'advanced' ? next.state : fold(journey, context, facts, asOf);
}
