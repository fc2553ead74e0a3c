import type { DayRing, Days } from '../tracks/day-ring.ts';
import { fewestWeeks, leastVariation, swingWeeks, usualWeeks } from './fall.ts';
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
    latest = Math.min(latest, firstFrom(list, today - 346));
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

/**
 * What a stream can weigh at most (the inverse of the squared coefficient of variation of its weeks) in any window that ends from `today`
 * up to 14 days on: those windows are held against weeks that are over, so that what comes in these days makes no difference. Infinity
 * where nothing is known of it.
 */
export function mostInformation(
  ring: DayRing,
  lists: readonly Days[],
  today: number,
  usual: Levels,
  kind: 'counts' | 'amounts',
): number {
  const [first, latest] = firstDays(lists, today);
  // All that a window of 14 to 42 days may be held against begins no earlier.
  const sum = ring.between(today - 42 - usualWeeks * 7, today);
  if (!ring.isExact) return Number.POSITIVE_INFINITY;
  if (latest === Number.POSITIVE_INFINITY || sum === 0) return 0;
  const fewest = Math.floor((today - latest) / 7) - 6;
  const isPlain = !hasSeason(usual, today - mostWeeks * 7, today + foreseen);
  const weeks = isPlain ? Math.max(fewestWeeks, Math.min(usualWeeks, fewest)) : fewestWeeks;
  const mean = (sum / (isPlain ? 1 : leastLevel) / weeks) * rounding;
  // The variance of counts is taken to be no less than their mean.
  if (kind === 'counts') return mean;
  if (!isPlain) return Number.POSITIVE_INFINITY;
  const most = Math.min(swingWeeks, Math.floor((today + foreseen - first) / 7) - 2);
  const least = Math.max(fewestWeeks, Math.min(swingWeeks, fewest));
  // Squares of weeks are no less than those of their days.
  const squares = ring.squaresBetween(Math.max(latest + 7, today - 308), today - 42) / rounding;
  const all = ring.between(today - mostWeeks * 7, today) * rounding;
  const variance = (squares - (all * all) / least) / (Math.max(most, least) - 1);
  return variance > 0 ? (mean * mean) / variance : Number.POSITIVE_INFINITY;
}

/** Days from one window to the next, and the windows in weeks. */
interface Steps {
  readonly step: number;
  readonly spans: readonly number[];
}

const weekSums = new Float64Array(mostWeeks + 1);
const weekSquares = new Float64Array(mostWeeks + 1);

/**
 * The same window by window, far nearer, for what no quiet season touches and no sum has lost anything of: what the stream weighs is added to
 * `information`, which has a place for each window of each day from `today` on.
 */
export function addInformation(
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
      const most = Math.max(informationOf(span, weeks, kind), fewer === weeks ? 0 : informationOf(span, fewer, kind));
      information[place + index] = (information[place + index] ?? 0) + most;
    }
  }
}

/** The inverse of the squared coefficient of variation of the weeks before a window, from the running sums. */
function informationOf(span: number, weeks: number, kind: 'counts' | 'amounts'): number {
  const length = Math.min(swingWeeks, weeks - span);
  if (!(length >= fewestWeeks)) return 0;
  const from = weekSums[span] ?? 0;
  const usual = Math.min(usualWeeks, length);
  const mean = ((weekSums[span + usual] ?? 0) - from) / usual;
  if (mean <= 0) return 0;
  const sum = (weekSums[span + length] ?? 0) - from;
  const squares = (weekSquares[span + length] ?? 0) - (weekSquares[span] ?? 0);
  const least = kind === 'counts' ? mean : (leastVariation * mean) ** 2;
  return ((mean * mean) / Math.max((squares - (sum * sum) / length) / (length - 1), least)) * rounding;
}
