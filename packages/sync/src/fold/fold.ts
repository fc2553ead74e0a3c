import { compileJourney, parseDefinition, view, type CompiledJourney } from '@waymark/lifecycle';
import {
  accountsToFold,
  activeDefinitions,
  answersSince,
  changeKeptStates,
  checkpointsOf,
  contactsOf,
  desksOfAccounts,
  keptPlaces,
  lockAccounts,
  lockWakes,
  noteContacts,
  noteRecords,
  outagesOfAccount,
  readSettings,
  settleWakes,
  sourcesOfAccounts,
  writeCheckpoints,
  type Account,
  type Checkpoint,
  type Database,
  type KeptChange,
  type Tx,
  type Wake,
} from '@waymark/store';
import PQueue from 'p-queue';
import { accountContext, contextDigestOf, judgedRecord } from './account-context.ts';
import { changesOf, writeChanges, type Changes, type Folded } from './answer-changes.ts';
import { coverageIndex, type CoverageIndex } from '../coverage/coverage.ts';
import { readAhead } from './ahead.ts';
import { checkpointOf, nextState, type StateQuestion } from './state.ts';
import type { Point } from '../reading/points.ts';
import { keepSeason } from '../coverage/season.ts';
import { keepSourceOutages } from '../coverage/source-outages.ts';

export interface FoldOptions {
  readonly database: Database;
  readonly workspaceId: string;
  readonly now: () => number;
  readonly point: Point;
  /** Called in the transaction that stores the state: whatever has to follow from it is written with it. */
  readonly afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>;
  /** Told after each account whose answer was stored: what follows need not wait for the others. */
  readonly onStored?: () => void;
  readonly limit?: number;
}

/** Transactions at a time: enough to fill the waits, few enough to leave connections to others. */
const foldsAtOnce = 4;
/** Accounts of one transaction: enough to share its cost, few enough that what follows from the first waits little for the last. */
const mostAccounts = 16;

const compiled = new Map<string, CompiledJourney>();

/** The journeys that are active, compiled once a process for each digest. */
export async function activeJourneys(tx: Tx): Promise<readonly CompiledJourney[]> {
  return (await activeDefinitions(tx)).map((stored) => {
    const ready = compiled.get(stored.digest);
    if (ready) return ready;
    const made = compileJourney(parseDefinition(stored.source, `${stored.journey}.yaml`), stored.digest);
    compiled.set(stored.digest, made);
    return made;
  });
}

/**
 * Folds the accounts that have new events or whose answer changes by now, some in each transaction, which stores their states, flags and
 * what follows. Returns how many were folded.
 */
