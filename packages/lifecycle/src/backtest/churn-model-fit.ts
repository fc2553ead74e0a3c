import { Matrix, solve } from 'ml-matrix';
import type { Labelled } from './churn-model-sample.ts';

/** How a column is put on a scale on which a straight line makes sense. */
interface Scale {
  readonly column: number;
  readonly bend: (value: number) => number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly deviation: number;
}

/** A fitted model. */
export interface Logistic {
  readonly scales: readonly Scale[];
  /** The intercept first, then one for each scale. */
  readonly weights: readonly number[];
  readonly ridge: number;
  /** Platt's slope and shift of the log-odds. */
  readonly slope: number;
  readonly shift: number;
}

/** What a column adds to the log-odds of an account. */
export interface LogisticPart {
  readonly column: number;
  readonly logOdds: number;
}

export const chance = (logOdds: number): number => 1 / (1 + Math.exp(-Math.max(-35, Math.min(35, logOdds))));

/** Times and counts are bent so that the step from 1 to 2 weighs more than that from 31 to 32. */
function bendOf(unit: string): (value: number) => number {
  if (unit === 'days' || unit === 'business_days' || unit === 'count')
    return (value) => Math.sign(value) * Math.log1p(Math.abs(value));
  if (unit === 'ratio') return (value) => Math.log(0.1 + Math.max(0, value));
  return (value) => value;
}

/** Columns known in fewer readings are left out. */
const leastKnown = 0.2;

function scalesOf(rows: readonly Labelled[], units: readonly string[]): Scale[] {
  return units.flatMap((unit, column): Scale[] => {
    const bend = bendOf(unit);
    const known = rows.flatMap(({ values }) => {
      const value = values[column];
      return value === null || value === undefined ? [] : [bend(value)];
    });
    if (known.length < rows.length * leastKnown || known.length < 20) return [];
    known.sort((a, b) => a - b);
    const at = (share: number) => known[Math.floor((known.length - 1) * share)] ?? 0;
    const [low, high] = [at(0.01), at(0.99)];
    const held = known.map((value) => Math.max(low, Math.min(high, value)));
    const mean = held.reduce((sum, one) => sum + one, 0) / held.length;
    const deviation = Math.sqrt(held.reduce((sum, one) => sum + (one - mean) ** 2, 0) / held.length);
    return deviation < 1e-9 ? [] : [{ column, bend, low, high, mean, deviation }];
  });
}

/** A column on its scale; what is unknown counts as the mean, and so adds nothing. */
function scaled({ column, bend, low, high, mean, deviation }: Scale, values: readonly (number | null)[]): number {
  const value = values[column];
  if (value === null || value === undefined) return 0;
  return (Math.max(low, Math.min(high, bend(value))) - mean) / deviation;
}

/**
 * Logistic regression with a ridge by iteratively reweighted least squares (P. J. Green, JRSS B 46 (1984), 149–192; S. le Cessie, J. C.
 * van Houwelingen, Applied Statistics 41 (1992), 191–201). The intercept, the first column, is not held down.
 */
export function fitRidge(rows: readonly (readonly number[])[], churned: readonly boolean[], ridge: number): number[] {
  const width = rows[0]?.length ?? 1;
  let weights = Array.from({ length: width }, () => 0);
  const share = churned.filter(Boolean).length / Math.max(1, churned.length);
  weights[0] = Math.log(Math.max(1e-6, share) / Math.max(1e-6, 1 - share));
  for (let round = 0; round < 40; round += 1) {
    const curvature = Matrix.zeros(width, width);
    const slope = Matrix.zeros(width, 1);
    for (const [index, row] of rows.entries()) {
      const p = chance(dot(weights, row));
      const weight = Math.max(1e-9, p * (1 - p));
      const off = (churned[index] ? 1 : 0) - p;
      for (let i = 0; i < width; i += 1) {
        const x = row[i] ?? 0;
        if (x === 0) continue;
        slope.set(i, 0, slope.get(i, 0) + x * off);
        for (let j = 0; j <= i; j += 1) curvature.set(i, j, curvature.get(i, j) + weight * x * (row[j] ?? 0));
      }
    }
    for (let i = 0; i < width; i += 1) {
      for (let j = 0; j < i; j += 1) curvature.set(j, i, curvature.get(i, j));
      if (i > 0) slope.set(i, 0, slope.get(i, 0) - ridge * (weights[i] ?? 0));
      curvature.set(i, i, curvature.get(i, i) + (i > 0 ? ridge : 1e-6));
    }
    const step = solve(curvature, slope).to1DArray();
    const length = Math.max(...step.map(Math.abs));
    // A step of more than this is a separation: taken by halves, it ends at the ridge.
    const held = length > 4 ? 4 / length : 1;
    weights = weights.map((weight, index) => weight + held * (step[index] ?? 0));
    if (length < 1e-7) break;
  }
  return weights;
}

