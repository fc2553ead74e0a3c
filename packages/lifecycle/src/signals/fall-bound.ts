import type { DayRing, Days } from '../tracks/day-ring.ts';
import { fewestCounts, fewestKnown, fewestWeeks, leastVariation, swingWeeks, usualWeeks } from './fall.ts';
import { hasSeason, mostWeeks, type Levels } from './week-sums.ts';

/** Days over which a bound holds, whatever comes in them: as long as the shortest window, so that all it is held against is known. */
export const foreseen = 14;
/** What a quiet season may leave of a week that still counts. */
const leastLevel = 0.7;
/** For what divisions lose. */
const rounding = 1 + 1e-6;

/** The first day of the lists, and the latest that may be by the end of what is foreseen, when what is older than about a year is let go. */
function firstDays(lists: readonly Days[], today: number): readonly [first: number, latest: number] {
  let first = Number.POSITIVE_INFINITY;
  let latest = Number.POSITIVE_INFINITY;
  for (const list of lists) {
    first = Math.min(first, list[0]?.[0] ?? first);
    latest = Math.min(latest, firstFrom(list, keptFrom(today)));
  }
  return [first, latest];
}

/** The first day of a list that is not before another; Infinity if none is. */
function firstFrom(list: Days, from: number): number {
  for (let index = 0; index < list.length; index += 1) {
    const day = list[index]?.[0] ?? 0;
    if (day >= from) return day;
  }
  return Number.POSITIVE_INFINITY;
}

/** The first of the days of a list that may be let go of by the end of what is foreseen. */
const keptFrom = (today: number): number => today - 346;

/** All that a window of 14 to 42 days may be held against, and the part of it that the usual is taken from, as days back from today. */
const heldAgainst = mostWeeks * 7;
const usualWithin = 42 + usualWeeks * 7;

/**
 * What a stream can weigh at most (the inverse of the squared coefficient of variation of its weeks) in any window that ends from `today`
 * up to 14 days on, by a look at its lists alone: those windows are held against weeks that are over, so that what comes in these days makes
 * no difference. Infinity where nothing is known of it.
 */
export function mostInformation(
  lists: readonly Days[],
  today: number,
  usual: Levels,
  kind: 'counts' | 'amounts',
): number {
  const [first, latest] = firstDays(lists, today);
  if (Math.floor((today + foreseen - first) / 7) - 2 < fewestKnown) return 0;
  let all = 0;
  let days = 0;
  let sum = 0;
  for (const list of lists) {
    for (let index = list.length - 1; index >= 0; index -= 1) {
      const entry = list[index];
      if (!entry || entry[0] < today - heldAgainst) break;
      if (entry[1] < 0) return Number.POSITIVE_INFINITY;
      if (entry[0] >= today || entry[1] === 0) continue;
      all += entry[1];
      days += 1;
      if (entry[0] >= today - usualWithin) sum += entry[1];
    }
  }
  if (sum === 0 || (kind === 'counts' && all < fewestCounts)) return 0;
  const isPlain = !hasSeason(usual, today - heldAgainst, today + foreseen);
  const fewest = Math.max(fewestKnown, Math.min(swingWeeks, isPlain ? Math.floor((today - latest) / 7) - 6 : 0));
  // The variance of counts is taken to be no less than their mean.
  if (kind === 'counts') return (sum / (isPlain ? Math.min(usualWeeks, fewest) : leastLevel * fewestWeeks)) * rounding;
  const most = Math.max(fewest, Math.min(swingWeeks, Math.floor((today + foreseen - first) / 7) - 2));
  const within = (weeks: number) => sparseInformation(days, weeks, isPlain ? Math.min(usualWeeks, weeks) : fewestWeeks);
  return Math.max(within(fewest), within(most), fewest < usualWeeks && most > usualWeeks ? within(usualWeeks) : 0);
}

/**
 * What amounts on so many days weigh at most: their sum is all that the usual can be taken from, and they vary least where each week with
 * any has as much (Cauchy's inequality). Over weeks it falls up to where the usual is taken from all of them and is convex from there on, so
 * that the ends of a range tell the most within.
 */
function sparseInformation(days: number, weeks: number, usual: number): number {
  if (days >= weeks) return Number.POSITIVE_INFINITY;
  return (((weeks - 1) * weeks * days) / ((weeks - days) * usual ** 2)) * rounding;
}

/** Whether amounts are known of in each window of 14 days that ends from `today` up to 14 days on, whatever comes in these days. */
export function staysKnown(days: Days, today: number, usual: Levels): boolean {
  const weeks = Math.min(usualWeeks, Math.floor((today - firstFrom(days, keptFrom(today))) / 7) - 2);
  if (!(weeks >= fewestKnown) || hasSeason(usual, today - heldAgainst, today + foreseen)) return false;
  let isAny = false;
  for (const [day, amount] of days) {
    if (amount < 0) return false;
    if (amount > 0 && day >= today - weeks * 7 && day < today - 14) isAny = true;
  }
  return isAny;
}

/** Days from one window to the next, and the windows in weeks. */
interface Steps {
  readonly step: number;
  readonly spans: readonly number[];
}

const weekSums = new Float64Array(mostWeeks + 1);
const weekSquares = new Float64Array(mostWeeks + 1);

/**
 * The same window by window, far nearer, for what no quiet season touches and no sum has lost anything of: what the stream weighs is set in
 * `information`, which has a place for each window of each day from `today` on.
 */
export function setInformation(
  information: Float64Array,
  ring: DayRing,
  lists: readonly Days[],
  today: number,
  kind: 'counts' | 'amounts',
  { step, spans }: Steps,
): void {
  for (let day = today, place = 0; day <= today + foreseen; day += step, place += spans.length) {
    let first = Number.POSITIVE_INFINITY;
    let latest = Number.POSITIVE_INFINITY;
    for (const list of lists) {
      first = Math.min(first, list[0]?.[0] ?? first);
      latest = Math.min(latest, firstFrom(list, day - 360));
    }
    // What is older than about a year is let go with the next that comes, and the weeks are fewer.
    const weeks = Math.min(mostWeeks, Math.floor((day - first) / 7));
    ring.sumWeeks(day, weeks, weekSums, weekSquares);
    const fewer = Math.min(mostWeeks, Math.floor((day - latest) / 7));
    for (let index = 0; index < spans.length; index += 1) {
      const span = spans[index] ?? 0;
      const most = informationOf(span, weeks, kind);
      information[place + index] = fewer === weeks ? most : Math.max(most, informationOf(span, fewer, kind));
    }
  }
}

/** The inverse of the squared coefficient of variation of the weeks before a window, from the running sums. */
function informationOf(span: number, weeks: number, kind: 'counts' | 'amounts'): number {
  const length = Math.min(swingWeeks, weeks - span);
  if (!(length >= fewestKnown)) return 0;
  const from = weekSums[span] ?? 0;
  const usual = Math.min(usualWeeks, length);
  const mean = ((weekSums[span + usual] ?? 0) - from) / usual;
  const sum = (weekSums[span + length] ?? 0) - from;
  if (mean <= 0 || (kind === 'counts' && sum < fewestCounts)) return 0;
  const squares = (weekSquares[span + length] ?? 0) - (weekSquares[span] ?? 0);
  const least = kind === 'counts' ? mean : (leastVariation * mean) ** 2;
  return ((mean * mean) / Math.max((squares - (sum * sum) / length) / (length - 1), least)) * rounding;
}
