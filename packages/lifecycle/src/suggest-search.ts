import type { RuleDefinition } from '@waymark/journey';
import type { BacktestAccount } from './backtest.ts';
import { walkAsKnown } from './backtest-walk.ts';
import { compileJourney, isSuppressedBy, type CompiledJourney } from './journey.ts';
import { outcomesOf, type Outcome } from './outcome.ts';
import { seededDraw } from './seeded-draw.ts';
import { DAY } from './zone.ts';

/** What a definition came to on the part of the history that thresholds are tuned on. */
export interface Tried {
  /** The harmonic mean of precision and recall (C. J. van Rijsbergen, "Information Retrieval", 1979, chapter 7). */
  readonly balance: number;
  readonly alertsPerCsmPerWeek: number;
}

export interface Tuning {
  readonly factors: Readonly<Record<string, number>>;
  readonly before: Tried;
  readonly after: Tried;
}

export interface SearchOptions {
  readonly from: number;
  readonly to: number;
  readonly horizonDays: number;
  /** The most alerts a CSM may get in a week. */
  readonly noise: number;
  readonly seed: number;
  /** Told before each trial: how many there were and will be at most. */
  readonly onTrial?: (done: number, of: number) => void;
}

interface Span {
  readonly from: number;
  readonly to: number | null;
}

/** An account in the search; `weight` others are like it. */
interface Subject {
  readonly account: BacktestAccount;
  readonly outcomes: readonly Outcome[];
  readonly weight: number;
}

const steps = [0.5, 0.7, 1.4, 2] as const;
/** A change of the balance that is not worth another definition. */
const worthwhile = 0.01;
/** Accounts without a churn that are looked at; they stand for all. */
const mostOthers = 150;

/** The thresholds that rules about losing the customer compare with, in the order of the file. */
export function tunable({ definition }: CompiledJourney): string[] {
  const rules = JSON.stringify(definition.rules.filter((rule) => rule.kind === 'risk'));
  return Object.entries(definition.thresholds)
    .filter(([name, { value }]) => value > 0 && rules.includes(`"threshold":"${name}"`))
    .map(([name]) => name);
}

/** A threshold times a factor; whole where it was whole. */
export function stretched(value: number, factor: number): number {
  const made = value * factor;
  return Number.isInteger(value) ? (value === 0 ? 0 : Math.max(1, Math.round(made))) : Math.round(made * 100) / 100;
}

/** A journey with some of its thresholds stretched. */
export function withFactors(journey: CompiledJourney, factors: Readonly<Record<string, number>>): CompiledJourney {
  const thresholds = Object.fromEntries(
    Object.entries(journey.definition.thresholds).map(([name, one]) => {
      const factor = factors[name];
      if (factor === undefined) return [name, one];
      const segments = one.segments && {
        segments: Object.fromEntries(
          Object.entries(one.segments).map(([segment, value]) => [segment, stretched(value, factor)]),
        ),
      };
      return [name, { ...one, value: stretched(one.value, factor), ...segments }];
    }),
  );
  return compileJourney({ ...journey.definition, thresholds });
}

/**
 * Tries each threshold at half to twice its value, one after the other, and keeps what makes precision and recall better while the
 * noise stays within the budget, or what brings it nearer to it. Of accounts that did not churn a sample speaks for all.
 */
export function searchThresholds(
  journey: CompiledJourney,
  accounts: readonly BacktestAccount[],
  options: SearchOptions,
): Tuning {
  const names = tunable(journey);
  const subjects = subjectsOf(journey, accounts, options);
  const csms = new Set(subjects.map(({ account }) => account.csmAt(options.to - 1) ?? '')).size;
  const measure = (flags: readonly SpansByRule[]) => tried(journey, subjects, flags, csms, options);
  let flags = walked(journey, subjects, journey.definition.rules, options.to);
  const before = measure(flags);
  let best = before;
  const factors: Record<string, number> = {};
  const of = names.length * steps.length;
  for (const [index, name] of names.entries()) {
    let kept: { factor: number; flags: SpansByRule[]; tried: Tried } | null = null;
    for (const [at, factor] of steps.entries()) {
      options.onTrial?.(index * steps.length + at, of);
      const value = journey.definition.thresholds[name]?.value ?? 0;
      if (stretched(value, factor) === value) continue;
      const candidate = withFactors(journey, { ...factors, [name]: factor });
      const touched = walked(candidate, subjects, touchedRules(candidate, name), options.to);
      const merged = flags.map((own, place) => new Map([...own, ...(touched[place] ?? [])]));
      const found = measure(merged);
      const rival = kept?.tried ?? best;
      if (gain(found, rival, options.noise) > (kept ? 0 : worthwhile)) kept = { factor, flags: merged, tried: found };
    }
    if (!kept) continue;
    factors[name] = kept.factor;
    flags = kept.flags;
    best = kept.tried;
  }
  return { factors, before, after: best };
}

