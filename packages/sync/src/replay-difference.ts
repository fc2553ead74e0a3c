import { stableJson, printTime } from '@waymark/journey';
import {
  ENGINE_VERSION,
  fold,
  view,
  type AccountContext,
  type AccountJourney,
  type CompiledJourney,
  type Fact,
} from '@waymark/lifecycle';
import {
  addFlags,
  addPeriods,
  checkpoint,
  flags as storedFlags,
  stagePeriods,
  supersedeFlags,
  supersedePeriods,
  wakeAccounts,
  writeCheckpoint,
  writeEarlierStates,
  type Account,
  type Checkpoint,
  type Tx,
} from '@waymark/store';
import { contextDigestOf, flagRow, isEngineState, periodRow } from './fold.ts';

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

interface Subject {
  readonly account: Account;
  readonly journey: CompiledJourney;
  readonly context: AccountContext;
  readonly facts: readonly Fact[];
  readonly now: number;
  readonly repair: boolean;
  /** Whether the journey is in force, so that every account should have an answer. */
  readonly active: boolean;
}

/**
 * Compares what is stored of an account with what the log says of the instant at which it was stored; with `repair`, writes what the
 * log says. A definition that is not the one it was stored by is compared by its stages and flags alone, and repairs nothing.
 */
export async function compareStored(tx: Tx, subject: Subject): Promise<readonly ReplayDifference[]> {
  const { account, journey, context, facts, now } = subject;
  const { accountId } = account;
  const stored = await checkpoint(tx, accountId, journey.definition.id);
  const differences: ReplayDifference[] = [];
  const differ = (what: ReplayDifference['what'], was: unknown, is: unknown): void => {
    const told = (value: unknown) => (value === null || value === undefined ? null : String(value));
    differences.push({
      account: account.name,
      accountId,
      journey: journey.definition.id,
      what,
      stored: told(was),
      derived: told(is),
    });
  };
  if (!stored) {
    // By another definition nobody said that there should be an answer.
    if (!subject.active) return [];
    differ('answer', null, view(journey, context, fold(journey, context, facts, now)).digest);
    if (subject.repair) await wakeAccounts(tx, [{ accountId, earliest: facts[0]?.occurredAt ?? now }], now);
    return differences;
  }
  const exact = stored.definitionDigest === journey.digest;
  const state = fold(journey, context, facts, stored.asOf);
  const answer = view(journey, context, state);
  if (exact && stored.digest !== answer.digest) differ('answer', stored.digest, answer.digest);
  if (stored.stage !== answer.stage) differ('stage', stored.stage, answer.stage);
  if (exact && stored.health !== answer.health.score) differ('health', stored.health, answer.health.score);
  if (exact && stored.engineVersion === ENGINE_VERSION && digestOfState(stored, journey, context) !== answer.digest)
    differ('state', 'does not give its own answer', null);

  const periods = await stagePeriods(tx, { accountId, journey: journey.definition.id });
  const periodOf = (one: AccountJourney['periods'][number]) => periodKey(one, { ...one }, exact);
  const storedPeriods = new Map(periods.map((one) => [periodKey(one, one.detail, exact), one]));
  const saidPeriods = new Map(answer.periods.map((one) => [periodOf(one), one]));
  const wrongPeriods = [...storedPeriods].filter(([key]) => !saidPeriods.has(key)).map(([, one]) => one);
  const missingPeriods = [...saidPeriods].filter(([key]) => !storedPeriods.has(key)).map(([, one]) => one);
  // Two rows of one period are one too many.
  const doubles = periods.filter((one) => storedPeriods.get(periodKey(one, one.detail, exact)) !== one);
  for (const one of [...wrongPeriods, ...doubles]) differ('period', tellPeriod(one), null);
  for (const one of missingPeriods) differ('period', null, tellPeriod(one));

  const flags = (await storedFlags(tx, { accountId })).filter((flag) => flag.journey === journey.definition.id);
  const rows = answer.flags.map((flag) => flagRow(answer, flag, now));
  const storedFlagKeys = new Map(flags.map((one) => [flagKey(one, exact), one]));
  const saidFlags = new Map(rows.map((one) => [flagKey(one, exact), one]));
  const wrongFlags = [...storedFlagKeys].filter(([key]) => !saidFlags.has(key)).map(([, one]) => one);
  const missingFlags = [...saidFlags].filter(([key]) => !storedFlagKeys.has(key)).map(([, one]) => one);
  for (const one of wrongFlags) differ('flag', tellFlag(one), null);
  for (const one of missingFlags) differ('flag', null, tellFlag(one));

  if (!subject.repair || !exact || differences.length === 0) return differences;
  await supersedePeriods(
    tx,
    [...wrongPeriods, ...doubles].map((one) => one.periodId),
    now,
  );
  await addPeriods(
    tx,
    missingPeriods.map((one) => periodRow(answer, one, now)),
  );
  await supersedeFlags(tx, wrongFlags, now);
  await addFlags(tx, missingFlags);
  const { asOf } = stored;
  await writeCheckpoint(
    tx,
    {
      accountId,
      journey: journey.definition.id,
      definitionDigest: journey.digest,
      engineVersion: ENGINE_VERSION,
      contextDigest: contextDigestOf(context),
      state,
      stage: answer.stage,
      health: answer.health.score,
      digest: answer.digest,
      asOf,
      nextChangeAt: answer.nextChangeAt,
    },
    now,
  );
  // What was kept further back may be wrong as well.
  await writeEarlierStates(tx, accountId, journey.definition.id, []);
  return differences;
}

/** The answer that a stored state gives; undefined where it is none. */
function digestOfState(stored: Checkpoint, journey: CompiledJourney, context: AccountContext): string | undefined {
  if (!isEngineState(stored.state)) return undefined;
  try {
    return view(journey, context, stored.state).digest;
  } catch {
    return undefined;
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
