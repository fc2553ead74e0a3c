import type { AccountWalk } from './backtest.ts';
import { byAccount, churnedAccounts, cutInTime, type Labelled } from './churn-model-sample.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import { declaredOutcomes } from './outcome.ts';
import { quantile, wilson, type Proportion } from './proportion.ts';
import { resampleAccounts, seededDraw } from './seeded-draw.ts';
import { chanceOfWarnings, falseDiscoveryRates } from './signal-chance.ts';
import {
  namedColumns,
  readSignals,
  type AccountReadings,
  type NamedColumn,
  type SignalColumn,
} from './signal-readings.ts';

/** One signal on the own history: the cut is chosen on the early part, all else is measured on the later one. */
export interface SignalRow {
  readonly signal: string;
  readonly label: string;
  readonly unit: string;
  /** Share of the later readings in which the signal has a value. */
  readonly known: number;
  /** What counts as a warning: `>= 21`; null where the early part shows no cut. */
  readonly cut: { readonly op: '>=' | '<='; readonly value: number } | null;
  /** Readings beyond the cut, and accounts with any. */
  readonly warnings: number;
  readonly accounts: number;
  /** Of the warnings, the share that was followed by a churn within the horizon. */
  readonly precision: Proportion;
  /** Precision against the share of all readings of the month that were: 1 says nothing. The interval is that of this signal by itself. */
  readonly lift: Proportion;
  /** How likely chance alone gives as much; 1 where too few churned accounts were warned of to ask. */
  readonly p: number;
  /** The share of false ones among the signals that tell something, were this one the weakest of them. */
  readonly falseDiscoveryRate: number;
  /** From the first warning within the horizon to the churn, median in days. */
  readonly leadDays: number | null;
  /** Whether hardly any of those that tell as much is false, the interval lies above 1, and enough churned accounts were warned of. */
  readonly tells: boolean;
}

export interface SignalTable {
  readonly from: string;
  readonly to: string;
  readonly laterFrom: string;
  readonly horizonDays: number;
  readonly early: { readonly readings: number; readonly churned: number };
  readonly later: { readonly readings: number; readonly churned: number };
  readonly sufficient: boolean;
  readonly because: string;
  readonly seed: number;
  /** Those that tell something first, then by lift. */
  readonly signals: readonly SignalRow[];
}

export interface SignalTableOptions {
  readonly from: number;
  readonly to: number;
  readonly horizonDays?: number;
  readonly everyDays?: number;
  readonly fewestOutcomes?: number;
  readonly seed?: number;
}

/** Signals of the catalogue with sensible parameters. */
function tableColumns(metrics: readonly string[]): SignalColumn[] {
  const month = { days: 30, baselineDays: 90 };
  return [
    { signal: 'days_since_inbound' },
    { signal: 'messages', with: { direction: 'inbound', days: 30 } },
    { signal: 'messages', with: { direction: 'outbound', days: 30 } },
    { signal: 'messages_trend', with: { direction: 'inbound', ...month } },
    { signal: 'messages_trend', with: { direction: 'outbound', ...month } },
    { signal: 'engagement_drop' },
    { signal: 'engagement_level' },
    { signal: 'usage_level' },
    { signal: 'unanswered_mails' },
    { signal: 'unanswered_mail_age' },
    { signal: 'usual_answer_time' },
    { signal: 'meetings_held', with: { days: 60 } },
    { signal: 'meetings_missed_streak', with: { days: 75 } },
    { signal: 'days_since_meeting_held' },
    { signal: 'open_tickets', with: { days: 60 } },
    { signal: 'open_severe_tickets', with: { days: 60 } },
    { signal: 'open_escalated_tickets', with: { days: 60 } },
    { signal: 'tickets_opened', with: { days: 30 } },
    { signal: 'tickets_trend', with: month },
    { signal: 'oldest_ticket_age' },
    { signal: 'active_stakeholders', with: { days: 60 } },
    { signal: 'new_stakeholders', with: { days: 60 } },
    { signal: 'days_since_champion_left' },
    { signal: 'champion_silent_days' },
    { signal: 'days_since_customer' },
    { signal: 'days_until_renewal' },
    { signal: 'milestone_overdue' },
    { signal: 'deal_slips', with: { kind: 'renewal' } },
    { signal: 'survey_score', with: { days: 180 } },
    { signal: 'days_in_stage' },
    { signal: 'days_since_renewed' },
    { signal: 'message_balance', with: { days: 30 } },
    { signal: 'their_answer_time', with: { latest: 5 } },
    { signal: 'meetings_no_show', with: { days: 90 } },
    { signal: 'meetings_canceled', with: { days: 90 } },
    { signal: 'stakeholders_left', with: { days: 90 } },
    { signal: 'single_threaded' },
    { signal: 'contact_concentration', with: { days: 90 } },
    { signal: 'deal_steps_back', with: { kind: 'renewal' } },
    { signal: 'survey_change', with: { days: 90 } },
    { signal: 'repeated_questions', with: { days: 30 } },
    { signal: 'crossed_outreach', with: { days: 30 } },
    ...metrics.slice(0, 10).map((metric): SignalColumn => ({ signal: 'usage_trend', with: { metric, ...month } })),
  ];
}

