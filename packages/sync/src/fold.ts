import {
  advance,
  compileJourney,
  ENGINE_VERSION,
  foldKeeping,
  isFurther,
  keepState,
  parseDefinition,
  refold,
  statesBefore,
  view,
  type AccountContext,
  type AccountJourney,
  type CompiledJourney,
  type EngineState,
  type Flag,
  type KeptFold,
} from '@waymark/lifecycle';
import {
  account as readAccount,
  accountsToFold,
  activeDefinitions,
  addFlags,
  addPeriods,
  checkpoint,
  earlierStates,
  contacts as readContacts,
  factsOf,
  flags as storedFlags,
  lockAccount,
  noteRecords,
  lockWake,
  settleWake,
  stagePeriods,
  supersedeFlags,
  supersedePeriods,
  readSettings,
  writeCheckpoint,
  writeEarlierStates,
  type Account,
  type Checkpoint,
  type Contact,
  type Database,
  type StoredFlag,
  type Tx,
  type Wake,
} from '@waymark/store';
import PQueue from 'p-queue';
import { v7 as uuidv7 } from 'uuid';
import { accountContext, contextDigestOf, recordOf } from './account-context.ts';
import { accountCoverage, coverageIndex, type CoverageIndex } from './coverage.ts';
import type { Point } from './points.ts';
import { keepSourceOutages } from './source-outages.ts';

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

/** Accounts folded at a time: enough to fill the waits, few enough to leave connections to others. */
const foldsAtOnce = 4;

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
 * Folds the accounts that have new events or whose answer changes by now; each in a transaction of its own that stores state, flags
 * and what follows. Returns how many were folded.
 */
