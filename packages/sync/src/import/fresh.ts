import { setImmediate as othersTurn } from 'node:timers/promises';
import type { CompiledJourney } from '@waymark/lifecycle';
import {
  desksOfAccounts,
  freshAccounts,
  readSettings,
  walkAccounts,
  type AccountLog,
  type FreshAccount,
  type Tx,
} from '@waymark/store';
import PQueue from 'p-queue';
import { accountContext } from '../fold/account-context.ts';
import { coverageIndex, type CoverageIndex } from '../coverage/coverage.ts';
import type { Folded } from '../fold/answer-changes.ts';
import { activeJourneys } from '../fold/fold.ts';
import { freshAnswer, storeFresh, type FreshAnswer } from './answers.ts';
import type { ImportDependencies, ImportOptions } from './options.ts';

/** Accounts of one transaction: few enough that nobody waits long for their wakes. */
const accountsATransaction = 25;
/** While one waits for the database, another is worked out. */
const transactionsAtOnce = 2;
/**
 * Folds, from the log, those of these accounts that were never folded and that no CRM knows more of: some in each transaction, which costs
 * a fraction of one transaction each. All others keep their wake and wait for `foldDue`, whose answer this is. Memory is bounded by the
 * largest account. Returns how many were folded.
 *
 * @param changed accounts, with how many sightings each has at least
 */
export async function foldFresh(
  { database, now }: Pick<ImportDependencies, 'database' | 'now'>,
  workspaceId: string,
  changed: ReadonlyMap<string, number>,
  afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>,
  options: Pick<ImportOptions, 'foldTogether' | 'onFolded'> = {},
): Promise<number> {
  let folded = 0;
  const failures: unknown[] = [];
  const foldPart = async (some: readonly string[]): Promise<void> => {
    if (failures.length > 0) return;
    try {
      const work = (tx: Tx) => foldSome(tx, some, now(), afterFold);
      // Added after the wait: others add meanwhile.
      const here = await database.inWorkspace(workspaceId, work, { retry: true });
      folded += here;
      options.onFolded?.(folded);
    } catch (error) {
      failures.push(error);
    }
  };
  const { small, large } = partsOf(changed, options.foldTogether ?? 20_000);
  const queue = new PQueue({ concurrency: transactionsAtOnce });
  await queue.addAll(small.map((some) => () => foldPart(some)));
  for (const accountId of large) await foldPart([accountId]);
  if (failures.length > 0) throw failures[0];
  return folded;
}

/** Parts that fit into memory beside each other, and accounts that are so large that each is folded alone. */
function partsOf(changed: ReadonlyMap<string, number>, together: number) {
  const small: string[][] = [];
  const large: string[] = [];
  let sightings = Infinity;
  for (const [accountId, own] of [...changed].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (own > together) {
      large.push(accountId);
      continue;
    }
    const part = small.at(-1);
    if (part && part.length < accountsATransaction && sightings + own <= together) {
      part.push(accountId);
      sightings += own;
    } else {
      small.push([accountId]);
      sightings = own;
    }
  }
  return { small, large };
}

/** What is the same for all accounts of a transaction. */
interface Surroundings {
  readonly journeys: readonly CompiledJourney[];
  readonly coverage: CoverageIndex;
  readonly desks: ReadonlyMap<string, ReadonlySet<string>>;
  readonly timezone: string;
  readonly now: number;
}

async function foldSome(
  tx: Tx,
  accountIds: readonly string[],
  now: number,
  afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>,
): Promise<number> {
  // Locked first: what is read after it is all that their wakes tell of.
  const fresh = new Map((await freshAccounts(tx, accountIds)).map((one) => [one.account.accountId, one]));
  if (fresh.size === 0) return 0;
  const coverage = await coverageIndex(tx);
  const { timezone } = await readSettings(tx);
  const desks = await desksOfAccounts(tx, [...fresh.keys()], coverage.desks);
  const around: Surroundings = { journeys: await activeJourneys(tx), coverage, desks, timezone, now };
  const answers: FreshAnswer[] = [];
  const take = (one: FreshAccount, log: Omit<AccountLog, 'accountId'>): void => {
    const answer = answerOf(one, log, around);
    if (answer) answers.push(answer);
    fresh.delete(one.account.accountId);
  };
  const walk = { beside: () => Promise.resolve(), accounts: [...fresh.keys()], outages: coverage.outages, rows: 2000 };
  for await (const { logs } of walkAccounts(tx, walk)) {
    for (const log of logs) {
      const one = fresh.get(log.accountId);
      if (one) take(one, log);
      await othersTurn();
    }
  }
  for (const one of fresh.values()) take(one, emptyLog);
  await storeFresh(tx, answers, now, afterFold);
  return answers.length;
}

/** Of an account whose events went to another. */
const emptyLog: Omit<AccountLog, 'accountId'> = {
  facts: [],
  installations: new Set(),
  sources: new Map(),
  outages: new Set(),
};

/** Undefined where it cannot be folded: its wake stays, and `foldDue` says why. */
function answerOf(
  one: FreshAccount,
  { facts, installations, outages }: Omit<AccountLog, 'accountId'>,
  { journeys, coverage, desks, timezone, now }: Surroundings,
): FreshAnswer | undefined {
  const { account } = one;
  const covered = coverage({
    sources: installations,
    csmEmail: account.csmEmail,
    outages,
    desks: desks.get(account.accountId),
  });
  const context = accountContext(account, [], covered, account.timezone ?? timezone);
  try {
    return freshAnswer(one, context, journeys, facts, now);
  } catch {
    return undefined;
  }
}
