/** Draws numbers from 0 up to, not including, 1; the same seed gives the same ones (mulberry32, public domain). */
export function seededDraw(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** An interval of a statistic over resampled accounts. */
export interface Resampled {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The bootstrap over whole accounts: what is read of one account at several instants is no several proofs. `sums` holds for every
 * account what the statistic is made of; the statistic is taken of their totals. `tail` is the share cut off at each end.
 * B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 8.6.
 */
export function resampleAccounts(
  sums: readonly (readonly number[])[],
  statistic: (totals: readonly number[]) => number,
  { resamples, tail, draw }: { readonly resamples: number; readonly tail: number; readonly draw: () => number },
): Resampled {
  const width = sums[0]?.length ?? 0;
  const total = (pick: (index: number) => number): number[] => {
    const totals = Array.from({ length: width }, () => 0);
    for (let index = 0; index < sums.length; index += 1) {
      const own = sums[pick(index)] ?? [];
      for (let column = 0; column < width; column += 1) totals[column] = (totals[column] ?? 0) + (own[column] ?? 0);
    }
    return totals;
  };
  const found: number[] = [];
  for (let run = 0; run < resamples; run += 1) {
    const value = statistic(total(() => Math.floor(draw() * sums.length)));
    if (!Number.isNaN(value)) found.push(value);
  }
  found.sort((a, b) => a - b);
  const at = (share: number) => found[Math.min(found.length - 1, Math.floor(share * found.length))] ?? Number.NaN;
  return { value: statistic(total((index) => index)), low: at(tail), high: at(1 - tail) };
}
