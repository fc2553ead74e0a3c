import {
  compileJourney,
  parseDefinition,
  view,
  type AccountJourney,
  type CompiledJourney,
  type Flag,
} from '@waymark/lifecycle';
import {
  accountsToFold,
  activeDefinitions,
  addFlags,
  addPeriods,
  changeKeptStates,
  checkpointsOf,
  contactsOf,
  flagsOf,
  keptPlaces,
  lockAccounts,
  lockWakes,
  noteContacts,
  noteRecords,
  outagesOfAccount,
  readSettings,
  settleWakes,
  sourcesOfAccounts,
  stagePeriodsOf,
  supersedeFlags,
  supersedePeriods,
  writeCheckpoints,
  type Account,
  type Checkpoint,
  type Contact,
  type Database,
  type KeptChange,
  type StoredFlag,
  type StoredPeriod,
  type Tx,
  type Wake,
} from '@waymark/store';
import PQueue from 'p-queue';
import { v7 as uuidv7 } from 'uuid';
import { accountContext, contextDigestOf, recordOf } from './account-context.ts';
import { coverageIndex, type CoverageIndex } from '../coverage/coverage.ts';
import { readAhead } from './ahead.ts';
import { checkpointOf, nextState, type StateQuestion } from './state.ts';
import type { Point } from '../reading/points.ts';
import { keepSeason } from '../coverage/season.ts';
import { keepSourceOutages } from '../coverage/source-outages.ts';