/** By how much one is better than the other: over the budget less noise comes first. */
function gain(found: Tried, rival: Tried, noise: number): number {
  const over = (one: Tried) => Math.max(0, one.alertsPerCsmPerWeek / noise - 1);
  return over(rival) - over(found) || found.balance - rival.balance;
}

function subjectsOf(
  journey: CompiledJourney,
  accounts: readonly BacktestAccount[],
  { from, to, seed }: SearchOptions,
): Subject[] {
  const all = accounts.map((account) => ({
    account,
    outcomes: outcomesOf(
      journey.definition,
      account.facts.filter((fact) => fact.recordedAt < to),
    ).filter((one) => one.at >= from && one.at < to),
  }));
  const churned = all.filter(({ outcomes }) => outcomes.some((one) => one.kind === 'churned'));
  const others = all.filter((one) => !churned.includes(one));
  const draw = seededDraw(seed);
  const chosen = others
    .map((one) => ({ one, lot: draw() }))
    .toSorted((a, b) => a.lot - b.lot)
    .slice(0, mostOthers)
    .map(({ one }) => one);
  const weight = others.length / Math.max(1, chosen.length);
  return [...churned.map((one) => ({ ...one, weight: 1 })), ...chosen.map((one) => ({ ...one, weight }))];
}

/** The rules that compare with a threshold, with those that hold them back or are held back. */
function touchedRules({ definition }: CompiledJourney, threshold: string): RuleDefinition[] {
  const { rules } = definition;
  const touched = rules.filter((rule) => JSON.stringify(rule).includes(`"threshold":"${threshold}"`));
  const bySuppression = rules.filter((rule) =>
    touched.some((other) => isSuppressedBy(rule, other) || isSuppressedBy(other, rule)),
  );
  return rules.filter((rule) => rule.kind === 'risk' && (touched.includes(rule) || bySuppression.includes(rule)));
}

type SpansByRule = Map<string, Span[]>;

/** When flags of the rules were open for each subject, as it was known then. */
function walked(
  journey: CompiledJourney,
  subjects: readonly Subject[],
  rules: readonly RuleDefinition[],
  to: number,
): SpansByRule[] {
  const risks = rules.filter((rule) => rule.kind === 'risk');
  const { health: _health, ...rest } = journey.definition;
  const part = compileJourney({ ...rest, rules: risks });
  return subjects.map(({ account }) => {
    const spans: SpansByRule = new Map(risks.map((rule) => [rule.id, []]));
    if (risks.length === 0) return spans;
    for (const { flag, raisedAt, endedAt } of walkAsKnown(part, account.contexts, account.facts, to))
      spans.get(flag.rule)?.push({ from: raisedAt, to: endedAt });
    return spans;
  });
}

function tried(
  { definition }: CompiledJourney,
  subjects: readonly Subject[],
  flags: readonly SpansByRule[],
  csms: number,
  { from, to, horizonDays }: SearchOptions,
): Tried {
  const service = new Set(definition.rules.filter((rule) => rule.about === 'service').map((rule) => rule.id));
  let [hits, falseAlarms, churned, warned, messages] = [0, 0, 0, 0, 0];
  for (const [place, { outcomes, weight }] of subjects.entries()) {
    const own = [...(flags[place] ?? [])].map(([rule, spans]) => ({
      rule,
      spans: spans.filter((one) => one.from >= from),
    }));
    messages += weight * joined(own.flatMap(({ spans }) => spans)).length;
    const alerts = joined(own.filter(({ rule }) => !service.has(rule)).flatMap(({ spans }) => spans));
    const foretold = new Set<Outcome>();
    for (const alert of alerts) {
      const next = outcomes.find((one) => one.at > alert.from);
      if (!next) continue;
      const isHit =
        next.kind === 'churned' &&
        (next.at - alert.from <= horizonDays * DAY || alert.to === null || alert.to >= next.at);
      if (isHit) foretold.add(next);
      if (isHit) hits += weight;
      else falseAlarms += weight;
    }
    churned += weight * outcomes.filter((one) => one.kind === 'churned').length;
    warned += weight * foretold.size;
  }
  const precision = hits / Math.max(1e-9, hits + falseAlarms);
  const recall = warned / Math.max(1e-9, churned);
  return {
    balance: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    alertsPerCsmPerWeek: messages / Math.max(1, csms) / Math.max(1, (to - from) / (7 * DAY)),
  };
}

/** Spans that overlap are one message. */
function joined(spans: readonly Span[]): Span[] {
  const made: Span[] = [];
  for (const one of spans.toSorted((a, b) => a.from - b.from)) {
    const last = made.at(-1);
    if (!last || (last.to !== null && last.to < one.from)) made.push(one);
    else
      made[made.length - 1] = {
        from: last.from,
        to: last.to === null || one.to === null ? null : Math.max(last.to, one.to),
      };
  }
  return made;
}
