import { fold, type AccountContext, type CompiledJourney, type Fact } from '@waymark/lifecycle';
import {
  factsOf,
  freshAccounts,
  installations,
  outagesOfAccount,
  readSettings,
  type FreshAccount,
  type Tx,
} from '@waymark/store';
import PQueue from 'p-queue';
import { accountContext } from '../fold/account-context.ts';
import { accountCoverage, coverageIndex } from '../coverage/coverage.ts';
import { activeJourneys, type Folded } from '../fold/fold.ts';
import { freshAnswer, storeFresh, type FreshAnswer } from './answers.ts';
import type { ImportDependencies } from './options.ts';

/** Accounts of one transaction: few enough that nobody waits long for their wakes. */
const accountsATransaction = 25;
/** While one waits for the database, another is worked out. */
const transactionsAtOnce = 3;

/**
 * Folds, from the log, those of these accounts that were never folded and that no CRM knows more of: some in each transaction, which costs
 * a fraction of one transaction each. All others keep their wake and wait for `foldDue`, whose answer this is. Returns how many were folded.
 */
export async function foldFresh(
  { database, now }: Pick<ImportDependencies, 'database' | 'now'>,
  workspaceId: string,
  accountIds: readonly string[],
  afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>,
  onFolded: (accounts: number) => void,
): Promise<number> {
  let folded = 0;
  const failures: unknown[] = [];
  const queue = new PQueue({ concurrency: transactionsAtOnce });
  const parts = Array.from({ length: Math.ceil(accountIds.length / accountsATransaction) }, (_, at) =>
    accountIds.slice(at * accountsATransaction, (at + 1) * accountsATransaction),
  );
  await queue.addAll(
    parts.map((some) => async () => {
      if (failures.length > 0) return;
      try {
        const done = await database.inWorkspace(workspaceId, (tx) => foldSome(tx, some, now(), afterFold), {
          retry: true,
        });
        folded += done;
        onFolded(folded);
      } catch (error) {
        failures.push(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return folded;
}

async function foldSome(
  tx: Tx,
  accountIds: readonly string[],
  now: number,
  afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>,
): Promise<number> {
  // Locked first: what is read after it is all that their wakes tell of.
  const fresh = await freshAccounts(tx, accountIds);
  if (fresh.length === 0) return 0;
  const journeys = await activeJourneys(tx);
  const index = await coverageIndex(tx);
  const { timezone } = await readSettings(tx);
  const nobodyReads = (await installations(tx)).length === 0;
  const answers: FreshAnswer[] = [];
  for (const one of fresh) {
    const { account } = one;
    const coverage = nobodyReads
      ? index({ sources: null, csmEmail: null, outages: await outagesOfAccount(tx, account.accountId, index.outages) })
      : await accountCoverage(tx, index, account);
    const context = accountContext(account, [], coverage, account.timezone ?? timezone);
    const facts = await factsOf(tx, account.accountId);
    const answer = answerOf(one, context, journeys, facts, now);
    if (answer) answers.push(answer);
  }
  await storeFresh(tx, answers, now, afterFold);
  return answers.length;
}

/** Undefined where it cannot be folded: its wake stays, and `foldDue` says why. */
function answerOf(
  one: FreshAccount,
  context: AccountContext,
  journeys: readonly CompiledJourney[],
  facts: readonly Fact[],
  now: number,
): FreshAnswer | undefined {
  try {
    return freshAnswer(one, context, journeys, (journey) => fold(journey, context, facts, now), now);
  } catch {
    return undefined;
  }
}
