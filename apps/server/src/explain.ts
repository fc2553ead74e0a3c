import { explain, reduce, type AccountJourney } from '@waymark/lifecycle';
import {
  account as readAccount,
  checkpoint,
  contacts,
  factsOf,
  readSettings,
  sourcesOfAccount,
  type Account,
  type Tx,
} from '@waymark/store';
import { accountContext, activeJourneys, coverageIndex } from '@waymark/sync';

/** An account's answer, derived again from the log, beside what is stored. */
export interface Explained {
  readonly account: Account;
  readonly answer: AccountJourney;
  readonly text: string;
  /** Whether the stored answer has the digest that the log gives now. */
  readonly agrees: boolean;
}

/** Derives the answer of an account from the log again, in every active journey, and says whether what is stored agrees. */
export async function explainAccount(
  tx: Tx,
  accountId: string,
  asOf: number,
  flagId?: string,
): Promise<readonly Explained[]> {
  const account = await readAccount(tx, accountId);
  if (!account) return [];
  const settings = await readSettings(tx);
  const people = await contacts(tx, accountId);
  const relevant = await sourcesOfAccount(tx, accountId, account.csmEmail);
  const coverage = (await coverageIndex(tx))(relevant.size > 0 ? relevant : null);
  const context = accountContext(account, people, coverage, account.timezone ?? settings.timezone);
  const facts = await factsOf(tx, accountId);
  const results: Explained[] = [];
  for (const journey of await activeJourneys(tx)) {
    const stored = await checkpoint(tx, accountId, journey.definition.id);
    const answer = reduce(journey, context, facts, asOf);
    // Time moves on between the two: compared is what the log says of the instant that is stored.
    const then = stored ? reduce(journey, context, facts, stored.asOf) : undefined;
    results.push({
      account,
      answer,
      text: explain(answer, flagId === undefined ? {} : { flagId }),
      agrees: then !== undefined && then.digest === stored?.digest,
    });
  }
  return results;
}
