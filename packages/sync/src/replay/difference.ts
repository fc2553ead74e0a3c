import { stableJson, printTime } from '@waymark/journey';
import {
  advance,
  ENGINE_VERSION,
  foldKeeping,
  view,
  type AccountContext,
  type AccountJourney,
  type CompiledJourney,
  type Fact,
} from '@waymark/lifecycle';
import {
  addFlags,
  addPeriods,
  changeKeptStates,
  checkpointsOf,
  flagsOf,
  keptPlaces,
  lastKeptStates,
  stagePeriodsOf,
  supersedeFlags,
  supersedePeriods,
  wakeAccounts,
  writeCheckpoints,
  type Account,
  type Checkpoint,
  type KeptState,
  type StoredFlag,
  type StoredPeriod,
  type Tx,
} from '@waymark/store';
import { contextDigestOf } from '../fold/account-context.ts';
import { flagRow, periodRow } from '../fold/answer-changes.ts';
import { isEngineState, keepingWhole } from '../fold/state.ts';

/** One thing that is stored otherwise than the log says. */
export interface ReplayDifference {
  readonly account: string;
  readonly accountId: string;
  readonly journey: string;
  readonly what: 'answer' | 'stage' | 'health' | 'state' | 'period' | 'flag';
  /** What is stored, and what the log says; null where there is nothing. */
  readonly stored: string | null;
  readonly derived: string | null;
}

/** What is stored of one account in one journey. */
export interface StoredAnswer {
  readonly journey: string;
  readonly checkpoint: Checkpoint | undefined;
  /** The last state that is kept of it. */
  readonly kept: KeptState | undefined;
  readonly periods: readonly StoredPeriod[];
  readonly flags: readonly StoredFlag[];
}

