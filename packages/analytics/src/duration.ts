const DAY = 86_400_000;

/** Durations in days, with how many they are: a figure without its n says little. */
export interface DurationSummary {
  readonly n: number;
  /** The median, to a tenth of a day; null where there are none. */
  readonly medianDays: number | null;
}

/** Sums up durations given in milliseconds by their median, which a few very long ones do not move. */
export function durationOf(durationsMs: readonly number[]): DurationSummary {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  if (high === undefined || low === undefined) return { n: 0, medianDays: null };
  return { n: sorted.length, medianDays: Math.round(((low + high) / 2 / DAY) * 10) / 10 };
}
