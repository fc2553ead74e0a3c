import { episodes, figures, rate, type Alert, type BacktestFigures, type History } from './backtest-figures.ts';
import { walkAsKnown, type KnownContext, type RaisedFlag } from './backtest-walk.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import { declaredOutcomes, outcomesOf, type Outcome } from './outcome.ts';
import { undeclaredValues, type UndeclaredValue } from './undeclared-value.ts';
import type { Fact } from '../course/state.ts';
import { tellingOf, wasTold } from './telling.ts';
import { DAY } from '../time/zone.ts';
import type { Touchpoint } from '@waymark/journey';

/** One account's history for a backtest. */
export interface BacktestAccount {
  /** How a person knows the account: its domain, else its name. */
  readonly account: string;
  /** Where a report names it among the others; in the order in which they come without it. */
  readonly place?: number;
  readonly contexts: readonly KnownContext[];
  readonly facts: readonly Fact[];
  /** Who would have got the alerts at an instant; null where nobody is known. */
  csmAt(at: number): string | null;
  /** The sources of an event. */
  sourcesOf(eventId: string): readonly string[];
  /** The sources that would have shown contact with this account at an instant: what an absence rests on. */
  sourcesAt(at: number, touchpoints: readonly Touchpoint[]): readonly string[];
  /**
   * The first instant, from `knownAt` on, at which these sources, as far as people write and meet through them, had told of anybody since
   * `since`, or were known to be silent. Without it nobody waits.
   */
  heardAgain?(sources: readonly string[], since: number, knownAt: number): number;
}

/** A history account by account, from the beginning each time: in the same order, so that nobody has to hold them all. */
export type AccountWalk = () => Iterable<BacktestAccount> | AsyncIterable<BacktestAccount>;

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
  /** Accounts of which nobody knows whose they are; together they count as one CSM's where no CSM is known at all. */
  readonly unassigned: number;
  readonly outcomes: { readonly churned: number; readonly renewed: number };
  /** Kinds of outcome that the definition does not declare; they are unknown, never assumed. */
  readonly undeclared: readonly Outcome['kind'][];
  /** What the history holds that may be meant for an outcome, and that no line of the definition names. */
  readonly undeclaredValues: readonly UndeclaredValue[];
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

/**
 * How seldom a definition that tells nothing may be said to tell something. Half of one in a hundred: alerts end with the churn of their own
 * account, which makes chance look a little worse than it is.
 */
const claimLevel = 0.005;
/** A backtest that is told one account after the other and keeps of each only its alerts and outcomes. */
export interface OpenBacktest {
  take(account: BacktestAccount): void;
  /** The report on all that were taken. */
  report(): BacktestReport;
}

/** The report on accounts that are all at hand. */
export function backtest(
  journey: CompiledJourney,
  accounts: Iterable<BacktestAccount>,
  options: BacktestOptions,
): BacktestReport {
  const open = openBacktest(journey, options);
  for (const account of accounts) open.take(account);
  return open.report();
}

/**
 * What a definition would have told over a history, with nothing but what was known at each instant, against how the accounts went on.
 * An alert is what a CSM would have got: for all rules together one message an account, from its first open risk to the end of its
 * last; for one rule each of its flags. Memory holds one account's history and the results.
 */
export function openBacktest(journey: CompiledJourney, options: BacktestOptions): OpenBacktest {
  const { definition } = journey;
  const toldBy = options.toldBy ?? options.to;
  const telling = tellingOf(definition.rules);
  const histories: History[] = [];
  const unnamed = undeclaredValues(definition);
  const csms = new Set<string>();
  let unassigned = 0;
  return {
    take: (account) => {
      const told = account.facts.filter((fact) => fact.recordedAt < toldBy);
      const outcomes = outcomesOf(definition, told, options.to).filter((one) => one.at >= options.from);
      unnamed.take(told, options.to);
      const { sourcesAt, toldAt } = telling(account);
      const raised = walkAsKnown(journey, account.contexts, account.facts, options.to, toldAt)
        .filter((one) => one.flag.kind === 'risk' && wasTold(one))
        .map((one) => alertOf(account, one, sourcesAt(one.asRaised, one.toldAt)))
        .filter(({ at }) => at >= options.from && at < options.to)
        .sort((a, b) => a.at - b.at);
      const csm = account.csmAt(options.to);
      if (csm === null) unassigned += 1;
      else csms.add(csm);
      for (const { csm: then } of raised) if (then !== null) csms.add(then);
      histories.push({ account: account.account, place: account.place ?? histories.length, outcomes, raised });
    },
    report: () =>
      reportOn(
        journey,
        histories.toSorted((a, b) => a.place - b.place),
        { csms: Math.max(1, csms.size), unassigned, undeclaredValues: unnamed.list() },
        options,
      ),
  };
}

function reportOn(
  { definition, digest }: CompiledJourney,
  histories: readonly History[],
  seen: Pick<BacktestReport, 'csms' | 'unassigned' | 'undeclaredValues'>,
  options: BacktestOptions,
): BacktestReport {
  const horizonDays = options.horizonDays ?? 120;
  const shared = {
    horizonMs: horizonDays * DAY,
    csms: seen.csms,
    weeks: Math.max(1, (options.to - options.from) / (7 * DAY)),
    seed: options.seed ?? 1,
  };
  const count = (kind: Outcome['kind']) =>
    histories.filter(({ outcomes }) => outcomes.some((one) => one.kind === kind)).length;
  const outcomes = { churned: count('churned'), renewed: count('renewed') };
  const declared = declaredOutcomes(definition);
  const service = new Set(definition.rules.filter((rule) => rule.about === 'service').map((rule) => rule.id));
  const undeclared = (['churned', 'renewed'] as const).filter((kind) => !declared.includes(kind));
  const lacking = insufficiency(undeclared, outcomes, options.fewestOutcomes ?? 10, seen.undeclaredValues.length);
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
    definition: { id: definition.id, version: definition.version, title: definition.title, digest },
    from: new Date(options.from).toISOString(),
    to: new Date(options.to).toISOString(),
    accounts: histories.length,
    ...seen,
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
  unnamed: number,
): string | null {
  if (undeclared.length > 0)
    return `The definition does not say what counts as ${undeclared.join(' and as ')}: declare it under outcomes.`;
  if (outcomes.churned < fewest || outcomes.renewed < fewest)
    return [
      `Too few outcomes: ${outcomes.churned} churned and ${outcomes.renewed} renewed, at least ${fewest} of each are needed.`,
      ...(['churned', 'renewed'] as const)
        .filter((kind) => outcomes[kind] === 0)
        .map((kind) => `Nothing that the definition counts as ${kind} occurs.`),
      ...(unnamed === 0 ? [] : ['What occurs and may be meant is listed.']),
    ].join(' ');
  return null;
}

function alertOf(account: BacktestAccount, raised: RaisedFlag, sources: readonly string[]): Alert {
  const { asRaised: flag, toldAt: at, endedAt, withdrawn } = raised;
  return {
    account: account.account,
    csm: account.csmAt(at),
    rule: flag.rule,
    at,
    endedAt,
    severity: flag.severity,
    reason: flag.reason,
    withdrawn,
    evidence: flag.proof.evidence.map((one) => one.eventId),
    sources,
  };
}