export async function foldDue(options: FoldOptions): Promise<number> {
  const { database, workspaceId } = options;
  const due = await database.inWorkspace(
    workspaceId,
    async (tx) => {
      if (await keepSourceOutages(tx, options.now())) await keepSeason(tx, options.now());
      const found = await accountsToFold(tx, options.now(), options.limit ?? 500);
      // Of many who ask, most find that it is done.
      return found.length === 0 ? undefined : { wakes: found, shared: await readShared(tx) };
    },
    { retry: true },
  );
  if (!due) return 0;
  const { wakes, shared } = due;
  const failures: unknown[] = [];
  // Two parts of a short list: statements cost more than the accounts in them.
  const parts = inParts(wakes, Math.min(mostAccounts, Math.max(1, Math.ceil(wakes.length / 2))));
  // Most of a fold is waiting for the database: some at a time, and one account never twice, since each has its lock.
  const queue = new PQueue({ concurrency: foldsAtOnce });
  await queue.addAll(
    parts.map((part) => async () => {
      try {
        await foldListed(options, part, shared);
      } catch (error) {
        // One account that cannot be folded must not keep the others waiting; its wake stays.
        if (part.length === 1) failures.push(error);
        else
          for (const one of part) await foldListed(options, [one], shared).catch((own: unknown) => failures.push(own));
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return wakes.length;
}

const inParts = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, part) => all.slice(part * size, (part + 1) * size));

/** Folds accounts of the list in a transaction that stores their states, their flags and what follows. */
async function foldListed(options: FoldOptions, listed: readonly Wake[], shared: Shared): Promise<void> {
  const ids = listed.map(({ accountId }) => accountId);
  const byId = new Map(listed.map((one) => [one.accountId, one]));
  await options.database.inWorkspace(
    options.workspaceId,
    async (tx) => {
      const accounts = await lockAccounts(tx, ids);
      // What waits now, not what waited when the list was read: another process may have folded it, or more have come.
      const wakes = await lockWakes(tx, ids, options.now());
      if (wakes.length === 0) return;
      // A wake since the list may tell of a definition or of coverage that is newer than what was read with it.
      const isListed = wakes.every(({ accountId, version, earliest }) => {
        const before = byId.get(accountId);
        return before?.version === version && before.earliest === earliest;
      });
      const common = isListed ? shared : await readShared(tx);
      const folded = await foldAccounts(tx, { accounts, wakes, ...common, now: options.now() });
      if (folded.length > 0) await options.afterFold(tx, folded);
      // A wake that came after coverage and definitions were read may be about these: then they were read again, and it is answered too.
      const settled = wakes.flatMap(({ accountId, version, since }) => {
        const before = byId.get(accountId);
        const isAnswered = isListed
          ? before?.version === version && before.since === since
          : since !== null && since <= options.now();
        return version !== null && isAnswered ? [{ accountId, version }] : [];
      });
      await settleWakes(tx, settled);
      await options.point('fold-stored');
    },
    { retry: true },
  );
  await options.point('fold-committed');
  options.onStored?.();
}

/** What is known of all accounts alike. */
interface Shared {
  readonly journeys: readonly CompiledJourney[];
  readonly coverage: CoverageIndex;
  readonly timezone: string;
  readonly country: string | null;
}

async function readShared(tx: Tx): Promise<Shared> {
  const { timezone, country } = await readSettings(tx);
  return {
    journeys: await activeJourneys(tx),
    coverage: await coverageIndex(tx),
    timezone,
    country,
  };
}

/** Folds accounts that are locked, and stores their states and what differs from what is stored. What is stored is read for all at once. */
async function foldAccounts(
  tx: Tx,
  input: Shared & { readonly accounts: readonly Account[]; readonly wakes: readonly Wake[]; readonly now: number },
): Promise<readonly Folded[]> {
  const { now, coverage } = input;
  const wakes = new Map(input.wakes.map((one) => [one.accountId, one]));
  const accounts = input.accounts.filter(({ accountId }) => wakes.has(accountId));
  const ids = accounts.map(({ accountId }) => accountId);
  if (ids.length === 0) return [];
  const people = await contactsOf(tx, ids);
  const sources = await sourcesOfAccounts(tx, accounts);
  const desks = await desksOfAccounts(tx, ids, coverage.desks);
  const keyOf = (accountId: string, journey: string) => `${accountId} ${journey}`;
  const before = new Map((await checkpointsOf(tx, ids)).map((one) => [keyOf(one.accountId, one.journey), one]));
  const places = Map.groupBy(await keptPlaces(tx, ids), (one) => keyOf(one.accountId, one.journey));

  const records: Parameters<typeof noteRecords>[1][number][] = [];
  const judged: Parameters<typeof noteContacts>[1][number][] = [];
  const checkpoints: Checkpoint[] = [];
  const kept: KeptChange[] = [];
  const prepared = [];
  for (const account of accounts) {
    const { accountId, csmEmail } = account;
    const wake = wakes.get(accountId);
    if (!wake) continue;
    const contacts = people.get(accountId) ?? [];
    const outages = await outagesOfAccount(tx, accountId, coverage.outages);
    const covered = coverage({
      sources: sources.get(accountId) ?? new Set(),
      csmEmail,
      outages,
      desks: desks.get(accountId),
    });
    const context = accountContext(account, contacts, covered, account.timezone ?? input.timezone);
    const contextDigest = contextDigestOf(context);
    const questions = input.journeys.map((journey): StateQuestion => {
      const key = keyOf(accountId, journey.definition.id);
      const [former, own] = [before.get(key), places.get(key) ?? []];
      return { journey, context, contextDigest, before: former, places: own, wake, now };
    });
    if (questions.some((one) => one.before?.contextDigest !== contextDigest)) {
      records.push({
        accountId,
        record: { ...judgedRecord(account, input.timezone), csmEmail, country: input.country },
      });
      judged.push({ accountId, contacts });
    }
    prepared.push({ account, contacts, questions });
  }
  const read = await readAhead(
    tx,
    prepared.flatMap(({ questions }) => questions),
  );
  const told = [];
  for (const { account, contacts, questions } of prepared) {
    const { accountId } = account;
    for (const question of questions) {
      const { journey, context, contextDigest } = question;
      const next = await nextState(question, read.stateOf(question), (after) => read.facts(accountId, after));
      const answer = view(journey, context, next.state);
      checkpoints.push(checkpointOf(answer, { accountId, journey, contextDigest, now }));
      kept.push(next.kept);
      const stageBefore = question.before?.stage ?? null;
      told.push({ since: next.since, told: { account, contacts, journey, answer, stageBefore } });
    }
  }
  const stored = await answersSince(
    tx,
    told.map(({ since, told: { answer } }) => ({ accountId: answer.accountId, journey: answer.journey, since })),
  );
  const periods = Map.groupBy(stored.periods, (one) => keyOf(one.accountId, one.journey));
  const flags = Map.groupBy(stored.flags, (one) => keyOf(one.accountId, one.journey));
  const changes = told.map(({ since, told: one }): Changes => {
    const key = keyOf(one.answer.accountId, one.answer.journey);
    return changesOf(one, { periods: periods.get(key) ?? [], flags: flags.get(key) ?? [] }, since, now);
  });
  await noteRecords(tx, records, now);
  await noteContacts(tx, judged, now);
  await writeChanges(tx, changes, now);
  await writeCheckpoints(tx, checkpoints, now);
  await changeKeptStates(tx, kept);
  return changes.map(({ folded }) => folded);
}
