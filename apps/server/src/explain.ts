import { explain, type AccountJourney } from '@waymark/lifecycle';
import { checkpoint, matchSummary, type Account, type MatchedBy, type Tx } from '@waymark/store';
import { deriveAccount } from '@waymark/sync';

/** An account's answer, derived again from the log, beside what is stored. */
export interface Explained {
  readonly account: Account;
  readonly answer: AccountJourney;
  readonly text: string;
  /** Whether the stored answer has the digest that the log gives now. */
  readonly agrees: boolean;
  /** Why its events are its own, and which other accounts they could have been of. */
  readonly matching: readonly MatchedBy[];
}

/** Derives the answer of an account from the log again, in every active journey, and says whether what is stored agrees. */
export async function explainAccount(
  tx: Tx,
  accountId: string,
  asOf: number,
  flagId?: string,
): Promise<readonly Explained[]> {
  const derived = await deriveAccount(tx, accountId, asOf);
  if (!derived) return [];
  const matching = await matchSummary(tx, accountId);
  const results: Explained[] = [];
  for (const { journey, answer } of derived.answers) {
    const stored = await checkpoint(tx, accountId, journey.definition.id);
    // Time moves on between the two: compared is what the log says of the instant that is stored.
    const then = stored && derived.asOf(stored.asOf).find((one) => one.journey === journey)?.answer;
    results.push({
      account: derived.account,
      answer,
      text: explain(answer, flagId === undefined ? {} : { flagId }),
      agrees: then !== undefined && then.digest === stored?.digest,
      matching,
    });
  }
  return results;
}
