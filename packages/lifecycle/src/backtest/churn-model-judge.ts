import { byAccount, type Labelled } from './churn-model-sample.ts';
import { logLoss } from './churn-model-fit.ts';
import { resampleAccounts, seededDraw, type Resampled } from './seeded-draw.ts';

/** A later reading with what each way said of it beforehand. */
export interface Foretold extends Labelled {
  readonly model: number;
  readonly base: number;
  readonly plain: number;
  /** Whether the plain rule gave an alert. */
  readonly alert: boolean;
}

/** How well a way foretold: both losses are better when smaller. */
export interface Scored {
  readonly logLoss: number;
  readonly brier: number;
  /** Of its alerts, the share that churned; at as many alerts as the plain rule gave. Null without alerts. */
  readonly precision: number | null;
}

/** The model against the base rate and the plain rule, on readings that none of them has seen. */
export interface Judgment {
  readonly model: Scored;
  readonly base: Scored;
  readonly plain: Scored;
  readonly alerts: number;
  /** By how much the model's log loss is smaller; with 99 % intervals over resampled accounts. */
  readonly gainOverBase: Resampled;
  readonly gainOverPlain: Resampled;
  /** By how much more of its alerts are churns, at as many alerts. */
  readonly precisionOverPlain: Resampled | null;
  readonly seed: number;
  readonly resamples: number;
}

/** Cut off at each end. Resampling is too sure of itself where churns are few, hence not more. */
const tail = 0.005;

/** Judges on readings of the later part. The seed makes the resampling the same each time. */
export function judgeForetold(rows: readonly Foretold[], seed: number, resamples: number): Judgment {
  const plainAlerts = rows.filter((one) => one.alert).length;
  const alerts = plainAlerts > 0 ? plainAlerts : rows.filter((one) => one.churned).length;
  const ranked = new Set(rows.toSorted((a, b) => b.model - a.model || a.at - b.at).slice(0, alerts));
  const accounts = byAccount(rows);
  const resample = (of: (row: Foretold) => number[], statistic: (totals: readonly number[]) => number) =>
    resampleAccounts(
      accounts.map((own) => own.map(of).reduce((sum, one) => sum.map((value, index) => value + (one[index] ?? 0)))),
      statistic,
      { resamples, tail, draw: seededDraw(seed) },
    );
  const gainOver = (other: 'base' | 'plain') =>
    resample(
      (row) => [1, logLoss(row[other], row.churned) - logLoss(row.model, row.churned)],
      ([count = 0, gain = 0]) => gain / count,
    );
  const share = (chosen: (row: Foretold) => boolean) => {
    const of = rows.filter(chosen);
    return of.length === 0 ? null : of.filter((one) => one.churned).length / of.length;
  };
  const scored = (way: 'model' | 'base' | 'plain', precision: number | null): Scored => ({
    logLoss: average(rows.map((row) => logLoss(row[way], row.churned))),
    brier: average(rows.map((row) => (row[way] - (row.churned ? 1 : 0)) ** 2)),
    precision,
  });
  return {
    model: scored(
      'model',
      share((row) => ranked.has(row)),
    ),
    // Alerts drawn by lot.
    base: scored(
      'base',
      share(() => true),
    ),
    plain: scored(
      'plain',
      share((row) => row.alert),
    ),
    alerts,
    gainOverBase: gainOver('base'),
    gainOverPlain: gainOver('plain'),
    precisionOverPlain:
      plainAlerts === 0
        ? null
        : resample(
            (row) => {
              const [own, other] = [ranked.has(row), row.alert];
              return [own ? 1 : 0, own && row.churned ? 1 : 0, other ? 1 : 0, other && row.churned ? 1 : 0];
            },
            ([own = 0, hits = 0, other = 0, otherHits = 0]) => hits / own - otherHits / other,
          ),
    seed,
    resamples,
  };
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);
