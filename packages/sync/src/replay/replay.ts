import { createHash } from 'node:crypto';
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { CompiledJourney } from '@waymark/lifecycle';
import {
  accountKeys,
  accounts as readAccounts,
  contacts,
  contactsOf,
  desksOfAccounts,
  factsOf,
  installations,
  lockAccount,
  logExtent,
  readSettings,
  waitingAccounts,
  walkAccounts,
  type Account,
  type AccountLog,
  type Contact,
  type Database,
  type Tx,
} from '@waymark/store';
import { accountCoverage, coverageIndex, type CoverageIndex } from '../coverage/coverage.ts';
import { peersAsked } from '../coverage/peers.ts';
import { accountContext } from '../fold/account-context.ts';
import { activeJourneys } from '../fold/fold.ts';
import { answersAt } from './answers.ts';
import { portableAnswer } from './digest.ts';
import { differencesOf, repairStored, storedAnswers, type ReplayDifference, type StoredAnswer } from './difference.ts';

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
  readonly now: number;
  readonly journeys: readonly CompiledJourney[];
  /** Digests of the definitions in force, and the journeys of which anything is stored. */
  readonly active: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly coverage: CoverageIndex;
  /** The mailboxes and calendars that are installed by address. */
  readonly mailboxes: ReadonlyMap<string, readonly string[]>;
  readonly timezone: string;
  readonly keys: ReadonlyMap<string, string>;
  readonly waiting: ReadonlySet<string>;
  readonly upTo: number | null;
}

/** Accounts without any event that are gone through at a time. */
const silentABatch = 100;
/** Events after which others of this process have their turn, and what the database has sent meanwhile is taken in. */
const eventsATurn = 100;

/**
 * Derives every account from the log again and compares with what is stored, all as of one instant of the database. The log is read once from
 * end to end; memory is bounded by the largest account. With `repair` those that differ are then set right one by one.
 */