/**
 * What each signal was worth on a history, one reading a month and account, with what was known then. `metrics` are the usage metrics of
 * the history, the most frequent first.
 */
export async function signalTable(
  journey: CompiledJourney,
  walk: AccountWalk,
  metrics: readonly string[],
  options: SignalTableOptions,
): Promise<SignalTable> {
  const columns = tableColumns(metrics);
  return signalTableOf(journey, await readSignals(journey, walk, columns, options), columns, options);
}

/** The same from readings of these columns. */
export function signalTableOf(
  journey: CompiledJourney,
  readings: readonly AccountReadings[],
  columns: readonly SignalColumn[],
  options: SignalTableOptions,
): SignalTable {
  const { from, to, horizonDays = 60, fewestOutcomes = 10, seed = 1 } = options;
  const cut = cutInTime(readings, { from, to, horizonDays, earlyShare: 0.6, middleShare: 0.35 });
  const before = [...cut.early, ...cut.middle];
  const counts = {
    early: { readings: before.length, churned: churnedAccounts(before) },
    later: { readings: cut.later.length, churned: churnedAccounts(cut.later) },
  };
  const declared = declaredOutcomes(journey.definition).includes('churned');
  const sufficient = declared && counts.early.churned >= fewestOutcomes && counts.later.churned >= fewestOutcomes;
  const rows = sufficient
    ? namedColumns(journey, columns).map((column, index) => rowOf(column, index, before, cut.later, seed))
    : [];
  const rates = falseDiscoveryRates(rows.map((one) => one.p));
  const signals = rows
    .map(({ warned, ...row }, index): SignalRow => {
      const falseDiscoveryRate = Math.round((rates[index] ?? 1) * 10_000) / 10_000;
      const isMore = (row.lift.low ?? 0) > 1 && warned >= fewestWarned;
      return { ...row, falseDiscoveryRate, tells: isMore && falseDiscoveryRate <= mostFalse };
    })
    .toSorted((a, b) => Number(b.tells) - Number(a.tells) || (b.lift.value ?? 0) - (a.lift.value ?? 0));
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    laterFrom: new Date(cut.boundary).toISOString(),
    horizonDays,
    ...counts,
    sufficient,
    because: because(declared, sufficient, counts, fewestOutcomes, signals),
    seed,
    signals,
  };
}

function because(
  declared: boolean,
  sufficient: boolean,
  { early, later }: Pick<SignalTable, 'early' | 'later'>,
  fewest: number,
  signals: readonly SignalRow[],
): string {
  if (!declared) return 'The definition does not say what counts as churned: declare it under outcomes.';
  if (!sufficient)
    return `Too few outcomes: ${early.churned} churned accounts in the early part and ${later.churned} in the later one, at least ${fewest} are needed in each. Nothing is claimed.`;
  const telling = signals.filter((one) => one.tells).length;
  if (telling === 0) return 'On this history no signal foretells churn better than chance.';
  return `${telling} of ${signals.length} signals foretold churn better than chance on the later part, which the cuts were not chosen on.`;
}

/** Warnings that churned accounts must have had before anything is said. */
const fewestWarned = 5;
const resamples = 2000;
/** The share of false ones among the signals that are said to tell something; where none does, how often any is. */
const mostFalse = 0.01;
const deals = 9999;

