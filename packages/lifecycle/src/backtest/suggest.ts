import { isScalar, parseDocument } from 'yaml';
import { openBacktest, type AccountWalk, type BacktestReport } from './backtest.ts';
import { compareBacktests, type Comparison } from './compare.ts';
import { parseDefinition } from '../definition/definition-file.ts';
import { compileJourney, type CompiledJourney } from '../rules/journey.ts';
import { declaredOutcomes, outcomesOf, type Outcome } from './outcome.ts';
import { searchThresholds, stretched, type EarlyAccount, type Tuning } from './suggest-search.ts';

export interface SuggestOptions {
  readonly from: number;
  readonly to: number;
  /** The most alerts a CSM may get in a week. */
  readonly noise: number;
  readonly horizonDays?: number;
  /** Churned, and renewed, accounts that either part needs. */
  readonly fewestOutcomes?: number;
  readonly seed?: number;
  readonly onAccount?: (done: number, of: number) => void;
}

/** A threshold that is suggested otherwise. */
export interface SuggestedThreshold {
  readonly threshold: string;
  /** The segment that it is for; null for all others. */
  readonly segment: string | null;
  readonly before: number;
  readonly after: number;
}

export interface Suggestion {
  /** `refused`: too few outcomes. `unchanged`: nothing better was found. The rest is how the suggestion did on the later part. */
  readonly verdict: 'refused' | 'unchanged' | 'better' | 'not_proven' | 'worse';
  readonly sentence: string;
  readonly noise: number;
  readonly from: string;
  readonly to: string;
  /** Where the part begins that nothing was tuned on. */
  readonly laterFrom: string;
  readonly thresholds: readonly SuggestedThreshold[];
  /** On the part that it was tuned on: of no worth as a proof. */
  readonly tuning: Tuning | null;
  /** The present definition first, on the later part alone. */
  readonly later: Comparison | null;
  /** The definition file to review: the text given, with these thresholds and the next version. Null where nothing is suggested, or what does worse. */
  readonly definition: string | null;
}

const earlyShare = 0.6;

/**
 * Tunes the named thresholds of a definition on the early part of a history under a budget of alerts, and measures the outcome on the
 * later part, which the tuning has not seen. Nothing is put in force: the text is for a person to review. `source` is the text of the
 * definition file. Throws DefinitionError.
 */
export async function suggest(
  source: string,
  file: string,
  walk: AccountWalk,
  options: SuggestOptions,
): Promise<Suggestion> {
  const { from, to, noise, horizonDays = 120, fewestOutcomes = 10, seed = 1, onAccount } = options;
  const journey = compileJourney(parseDefinition(source, file));
  const boundary = from + Math.round((to - from) * earlyShare);
  const base = {
    noise,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    laterFrom: new Date(boundary).toISOString(),
    thresholds: [],
    tuning: null,
    later: null,
    definition: null,
  };
  const early: EarlyAccount[] = [];
  const all: (readonly Outcome[])[] = [];
  for await (const { facts, place = all.length } of walk()) {
    all.push(outcomesOf(journey.definition, facts, to));
    const known = facts.filter((fact) => fact.recordedAt < boundary);
    const outcomes = outcomesOf(journey.definition, known, boundary).filter((one) => one.at >= from);
    early.push({ place, outcomes });
  }
  const few = fewOf(journey, all, { from, boundary, to }, fewestOutcomes);
  if (few !== null) return { ...base, verdict: 'refused', sentence: few };
  const tuning = await searchThresholds(journey, early, walk, {
    from,
    to: boundary,
    horizonDays,
    noise,
    seed,
    ...(onAccount && { onAccount }),
  });
  const thresholds = changed(journey, tuning);
  if (thresholds.length === 0)
    return {
      ...base,
      tuning,
      verdict: 'unchanged',
      sentence: 'No other threshold does better on the early part: keep the definition as it is.',
    };
  const definition = rewritten(source, thresholds, journey.definition.version + 1);
  const period = { from: boundary, to, horizonDays, fewestOutcomes };
  const both = [journey, compileJourney(parseDefinition(definition, file))].map((one) => openBacktest(one, period));
  for await (const account of walk()) for (const one of both) one.take(account);
  const [first, second] = both.map((one) => one.report());
  if (!first || !second) throw new RangeError('Two definitions were compared.');
  const later = compareBacktests(first, second);
  const judgment = judged(later, noise);
  return {
    ...base,
    thresholds,
    tuning,
    later,
    ...judgment,
    definition: judgment.verdict === 'worse' ? null : definition,
  };
}

