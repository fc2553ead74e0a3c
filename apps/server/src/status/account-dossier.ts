import { reduce, type AccountJourney, type CompiledJourney, type Flag } from '@waymark/lifecycle';
import {
  account as readAccount,
  accountRecords,
  contacts as readContacts,
  factsOf,
  flags,
  readSettings,
  sourcesOfAccount,
  type Account,
  type AccountRecord,
  type Contact,
  type Tx,
} from '@waymark/store';
import {
  accountContext,
  accountCoverage,
  accountSight,
  activeJourneys,
  coverageIndex,
  matchesOf,
  type AccountSight,
  type ExplainedMatch,
} from '@waymark/sync';
import { flagRecords, worstFirst, type FlagRecord } from './flag-record.ts';

/** All that is known of one account. Times are epoch milliseconds. */
export interface AccountDossier {
  readonly account: Account;
  readonly timezone: string;
  readonly contacts: readonly Contact[];
  readonly records: readonly AccountRecord[];
  readonly journeys: readonly { readonly journey: CompiledJourney; readonly answer: AccountJourney }[];
  /** As stored: what alerts were made of. Open ones first, worst first. */
  readonly flags: readonly FlagRecord[];
  /** Installations that would see contact with the account, and the stretches in which they were not read. */
  readonly coverage: {
    readonly installationIds: readonly string[];
    readonly watchedFrom: number | null;
    readonly gaps: AccountCoverageGaps;
    /** Whose mail is seen. */
    readonly sight: AccountSight;
  };
  readonly sampleData: boolean;
  /** Why its events are its own, and which other accounts lost them. */
  readonly matching: readonly ExplainedMatch[];
}

type AccountCoverageGaps = ReturnType<Awaited<ReturnType<typeof coverageIndex>>>['gaps'];

/**
 * Reads an account. Stages, milestones and health are derived from the log as of `now`; an account that was merged into another is
 * followed there. Undefined where there is none.
 */
export async function accountDossier(tx: Tx, accountId: string, now: number): Promise<AccountDossier | undefined> {
  const account = await followMerges(tx, accountId);
  if (!account) return undefined;
  const id = account.accountId;
  const { settings, contacts, sources, coverage, timezone, context, facts } = await engineInput(tx, account);
  const stored = await flagRecords(tx, await flags(tx, { accountId: id }));
  return {
    account,
    timezone,
    contacts,
    records: await accountRecords(tx, { accountId: id }),
    journeys: (await activeJourneys(tx)).map((journey) => ({ journey, answer: reduce(journey, context, facts, now) })),
    flags: stored.toSorted((a, b) => Number(a.clearedAt !== null) - Number(b.clearedAt !== null) || worstFirst(a, b)),
    coverage: {
      installationIds: [...sources],
      watchedFrom: coverage.watchedFrom ?? null,
      gaps: coverage.gaps,
      sight: await accountSight(tx, account, contacts),
    },
    sampleData: settings.sampleData,
    matching: await matchesOf(tx, id),
  };
}

/** The same flag as the log gives it now: its reason with today's values. Undefined where the log no longer gives it. */
export function derivedFlag(dossier: AccountDossier, flag: FlagRecord): Flag | undefined {
  return dossier.journeys
    .find(({ journey }) => journey.definition.id === flag.journey)
    ?.answer.flags.find((one) => one.flagId === flag.flagId);
}

/** What the engine needs to derive an account's answer from the log, with what it was made of. */
export async function engineInput(tx: Tx, account: Account) {
  const id = account.accountId;
  const settings = await readSettings(tx);
  const contacts = await readContacts(tx, id);
  const sources = await sourcesOfAccount(tx, id, account.csmEmail);
  const coverage = await accountCoverage(tx, await coverageIndex(tx), account);
  const timezone = account.timezone ?? settings.timezone;
  const context = accountContext(account, contacts, coverage, timezone);
  return { settings, contacts, sources, coverage, timezone, context, facts: await factsOf(tx, id) };
}

async function followMerges(tx: Tx, accountId: string): Promise<Account | undefined> {
  let account = await readAccount(tx, accountId);
  for (let steps = 0; account?.mergedInto && steps < 10; steps += 1)
    account = await readAccount(tx, account.mergedInto);
  return account;
}
