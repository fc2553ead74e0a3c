import { againstChance, type Chance } from './backtest-chance.ts';
import { verdictOf, type Verdict } from './backtest-verdict.ts';
import { walkAsKnown, type KnownContext, type RaisedFlag } from './backtest-walk.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import { declaredOutcomes, outcomesOf, type Outcome } from './outcome.ts';
import { quantile, wilson, type Proportion } from './proportion.ts';
import type { Fact, Severity } from '../course/state.ts';
import { DAY } from '../time/zone.ts';
import type { Condition, RuleDefinition, Touchpoint } from '@waymark/journey';

/** One account's history for a backtest. */
export interface BacktestAccount {
  /** How a person knows the account: its domain, else its name. */
  readonly account: string;
  readonly contexts: readonly KnownContext[];
  readonly facts: readonly Fact[];
  /** Who would have got the alerts at an instant; null where nobody is known. */
  csmAt(at: number): string | null;
  /** The sources of an event. */
  sourcesOf(eventId: string): readonly string[];
  /** The sources that would have shown contact with this account at an instant: what an absence rests on. */
  sourcesAt(at: number, touchpoints: readonly Touchpoint[]): readonly string[];
}

export interface BacktestOptions {
  /** Alerts and outcomes count from here, epoch milliseconds; what was before is known all the same. */
  readonly from: number;
  readonly to: number;
  /** An outcome counts that was recorded by then, for what came to pass by `to` may be told a little later; `to` without it. */
  readonly toldBy?: number;
  /** Within how many days after an alert a churn counts as foretold. */
  readonly horizonDays?: number;
  /** Under so many churned or renewed accounts no figure means anything. */
  readonly fewestOutcomes?: number;
  /** Of the deals that tell what chance alone would give. */
  readonly seed?: number;
}

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

export interface BacktestReport {
  readonly definition: {
    readonly id: string;
    readonly version: number;
    readonly title: string;
    readonly digest: string;
  };
  readonly from: string;
  readonly to: string;
  readonly accounts: number;
  readonly csms: number;
  readonly outcomes: { readonly churned: number; readonly renewed: number };
  /** Kinds of outcome that the definition does not declare; they are unknown, never assumed. */
  readonly undeclared: readonly Outcome['kind'][];
  readonly sufficient: boolean;
  /** Why the figures mean little, where they do. */
  readonly insufficientBecause: string | null;
  readonly horizonDays: number;
  /** Whether there are enough outcomes and the alerts are more often right than chance: without it nothing is claimed. */
  readonly claims: boolean;
  readonly because: string;
  readonly overall: BacktestFigures;
  /** What a CSM would get in all, work of ours that is due among it. */
  readonly messagesPerCsmPerWeek: number;
  /** Rules about churn alone, as one message an account. */
  readonly rules: readonly ({
    readonly rule: string;
    readonly title: string;
    readonly about: 'churn' | 'service';
  } & BacktestFigures)[];
}

interface Alert {
  readonly account: string;
  readonly csm: string | null;
  readonly rule: string;
  readonly at: number;
  readonly endedAt: number | null;
  readonly flags: readonly RaisedFlag[];
  readonly evidence: readonly string[];
  readonly sources: readonly string[];
}

interface Judged extends Alert {
  readonly verdict: Verdict;
  readonly outcome: Outcome | null;
}

/** What all figures of a report share. */
interface Shared {
  readonly horizonMs: number;
  readonly csms: number;
  readonly weeks: number;
  readonly seed: number;
}

interface History {
  readonly account: string;
  readonly outcomes: readonly Outcome[];
  readonly raised: readonly Alert[];
}

const flapWithin = 14 * DAY;
/** How seldom a definition that tells nothing may be said to tell something. */
const claimLevel = 0.01;
const iso = (at: number): string => new Date(at).toISOString();

/**
 * What a definition would have told over a history, with nothing but what was known at each instant, against how the accounts went on.
 * An alert is what a CSM would have got: for all rules together one message an account, from its first open risk to the end of its
 * last; for one rule each of its flags. Accounts are taken one at a time, so that memory holds one history and the results.
 */
