import { verdictOf, type OpenTime } from './backtest-verdict.ts';
import type { Outcome } from './outcome.ts';
import { seededDraw } from './seeded-draw.ts';

/** What the same alerts are worth where the outcomes are dealt out among the accounts by lot. */
export interface Chance {
  /** The precision that chance alone gives, on average; null where no alert can be judged. */
  readonly precision: number | null;
  /** How likely chance alone is at least as precise: exact but for the number of deals. 1 where no alert can be judged. */
  readonly p: number;
  /** Whether the alerts are more often right than chance would be. */
  readonly better: boolean;
  readonly deals: number;
  readonly seed: number;
}

export interface ChanceOptions {
  readonly horizonMs: number;
  /** How seldom a claim may be made of alerts that are worth nothing: 0.01. */
  readonly level: number;
  readonly seed: number;
}

const deals = 1999;

/**
 * A permutation test: accounts keep their alerts and are given each other's outcomes as a whole, so that times of many churns, accounts
 * with many alerts and how often customers churn at all are the same in each deal. The same seed gives the same answer.
 * E. J. G. Pitman, "Significance tests which may be applied to samples from any populations", JRSS Supplement 4 (1937), 119–130.
 */
export function againstChance(
  accounts: readonly { readonly alerts: readonly OpenTime[]; readonly outcomes: readonly Outcome[] }[],
  { horizonMs, level, seed }: ChanceOptions,
): Chance {
  const alerted = accounts.flatMap(({ alerts }, place) => (alerts.length > 0 ? [{ alerts, place }] : []));
  const dealt = accounts.map(({ outcomes }) => outcomes);
  const precision = (): number | null => {
    let hits = 0;
    let judged = 0;
    for (const { alerts, place } of alerted) {
      const outcomes = dealt[place] ?? [];
      if (outcomes.length === 0) continue;
      for (const alert of alerts) {
        const { verdict } = verdictOf(alert, outcomes, horizonMs);
        if (verdict === 'open') continue;
        judged += 1;
        if (verdict === 'hit') hits += 1;
      }
    }
    return judged === 0 ? null : hits / judged;
  };
  const seen = precision();
  if (seen === null) return { precision: null, p: 1, better: false, deals: 0, seed };
  const draw = seededDraw(seed);
  let sum = 0;
  let counted = 0;
  let atLeast = 0;
  for (let deal = 0; deal < deals; deal += 1) {
    for (let last = dealt.length - 1; last > 0; last -= 1) {
      const other = Math.floor(draw() * (last + 1));
      const held = dealt[last] ?? [];
      dealt[last] = dealt[other] ?? [];
      dealt[other] = held;
    }
    const found = precision();
    // A deal in which nothing can be judged speaks against nothing.
    if (found === null || found >= seen) atLeast += 1;
    if (found === null) continue;
    sum += found;
    counted += 1;
  }
  const p = (1 + atLeast) / (1 + deals);
  return {
    precision: counted === 0 ? null : Math.round((sum / counted) * 10_000) / 10_000,
    p: Math.round(p * 10_000) / 10_000,
    better: p < level,
    deals,
    seed,
  };
}
