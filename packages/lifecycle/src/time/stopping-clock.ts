import type { Clock } from './zone.ts';

/** A stretch of time in epoch milliseconds, the end left out. */
export type Stretch = readonly [start: number, end: number];

/** As far as dates go, ms. */
const LAST_INSTANT = 8.64e15;

/** What stands still in one year of UTC, summed up, so that any instant of it is placed by one search. */
interface Year {
  readonly from: number;
  readonly to: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** How much of the year has counted when each stretch begins, and in all. */
  readonly counted: Float64Array;
  readonly total: number;
}

/** Stretches in order, those that touch or overlap as one. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = [];
  for (const [start, end] of stretches.toSorted((one, other) => one[0] - other[0])) {
    const last = all.at(-1);
    if (last && start <= last[1]) all[all.length - 1] = [last[0], Math.max(last[1], end)];
    else all.push([start, end]);
  }
  return all;
}

function summed(from: number, to: number, stretches: readonly Stretch[]): Year {
  const within = joined(stretches)
    .map(([start, end]): Stretch => [Math.max(from, start), Math.min(to, end)])
    .filter(([start, end]) => end > start);
  const counted = new Float64Array(within.length);
  let total = 0;
  let reached = from;
  for (const [index, [start, end]] of within.entries()) {
    total += start - reached;
    counted[index] = total;
    reached = end;
  }
  return {
    from,
    to,
    starts: Float64Array.from(within, ([start]) => start),
    ends: Float64Array.from(within, ([, end]) => end),
    counted,
    total: total + to - reached,
  };
}

/** The first place of a sorted list whose value is not under the wanted one. */
function placeOf(sorted: Float64Array, wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How much of the year has counted by an instant of it. */
function countedBy(year: Year, at: number): number {
  const index = placeOf(year.starts, at) - 1;
  if (index < 0) return at - year.from;
  const past = at - (year.ends[index] ?? at);
  return (year.counted[index] ?? 0) + (past > 0 ? past : 0);
}

/**
 * A clock that stands still in some stretches. `stillIn` gives all that overlap a year of UTC, in any order; they may overlap one another and
 * reach beyond the year. Each year is looked up once.
 */
export function stoppingClock(stillIn: (year: number) => readonly Stretch[]): Clock {
  const years = new Map<number, Year>();
  let latest: Year = summed(0, 0, []);
  const yearAt = (at: number): Year => {
    if (at >= latest.from && at < latest.to) return latest;
    const number = new Date(at).getUTCFullYear();
    let found = years.get(number);
    if (!found) {
      found = Number.isNaN(number)
        ? summed(-Infinity, Infinity, [])
        : summed(Date.UTC(number, 0, 1), Date.UTC(number + 1, 0, 1), stillIn(number));
      years.set(number, found);
    }
    latest = found;
    return found;
  };
  return {
    between(from, to) {
      if (to <= from) return 0;
      let year = yearAt(from);
      if (to <= year.to) return countedBy(year, to) - countedBy(year, from);
      let total = year.total - countedBy(year, from);
      for (year = yearAt(year.to); year.to < to; year = yearAt(year.to)) total += year.total;
      return total + countedBy(year, to);
    },
    after(from, ms) {
      if (ms <= 0) return from;
      if (!(ms <= LAST_INSTANT)) return from + ms;
      let year = yearAt(from);
      let wanted = countedBy(year, from) + ms;
      for (; wanted > year.total; year = yearAt(year.to)) wanted -= year.total;
      const index = placeOf(year.counted, wanted) - 1;
      return index < 0 ? year.from + wanted : (year.ends[index] ?? 0) + wanted - (year.counted[index] ?? 0);
    },
  };
}
