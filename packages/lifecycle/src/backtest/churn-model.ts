import type { AccountWalk } from './backtest.ts';
import { chance, fitLogistic, leveled, logOddsOf, partsOf, type Logistic } from './churn-model-fit.ts';
import { judgeForetold, type Foretold, type Judgment } from './churn-model-judge.ts';
import { churnedAccounts, cutInTime, type Labelled, type Sample } from './churn-model-sample.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import { declaredOutcomes } from './outcome.ts';
import {
  namedColumns,
  readSignals,
  type AccountReadings,
  type NamedColumn,
  type SignalColumn,
} from './signal-readings.ts';
import { DAY } from '../time/zone.ts';

/** What the model looks at. Silence comes first: the plain rule reads it. */
export const churnColumns: readonly SignalColumn[] = [
  { signal: 'days_since_inbound' },
  { signal: 'messages_trend', with: { direction: 'inbound', days: 30, baselineDays: 90 } },
  { signal: 'engagement_drop' },
  { signal: 'engagement_level' },
  { signal: 'usage_level' },
  { signal: 'meetings_missed_streak', with: { days: 75 } },
  { signal: 'days_since_meeting_held' },
  { signal: 'active_stakeholders', with: { days: 60 } },
  { signal: 'champion_silent_days' },
  { signal: 'unanswered_mail_age' },
  { signal: 'open_tickets', with: { days: 60 } },
  { signal: 'open_severe_tickets', with: { days: 60 } },
  { signal: 'survey_score', with: { days: 180 } },
  { signal: 'days_until_renewal' },
  { signal: 'deal_slips', with: { kind: 'renewal' } },
];

/** Days without a word from the customer that make an alert of the plain rule. */
const plainRuleDays = 30;

export interface ChurnOptions {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly horizonDays?: number;
  readonly everyDays?: number;
  /** Churned accounts that the learned and the later part need each; the middle part needs half of it. */
  readonly fewestOutcomes?: number;
  readonly seed?: number;
  readonly resamples?: number;
}

/** One part of a score. */
export interface ScorePart {
  readonly signal: string;
  readonly label: string;
  readonly unit: string;
  readonly value: number | null;
  /** What it adds to the log-odds, against an average account. */
  readonly logOdds: number;
}

/** How likely an account churns within the horizon, and what that is made of. */
export interface ChurnScore {
  readonly account: string;
  readonly at: string;
  readonly probability: number;
  readonly parts: readonly ScorePart[];
}

/** Readings and churned accounts of one part of the history. */
export interface PartCount {
  readonly readings: number;
  readonly churned: number;
}

export interface ChurnReport {
  readonly definition: { readonly id: string; readonly version: number; readonly digest: string };
  readonly from: string;
  readonly to: string;
  readonly horizonDays: number;
  /** Where the part begins that the model has not seen. */
  readonly laterFrom: string;
  readonly counts: { readonly early: PartCount; readonly middle: PartCount; readonly later: PartCount };
  /** Whether the model foretells better than the base rate and than the plain rule. Without it there are no scores. */
  readonly claims: boolean;
  readonly because: string;
  /** Null where there were too few outcomes to try. */
  readonly judgment: Judgment | null;
  /** What the model weighs, the heaviest first: log-odds for each standard deviation. */
  readonly weights: readonly { readonly signal: string; readonly label: string; readonly logOdds: number }[];
  /** The likeliest first. */
  readonly scores: readonly ChurnScore[];
}

/**
 * Learns what came before churns in the early part of a history, and says what it is worth on the later part, which it has not seen.
 * Where outcomes are few, or where it does not beat both the base rate and the plain rule "no word in 30 days" beyond chance, it
 * claims nothing and gives no scores.
 */
export async function churnModel(
  journey: CompiledJourney,
  walk: AccountWalk,
  options: ChurnOptions,
): Promise<ChurnReport> {
  return churnReport(journey, await readSignals(journey, walk, churnColumns, options), options);
}

