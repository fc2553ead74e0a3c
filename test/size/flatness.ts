import type { Sample } from './watch.ts';

/** How much the last third may lie above the first: V8 collects when it likes. */
const tolerance = 1.25;
const toleranceMb = 32;

/** The middle size of a process in the first and in the last third of its reading; its start, while modules load, is left out. */
export function flatness(samples: readonly Sample[]): {
  readonly firstMb: number;
  readonly lastMb: number;
  readonly isFlat: boolean;
} {
  const sizes = samples.filter(({ rssMb, atMs }) => rssMb > 0 && atMs > 2000).map(({ rssMb }) => rssMb);
  const third = Math.max(1, Math.floor(sizes.length / 3));
  const firstMb = middle(sizes.slice(0, third));
  const lastMb = middle(sizes.slice(-third));
  return { firstMb, lastMb, isFlat: lastMb <= firstMb * tolerance + toleranceMb };
}

const middle = (sizes: readonly number[]): number => sizes.toSorted((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0;
