/** The middle of some figures: of an even number the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  return percentile(figures, 0.5);
}

/** A percentile by linear interpolation; NaN of nothing. */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  return low === undefined || high === undefined ? Number.NaN : low + (high - low) * (at - Math.floor(at));
}

/** Seconds of processor time that this process has used: what others do on the machine meanwhile does not count. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Seconds that a piece of work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** A figure of the table: what was measured, in what, against what it aims at. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim?: string;
  readonly met?: boolean;
}

/** One row of the benchmark. */
export interface BenchRow {
  readonly row: string;
  /** Sizes and conditions, so that the figure can be had again. */
  readonly setting: Readonly<Record<string, number | string>>;
  readonly figures: readonly Figure[];
  /** The single runs behind the medians, seconds. */
  readonly runs?: Readonly<Record<string, readonly number[]>>;
}

/** A whole number from the environment, for a quick look at a smaller size. */
export function size(name: string, otherwise: number): number {
  const given = process.env[name];
  if (given === undefined || given === '') return otherwise;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a whole number above 0.`);
  return value;
}
