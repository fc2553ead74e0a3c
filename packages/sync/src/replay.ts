import { createHash } from 'node:crypto';
import { advance, fold, view, type AccountContext, type CompiledJourney, type Fact } from '@waymark/lifecycle';
import {
  accountKeys,
  accounts as readAccounts,
  contacts,
  factsOf,
  lockAccount,
  logExtent,
  readSettings,
  waitingAccounts,
  type Account,
  type Database,
  type Tx,
} from '@waymark/store';
import { accountCoverage, coverageIndex, type CoverageIndex } from './coverage.ts';
import { accountContext, activeJourneys } from './fold.ts';
import { portableAnswer } from './replay-digest.ts';
import { compareStored, type ReplayDifference } from './replay-difference.ts';

export interface ReplayOptions {
  readonly now: number;
  /** The journey to derive instead of those that are active. */
  readonly journey?: CompiledJourney;
  /** Write what the log says over what is stored and differs. Nothing is told to anybody. */
  readonly repair?: boolean;
}

/** What the log says of all accounts, and where what is stored says something else. Times are epoch milliseconds. */
export interface ReplayReport {
  /**
   * SHA-256 over the answers about all accounts as of the log's last event. Depends on what the events and records say alone: neither
   * on the order in which they came nor on the ids that this workspace gave them, nor on today's date.
   */
  readonly digest: string;
  /** The instant of the last event; null in an empty log. */
  readonly upTo: number | null;
  readonly accounts: number;
  /** Events that were gone through, each once. */
  readonly events: number;
  /** Events that no account has: they are in the review queue. */
  readonly unmatched: number;
  /** Stage changes as of now. */
  readonly transitions: number;
  /** Flags as of now, open ones and past ones. */
  readonly flags: number;
  /** Accounts whose new events are not folded yet; they are not compared. */
  readonly waiting: number;
  readonly differences: readonly ReplayDifference[];
  /** Accounts that were set right. */
  readonly repaired: number;
}

interface Shared {
  readonly journeys: readonly CompiledJourney[];
  /** Digests of the definitions in force, and the journeys of which anything is stored. */
  readonly active: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  readonly coverage: CoverageIndex;
  readonly timezone: string;
  readonly keys: ReadonlyMap<string, string>;
  readonly waiting: ReadonlySet<string>;
  readonly upTo: number | null;
}

/** Accounts of one transaction. */
const accountsATransaction = 25;

/** Derives every account from the log again and compares with what is stored. Memory is bounded by the largest account. */
export async function replayWorkspace(
  database: Database,
  workspaceId: string,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const { now, journey, repair = false } = options;
  const { list, unmatched, ...shared } = await database.inWorkspace(workspaceId, async (tx) => {
    const { last, unmatched } = await logExtent(tx, now);
    const active = await activeJourneys(tx);
    return {
      list: await readAccounts(tx),
      journeys: journey ? [journey] : active,
      active: new Set(active.map(({ digest }) => digest)),
      stored: new Set(active.map(({ definition }) => definition.id)),
      coverage: await coverageIndex(tx),
      timezone: (await readSettings(tx)).timezone,
      keys: await accountKeys(tx),
      waiting: await waitingAccounts(tx),
      upTo: last,
      unmatched,
    };
  });
  const ids = list.map(({ accountId }) => accountId).sort();
  const byId = new Map(list.map((one) => [one.accountId, one]));
  const said: string[] = [];
  const differences: ReplayDifference[] = [];
  const counts = { events: 0, transitions: 0, flags: 0, repaired: 0 };
  for (let at = 0; at < ids.length; at += accountsATransaction) {
    const some = ids.slice(at, at + accountsATransaction);
    const replayed = await database.inWorkspace(
      workspaceId,
      async (tx) => {
        const each: Replayed[] = [];
        for (const accountId of some) {
          const account = byId.get(accountId);
          if (account) each.push(await replayAccount(tx, account, shared, now, repair));
        }
        return each;
      },
      { retry: true },
    );
    for (const one of replayed) {
      said.push(...one.said);
      differences.push(...one.differences);
      counts.events += one.events;
      counts.transitions += one.transitions;
      counts.flags += one.flags;
      if (repair && one.differences.length > 0) counts.repaired += 1;
    }
  }
  const hash = createHash('sha256');
  for (const one of said.sort()) hash.update(`${one}\n`);
  const waiting = ids.filter((id) => shared.waiting.has(id)).length;
  return {
    digest: hash.digest('hex'),
    upTo: shared.upTo,
    accounts: ids.length,
    unmatched,
    ...counts,
    waiting,
    differences,
  };
}

interface Replayed {
  readonly said: readonly string[];
  readonly differences: readonly ReplayDifference[];
  readonly events: number;
  readonly transitions: number;
  readonly flags: number;
}

async function replayAccount(
  tx: Tx,
  account: Account,
  shared: Shared,
  now: number,
  repair: boolean,
): Promise<Replayed> {
  const { accountId } = account;
  if (repair) await lockAccount(tx, accountId);
  const coverage = await accountCoverage(tx, shared.coverage, account);
  const timezone = account.timezone ?? shared.timezone;
  const context = accountContext(account, await contacts(tx, accountId), coverage, timezone);
  const facts = await factsOf(tx, accountId);
  const key = shared.keys.get(accountId) ?? account.name;
  const said: string[] = [];
  const differences: ReplayDifference[] = [];
  let transitions = 0;
  let flags = 0;
  for (const journey of shared.journeys) {
    const { logged, today } = answers(journey, context, facts, shared.upTo ?? now, now);
    said.push(createHash('sha256').update(portableAnswer(key, logged)).digest('hex'));
    transitions += today.periods.length;
    flags += today.flags.length;
    if (shared.waiting.has(accountId) || !shared.stored.has(journey.definition.id)) continue;
    const active = shared.active.has(journey.digest);
    differences.push(...(await compareStored(tx, { account, journey, context, facts, now, repair, active })));
  }
  return { said, differences, events: facts.length, transitions, flags };
}

/** The answer as of the log's last event and as of now, folded once. */
function answers(journey: CompiledJourney, context: AccountContext, facts: readonly Fact[], upTo: number, now: number) {
  const state = fold(journey, context, facts, upTo);
  const on = advance(journey, context, state, [], now);
  const later = on.kind === 'advanced' ? on.state : fold(journey, context, facts, now);
  return { logged: view(journey, context, state), today: view(journey, context, later) };
}
