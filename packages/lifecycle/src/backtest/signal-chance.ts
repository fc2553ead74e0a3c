import type { Labelled } from './churn-model-sample.ts';
import { byAccount } from './churn-model-sample.ts';
import { seededDraw } from './seeded-draw.ts';

/** What an account adds at an instant: how far its label is from the share of all that churned then. */
interface Course {
  /** By instant: whether the signal warned; undefined where it says nothing or the account was no customer. */
  readonly warned: readonly (boolean | undefined)[];
  /** By instant: 1 or 0 for a churn within the horizon or none, less the share of that instant; undefined as above. */
  readonly over: readonly (number | undefined)[];
}

/**
 * How likely chance alone brings as many churns after a signal's warnings: accounts keep their warnings and are given each other's
 * outcomes as a whole, so that months of many churns count for nothing and readings of one account are no several proofs. The sum of what
 * each warning adds over its month is held against its own deviation, which makes the test hold where accounts were customers for
 * different times. One-sided; `rows` are those in which the signal has a value.
 * A. Janssen, "Studentized permutation tests for non-i.i.d. hypotheses", Statistics & Probability Letters 36 (1997), 9–21.
 */
export function chanceOfWarnings(
  rows: readonly Labelled[],
  isWarning: (row: Labelled) => boolean,
  { deals, seed }: { readonly deals: number; readonly seed: number },
): number {
  const instants = [...new Set(rows.map((row) => row.at))].sort((a, b) => a - b);
  const place = new Map(instants.map((at, index) => [at, index]));
  const shares = instants.map((at) => {
    const own = rows.filter((row) => row.at === at);
    return own.filter((row) => row.churned).length / own.length;
  });
  const courses = byAccount(rows).map((own): Course => {
    const warned: (boolean | undefined)[] = [];
    const over: (number | undefined)[] = [];
    for (const row of own) {
      const at = place.get(row.at) ?? 0;
      warned[at] = isWarning(row);
      over[at] = (row.churned ? 1 : 0) - (shares[at] ?? 0);
    }
    return { warned, over };
  });
  // Accounts without a warning add nothing, whatever they are given.
  const warning = courses.flatMap(({ warned }, index) => {
    const at = warned.flatMap((one, instant) => (one === true ? [instant] : []));
    return at.length > 0 ? [{ index, at }] : [];
  });
  const dealt = courses.map(({ over }) => over);
  const statistic = (): number => {
    let sum = 0;
    let squares = 0;
    for (const { index, at } of warning) {
      const over = dealt[index];
      let own = 0;
      for (const instant of at) own += over?.[instant] ?? 0;
      sum += own;
      squares += own * own;
    }
    return squares === 0 ? 0 : sum / Math.sqrt(squares);
  };
  const seen = statistic();
  const draw = seededDraw(seed);
  let atLeast = 0;
  for (let deal = 0; deal < deals; deal += 1) {
    for (let last = dealt.length - 1; last > 0; last -= 1) {
      const other = Math.floor(draw() * (last + 1));
      const held = dealt[last] ?? [];
      dealt[last] = dealt[other] ?? [];
      dealt[other] = held;
    }
    if (statistic() >= seen - 1e-12) atLeast += 1;
  }
  return (1 + atLeast) / (1 + deals);
}

/**
 * The share of false ones among all that would be said to tell something were this one the weakest of them. Holds for signals that are
 * independent or that rise together. Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57 (1995), 289–300.
 */
export function falseDiscoveryRates(chances: readonly number[]): number[] {
  const order = chances.map((p, index) => ({ p, index })).toSorted((a, b) => b.p - a.p);
  const rates = chances.map(() => 1);
  let least = 1;
  for (const [from, { p, index }] of order.entries()) {
    least = Math.min(least, (p * chances.length) / (chances.length - from));
    rates[index] = least;
  }
  return rates;
}
