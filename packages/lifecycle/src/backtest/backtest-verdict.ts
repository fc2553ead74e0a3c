import type { Outcome } from './outcome.ts';

/** How an alert turned out: a churn within the horizon or while it was open, a renewal or a later churn, or nothing known. */
export type Verdict = 'hit' | 'false_alarm' | 'open';

/** When an alert was open, epoch milliseconds. */
export interface OpenTime {
  readonly at: number;
  /** Null while it is open. */
  readonly endedAt: number | null;
}

/** How an alert turned out, by the first outcome after it; outcomes come oldest first. */
export function verdictOf(
  { at, endedAt }: OpenTime,
  outcomes: readonly Outcome[],
  horizonMs: number,
): { readonly verdict: Verdict; readonly outcome: Outcome | null } {
  const outcome = outcomes.find((one) => one.at > at) ?? null;
  if (!outcome) return { verdict: 'open', outcome };
  const foretold =
    outcome.kind === 'churned' && (outcome.at - at <= horizonMs || endedAt === null || endedAt >= outcome.at);
  return { verdict: foretold ? 'hit' : 'false_alarm', outcome };
}
