/**
 * A gap that only so small a share of an account's gaps exceeds that none of them need have been seen: what lies above the median is
 * taken to fall off exponentially, and what is not known of how fast makes it longer, the more so the fewer gaps there are (the
 * predictive distribution of an exponential with an unknown mean is Lomax's, JASA 49 (1954), 847–852). Where gaps come in bursts, the
 * longer of the two means that fit them counts. `gaps` are sorted, at least two; `share` is above 0 and at most a half. In the unit of
 * the gaps.
 */
export function rareGap(gaps: ArrayLike<number>, share: number): number {
  const half = Math.ceil(gaps.length / 2);
  const median = gaps[half - 1] ?? 0;
  const above = gaps.length - half;
  let sum = 0;
  let squares = 0;
  for (let index = half; index < gaps.length; index += 1) {
    const beyond = (gaps[index] ?? median) - median;
    sum += beyond;
    squares += beyond * beyond;
  }
  const mean = Math.max(sum / above, Math.sqrt(squares / above / 2));
  return median + above * mean * ((0.5 / share) ** (1 / above) - 1);
}
