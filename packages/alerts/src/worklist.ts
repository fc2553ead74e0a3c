import { isDismissed, isSnoozed, type AccountHead, type FlagContent, type Handling } from './content.ts';
import { severityOrder } from './severity.ts';
import type { Flag } from '@waymark/lifecycle';

/** An account that needs a look. */
export interface WorklistAccount {
  readonly account: AccountHead;
  /** Worst first, at least one. */
  readonly flags: readonly FlagContent[];
}

/** What one person sees to be done: the accounts that are theirs, or all of them for one who has none. */
export interface WorklistContent {
  /** Whose accounts they are: the reader's own, or everybody's. */
  readonly whose: 'own' | 'all';
  /** Most urgent first. */
  readonly open: readonly WorklistAccount[];
  /** Quiet until a day: nothing to do for now. */
  readonly snoozed: readonly WorklistAccount[];
  /** How many accounts they have, flagged or not. */
  readonly accounts: number;
  readonly sampleData: boolean;
  readonly timezone: string;
}

/** Whether a flag is something to do: no dismissed one, and no gap in what is seen. */
export function isToDo(flag: Pick<Flag, 'kind'>, handling: Handling | undefined): boolean {
  return flag.kind !== 'data_gap' && !isDismissed(handling);
}

/** Whether all that there is of an account is snoozed. */
export function isQuiet(
  flags: readonly Pick<Flag, 'flagId'>[],
  of: ReadonlyMap<string, Handling>,
  now: number,
): boolean {
  return flags.every((flag) => isSnoozed(of.get(flag.flagId), now));
}

/**
 * The order of a day's work: by the severity of the worst flag, risks before opportunities; among equals the nearest renewal first, then
 * the flag that has been open for longest. Total: ties go by id.
 */
export function mostUrgentFirst(a: WorklistAccount, b: WorklistAccount): number {
  const [x, y] = [a.flags[0], b.flags[0]];
  const worse = x && y ? severityOrder(x, y) : 0;
  const renewal = (a.account.renewalAt ?? Infinity) - (b.account.renewalAt ?? Infinity);
  return (
    worse ||
    (Number.isNaN(renewal) ? 0 : renewal) ||
    (x?.openedAt ?? 0) - (y?.openedAt ?? 0) ||
    (a.account.accountId < b.account.accountId ? -1 : 1)
  );
}
