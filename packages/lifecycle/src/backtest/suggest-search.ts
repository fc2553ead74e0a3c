import type { JourneyDefinition, RuleDefinition } from '@waymark/journey';
import type { AccountWalk } from './backtest.ts';
import { walkAsKnown } from './backtest-walk.ts';
import { compileJourney, type CompiledJourney } from '../rules/journey.ts';
import type { Outcome } from './outcome.ts';
import { seededDraw } from './seeded-draw.ts';
import { tellingOf, wasTold } from './telling.ts';
import { DAY } from '../time/zone.ts';

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
  /** Told before each account that is walked: how many there were and will be. */
  readonly onAccount?: (done: number, of: number) => void;
}

interface Span {
  readonly from: number;
  readonly to: number | null;
}

/** How an account of the early part went on, as far as was known at its end. */
export interface EarlyAccount {
  readonly place: number;
  readonly outcomes: readonly Outcome[];
}

/** An account in the search; `weight` others are like it. */
interface Subject {
  readonly rank: number;
  readonly outcomes: readonly Outcome[];
  readonly weight: number;
}

/** A subject with when flags of the rules and of their copies were open, as it was known then, and whose it was at the end. */
interface Walked extends Subject {
  readonly spans: SpansByRule;
  readonly csm: string;
}

const steps = [0.5, 0.7, 1.4, 2] as const;
/** A change of the balance that is not worth another definition. */
const worthwhile = 0.01;
/** Accounts without a churn that are looked at; they stand for all. */
const mostOthers = 100;

