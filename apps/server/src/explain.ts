import { explain, type AccountJourney } from '@waymark/lifecycle';
import { checkpoint, contacts, matchSummary, type Account, type MatchedBy, type Tx } from '@waymark/store';
import { accountSight, deriveAccount, type AccountSight, type DerivedAccount } from '@waymark/sync';

/** An account's answer, derived again from the log, beside what is stored. */
export interface Explained {
  readonly account: Account;
  readonly answer: AccountJourney;
  readonly text: string;
  /** Whether the stored answer has the digest that the log gives now. */
  readonly agrees: boolean;
  /** Why its events are its own, and which other accounts they could have been of. */
  readonly matching: readonly MatchedBy[];
  /** What of the contact with it can be seen, and what was not watched. */
  readonly coverage: {
    readonly sight: AccountSight;
    readonly watchedFrom: number | null;
    readonly gaps: DerivedAccount['coverage']['gaps'];
  };
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
  const coverage = {
    sight: await accountSight(tx, derived.account, await contacts(tx, accountId)),
    watchedFrom: derived.coverage.watchedFrom ?? null,
    gaps: derived.coverage.gaps,
  };
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
      coverage,
    });
  }
  return results;
}
