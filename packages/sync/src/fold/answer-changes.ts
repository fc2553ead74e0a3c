import type { AccountJourney, CompiledJourney, Flag } from '@waymark/lifecycle';
import {
  addFlags,
  addPeriods,
  supersedeFlags,
  supersedePeriods,
  type Account,
  type Contact,
  type StoredFlag,
  type StoredPeriod,
  type Tx,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';

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

/** What an answer changes of what is stored: former rows are ended in known time, never changed. */
export interface Changes {
  readonly folded: Folded;
  readonly endedPeriods: readonly string[];
  readonly newPeriods: readonly ReturnType<typeof periodRow>[];
  readonly endedFlags: readonly StoredFlag[];
  readonly newFlags: readonly ReturnType<typeof flagRow>[];
}

/**
 * What an answer changes of what is stored of an account in a journey. `since`: what had ended before (epoch ms) was not worked out anew
 * and stands as it is; it need not be among what is stored.
 */
export function changesOf(
  told: Omit<Folded, 'opened' | 'cleared' | 'withdrawn'>,
  before: { readonly periods: readonly StoredPeriod[]; readonly flags: readonly StoredFlag[] },
  since: number,
  at: number,
): Changes {
  const { answer } = told;
  const standing = (endedAt: number | null) => endedAt !== null && endedAt < since;
  const periods = answer.periods.filter((one) => !standing(one.exitedAt));
  const flags = answer.flags.filter((one) => !standing(one.clearedAt));
  // How it was come to is told by the period before, which a late fact can bring to light.
  const periodKey = (
    one: { stage: string; enteredAt: number; exitedAt: number | null },
    { move, direction }: Readonly<Record<string, unknown>>,
    digest: unknown,
  ) => JSON.stringify([one.stage, one.enteredAt, one.exitedAt, move, direction, digest]);
  const proofOf = (detail: Readonly<Record<string, unknown>>) => {
    const proof = detail.proof;
    return typeof proof === 'object' && proof !== null && 'digest' in proof ? proof.digest : '';
  };
  const stored = new Map(before.periods.map((one) => [periodKey(one, one.detail, proofOf(one.detail)), one]));
  const wanted = new Map(periods.map((one) => [periodKey(one, { ...one }, one.proof.digest), one]));

  const formerById = new Map(before.flags.map((flag) => [flag.flagId, flag]));
  const now = new Set(flags.map((flag) => flag.flagId));
  const changed = flags.filter((flag) => {
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

/** Stores what answers change. */
export async function writeChanges(tx: Tx, changes: readonly Changes[], at: number): Promise<void> {
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
