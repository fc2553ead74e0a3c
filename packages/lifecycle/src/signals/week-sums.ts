import type { DayRing } from '../tracks/day-ring.ts';
import { fewestWeeks, swingWeeks, type Weeks } from './fall.ts';
import type { Lull } from '../coverage/workspace-lull.ts';
import { DAY } from '../time/zone.ts';

/** What quiet seasons of one kind leave of the usual. */
export interface Levels {
  /** On a day as a share of other days. */
  on(day: number): number;
  /** The seasons: their first days, and the ones after their last. */
  readonly seasons: readonly (readonly [from: number, to: number])[];
}

const none: Levels = { on: () => 1, seasons: [] };
const levelsOf = new WeakMap<readonly Lull[], Map<Lull['of'], Levels>>();

/** What is usual on a day as a share of other days; worked out once for each list of lulls. */
export function levels(lulls: readonly Lull[] | undefined, of: Lull['of']): Levels {
  if (!lulls || lulls.length === 0) return none;
  const known = levelsOf.get(lulls) ?? new Map<Lull['of'], Levels>();
  levelsOf.set(lulls, known);
  let found = known.get(of);
  if (!found) {
    const byDay = new Map<number, number>();
    const seasons: (readonly [number, number])[] = [];
    for (const lull of lulls) {
      if (lull.of !== of) continue;
      const from = Math.floor(lull.from / DAY);
      seasons.push([from, Math.ceil(lull.to / DAY)]);
      for (let day = from; day * DAY < lull.to; day += 1) byDay.set(day, lull.level);
    }
    found = byDay.size === 0 ? none : { on: (day) => byDay.get(day) ?? 1, seasons };
    known.set(of, found);
  }
  return found;
}

/** Whether a quiet season has a part in the days from one up to another. */
export const hasSeason = ({ seasons }: Levels, from: number, to: number): boolean =>
  seasons.some((one) => one[0] < to && one[1] > from);

/** Weeks that any window and those before it are made of. */
export const mostWeeks = swingWeeks + 6;

const weekday = (day: number): number => ((day % 7) + 7) % 7;

/** The whole weeks since the day `first` that end before `today`; null where there are too few, or nothing was in them. */
export function weeksOf(ring: DayRing, first: number, today: number, usual: Levels, kind: Weeks['kind']): Weeks | null {
  const weeks = Math.min(mostWeeks, Math.floor((today - first) / 7));
  if (!(weeks >= fewestWeeks)) return null;
  const sums: number[] = [];
  const isPlain = !hasSeason(usual, today - weeks * 7, today);
  if (kind === 'counts' && ring.between(today - weeks * 7, today) <= 0) return null;
  if (kind === 'counts')
    for (let week = 0; week < weeks; week += 1) sums.push(ring.between(today - week * 7 - 7, today - week * 7));
  else {
    let total = 0;
    for (let week = 0; week < weeks; week += 1) {
      let sum = 0;
      for (let day = today - week * 7 - 1; day >= today - week * 7 - 7; day -= 1) {
        const amount = ring.amountOn(day);
        sum += amount;
        total += amount;
      }
      sums.push(sum);
    }
    if (total <= 0) return null;
  }
  if (isPlain && usual.seasons.length === 0) return { sums, levels: sums.map(() => 1), kind };
  return { sums, levels: levelsOfWeeks(ring, weeks, today, usual), kind };
}

/** Weekends have no part in a working week: a quiet season that is half a window must not weigh as if they had. */
function levelsOfWeeks(ring: DayRing, weeks: number, today: number, usual: Levels): number[] {
  const weekdays = [0, 0, 0, 0, 0, 0, 0];
  let total = 0;
  for (let day = today - 1; day >= today - weeks * 7; day -= 1) {
    const amount = ring.amountOn(day);
    weekdays[weekday(day)] = (weekdays[weekday(day)] ?? 0) + amount;
    total += amount;
  }
  const weigh = (week: number, levelOn: (day: number) => number): number => {
    let level = 0;
    for (let back = 1; back <= 7; back += 1) {
      const day = today - week * 7 - back;
      level += levelOn(day) * ((weekdays[weekday(day)] ?? 0) / total);
    }
    return level;
  };
  // All weeks without a season are alike.
  const plain = weigh(0, () => 1);
  const found: number[] = [];
  for (let week = 0; week < weeks; week += 1) found.push(plain);
  for (const [from, to] of usual.seasons) {
    const last = Math.min(weeks - 1, Math.floor((today - 1 - from) / 7));
    for (let week = Math.max(0, Math.floor((today - to) / 7)); week <= last; week += 1)
      found[week] = weigh(week, usual.on);
  }
  return found;
}
