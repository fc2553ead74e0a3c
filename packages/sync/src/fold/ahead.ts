import type { Fact } from '@waymark/lifecycle';
import { factsOf, factsOfAccounts, keptStates, type Tx } from '@waymark/store';
import { factsAfter, placeBefore, type StateQuestion } from './state.ts';

/** What folds go on from, read for many accounts at once as far as it fits into memory. */
export interface ReadAhead {
  /** The kept state that a question goes on from; undefined where there is none. */
  readonly stateOf: (question: StateQuestion) => unknown;
  /** An account's facts after an instant, or all of them. */
  readonly facts: (accountId: string, after?: number) => Promise<readonly Fact[]>;
}

/** Accounts with more facts to read than this are read by themselves: some at once have to fit into memory. */
const mostFacts = 2000;

/** Reads the states that these questions go on from, and the facts that came after. */
export async function readAhead(tx: Tx, questions: readonly StateQuestion[]): Promise<ReadAhead> {
  const places = new Map(questions.map((question) => [question, placeBefore(question)]));
  const states = await keptStates(
    tx,
    [...places.values()].flatMap((place) => place ?? []),
  );
  const keyOf = (accountId: string, journey: string) => `${accountId} ${journey}`;
  const stateAt = new Map(states.map((one) => [keyOf(one.accountId, one.journey), one.state]));

  const from = new Map<string, number>();
  for (const [accountId, own] of Map.groupBy(questions, ({ context }) => context.accountId)) {
    const counts = own.map((question) => factsAfter(question, places.get(question)));
    if (counts.some((count) => count === undefined || count > mostFacts)) continue;
    from.set(accountId, Math.min(...own.map((question) => places.get(question)?.at ?? -Infinity)));
  }
  const ready = await factsOfAccounts(
    tx,
    [...from].map(([accountId, after]) => ({ accountId, after: firstAfter(after) })),
  );
  return {
    stateOf: ({ context, journey }) => stateAt.get(keyOf(context.accountId, journey.definition.id)),
    facts: async (accountId, after = -Infinity) => {
      const read = ready.get(accountId);
      if (!read || after < (from.get(accountId) ?? Infinity)) {
        const first = firstAfter(after);
        return factsOf(tx, accountId, first === undefined ? {} : { after: first });
      }
      return after === from.get(accountId) ? read : read.filter((fact) => fact.occurredAt > after);
    },
  };
}

/** The first instant after another, in the store's milliseconds; undefined for all. */
const firstAfter = (at: number): number | undefined => (at === -Infinity ? undefined : at + 1);