const dot = (weights: readonly number[], row: readonly number[]): number =>
  row.reduce((sum, x, index) => sum + x * (weights[index] ?? 0), 0);

const ridges = [1, 3, 10, 30, 100, 300];
const folds = 5;

/**
 * Learns from the early readings, chooses the ridge by five-fold cross-validation over whole accounts, and calibrates by Platt's
 * method on the middle ones (J. Platt, "Probabilistic outputs for support vector machines", 1999), which neither has seen.
 */
export function fitLogistic(
  early: readonly Labelled[],
  middle: readonly Labelled[],
  units: readonly string[],
): Logistic {
  const scales = scalesOf(early, units);
  const rowOf = ({ values }: Labelled) => [1, ...scales.map((scale) => scaled(scale, values))];
  // Each instant has a level of its own, so that what differs between months is not taken for what differs between accounts.
  const instants = [...new Set(early.map((one) => one.at))].sort((a, b) => a - b);
  const rows = early.map((one) => [...rowOf(one), ...instants.map((at) => (at === one.at ? 1 : 0))]);
  const churned = early.map((one) => one.churned);
  // An account is in one fold with all its readings.
  const accounts = [...new Set(early.map((one) => one.account))].sort();
  const foldOf = new Map(accounts.map((account, index) => [account, index % folds]));
  const foldsOf = early.map((one) => foldOf.get(one.account) ?? 0);
  let best = { ridge: ridges.at(-1) ?? 1, loss: Infinity };
  for (const ridge of ridges) {
    let loss = 0;
    for (let fold = 0; fold < folds; fold += 1) {
      const weights = fitRidge(
        rows.filter((_, index) => foldsOf[index] !== fold),
        churned.filter((_, index) => foldsOf[index] !== fold),
        ridge,
      );
      for (const [index, row] of rows.entries())
        if (foldsOf[index] === fold) loss += logLoss(chance(dot(weights, row)), churned[index] ?? false);
    }
    if (loss < best.loss) best = { ridge, loss };
  }
  const weights = fitRidge(rows, churned, best.ridge).slice(0, scales.length + 1);
  const [shift = 0, slope = 1] = platt(
    middle.map((one) => dot(weights, rowOf(one))),
    middle.map((one) => one.churned),
  );
  // A score that runs against what it was learned from tells nothing.
  return { scales, weights, ridge: best.ridge, slope: Math.max(0, slope), shift };
}

/** Shift and slope of log-odds; drawn a little towards the log-odds as they are. */
function platt(logOdds: readonly number[], churned: readonly boolean[]): number[] {
  const share = (churned.filter(Boolean).length + 0.5) / (churned.length + 1);
  const base = Math.log(share / (1 - share));
  if (churned.length === 0) return [0, 1];
  const fitted = fitRidge(
    logOdds.map((one) => [1, Math.max(-10, Math.min(10, one)) - base]),
    churned,
    1,
  );
  const [shift = 0, slope = 1] = fitted;
  return [shift - slope * base, slope];
}

export function logLoss(p: number, churned: boolean): number {
  const held = Math.max(1e-6, Math.min(1 - 1e-6, p));
  return -Math.log(churned ? held : 1 - held);
}

/** Moves log-odds together so that their chances are `rate` on average: what is left of them is who is likelier than whom. */
export function leveled(logOdds: readonly number[], rate: number): number[] {
  let [low, high] = [-40, 40];
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    const mean = logOdds.reduce((sum, one) => sum + chance(one + middle), 0) / Math.max(1, logOdds.length);
    if (mean < rate) low = middle;
    else high = middle;
  }
  return logOdds.map((one) => one + low);
}

/** The calibrated log-odds of readings. */
export function logOddsOf(model: Logistic, values: readonly (number | null)[]): number {
  return (
    model.shift +
    model.slope *
      ((model.weights[0] ?? 0) +
        model.scales.reduce((sum, scale, index) => sum + (model.weights[index + 1] ?? 0) * scaled(scale, values), 0))
  );
}

/** What each column adds to the calibrated log-odds, against an account that is average in it; the largest first. */
export function partsOf(model: Logistic, values: readonly (number | null)[]): LogisticPart[] {
  return model.scales
    .map((scale, index) => ({
      column: scale.column,
      logOdds: model.slope * (model.weights[index + 1] ?? 0) * scaled(scale, values),
    }))
    .toSorted((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds));
}