/** The thresholds that rules about losing the customer compare with, in the order of the file. */
function tunable({ definition }: CompiledJourney): string[] {
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

/**
 * Tries each threshold at half to twice its value and keeps what makes precision and recall better while the noise stays within the
 * budget, or what brings it nearer to it. All are tried in one walk, as rules beside the rules; of two thresholds of one rule only the
 * better one is changed. Of accounts that did not churn a sample speaks for all. `accounts` come in the order of the walk.
 */
export async function searchThresholds(
  journey: CompiledJourney,
  accounts: readonly EarlyAccount[],
  walk: AccountWalk,
  options: SearchOptions,
): Promise<Tuning> {
  const trials = trialsOf(journey);
  const subjects = await walked(journey, trials, subjectsOf(accounts, options), walk, options);
  const csms = new Set(subjects.map(({ csm }) => csm)).size;
  const chosen: Trial[] = [];
  const measure = (also: readonly Trial[]) => tried(journey, also, subjects, csms, options);
  const before = measure([]);
  let best = before;
  for (;;) {
    const open = trials.filter((one) => !chosen.some((other) => other.rules.some((rule) => one.rules.includes(rule))));
    let next: { trial: Trial; tried: Tried } | null = null;
    for (const trial of open) {
      const found = measure([...chosen, trial]);
      const isBetter = next
        ? gain(found, next.tried, options.noise) > 0
        : gain(found, best, options.noise) > worthwhile;
      if (isBetter) next = { trial, tried: found };
    }
    if (!next) break;
    chosen.push(next.trial);
    best = next.tried;
  }
  return {
    factors: Object.fromEntries(chosen.map(({ threshold, factor }) => [threshold, factor])),
    before,
    after: best,
  };
}

/** A threshold at another value, and the rules that compare with it. */
interface Trial {
  readonly threshold: string;
  readonly factor: number;
  /** What sets the copies of these rules apart. */
  readonly suffix: string;
  readonly rules: readonly string[];
}

const mentions = (rule: RuleDefinition, threshold: string): boolean =>
  JSON.stringify(rule).includes(`"threshold":"${threshold}"`);

function trialsOf(journey: CompiledJourney): Trial[] {
  const { thresholds, rules } = journey.definition;
  return tunable(journey).flatMap((threshold) => {
    const value = thresholds[threshold]?.value ?? 0;
    const touched = rules.filter((rule) => rule.kind === 'risk' && mentions(rule, threshold)).map(({ id }) => id);
    return steps
      .map((factor, at) => ({ threshold, factor, suffix: `__${threshold}_${at}`, rules: touched }))
      .filter(({ factor }) => stretched(value, factor) !== value);
  });
}

/** The journey with a copy of each touched rule for each trial. Nothing but flags of the risk rules is wanted of it. */
function withTrials({ definition }: CompiledJourney, trials: readonly Trial[]): CompiledJourney {
  const { health: _health, ...rest } = definition;
  const risks = definition.rules.filter((rule) => rule.kind === 'risk');
  const copies = trials.flatMap(({ threshold, suffix, rules }) =>
    risks
      .filter((rule) => rules.includes(rule.id))
      .map((rule): RuleDefinition => {
        const copy: RuleDefinition = JSON.parse(
          JSON.stringify(rule).replaceAll(`"threshold":"${threshold}"`, `"threshold":"${threshold}${suffix}"`),
        );
        return { ...copy, id: `${rule.id}${suffix}` };
      }),
  );
  const thresholds = { ...definition.thresholds };
  for (const { threshold, factor, suffix } of trials) {
    const one = definition.thresholds[threshold];
    if (one) thresholds[`${threshold}${suffix}`] = stretchedThreshold(one, factor);
  }
  return compileJourney({ ...rest, thresholds, rules: [...risks, ...copies] });
}

type Threshold = JourneyDefinition['thresholds'][string];

function stretchedThreshold(one: Threshold, factor: number): Threshold {
  const { segments } = one;
  return {
    ...one,
    value: stretched(one.value, factor),
    ...(segments && {
      segments: Object.fromEntries(
        Object.entries(segments).map(([segment, value]) => [segment, stretched(value, factor)]),
      ),
    }),
  };
}

/** By how much one is better than the other: over the budget less noise comes first. */
function gain(found: Tried, rival: Tried, noise: number): number {
  const over = (one: Tried) => Math.max(0, one.alertsPerCsmPerWeek / noise - 1);
  return over(rival) - over(found) || found.balance - rival.balance;
}

/** Those that churned and a sample of the others, by where they come in the walk. */
function subjectsOf(accounts: readonly EarlyAccount[], { seed }: SearchOptions): ReadonlyMap<number, Subject> {
  const all = accounts.map((one, index) => ({ ...one, index })).toSorted((a, b) => a.place - b.place);
  const isChurned = ({ outcomes }: EarlyAccount) => outcomes.some((one) => one.kind === 'churned');
  const others = all.filter((one) => !isChurned(one));
  const draw = seededDraw(seed);
  const chosen = others
    .map((one) => ({ one, lot: draw() }))
    .toSorted((a, b) => a.lot - b.lot)
    .slice(0, mostOthers)
    .map(({ one }) => one);
  const weight = others.length / Math.max(1, chosen.length);
  const weighed = [
    ...all.filter(isChurned).map((one) => ({ ...one, weight: 1 })),
    ...chosen.map((one) => ({ ...one, weight })),
  ];
  return new Map(weighed.map(({ index, outcomes, weight: of }, rank) => [index, { rank, outcomes, weight: of }]));
}

type SpansByRule = ReadonlyMap<string, readonly Span[]>;

async function walked(
  journey: CompiledJourney,
  trials: readonly Trial[],
  subjects: ReadonlyMap<number, Subject>,
  walk: AccountWalk,
  { to, onAccount }: SearchOptions,
): Promise<Walked[]> {
  const all = withTrials(journey, trials);
  const telling = tellingOf(all.definition.rules);
  const found: Walked[] = [];
  let index = -1;
  for await (const account of walk()) {
    index += 1;
    const subject = subjects.get(index);
    if (!subject) continue;
    onAccount?.(found.length, subjects.size);
    const spans = new Map<string, Span[]>(all.rules.map((rule) => [rule.id, []]));
    for (const one of walkAsKnown(all, account.contexts, account.facts, to, telling(account).toldAt))
      if (wasTold(one) && one.toldAt < to) spans.get(one.flag.rule)?.push({ from: one.toldAt, to: one.endedAt });
    found.push({ ...subject, spans, csm: account.csmAt(to - 1) ?? '' });
  }
  return found.toSorted((a, b) => a.rank - b.rank);
}

function tried(
  { definition }: CompiledJourney,
  trials: readonly Trial[],
  subjects: readonly Walked[],
  csms: number,
  { from, to, horizonDays }: SearchOptions,
): Tried {
  const shape = definition.rules
    .filter((rule) => rule.kind === 'risk')
    .map(({ id, about }) => ({
      id: `${id}${trials.find(({ rules }) => rules.includes(id))?.suffix ?? ''}`,
      isService: about === 'service',
    }));
  let [hits, falseAlarms, churned, warned, messages] = [0, 0, 0, 0, 0];
  for (const { outcomes, weight, spans } of subjects) {
    const own = shape.map(({ id, isService }) => ({
      isService,
      spans: (spans.get(id) ?? []).filter((one) => one.from >= from),
    }));
    messages += weight * joined(own.flatMap((one) => one.spans)).length;
    const alerts = joined(own.filter(({ isService }) => !isService).flatMap((one) => one.spans));
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
