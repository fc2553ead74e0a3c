import {
  isEndDated,
  reduce,
  type AccountContext,
  type AccountJourney,
  type CompiledJourney,
  type Fact,
} from '@waymark/lifecycle';
import {
  account as readAccount,
  contacts,
  factsOf,
  readSettings,
  peopleKnownAt,
  recordKnownAt,
  type Account,
  type Tx,
} from '@waymark/store';
import { accountContext, contextOf } from './account-context.ts';
import { accountCoverage, coverageIndex, type AccountCoverage } from '../coverage/coverage.ts';
import type { PeersByTier } from '../coverage/peers.ts';
import { activeJourneys } from './fold.ts';
import { publicHolidays } from './public-holidays.ts';

/** What the engine is given of one account. */
export interface AccountInput {
  readonly account: Account;
  readonly facts: readonly Fact[];
  readonly context: AccountContext;
  readonly coverage: AccountCoverage;
}

/**
 * Reads what the engine is given of accounts, as the log stands in this transaction; what is known of all alike is read once. With
 * `knownAt` (epoch milliseconds) only what was recorded by then is a fact, and only where it was known to be the account's;
 * coverage, the account's record, its CSM and its people are what was known of them, the days and holidays those that counted. `peers` takes the place of what is kept as usual in tiers.
 */
export async function accountInputs(
  tx: Tx,
  range: { readonly knownAt?: number; readonly peers?: PeersByTier } = {},
): Promise<(account: Account) => Promise<AccountInput>> {
  const { timezone } = await readSettings(tx);
  const index = await coverageIndex(tx, range.knownAt, range.peers);
  return async (account) => {
    const { accountId, csmEmail } = account;
    const facts = await factsOf(tx, accountId, range);
    const then = range.knownAt === undefined ? undefined : await recordKnownAt(tx, accountId, range.knownAt);
    const judged = { accountId, csmEmail: then?.csmEmail === undefined ? csmEmail : then.csmEmail };
    const coverage = await withHolidays(await accountCoverage(tx, index, judged, range.knownAt), then?.country);
    if (then === undefined || range.knownAt === undefined) {
      const people = await contacts(tx, accountId);
      const context = accountContext(account, people, coverage, account.timezone ?? timezone);
      return { account, facts, context, coverage };
    }
    const known = await peopleKnownAt(tx, accountId, range.knownAt);
    return { account, facts, context: contextOf(accountId, then, known, coverage), coverage };
  };
}

/** The same coverage with the holidays of another country; undefined where it is not known which. */
async function withHolidays(coverage: AccountCoverage, country: string | null | undefined): Promise<AccountCoverage> {
  if (country === undefined) return coverage;
  const { holidays: _today, ...rest } = coverage;
  const holidays = country === null ? [] : await publicHolidays(country);
  return { ...rest, ...(holidays.length > 0 && { holidays }) };
}

/** What the log says of an account, derived from it and stored nowhere. */
export interface DerivedAccount {
  readonly account: Account;
  readonly facts: readonly Fact[];
  readonly context: AccountContext;
  readonly coverage: AccountCoverage;
  readonly answers: readonly { readonly journey: CompiledJourney; readonly answer: AccountJourney }[];
  /** The same as of another instant. */
  readonly asOf: (at: number) => readonly { readonly journey: CompiledJourney; readonly answer: AccountJourney }[];
}

/**
 * Derives an account from the log as it stands in this transaction, in every active journey or in those given, from what was recorded
 * by `knownAt` if it is given. Undefined where there is no such account.
 */
export async function deriveAccount(
  tx: Tx,
  accountId: string,
  asOf: number,
  options: { readonly knownAt?: number; readonly journeys?: readonly CompiledJourney[] } = {},
): Promise<DerivedAccount | undefined> {
  const account = await readAccount(tx, accountId);
  if (!account) return undefined;
  const read = await accountInputs(tx, options.knownAt === undefined ? {} : { knownAt: options.knownAt });
  const { facts, context: record, coverage } = await read(account);
  const journeys = options.journeys ?? (await activeJourneys(tx));
  const [first] = journeys;
  // Of an earlier instant a later end is not seen: that it is dated must be known beforehand.
  const context = first && isEndDated(first, record, facts) ? { ...record, isEndDated: true } : record;
  const at = (instant: number) =>
    journeys.map((journey) => ({ journey, answer: reduce(journey, context, facts, instant) }));
  return { account, facts, context, coverage, answers: at(asOf), asOf: at };
}
