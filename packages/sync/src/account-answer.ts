import { reduce, type AccountJourney, type CompiledJourney, type Fact } from '@waymark/lifecycle';
import {
  account as readAccount,
  contacts,
  factsOf,
  readSettings,
  sourcesOfAccount,
  type Account,
  type Tx,
} from '@waymark/store';
import { coverageIndex, type AccountCoverage } from './coverage.ts';
import { accountContext, activeJourneys } from './fold.ts';

/** What the log says of an account, derived from it and stored nowhere. */
export interface DerivedAccount {
  readonly account: Account;
  readonly facts: readonly Fact[];
  readonly coverage: AccountCoverage;
  readonly answers: readonly { readonly journey: CompiledJourney; readonly answer: AccountJourney }[];
  /** The same as of another instant. */
  readonly asOf: (at: number) => readonly { readonly journey: CompiledJourney; readonly answer: AccountJourney }[];
}

/** Derives an account from the log as it stands in this transaction, in every active journey. Undefined where there is no such account. */
export async function deriveAccount(tx: Tx, accountId: string, asOf: number): Promise<DerivedAccount | undefined> {
  const account = await readAccount(tx, accountId);
  if (!account) return undefined;
  const settings = await readSettings(tx);
  const sources = await sourcesOfAccount(tx, accountId, account.csmEmail);
  const coverage = (await coverageIndex(tx))({ sources, csmEmail: account.csmEmail });
  const context = accountContext(
    account,
    await contacts(tx, accountId),
    coverage,
    account.timezone ?? settings.timezone,
  );
  const facts = await factsOf(tx, accountId);
  const journeys = await activeJourneys(tx);
  const at = (instant: number) =>
    journeys.map((journey) => ({ journey, answer: reduce(journey, context, facts, instant) }));
  return { account, facts, coverage, answers: at(asOf), asOf: at };
}