/** What is stored of accounts, by account. */
export async function storedAnswers(
  tx: Tx,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, readonly StoredAnswer[]>> {
  const group = <T extends { readonly accountId: string }>(rows: readonly T[]) =>
    Map.groupBy(rows, ({ accountId }) => accountId);
  const checkpoints = group(await checkpointsOf(tx, accountIds));
  const kept = group(await lastKeptStates(tx, accountIds));
  const periods = group(await stagePeriodsOf(tx, accountIds));
  const flags = group(await flagsOf(tx, accountIds));
  return new Map(
    accountIds.map((id) => {
      const [ownPeriods, ownFlags] = [periods.get(id) ?? [], flags.get(id) ?? []];
      const own = (checkpoints.get(id) ?? []).map((checkpoint) => ({
        journey: checkpoint.journey,
        checkpoint,
        kept: kept.get(id)?.find(({ journey }) => journey === checkpoint.journey),
        periods: ownPeriods.filter(({ journey }) => journey === checkpoint.journey),
        flags: ownFlags.filter(({ journey }) => journey === checkpoint.journey),
      }));
      return [id, own];
    }),
  );
}

interface Subject {
  readonly account: Account;
  readonly journey: CompiledJourney;
  readonly context: AccountContext;
  readonly facts: readonly Fact[];
  /** Whether the journey is in force, so that every account should have an answer. */
  readonly active: boolean;
  readonly now: number;
}

interface Differences {
  readonly told: readonly ReplayDifference[];
  readonly wrongPeriods: readonly StoredPeriod[];
  readonly missingPeriods: AccountJourney['periods'];
  readonly wrongFlags: readonly StoredFlag[];
  readonly missingFlags: readonly ReturnType<typeof flagRow>[];
}

/**
 * Compares what is stored of an account with the answer that the log gives as of the instant at which it was stored (of now, where nothing
 * is). A definition that is not the one it was stored by is compared by its stages and flags alone.
 */
export function differencesOf(
  subject: Subject,
  answer: AccountJourney,
  { checkpoint: stored, kept, periods, flags }: Omit<StoredAnswer, 'journey'> = absent,
): Differences {
  const { account, journey } = subject;
  const told: ReplayDifference[] = [];
  const differ = (what: ReplayDifference['what'], was: unknown, is: unknown): void => {
    const text = (value: unknown) => (value === null || value === undefined ? null : String(value));
    told.push({
      account: account.name,
      accountId: account.accountId,
      journey: journey.definition.id,
      what,
      stored: text(was),
      derived: text(is),
    });
  };
  if (!stored) {
    // By another definition nobody said that there should be an answer.
    if (subject.active) differ('answer', null, answer.digest);
    return { told, wrongPeriods: [], missingPeriods: [], wrongFlags: [], missingFlags: [] };
  }
  const exact = stored.definitionDigest === journey.digest;
  if (exact && stored.digest !== answer.digest) differ('answer', stored.digest, answer.digest);
  if (stored.stage !== answer.stage) differ('stage', stored.stage, answer.stage);
  if (exact && stored.health !== answer.health.score) differ('health', stored.health, answer.health.score);
  if (exact && kept && stored.engineVersion === ENGINE_VERSION && !leadsTo(kept, subject, answer))
    differ('state', 'does not lead to the answer', null);

  const periodOf = (one: AccountJourney['periods'][number]) => periodKey(one, { ...one }, exact);
  const storedPeriods = new Map(periods.map((one) => [periodKey(one, one.detail, exact), one]));
  const saidPeriods = new Map(answer.periods.map((one) => [periodOf(one), one]));
  // Two rows of one period are one too many.
  const doubles = periods.filter((one) => storedPeriods.get(periodKey(one, one.detail, exact)) !== one);
  const wrongPeriods = [
    ...[...storedPeriods].filter(([key]) => !saidPeriods.has(key)).map(([, one]) => one),
    ...doubles,
  ];
  const missingPeriods = [...saidPeriods].filter(([key]) => !storedPeriods.has(key)).map(([, one]) => one);
  for (const one of wrongPeriods) differ('period', tellPeriod(one), null);
  for (const one of missingPeriods) differ('period', null, tellPeriod(one));

  const rows = answer.flags.map((flag) => flagRow(answer, flag, subject.now));
  const storedFlagKeys = new Map(flags.map((one) => [flagKey(one, exact), one]));
  const saidFlags = new Map(rows.map((one) => [flagKey(one, exact), one]));
  const wrongFlags = [...storedFlagKeys].filter(([key]) => !saidFlags.has(key)).map(([, one]) => one);
  const missingFlags = [...saidFlags].filter(([key]) => !storedFlagKeys.has(key)).map(([, one]) => one);
  for (const one of wrongFlags) differ('flag', tellFlag(one), null);
  for (const one of missingFlags) differ('flag', null, tellFlag(one));
  return { told, wrongPeriods, missingPeriods, wrongFlags, missingFlags };
}

const absent: Omit<StoredAnswer, 'journey'> = { checkpoint: undefined, kept: undefined, periods: [], flags: [] };

/** Writes what the log says over what is stored and differs; by a definition that it was not stored by, nothing. */
export async function repairStored(tx: Tx, subject: Subject, stored: StoredAnswer | undefined): Promise<void> {
  const { account, journey, context, facts, now } = subject;
  const { accountId } = account;
  const checkpoint = stored?.checkpoint;
  if (!checkpoint) {
    if (subject.active) await wakeAccounts(tx, [{ accountId, earliest: facts[0]?.occurredAt ?? now }], now);
    return;
  }
  if (checkpoint.definitionDigest !== journey.digest) return;
  const { asOf } = checkpoint;
  const whole = foldKeeping(journey, context, facts, asOf);
  const answer = view(journey, context, whole.state);
  const found = differencesOf(subject, answer, stored);
  if (found.told.length === 0) return;
  await supersedePeriods(
    tx,
    found.wrongPeriods.map((one) => one.periodId),
    now,
  );
  await addPeriods(
    tx,
    found.missingPeriods.map((one) => periodRow(answer, one, now)),
  );
  await supersedeFlags(tx, found.wrongFlags, now);
  await addFlags(tx, found.missingFlags);
  const written = {
    accountId,
    journey: journey.definition.id,
    definitionDigest: journey.digest,
    engineVersion: ENGINE_VERSION,
    contextDigest: contextDigestOf(context),
    stage: answer.stage,
    health: answer.health.score,
    digest: answer.digest,
    asOf,
    nextChangeAt: answer.nextChangeAt,
  };
  await writeCheckpoints(tx, [written], now);
  // What was kept further back may be wrong as well.
  const places = (await keptPlaces(tx, [accountId])).filter((one) => one.journey === written.journey);
  await changeKeptStates(tx, [keepingWhole({ journey, context, places }, whole)]);
}

/** Whether the facts after a kept state lead from it to the answer. One of another time's surroundings is not gone on from: it says nothing wrong. */
function leadsTo({ state, at }: KeptState, { journey, context, facts }: Subject, answer: AccountJourney): boolean {
  if (!isEngineState(state)) return false;
  try {
    const since = facts.filter((fact) => fact.occurredAt > at);
    const next = advance(journey, context, state, since, answer.asOf);
    return next.kind === 'late' || view(journey, context, next.state).digest === answer.digest;
  } catch {
    return false;
  }
}

interface AnyPeriod {
  readonly stage: string;
  readonly enteredAt: number;
  readonly exitedAt: number | null;
}

const periodKey = (one: AnyPeriod, detail: Readonly<Record<string, unknown>>, exact: boolean): string =>
  stableJson([one.stage, one.enteredAt, one.exitedAt, exact ? detail : null]);

const tellPeriod = ({ stage, enteredAt, exitedAt }: AnyPeriod): string =>
  `${stage} from ${printTime(enteredAt)}${exitedAt === null ? '' : ` to ${printTime(exitedAt)}`}`;

interface AnyFlag {
  readonly flagId: string;
  readonly rule: string;
  readonly kind: string;
  readonly severity: string;
  readonly openedAt: number;
  readonly clearedAt: number | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

function flagKey({ flagId, rule, kind, severity, openedAt, clearedAt, detail }: AnyFlag, exact: boolean): string {
  // How an open flag reads changes from day to day.
  const { reasonNow: _reason, evidenceNow: _evidence, ...said } = detail;
  return stableJson([flagId, rule, kind, severity, openedAt, clearedAt, exact ? said : null]);
}

const tellFlag = ({ rule, openedAt, clearedAt }: AnyFlag): string =>
  `${rule} from ${printTime(openedAt)}${clearedAt === null ? '' : ` to ${printTime(clearedAt)}`}`;