function fewOf(
  journey: CompiledJourney,
  all: readonly (readonly Outcome[])[],
  { from, boundary, to }: { readonly from: number; readonly boundary: number; readonly to: number },
  fewest: number,
): string | null {
  const declared = declaredOutcomes(journey.definition);
  const undeclared = (['churned', 'renewed'] as const).filter((kind) => !declared.includes(kind));
  if (undeclared.length > 0)
    return `The definition does not say what counts as ${undeclared.join(' and as ')}: declare it under outcomes.`;
  const count = (kind: Outcome['kind'], since: number, until: number) =>
    all.filter((own) => own.some((one) => one.kind === kind && one.at >= since && one.at < until)).length;
  const [early, later] = [
    { churned: count('churned', from, boundary), renewed: count('renewed', from, boundary) },
    { churned: count('churned', boundary, to), renewed: count('renewed', boundary, to) },
  ];
  if (Math.min(early.churned, early.renewed, later.churned, later.renewed) >= fewest) return null;
  return `Too few outcomes to suggest anything: ${early.churned} churned and ${early.renewed} renewed in the early part, ${later.churned} and ${later.renewed} in the later one; at least ${fewest} of each are needed in both.`;
}

function changed({ definition }: CompiledJourney, { factors }: Tuning): SuggestedThreshold[] {
  return Object.entries(factors).flatMap(([threshold, factor]) => {
    const one = definition.thresholds[threshold];
    const values: [string | null, number][] = one
      ? [
          [null, one.value],
          ...Object.entries(one.segments ?? {}).map(([name, value]): [string, number] => [name, value]),
        ]
      : [];
    return values.map(([segment, before]) => ({ threshold, segment, before, after: stretched(before, factor) }));
  });
}

/** The text with other numbers in their places: comments and layout stay as they are. */
function rewritten(source: string, thresholds: readonly SuggestedThreshold[], version: number): string {
  const document = parseDocument(source);
  const changes: { path: readonly string[]; value: number }[] = [
    { path: ['version'], value: version },
    ...thresholds.map(({ threshold, segment, after }) => ({
      path: ['thresholds', threshold, ...(segment === null ? ['value'] : ['segments', segment])],
      value: after,
    })),
  ];
  const places = changes.flatMap(({ path, value }) => {
    const node: unknown = document.getIn(path, true);
    return isScalar(node) && node.range ? [{ from: node.range[0], to: node.range[1], value }] : [];
  });
  let text = source;
  for (const { from, to, value } of places.toSorted((a, b) => b.from - a.from))
    text = `${text.slice(0, from)}${value}${text.slice(to)}`;
  return text;
}

function judged(later: Comparison, noise: number): Pick<Suggestion, 'verdict' | 'sentence'> {
  const balance = ({ overall: { precision, recall } }: BacktestReport) => {
    const [p, r] = [precision.value ?? 0, recall.value ?? 0];
    return p + r === 0 ? 0 : (2 * p * r) / (p + r);
  };
  const { first, second, warned, falseAlarms } = later;
  const loud = second.messagesPerCsmPerWeek;
  const proven = (test: Comparison['warned'] | Comparison['falseAlarms'], which: 'first' | 'second') =>
    test.p < 0.05 && test[which] > test[which === 'first' ? 'second' : 'first'];
  const worse = proven(warned, 'first') || proven(falseAlarms, 'first') || balance(second) < balance(first);
  const figures = `On the later part, which nothing was tuned on: precision ${percent(first.overall.precision.value)} before and ${percent(second.overall.precision.value)} after, recall ${percent(first.overall.recall.value)} and ${percent(second.overall.recall.value)}, messages a CSM and week ${first.messagesPerCsmPerWeek} and ${loud}.`;
  const noisy = loud > noise ? ` It is louder there than the budget of ${noise}.` : '';
  if (worse)
    return { verdict: 'worse', sentence: `${figures}${noisy} That is not better: keep the definition as it is.` };
  if (proven(warned, 'second') || proven(falseAlarms, 'second'))
    return {
      verdict: 'better',
      sentence: `${figures}${noisy} That is better beyond chance. Review the file before you put it in force.`,
    };
  return {
    verdict: 'not_proven',
    sentence: `${figures}${noisy} So small a difference can be chance: review the file, and run it as a shadow first.`,
  };
}

const percent = (value: number | null): string => (value === null ? '–' : `${Math.round(value * 100)} %`);
