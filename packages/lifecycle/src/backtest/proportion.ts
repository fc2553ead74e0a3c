import { quantile as quantileOf } from 'simple-statistics';

/** A share with its 95 % interval; all null where nothing was counted. */
export interface Proportion {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** The standard normal quantile of 0.975. */
const z = 1.959_963_984_540_054;
const round = (value: number): number => Math.round(value * 10_000) / 10_000;

/**
 * Wilson's score interval, which holds for few cases and near 0 and 1.
 * E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927), 209–212.
 */
export function wilson(hits: number, of: number): Proportion {
  if (of === 0) return { value: null, low: null, high: null };
  const share = hits / of;
  const spread = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const center = share + (z * z) / (2 * of);
  const scale = 1 + (z * z) / of;
  return {
    value: round(share),
    low: round(Math.max(0, (center - spread) / scale)),
    high: round(Math.min(1, (center + spread) / scale)),
  };
}

/** A quantile of numbers, to a tenth; null of none. */
export function quantile(values: readonly number[], share: number): number | null {
  return values.length === 0 ? null : Math.round(quantileOf([...values], share) * 10) / 10;
}