/** What a fold changed for one account in one journey, told in the same transaction. */
export interface Folded {
  readonly account: Account;
  readonly contacts: readonly Contact[];
  readonly journey: CompiledJourney;
  readonly answer: AccountJourney;
  readonly opened: readonly Flag[];
  readonly cleared: readonly Flag[];
  /** Flags that are no longer so, because the past was corrected. */
  readonly withdrawn: readonly StoredFlag[];
  readonly stageBefore: string | null;
}

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
      // A wake that came after coverage and definitions were read may be about these: it waits for the next turn.
      const settled = wakes.flatMap(({ accountId, version, since }) => {
        const before = byId.get(accountId);
        return version !== null && before?.version === version && before.since === since
          ? [{ accountId, version }]
          : [];
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
  const keyOf = (accountId: string, journey: string) => `${accountId} ${journey}`;
  const before = new Map((await checkpointsOf(tx, ids)).map((one) => [keyOf(one.accountId, one.journey), one]));
  const places = Map.groupBy(await keptPlaces(tx, ids), (one) => keyOf(one.accountId, one.journey));
  const periods = Map.groupBy(await stagePeriodsOf(tx, ids), (one) => keyOf(one.accountId, one.journey));
  const flags = Map.groupBy(await flagsOf(tx, ids), (one) => keyOf(one.accountId, one.journey));

  const records: Parameters<typeof noteRecords>[1][number][] = [];
  const judged: Parameters<typeof noteContacts>[1][number][] = [];
  const checkpoints: Checkpoint[] = [];
  const kept: KeptChange[] = [];
  const changes: Changes[] = [];
  const prepared = [];
  for (const account of accounts) {
    const { accountId, csmEmail } = account;
    const wake = wakes.get(accountId);
    if (!wake) continue;
    const contacts = people.get(accountId) ?? [];
    const outages = await outagesOfAccount(tx, accountId, coverage.outages);
    const covered = coverage({ sources: sources.get(accountId) ?? new Set(), csmEmail, outages });
    const context = accountContext(account, contacts, covered, account.timezone ?? input.timezone);
    const contextDigest = contextDigestOf(context);
    const questions = input.journeys.map((journey): StateQuestion => {
      const key = keyOf(accountId, journey.definition.id);
      const [former, own] = [before.get(key), places.get(key) ?? []];
      return { journey, context, contextDigest, before: former, places: own, wake, now };
    });
    if (questions.some((one) => one.before?.contextDigest !== contextDigest)) {
      records.push({ accountId, record: { ...recordOf(context), csmEmail, country: input.country } });
      judged.push({ accountId, contacts });
    }
    prepared.push({ account, contacts, questions });
  }
  const read = await readAhead(
    tx,
    prepared.flatMap(({ questions }) => questions),
  );
  for (const { account, contacts, questions } of prepared) {
    const { accountId } = account;
    for (const question of questions) {
      const { journey, context, contextDigest } = question;
      const { id } = journey.definition;
      const { state, kept: keeping } = await nextState(question, read.stateOf(question), (after) =>
        read.facts(accountId, after),
      );
      const answer = view(journey, context, state);
      checkpoints.push(checkpointOf(answer, { accountId, journey, contextDigest, now }));
      kept.push(keeping);
      const stored = { periods: periods.get(keyOf(accountId, id)) ?? [], flags: flags.get(keyOf(accountId, id)) ?? [] };
      const told = { account, contacts, journey, answer, stageBefore: question.before?.stage ?? null };
      changes.push(changesOf(told, stored, now));
    }
  }
  await noteRecords(tx, records, now);
  await noteContacts(tx, judged, now);
  await writeChanges(tx, changes, now);
  await writeCheckpoints(tx, checkpoints, now);
  await changeKeptStates(tx, kept);
  return changes.map(({ folded }) => folded);
}

/** What an answer changes of what is stored: former rows are ended in known time, never changed. */
interface Changes {
  readonly folded: Folded;
  readonly endedPeriods: readonly string[];
  readonly newPeriods: readonly ReturnType<typeof periodRow>[];
  readonly endedFlags: readonly StoredFlag[];
  readonly newFlags: readonly ReturnType<typeof flagRow>[];
}

function changesOf(
  told: Omit<Folded, 'opened' | 'cleared' | 'withdrawn'>,
  before: { readonly periods: readonly StoredPeriod[]; readonly flags: readonly StoredFlag[] },
  at: number,
): Changes {
  const { answer } = told;
  const periodKey = (one: { stage: string; enteredAt: number; exitedAt: number | null }, digest: unknown) =>
    `${one.stage}|${one.enteredAt}|${one.exitedAt}|${String(digest)}`;
  const proofOf = (detail: Readonly<Record<string, unknown>>) => {
    const proof = detail.proof;
    return typeof proof === 'object' && proof !== null && 'digest' in proof ? proof.digest : '';
  };
  const stored = new Map(before.periods.map((one) => [periodKey(one, proofOf(one.detail)), one]));
  const wanted = new Map(answer.periods.map((one) => [periodKey(one, one.proof.digest), one]));

  const formerById = new Map(before.flags.map((flag) => [flag.flagId, flag]));
  const now = new Set(answer.flags.map((flag) => flag.flagId));
  const changed = answer.flags.filter((flag) => {
    const former = formerById.get(flag.flagId);
    return !former || former.detail.key !== flagKey(flag);
  });
  const withdrawn = before.flags.filter((flag) => !now.has(flag.flagId));
  const wasOpen = (flag: Flag) => formerById.get(flag.flagId)?.clearedAt === null;
  return {
    folded: {
      ...told,
      opened: changed.filter((flag) => flag.clearedAt === null && !wasOpen(flag)),
      cleared: changed.filter((flag) => flag.clearedAt !== null && wasOpen(flag)),
      withdrawn: withdrawn.filter((flag) => flag.clearedAt === null),
    },
    endedPeriods: [...stored].filter(([key]) => !wanted.has(key)).map(([, one]) => one.periodId),
    newPeriods: [...wanted].filter(([key]) => !stored.has(key)).map(([, one]) => periodRow(answer, one, at)),
    endedFlags: [...withdrawn, ...changed.flatMap((flag) => formerById.get(flag.flagId) ?? [])],
    newFlags: changed.map((flag) => flagRow(answer, flag, at)),
  };
}

async function writeChanges(tx: Tx, changes: readonly Changes[], at: number): Promise<void> {
  await supersedePeriods(
    tx,
    changes.flatMap((one) => one.endedPeriods),
    at,
  );
  await addPeriods(
    tx,
    changes.flatMap((one) => one.newPeriods),
  );
  await supersedeFlags(
    tx,
    changes.flatMap((one) => one.endedFlags),
    at,
  );
  await addFlags(
    tx,
    changes.flatMap((one) => one.newFlags),
  );
}

/** A stage period as it is stored. */
export function periodRow(answer: AccountJourney, period: AccountJourney['periods'][number], at: number) {
  return {
    periodId: uuidv7(),
    accountId: answer.accountId,
    journey: answer.journey,
    stage: period.stage,
    enteredAt: period.enteredAt,
    exitedAt: period.exitedAt,
    detail: { ...period },
    recordedAt: at,
  };
}

/** A flag as it is stored. */
export function flagRow(answer: AccountJourney, flag: Flag, at: number) {
  return {
    flagId: flag.flagId,
    accountId: answer.accountId,
    journey: answer.journey,
    rule: flag.rule,
    kind: flag.kind,
    severity: flag.severity,
    openedAt: flag.openedAt,
    clearedAt: flag.clearedAt,
    detail: { ...flag, key: flagKey(flag) },
    recordedAt: at,
  };
}

/** What of a flag, when it changes, makes a new form of it. */
const flagKey = (flag: Flag): string => JSON.stringify([flag.proof.digest, flag.clearedAt, flag.severity, flag.reason]);