export async function foldDue(options: FoldOptions): Promise<number> {
  const { database, workspaceId } = options;
  const { wakes, shared } = await database.inWorkspace(
    workspaceId,
    async (tx) => {
      await keepSourceOutages(tx, options.now());
      return { wakes: await accountsToFold(tx, options.now(), options.limit ?? 500), shared: await readShared(tx) };
    },
    { retry: true },
  );
  const failures: unknown[] = [];
  // Most of a fold is waiting for the database: some at a time, and one account never twice, since each has its lock.
  const queue = new PQueue({ concurrency: foldsAtOnce });
  await queue.addAll(
    wakes.map((listed) => async () => {
      try {
        await foldListed(options, listed, shared);
      } catch (error) {
        // One account that cannot be folded must not keep the others waiting; its wake stays.
        failures.push(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return wakes.length;
}

/** Folds one account of the list in a transaction that stores its state, its flags and what follows. */
async function foldListed(options: FoldOptions, listed: Wake, shared: Shared): Promise<void> {
  const { accountId } = listed;
  await options.database.inWorkspace(
    options.workspaceId,
    async (tx) => {
      await lockAccount(tx, accountId);
      // What waits now, not what waited when the list was read: another process may have folded it, or more have come.
      const wake = await lockWake(tx, accountId, options.now());
      if (!wake) return;
      // A wake since the list may tell of a definition or of coverage that is newer than what was read with it.
      const isListed = wake.version === listed.version && wake.earliest === listed.earliest;
      const common = isListed ? shared : await readShared(tx);
      const folded = await foldAccount(tx, { wake, ...common, now: options.now() });
      if (folded.length > 0) await options.afterFold(tx, folded);
      // A wake that came after coverage and definitions were read may be about these: it waits for the next turn.
      const sameWake = wake.version === listed.version && wake.since === listed.since;
      if (wake.version !== null && sameWake) await settleWake(tx, accountId, wake.version);
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
}

async function readShared(tx: Tx): Promise<Shared> {
  return {
    journeys: await activeJourneys(tx),
    coverage: await coverageIndex(tx),
    timezone: (await readSettings(tx)).timezone,
  };
}

async function foldAccount(
  tx: Tx,
  input: Shared & { readonly wake: Wake; readonly now: number },
): Promise<readonly Folded[]> {
  const { wake, now } = input;
  const account = await readAccount(tx, wake.accountId);
  if (!account) return [];
  const contacts = await readContacts(tx, account.accountId);
  const coverage = await accountCoverage(tx, input.coverage, account);
  const context = accountContext(account, contacts, coverage, account.timezone ?? input.timezone);
  const contextDigest = contextDigestOf(context);
  const results: Folded[] = [];
  let isNoted = false;
  for (const journey of input.journeys) {
    const before = await checkpoint(tx, account.accountId, journey.definition.id);
    if (!isNoted && before?.contextDigest !== contextDigest) {
      await noteRecords(tx, [{ accountId: account.accountId, record: recordOf(context) }], now);
      isNoted = true;
    }
    const { state, earlier } = await nextState(tx, { journey, context, contextDigest, before, wake, now });
    const answer = view(journey, context, state);
    const changes = await storeAnswer(tx, answer, now);
    await writeCheckpoint(
      tx,
      {
        accountId: account.accountId,
        journey: journey.definition.id,
        definitionDigest: journey.digest,
        engineVersion: ENGINE_VERSION,
        contextDigest,
        state,
        stage: answer.stage,
        health: answer.health.score,
        digest: answer.digest,
        asOf: now,
        nextChangeAt: answer.nextChangeAt,
      },
      now,
    );
    if (earlier) await writeEarlierStates(tx, account.accountId, journey.definition.id, earlier);
    results.push({ account, contacts, journey, answer, stageBefore: before?.stage ?? null, ...changes });
  }
  return results;
}

/** A state, and the earlier ones where these are to be written anew. */
interface Next {
  readonly state: EngineState;
  readonly earlier?: readonly EngineState[];
}

/** Goes on from the checkpoint where it still holds; from a state before what came late; else folds the whole log. */
async function nextState(
  tx: Tx,
  input: {
    readonly journey: CompiledJourney;
    readonly context: AccountContext;
    readonly contextDigest: string;
    readonly before: Checkpoint | undefined;
    readonly wake: Wake;
    readonly now: number;
  },
): Promise<Next> {
  const { journey, context, before, wake, now } = input;
  const holds =
    before !== undefined &&
    before.definitionDigest === journey.digest &&
    before.engineVersion === ENGINE_VERSION &&
    before.contextDigest === input.contextDigest &&
    isEngineState(before.state);
  if (!holds || !isEngineState(before.state))
    return foldKeeping(journey, context, await factsOf(tx, context.accountId), now);
  const { state } = before;
  const from = wake.version === null ? null : wake.earliest;
  const inTime = from === null || state.at === null || from > state.at;
  if (inTime) {
    // Of the facts dated ahead, those that may have been changed or taken away since, and those that are due, are read anew.
    const due = state.ahead.find((fact) => fact.at <= now)?.at ?? Infinity;
    const again = Math.min(from ?? Infinity, due);
    const facts = again === Infinity ? [] : await factsOf(tx, context.accountId, { after: again });
    const ahead = state.ahead.filter((fact) => fact.at < again);
    const advanced = advance(journey, context, { ...state, ahead }, facts, now);
    if (advanced.kind === 'advanced') return grown(tx, input, state, advanced.state);
  }
  const kept = from === null ? undefined : await foldFromEarlier(tx, input, from);
  return kept ?? foldKeeping(journey, context, await factsOf(tx, context.accountId), now);
}

interface Place {
  readonly journey: CompiledJourney;
  readonly context: AccountContext;
  readonly now: number;
}

/** Keeps a state that has come to a place of its own; the earlier ones are read only then. */
async function grown(tx: Tx, { journey, context }: Place, before: EngineState, state: EngineState): Promise<Next> {
  if (!isFurther(before, state)) return { state };
  const stored = await storedStates(tx, context.accountId, journey);
  const earlier = keepState(stored, state);
  return earlier === stored ? { state } : { state, earlier };
}

/** Folds from the last kept state before what came late. */
async function foldFromEarlier(tx: Tx, { journey, context, now }: Place, from: number): Promise<KeptFold | undefined> {
  const holding = statesBefore(await storedStates(tx, context.accountId, journey), from);
  const after = holding.at(-1)?.at;
  if (after == null) return undefined;
  return refold(journey, context, holding, await factsOf(tx, context.accountId, { after }), now);
}

async function storedStates(tx: Tx, accountId: string, journey: CompiledJourney): Promise<readonly EngineState[]> {
  const stored = await earlierStates(tx, accountId, journey.definition.id);
  return Array.isArray(stored) ? stored.filter(isEngineState) : [];
}

/** The checkpoint is ours and its digest and engine version were compared: its form is known. */
export function isEngineState(value: unknown): value is EngineState {
  return typeof value === 'object' && value !== null && 'tracks' in value && 'course' in value;
}

/** Writes what differs from what is stored: former rows are ended in known time, never changed. */
async function storeAnswer(tx: Tx, answer: AccountJourney, at: number) {
  const { accountId, journey } = answer;
  const periods = await stagePeriods(tx, { accountId, journey });
  const periodKey = (one: { stage: string; enteredAt: number; exitedAt: number | null }, digest: unknown) =>
    `${one.stage}|${one.enteredAt}|${one.exitedAt}|${String(digest)}`;
  const proofOf = (detail: Readonly<Record<string, unknown>>) => {
    const proof = detail.proof;
    return typeof proof === 'object' && proof !== null && 'digest' in proof ? proof.digest : '';
  };
  const stored = new Map(periods.map((one) => [periodKey(one, proofOf(one.detail)), one]));
  const wanted = new Map(answer.periods.map((one) => [periodKey(one, one.proof.digest), one]));
  await supersedePeriods(
    tx,
    [...stored].filter(([key]) => !wanted.has(key)).map(([, one]) => one.periodId),
    at,
  );
  await addPeriods(
    tx,
    [...wanted].filter(([key]) => !stored.has(key)).map(([, one]) => periodRow(answer, one, at)),
  );

  const former = (await storedFlags(tx, { accountId })).filter((flag) => flag.journey === journey);
  const formerById = new Map(former.map((flag) => [flag.flagId, flag]));
  const now = new Map(answer.flags.map((flag) => [flag.flagId, flag]));
  const changed = answer.flags.filter((flag) => {
    const before = formerById.get(flag.flagId);
    return !before || before.detail.key !== flagKey(flag);
  });
  const withdrawn = former.filter((flag) => !now.has(flag.flagId));
  const ended = [...withdrawn, ...changed.flatMap((flag) => formerById.get(flag.flagId) ?? [])];
  await supersedeFlags(tx, ended, at);
  await addFlags(
    tx,
    changed.map((flag) => flagRow(answer, flag, at)),
  );
  const wasOpen = (flag: Flag) => formerById.get(flag.flagId)?.clearedAt === null;
  return {
    opened: changed.filter((flag) => flag.clearedAt === null && !wasOpen(flag)),
    cleared: changed.filter((flag) => flag.clearedAt !== null && wasOpen(flag)),
    withdrawn: withdrawn.filter((flag) => flag.clearedAt === null),
  };
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
