import type { AccountReadings, KnownOutcome } from './signal-readings.ts';
import { DAY } from '../time/zone.ts';

/** A reading and whether the account churned within the horizon after it. */
export interface Labelled {
  readonly account: string;
  readonly at: number;
  readonly values: readonly (number | null)[];
  readonly churned: boolean;
  /** From the reading to the churn, days; null without one. */
  readonly leadDays: number | null;
}

/** A history cut in time: what is learned from, what is calibrated on, and what neither has seen. */
export interface Sample {
  readonly early: readonly Labelled[];
  readonly middle: readonly Labelled[];
  readonly later: readonly Labelled[];
  /** Where the later part begins, epoch milliseconds. */
  readonly boundary: number;
}

export interface SampleOptions {
  readonly from: number;
  readonly to: number;
  readonly horizonDays: number;
  /** Share of the time that is learned and calibrated on. */
  readonly earlyShare: number;
  /** Share of the churns before the boundary, the last of them, that calibrates. */
  readonly middleShare: number;
}

/**
 * Cuts readings in time. What belongs before the boundary has its whole horizon before it, and is labelled with the churns that were
 * known by then; what comes after has its horizon before the end of what is known. Readings whose horizon crosses either are left out.
 */
export function cutInTime(readings: readonly AccountReadings[], options: SampleOptions): Sample {
  const { from, to, earlyShare, middleShare } = options;
  const horizon = options.horizonDays * DAY;
  const boundary = from + Math.round((to - from) * earlyShare);
  const before: Labelled[] = [];
  const later: Labelled[] = [];
  for (const { account, readings: own, outcomes } of readings) {
    for (const { at, values } of own) {
      const label = (knownBy: number) => labelOf(outcomes, at, horizon, knownBy);
      if (at + horizon <= boundary) before.push({ account, at, values, ...label(boundary) });
      else if (at >= boundary && at + horizon <= to) later.push({ account, at, values, ...label(to) });
    }
  }
  const from2 = middleFrom(before, middleShare);
  return {
    early: before.filter((one) => one.at < from2),
    middle: before.filter((one) => one.at >= from2),
    later,
    boundary,
  };
}

/** Where the last readings begin that hold a share of the churns: counted in churns, since they are what is rare. */
function middleFrom(before: readonly Labelled[], share: number): number {
  const instants = [...new Set(before.map((one) => one.at))].sort((a, b) => b - a);
  const wanted = before.filter((one) => one.churned).length * share;
  let found = 0;
  for (const at of instants) {
    found += before.filter((one) => one.at === at && one.churned).length;
    if (found >= wanted) return at;
  }
  return Infinity;
}

function labelOf(outcomes: readonly KnownOutcome[], at: number, horizon: number, knownBy: number) {
  const churn = outcomes.find(
    (one) => one.kind === 'churned' && one.at > at && one.at <= at + horizon && one.knownAt <= knownBy,
  );
  return { churned: churn !== undefined, leadDays: churn ? (churn.at - at) / DAY : null };
}

/** How many accounts of these churned. */
export function churnedAccounts(rows: readonly Labelled[]): number {
  return new Set(rows.filter((one) => one.churned).map((one) => one.account)).size;
}

/** Rows of one account after those of another: the sums that a resampling draws from. */
export function byAccount<T extends { readonly account: string }>(rows: readonly T[]): T[][] {
  return [...Map.groupBy(rows, (one) => one.account).values()];
}