export async function replayWorkspace(
  database: Database,
  workspaceId: string,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const tally = new Tally();
  const { shared, unmatched } = await database.inWorkspace(
    workspaceId,
    async (tx) => {
      const read = await readShared(tx, options);
      await replayAll(tx, read.shared, tally);
      return read;
    },
    { snapshot: true },
  );
  const differences = tally.differences.sort((a, b) => compare(a.accountId, b.accountId));
  let repaired = 0;
  if (options.repair) {
    for (const accountId of new Set(differences.map((one) => one.accountId))) {
      await database.inWorkspace(workspaceId, (tx) => repairAccount(tx, accountId, options), { retry: true });
      repaired += 1;
    }
  }
  const hash = createHash('sha256');
  for (const one of tally.said.sort()) hash.update(`${one}\n`);
  const { events, transitions, flags } = tally;
  return {
    digest: hash.digest('hex'),
    upTo: shared.upTo,
    accounts: shared.accounts.size,
    unmatched,
    events,
    transitions,
    flags,
    repaired,
    waiting: [...shared.accounts.keys()].filter((id) => shared.waiting.has(id)).length,
    differences,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What was found so far. */
class Tally {
  readonly said: string[] = [];
  readonly differences: ReplayDifference[] = [];
  events = 0;
  transitions = 0;
  flags = 0;
}

async function readShared(tx: Tx, { now, journey }: ReplayOptions) {
  const { last, unmatched } = await logExtent(tx, now);
  const active = await activeJourneys(tx);
  const installed = await installations(tx);
  const shared: Shared = {
    now,
    journeys: journey ? [journey] : active,
    active: new Set(active.map(({ digest }) => digest)),
    stored: new Set(active.map(({ definition }) => definition.id)),
    accounts: new Map((await readAccounts(tx)).map((one) => [one.accountId, one])),
    coverage: await coverageIndex(tx, undefined, journey && (await peersAsked(tx, journey.definition, now))),
    mailboxes: new Map(
      [...Map.groupBy(installed, ({ address }) => address)].flatMap(([address, of]) =>
        address === null ? [] : [[address, of.map(({ installationId }) => installationId)] as const],
      ),
    ),
    timezone: (await readSettings(tx)).timezone,
    keys: await accountKeys(tx),
    waiting: await waitingAccounts(tx),
    upTo: last,
  };
  return { shared, unmatched };
}

async function replayAll(tx: Tx, shared: Shared, tally: Tally): Promise<void> {
  const silent = new Set(shared.accounts.keys());
  let sinceTurn = 0;
  const beside = (accountIds: readonly string[]) => readBeside(tx, shared, accountIds);
  for await (const batch of walkAccounts(tx, { beside, outages: shared.coverage.outages })) {
    for (const log of batch.logs) {
      silent.delete(log.accountId);
      replayAccount(shared, log, batch.beside, tally);
      sinceTurn += log.facts.length;
      if (sinceTurn < eventsATurn) continue;
      sinceTurn = 0;
      await othersTurn();
    }
  }
  const left = [...silent].sort();
  for (let at = 0; at < left.length; at += silentABatch) {
    const some = left.slice(at, at + silentABatch);
    const around = await beside(some);
    for (const accountId of some) replayAccount(shared, { ...nothing, accountId }, around, tally);
    await othersTurn();
  }
}

const nothing: Omit<AccountLog, 'accountId'> = {
  facts: [],
  installations: new Set(),
  sources: new Map(),
  outages: new Set(),
};

/** What is needed of some accounts beside their logs. */
interface Beside {
  readonly people: ReadonlyMap<string, readonly Contact[]>;
  readonly desks: ReadonlyMap<string, ReadonlySet<string>>;
  readonly stored: ReadonlyMap<string, readonly StoredAnswer[]>;
}

async function readBeside(tx: Tx, shared: Shared, accountIds: readonly string[]): Promise<Beside> {
  const compared =
    shared.stored.size === 0 ? [] : accountIds.filter((id) => shared.accounts.has(id) && !shared.waiting.has(id));
  return {
    people: await contactsOf(tx, accountIds),
    desks: await desksOfAccounts(tx, accountIds, shared.coverage.desks),
    stored: compared.length === 0 ? new Map() : await storedAnswers(tx, compared),
  };
}

function replayAccount(shared: Shared, log: AccountLog, beside: Beside, tally: Tally): void {
  const { accountId, facts } = log;
  const account = shared.accounts.get(accountId);
  if (!account) return;
  const { csmEmail } = account;
  const own = csmEmail === null ? [] : (shared.mailboxes.get(csmEmail) ?? []);
  const coverage = shared.coverage({
    sources: new Set([...log.installations, ...own]),
    csmEmail,
    outages: log.outages,
    desks: beside.desks.get(accountId),
  });
  const people = beside.people.get(accountId) ?? [];
  const context = accountContext(account, people, coverage, account.timezone ?? shared.timezone);
  const key = shared.keys.get(accountId) ?? account.name;
  tally.events += facts.length;
  for (const journey of shared.journeys) {
    const id = journey.definition.id;
    const isCompared = !shared.waiting.has(accountId) && shared.stored.has(id);
    const stored = isCompared ? beside.stored.get(accountId)?.find((one) => one.journey === id) : undefined;
    const [upTo, storedAt] = [shared.upTo ?? shared.now, stored?.checkpoint?.asOf ?? shared.now];
    const answerAt = answersAt({ journey, context, facts }, [upTo, shared.now, ...(isCompared ? [storedAt] : [])]);
    tally.said.push(
      createHash('sha256')
        .update(portableAnswer(key, answerAt(upTo)))
        .digest('hex'),
    );
    const today = answerAt(shared.now);
    tally.transitions += today.periods.length;
    tally.flags += today.flags.length;
    if (!isCompared) continue;
    const active = shared.active.has(journey.digest);
    const subject = { account, journey, context, facts, active, now: shared.now };
    tally.differences.push(...differencesOf(subject, answerAt(storedAt), stored).told);
  }
}

/** Sets right what is stored of one account, by what the log says now. */
async function repairAccount(tx: Tx, accountId: string, options: ReplayOptions): Promise<void> {
  await lockAccount(tx, accountId);
  const { shared } = await readShared(tx, options);
  const account = shared.accounts.get(accountId);
  // Merged away meanwhile, or woken: then its next fold says what is so.
  if (!account || shared.waiting.has(accountId)) return;
  const coverage = await accountCoverage(tx, shared.coverage, account);
  const people = await contacts(tx, accountId);
  const context = accountContext(account, people, coverage, account.timezone ?? shared.timezone);
  const facts = await factsOf(tx, accountId);
  const stored = (await storedAnswers(tx, [accountId])).get(accountId) ?? [];
  for (const journey of shared.journeys) {
    const one = stored.find(({ journey: id }) => id === journey.definition.id);
    const active = shared.active.has(journey.digest);
    const { now } = options;
    if (shared.stored.has(journey.definition.id))
      await repairStored(tx, { account, journey, context, facts, active, now }, one);
  }
}