/** The same from readings of `churnColumns`. */
export function churnReport(
  journey: CompiledJourney,
  readings: readonly AccountReadings[],
  options: ChurnOptions,
): ChurnReport {
  const { from, to, horizonDays = 60, fewestOutcomes = 10, seed = 1, resamples = 2000 } = options;
  const { definition } = journey;
  const sample = cutInTime(readings, { from, to, horizonDays, earlyShare: 0.6, middleShare: 0.35 });
  const base = {
    definition: { id: definition.id, version: definition.version, digest: journey.digest },
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    horizonDays,
    laterFrom: new Date(sample.boundary).toISOString(),
    counts: { early: countOf(sample.early), middle: countOf(sample.middle), later: countOf(sample.later) },
  };
  const refused = { ...base, claims: false, judgment: null, weights: [], scores: [] };
  if (!declaredOutcomes(definition).includes('churned'))
    return { ...refused, because: 'The definition does not say what counts as churned: declare it under outcomes.' };
  const few = fewOf(base.counts, fewestOutcomes);
  if (few !== null) return { ...refused, because: few };
  const columns = namedColumns(journey, churnColumns);
  const model = fitLogistic(
    sample.early,
    sample.middle,
    columns.map((one) => one.unit),
  );
  const judgment = judgeForetold(foretell(model, sample), seed, resamples);
  const { claims, because } = verdict(judgment);
  return {
    ...base,
    claims,
    because,
    judgment,
    weights: model.scales
      .map(({ column }, index) => ({
        signal: columns[column]?.id ?? '',
        label: columns[column]?.label ?? '',
        logOdds: round(model.slope * (model.weights[index + 1] ?? 0)),
      }))
      .toSorted((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds)),
    scores: claims ? scoresOf(model, columns, readings, to) : [],
  };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
const countOf = (rows: readonly Labelled[]): PartCount => ({ readings: rows.length, churned: churnedAccounts(rows) });

function fewOf(counts: ChurnReport['counts'], fewest: number): string | null {
  const half = Math.ceil(fewest / 2);
  const { early, middle, later } = counts;
  if (early.churned >= fewest && middle.churned >= half && later.churned >= fewest) return null;
  return `Too few outcomes: ${early.churned} churned accounts to learn from, ${middle.churned} to calibrate on and ${later.churned} to judge by; ${fewest}, ${half} and ${fewest} are needed. Nothing is claimed.`;
}

/**
 * What the model, the base rate and the plain rule say of the later readings, all from what came before. At each instant all three are
 * brought to the level of the middle part: that churn has become more or less frequent is nobody's merit.
 */
function foretell(model: Logistic, { early, middle, later }: Sample): Foretold[] {
  const before = [...early, ...middle];
  const level = (middle.filter((one) => one.churned).length + 0.5) / (middle.length + 1);
  const isQuiet = ({ values }: Labelled) => (values[0] ?? 0) >= plainRuleDays;
  const logOddsIf = (rows: readonly Labelled[]) => {
    // As if a hundred more readings at the usual rate had been seen.
    const share = (rows.filter((one) => one.churned).length + 100 * rateOf(before)) / (rows.length + 100);
    return Math.log(share / (1 - share));
  };
  const [quiet, loud] = [logOddsIf(before.filter(isQuiet)), logOddsIf(before.filter((one) => !isQuiet(one)))];
  return [...Map.groupBy(later, (one) => one.at).values()].flatMap((rows) => {
    const own = leveled(
      rows.map((row) => logOddsOf(model, row.values)),
      level,
    );
    const plain = leveled(
      rows.map((row) => (isQuiet(row) ? quiet : loud)),
      level,
    );
    return rows.map((row, index) => ({
      ...row,
      model: chance(own[index] ?? 0),
      base: level,
      plain: chance(plain[index] ?? 0),
      alert: isQuiet(row),
    }));
  });
}

const rateOf = (rows: readonly Labelled[]): number => rows.filter((one) => one.churned).length / rows.length;

function verdict({ gainOverBase, gainOverPlain, precisionOverPlain }: Judgment): {
  readonly claims: boolean;
  readonly because: string;
} {
  if (!(gainOverBase.low > 0))
    return {
      claims: false,
      because: 'On the later part the model foretells churn no better than the base rate does: nothing is claimed.',
    };
  if (!(gainOverPlain.low > 0) || (precisionOverPlain !== null && !(precisionOverPlain.low > 0)))
    return {
      claims: false,
      because: `On the later part the model does not beat the plain rule "no word in ${plainRuleDays} days": use the rule. Nothing is claimed.`,
    };
  return {
    claims: true,
    because: `On the later part, which it has not seen, the model foretells churn better than the base rate and than the plain rule "no word in ${plainRuleDays} days".`,
  };
}

function scoresOf(
  model: Logistic,
  columns: readonly NamedColumn[],
  readings: readonly AccountReadings[],
  to: number,
): ChurnScore[] {
  return readings
    .flatMap(({ account, readings: own }): ChurnScore[] => {
      const last = own.at(-1);
      // Whoever is no customer any longer has no reading of the end.
      if (!last || last.at < to - DAY) return [];
      return [
        {
          account,
          at: new Date(last.at).toISOString(),
          probability: round(chance(logOddsOf(model, last.values))),
          parts: partsOf(model, last.values).map(({ column, logOdds }) => ({
            signal: columns[column]?.id ?? '',
            label: columns[column]?.label ?? '',
            unit: columns[column]?.unit ?? '',
            value: last.values[column] ?? null,
            logOdds: round(logOdds),
          })),
        },
      ];
    })
    .toSorted((a, b) => b.probability - a.probability || (a.account < b.account ? -1 : 1));
}