function rowOf(
  { id, label, unit }: NamedColumn,
  column: number,
  before: readonly Labelled[],
  later: readonly Labelled[],
  seed: number,
): Omit<SignalRow, 'falseDiscoveryRate' | 'tells'> & { readonly warned: number } {
  const valueOf = (row: Labelled) => row.values[column] ?? null;
  const cut = bestCut(before, valueOf);
  const isBeyond = (row: Labelled) => {
    const value = valueOf(row);
    return cut !== null && value !== null && (cut.op === '>=' ? value >= cut.value : value <= cut.value);
  };
  const seen = later.filter((row) => valueOf(row) !== null);
  const warnings = seen.filter(isBeyond);
  const hits = warnings.filter((row) => row.churned);
  const leads = [...Map.groupBy(hits, (row) => row.account).values()].map((own) =>
    Math.max(...own.map((row) => row.leadDays ?? 0)),
  );
  const rate = seen.filter((row) => row.churned).length / Math.max(1, seen.length);
  const lift =
    warnings.length === 0 || rate === 0 ? { value: null, low: null, high: null } : liftOf(seen, isBeyond, 0.025, seed);
  const warned = churnedAccounts(hits);
  return {
    signal: id,
    label,
    unit,
    known: round(seen.length / Math.max(1, later.length)),
    cut,
    warnings: warnings.length,
    accounts: new Set(warnings.map((row) => row.account)).size,
    precision: wilson(hits.length, warnings.length),
    lift,
    leadDays: quantile(leads, 0.5),
    // Of few warnings before churns nothing is said: whether they are chance need not be asked.
    p: warned >= fewestWarned && (lift.value ?? 0) > 1 ? chanceOfWarnings(seen, isBeyond, { deals, seed }) : 1,
    warned,
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

/**
 * The churns among the warnings against as many as would be were each instant's warnings drawn by lot among its readings: months in
 * which many churn, and in which much is quiet, make no lift.
 */
function liftOf(
  rows: readonly Labelled[],
  isBeyond: (row: Labelled) => boolean,
  tail: number,
  seed: number,
): Proportion {
  const rates = new Map(
    [...Map.groupBy(rows, (row) => row.at)].map(([at, own]) => [
      at,
      own.filter((row) => row.churned).length / own.length,
    ]),
  );
  const sums = byAccount(rows).map((own) => {
    const beyond = own.filter(isBeyond);
    return [beyond.filter((row) => row.churned).length, beyond.reduce((sum, row) => sum + (rates.get(row.at) ?? 0), 0)];
  });
  const found = resampleAccounts(sums, ([hits = 0, expected = 0]) => (expected > 0 ? hits / expected : Number.NaN), {
    resamples,
    tail,
    draw: seededDraw(seed),
  });
  return { value: round(found.value), low: round(found.low), high: round(found.high) };
}

/**
 * The cut that parts the early churns best from the rest: the largest gain of log likelihood of two shares over one, among the twentieths
 * of the values, in whichever direction. Null where no side has more churns than the other.
 */
function bestCut(rows: readonly Labelled[], valueOf: (row: Labelled) => number | null): SignalRow['cut'] {
  const known = rows.flatMap((row) => {
    const value = valueOf(row);
    return value === null ? [] : [{ value, churned: row.churned }];
  });
  const values = known.map((one) => one.value).sort((a, b) => a - b);
  const cuts = new Set(
    Array.from({ length: 39 }, (_, at) => values[Math.floor(((at + 1) / 40) * values.length)] ?? Number.NaN),
  );
  const churned = known.filter((one) => one.churned).length;
  let best: { cut: NonNullable<SignalRow['cut']>; gain: number } | null = null;
  for (const value of cuts) {
    for (const op of ['>=', '<='] as const) {
      const beyond = known.filter((one) => (op === '>=' ? one.value >= value : one.value <= value));
      const hits = beyond.filter((one) => one.churned).length;
      const rest = known.length - beyond.length;
      if (beyond.length < 10 || rest < 10 || hits / beyond.length <= churned / known.length) continue;
      const gain = likelihood(hits, beyond.length) + likelihood(churned - hits, rest);
      if (best === null || gain > best.gain) best = { cut: { op, value }, gain };
    }
  }
  return best?.cut ?? null;
}

function likelihood(hits: number, of: number): number {
  const share = hits / of;
  return (hits === 0 ? 0 : hits * Math.log(share)) + (hits === of ? 0 : (of - hits) * Math.log(1 - share));
}
