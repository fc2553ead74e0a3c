import { againstChance, type Chance } from './backtest-chance.ts';
import { verdictOf, type Verdict } from './backtest-verdict.ts';
import type { Outcome } from './outcome.ts';
import { quantile, wilson, type Proportion } from './proportion.ts';
import type { Severity } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** One alert, to be opened and judged by a person. */
export interface BacktestCase {
  readonly account: string;
  readonly rule: string;
  readonly severity: Severity;
  /** When it would have been raised, with what was known then. RFC 3339. */
  readonly at: string;
  readonly endedAt: string | null;
  readonly outcome: 'churned' | 'renewed' | 'unknown';
  readonly outcomeAt: string | null;
  /** The event that says so. */
  readonly outcomeEvent: string | null;
  readonly verdict: Verdict;
  readonly leadDays: number | null;
  readonly reason: string;
  readonly evidence: readonly string[];
  readonly sources: readonly string[];
  /** Whether facts that came later took it back. */
  readonly withdrawn: boolean;
}

/** A churn that no alert foretold. */
export interface MissedChurn {
  readonly account: string;
  readonly at: string;
  readonly outcomeEvent: string;
}

export interface BacktestFigures {
  readonly alerts: number;
  readonly hits: number;
  /** Churned accounts without an alert within the horizon before. */
  readonly misses: number;
  readonly falseAlarms: number;
  /** Alerts of which nobody knows yet how they turned out: they count neither way. */
  readonly open: number;
  /** Hits among the alerts of which the outcome is known. */
  readonly precision: Proportion;
  /** What chance alone would give with the same alerts. */
  readonly chance: Chance;
  /** Churned accounts that had an alert. */
  readonly recall: Proportion;
  /** From the first alert of the horizon to the churn. */
  readonly leadDays: { readonly p25: number | null; readonly p50: number | null; readonly p75: number | null };
  readonly alertsPerCsmPerWeek: number;
  /** How long alerts lasted that ended, days. */
  readonly clearDays: { readonly p50: number | null };
  /** Alerts that came within 14 days after the same one had ended. */
  readonly flapping: number;
  readonly cases: readonly BacktestCase[];
  readonly missed: readonly MissedChurn[];
}

/** An alert as it was raised. */
export interface Alert {
  readonly account: string;
  readonly csm: string | null;
  readonly rule: string;
  readonly at: number;
  readonly endedAt: number | null;
  readonly severity: Severity;
  readonly reason: string;
  /** Whether each flag of it was taken back. */
  readonly withdrawn: boolean;
  readonly evidence: readonly string[];
  readonly sources: readonly string[];
}

interface Judged extends Alert {
  readonly verdict: Verdict;
  readonly outcome: Outcome | null;
}

/** What all figures of a report share. */
export interface Shared {
  readonly horizonMs: number;
  readonly csms: number;
  readonly weeks: number;
  readonly seed: number;
}

/** What a backtest keeps of one account. */
export interface History {
  readonly account: string;
  readonly place: number;
  readonly outcomes: readonly Outcome[];
  readonly raised: readonly Alert[];
}

const flapWithin = 14 * DAY;
const iso = (at: number): string => new Date(at).toISOString();

/** The messages of an account: flags that are open at the same time are one. */
export function episodes(raised: readonly Alert[]): Alert[] {
  const made: Alert[] = [];
  for (const one of raised) {
    const last = made.at(-1);
    if (!last || (last.endedAt !== null && last.endedAt < one.at)) {
      made.push(one);
      continue;
    }
    made[made.length - 1] = {
      ...last,
      endedAt: last.endedAt === null || one.endedAt === null ? null : Math.max(last.endedAt, one.endedAt),
      withdrawn: last.withdrawn && one.withdrawn,
    };
  }
  return made;
}

/** What alerts came to against how the accounts went on; `level` is how seldom they may be called better than chance where they are not. */
export function figures(histories: readonly History[], shared: Shared, level: number): BacktestFigures {
  const judged: Judged[] = [];
  const missed: MissedChurn[] = [];
  const leads: number[] = [];
  let churned = 0;
  let flapping = 0;
  for (const { account, outcomes, raised } of histories) {
    const own = raised.map((alert) => ({ ...alert, ...verdictOf(alert, outcomes, shared.horizonMs) }));
    judged.push(...own);
    for (const [index, alert] of raised.entries()) {
      const before = raised.slice(0, index).findLast((one) => one.rule === alert.rule)?.endedAt;
      if (before !== undefined && before !== null && alert.at - before <= flapWithin) flapping += 1;
    }
    for (const outcome of outcomes) {
      if (outcome.kind !== 'churned') continue;
      churned += 1;
      const first = own.find((one) => one.verdict === 'hit' && one.outcome === outcome);
      if (first) leads.push((outcome.at - first.at) / DAY);
      else missed.push({ account, at: iso(outcome.at), outcomeEvent: outcome.eventId });
    }
  }
  const hits = judged.filter((one) => one.verdict === 'hit').length;
  const falseAlarms = judged.filter((one) => one.verdict === 'false_alarm').length;
  const lasted = judged.flatMap(({ at, endedAt }) => (endedAt === null ? [] : [(endedAt - at) / DAY]));
  return {
    alerts: judged.length,
    hits,
    misses: missed.length,
    falseAlarms,
    open: judged.length - hits - falseAlarms,
    precision: wilson(hits, hits + falseAlarms),
    chance: againstChance(
      histories.map(({ raised, outcomes }) => ({ alerts: raised, outcomes })),
      { horizonMs: shared.horizonMs, level, seed: shared.seed },
    ),
    recall: wilson(churned - missed.length, churned),
    leadDays: { p25: quantile(leads, 0.25), p50: quantile(leads, 0.5), p75: quantile(leads, 0.75) },
    alertsPerCsmPerWeek: rate(judged.length, shared),
    clearDays: { p50: quantile(lasted, 0.5) },
    flapping,
    cases: judged.map(caseOf),
    missed,
  };
}

/** Alerts a CSM and week. */
export const rate = (alerts: number, { csms, weeks }: { readonly csms: number; readonly weeks: number }): number =>
  Math.round((alerts / csms / weeks) * 1000) / 1000;

function caseOf(alert: Judged): BacktestCase {
  return {
    account: alert.account,
    rule: alert.rule,
    severity: alert.severity,
    at: iso(alert.at),
    endedAt: alert.endedAt === null ? null : iso(alert.endedAt),
    outcome: alert.outcome?.kind ?? 'unknown',
    outcomeAt: alert.outcome === null ? null : iso(alert.outcome.at),
    outcomeEvent: alert.outcome?.eventId ?? null,
    verdict: alert.verdict,
    leadDays:
      alert.verdict === 'hit' && alert.outcome ? Math.round(((alert.outcome.at - alert.at) / DAY) * 10) / 10 : null,
    reason: alert.reason,
    evidence: alert.evidence,
    sources: alert.sources,
    withdrawn: alert.withdrawn,
  };
}