export function backtest(
  journey: CompiledJourney,
  accounts: Iterable<BacktestAccount>,
  options: BacktestOptions,
): BacktestReport {
  const { definition } = journey;
  const horizonDays = options.horizonDays ?? 120;
  const fewest = options.fewestOutcomes ?? 10;
  const toldBy = options.toldBy ?? options.to;
  const watchedBy = new Map(definition.rules.map((rule) => [rule.id, touchpointsOf(rule)]));
  const histories: History[] = [];
  const csms = new Set<string>();
  let unassigned = false;
  for (const account of accounts) {
    const told = account.facts.filter((fact) => fact.recordedAt < toldBy);
    const outcomes = outcomesOf(definition, told, options.to).filter((one) => one.at >= options.from);
    const raised = walkAsKnown(journey, account.contexts, account.facts, options.to)
      .filter(({ flag, raisedAt }) => flag.kind === 'risk' && raisedAt >= options.from)
      .map((one) => alertOf(account, [one], watchedBy.get(one.flag.rule) ?? []));
    const csm = account.csmAt(options.to);
    if (csm === null) unassigned = true;
    else csms.add(csm);
    for (const { csm: then } of raised) if (then !== null) csms.add(then);
    histories.push({ account: account.account, outcomes, raised });
  }
  const shared = {
    horizonMs: horizonDays * DAY,
    csms: Math.max(1, csms.size + (unassigned && csms.size === 0 ? 1 : 0)),
    weeks: Math.max(1, (options.to - options.from) / (7 * DAY)),
    seed: options.seed ?? 1,
  };
  const count = (kind: Outcome['kind']) =>
    histories.filter(({ outcomes }) => outcomes.some((one) => one.kind === kind)).length;
  const outcomes = { churned: count('churned'), renewed: count('renewed') };
  const declared = declaredOutcomes(definition);
  const service = new Set(definition.rules.filter((rule) => rule.about === 'service').map((rule) => rule.id));
  const undeclared = (['churned', 'renewed'] as const).filter((kind) => !declared.includes(kind));
  const lacking = insufficiency(undeclared, outcomes, fewest);
  const overall = figures(
    histories.map((history) => ({
      ...history,
      raised: episodes(history.raised.filter((one) => !service.has(one.rule))),
    })),
    shared,
    claimLevel,
  );
  const risks = definition.rules.filter((rule) => rule.kind === 'risk');
  return {
    definition: { id: definition.id, version: definition.version, title: definition.title, digest: journey.digest },
    from: iso(options.from),
    to: iso(options.to),
    accounts: histories.length,
    csms: shared.csms,
    outcomes,
    undeclared,
    sufficient: lacking === null,
    insufficientBecause: lacking,
    horizonDays,
    claims: lacking === null && overall.chance.better,
    because: lacking ?? worthOf(overall, horizonDays),
    messagesPerCsmPerWeek: rate(histories.flatMap((history) => episodes(history.raised)).length, shared),
    overall,
    rules: risks.map((rule) => ({
      rule: rule.id,
      title: rule.title,
      about: rule.about,
      ...figures(
        histories.map((history) => ({ ...history, raised: history.raised.filter((one) => one.rule === rule.id) })),
        shared,
        // All rules that are judged at once together claim too much once in twenty (Bonferroni).
        0.05 / risks.length,
      ),
    })),
  };
}

const percent = (value: number): string => `${Math.round(value * 100)} %`;

/** What the alerts are worth against chance, in a sentence. */
function worthOf({ precision, chance, alerts }: BacktestFigures, horizonDays: number): string {
  if (precision.value === null || chance.precision === null)
    return `None of ${alerts} alerts has an outcome after it: nothing can be said, and nothing is claimed.`;
  const against = `of the alerts whose outcome is known ${percent(precision.value)} were followed by a churn within ${horizonDays} days or while they were open; with outcomes dealt out by lot ${percent(chance.precision)} are (p ${chance.p})`;
  return chance.better
    ? `Better than chance: ${against}.`
    : `No better than chance would be: ${against}. Nothing is claimed.`;
}

function insufficiency(
  undeclared: readonly string[],
  outcomes: { churned: number; renewed: number },
  fewest: number,
): string | null {
  if (undeclared.length > 0)
    return `The definition does not say what counts as ${undeclared.join(' and as ')}: declare it under outcomes.`;
  if (outcomes.churned < fewest || outcomes.renewed < fewest)
    return `Too few outcomes: ${outcomes.churned} churned and ${outcomes.renewed} renewed, at least ${fewest} of each are needed.`;
  return null;
}

/** The touchpoints that a rule wants watched: its absence means something only then. */
function touchpointsOf(rule: RuleDefinition): readonly Touchpoint[] {
  return [...new Set([...(rule.absence?.touchpoints ?? []), ...watchedIn(rule.when)])];
}

function watchedIn(node: Condition): readonly Touchpoint[] {
  if ('watched' in node) return node.watched;
  if ('all' in node) return node.all.flatMap(watchedIn);
  if ('any' in node) return node.any.flatMap(watchedIn);
  return 'not' in node ? watchedIn(node.not) : [];
}

function alertOf(account: BacktestAccount, flags: readonly [RaisedFlag], watched: readonly Touchpoint[]): Alert {
  const [{ asRaised: flag, raisedAt, endedAt }] = flags;
  const evidence = flag.proof.evidence.map((one) => one.eventId);
  const sources = new Set(evidence.flatMap((id) => [...account.sourcesOf(id)]));
  // A reason that is an absence rests on all that would have shown the contrary.
  for (const source of account.sourcesAt(raisedAt, watched)) sources.add(source);
  return {
    account: account.account,
    csm: account.csmAt(raisedAt),
    rule: flag.rule,
    at: raisedAt,
    endedAt,
    flags,
    evidence,
    sources: [...sources].sort(),
  };
}

/** The messages of an account: flags that are open at the same time are one. */
function episodes(raised: readonly Alert[]): Alert[] {
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
      flags: [...last.flags, ...one.flags],
    };
  }
  return made;
}

function figures(histories: readonly History[], shared: Shared, level: number): BacktestFigures {
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

const rate = (alerts: number, { csms, weeks }: { readonly csms: number; readonly weeks: number }): number =>
  Math.round((alerts / csms / weeks) * 1000) / 1000;

function caseOf(alert: Judged): BacktestCase {
  const [first] = alert.flags;
  return {
    account: alert.account,
    rule: alert.rule,
    severity: first?.asRaised.severity ?? 'low',
    at: iso(alert.at),
    endedAt: alert.endedAt === null ? null : iso(alert.endedAt),
    outcome: alert.outcome?.kind ?? 'unknown',
    outcomeAt: alert.outcome === null ? null : iso(alert.outcome.at),
    outcomeEvent: alert.outcome?.eventId ?? null,
    verdict: alert.verdict,
    leadDays:
      alert.verdict === 'hit' && alert.outcome ? Math.round(((alert.outcome.at - alert.at) / DAY) * 10) / 10 : null,
    reason: first?.asRaised.reason ?? '',
    evidence: alert.evidence,
    sources: alert.sources,
    withdrawn: alert.flags.every((one) => one.withdrawn),
  };
}
