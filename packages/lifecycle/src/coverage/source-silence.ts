import { DAY } from '../time/zone.ts';

/** When something of a source happened and when it was told, epoch milliseconds. */
export interface Arrival {
  readonly occurredAt: number;
  readonly recordedAt: number;
}

/** A stretch in which a source told nothing of anybody, far longer than is usual with it. */
export interface SourceSilence {
  /** The last that was heard of before it. */
  readonly from: number;
  /** When it was heard of again; null while it lasts. */
  readonly to: number | null;
  /** When that was known: what comes late, in one burst, tells of its own days only then. */
  readonly overAt: number | null;
  /** When the silence had become too long to be chance. */
  readonly knownFrom: number;
  /** When what was missing had come after all; null where it never did. */
  readonly filledAt: number | null;
}

const HOUR = DAY / 24;
export const hoursOfWeek = 168;
/** The weeks that the usual is taken from. */
export const usualWeeks = 8;
/** Fewer arrivals than these in those weeks say nothing of what is usual. */
export const fewestArrivals = 40;
/** Hours in which anything was told: fewer of them say nothing of what is usual, however much it was. */
const fewestHours = 6;
/** Of an hour in which far more was told than in most, so many times the usual hour's count. */
const loadedAbove = 3;
/** No silence is shorter, however busy the source is. */
export const shortest = 8 * HOUR;
/**
 * How many arrivals have to be missing. Were each independent, none instead of 25 would come once in 10^11 times; in a season in which
 * everybody is away a tenth of the usual is left, and none instead of that comes once in twelve.
 */
export const missing = 25;

/**
 * The silences of one source over a whole workspace: pauses in which, by the same hours of the eight weeks before, 25 arrivals should
 * have come. Judged in the order in which things became known, so that a silence is known no earlier than it could have been, and what
 * comes in late, in one burst, fills it. Arrivals may come in any order; `to` is where the telling ends.
 */
export function sourceSilences(arrivals: readonly Arrival[], to: number): SourceSilence[] {
  const told = arrivals.toSorted((a, b) => a.recordedAt - b.recordedAt || a.occurredAt - b.occurredAt);
  return silencesInTurn(
    {
      recordedAt: Float64Array.from(told, (one) => one.recordedAt),
      occurredAt: Float64Array.from(told, (one) => one.occurredAt),
    },
    to,
  );
}

/** Arrivals in the order of `recordedAt`, then `occurredAt`: two numbers each, since a workspace has many. */
interface ArrivalsInTurn {
  readonly recordedAt: Float64Array;
  readonly occurredAt: Float64Array;
}

/**
 * The same of arrivals that are in order. Beside them it holds no more than what is usual and silences that are not filled rest on: from
 * `tidyFrom` arrivals on it lets go of the others.
 */
export function silencesInTurn(
  { recordedAt, occurredAt }: ArrivalsInTurn,
  to: number,
  tidyFrom = 20_000,
): SourceSilence[] {
  const heard: number[] = [];
  let tidyAt = tidyFrom;
  const found: Found[] = [];
  const open = () => {
    const last = found.at(-1);
    return last?.to === null ? last : undefined;
  };
  const listen = (now: number): void => {
    const last = heard.at(-1);
    if (last === undefined || now - last <= shortest || open()) return;
    const limit = usualLimit(heard);
    if (limit !== null && now - last > limit)
      found.push({ from: last, to: null, overAt: null, knownFrom: last + limit, filledAt: null, limit });
  };
  for (let index = 0; index < recordedAt.length && (recordedAt[index] ?? to) < to;) {
    const now = recordedAt[index] ?? to;
    const first = index;
    while (recordedAt[index] === now) index += 1;
    // What had not happened by then is not heard of.
    const fresh = occurredAt.subarray(first, index).filter((at) => at < to);
    if (fresh.length === 0) continue;
    listen(now);
    for (const at of fresh) insert(heard, at);
    const silence = open();
    const last = heard.at(-1) ?? -Infinity;
    // Over once it is heard of something of now again, not of something old.
    if (silence && last > silence.from && now - last <= silence.limit) {
      silence.to = firstAfterPause(heard, silence) ?? now;
      silence.overAt = now;
    }
    for (const one of found) {
      if (one.filledAt !== null || one.to === null) continue;
      const { from, to: until, overAt } = one;
      if ((overAt === now || fresh.some((at) => at > from && at < until)) && isFilled(heard, one)) one.filledAt = now;
    }
    if (heard.length < tidyAt) continue;
    tidy(heard, found);
    tidyAt = Math.max(tidyFrom, heard.length * 2);
  }
  listen(to);
  return found.map(({ limit: _limit, ...silence }) => silence);
}

/** Lets go of arrivals that nothing will be judged by: neither what is usual, nor whether a silence that is not filled yet is over or filled. */
function tidy(heard: number[], found: readonly Found[]): void {
  const [first] = heard;
  const last = heard.at(-1);
  if (first === undefined || last === undefined) return;
  const usual = usualWeeks * 7 * DAY;
  const spans = [
    { from: last - usual, to: last },
    ...found
      .filter(({ filledAt }) => filledAt === null)
      .map((one) => ({ from: one.from - usual, to: one.to ?? last }))
      // With the first that came after it.
      .map(({ from, to }) => ({ from, to: heard[placeAfter(heard, to)] ?? last })),
  ];
  const needed = heard.filter((at) => at === first || spans.some(({ from, to }) => at >= from && at <= to));
  // In place, and the first of all stays: since when there is anything is told by it.
  for (const [index, at] of needed.entries()) heard[index] = at;
  heard.length = needed.length;
}

interface Found {
  readonly from: number;
  to: number | null;
  overAt: number | null;
  readonly knownFrom: number;
  filledAt: number | null;
  readonly limit: number;
}

/**
 * The length from which on a pause after the last arrival is no chance, ms; null where too little was heard. `counts` says how many
 * arrivals each instant stands for; one without it. Of the instants the first `length` count; all without it.
 */
export function usualLimit(
  heard: readonly number[],
  counts?: readonly number[],
  length: number = heard.length,
): number | null {
  const last = heard[length - 1] ?? 0;
  const since = last - usualWeeks * 7 * DAY;
  const hours: number[] = [];
  const told: number[] = [];
  for (let index = length - 1; index >= 0 && (heard[index] ?? 0) > since; index -= 1) {
    const hour = Math.floor((heard[index] ?? 0) / HOUR);
    const arrivals = counts?.[index] ?? 1;
    if (hours.at(-1) === hour) told[told.length - 1] = (told.at(-1) ?? 0) + arrivals;
    else {
      hours.push(hour);
      told.push(arrivals);
    }
  }
  if (hours.length < fewestHours) return null;
  // What was loaded at once says nothing of what comes by itself.
  const most = loadedAbove * (told.toSorted((x, y) => x - y)[Math.floor(told.length / 2)] ?? 0);
  const rates = new Float64Array(hoursOfWeek);
  let count = 0;
  for (const [index, hour] of hours.entries()) {
    const arrivals = Math.min(told[index] ?? 0, most);
    rates[hour % hoursOfWeek] = (rates[hour % hoursOfWeek] ?? 0) + arrivals;
    count += arrivals;
  }
  if (count < fewestArrivals) return null;
  const weeks = Math.max(1, Math.min(usualWeeks, (last - (heard[0] ?? last)) / (7 * DAY)));
  let expected = 0;
  let hour = Math.floor(last / HOUR) + 1;
  // A week holds them all, or the source is too rare to be judged by the hour.
  for (; expected < missing && hour * HOUR - last < 60 * DAY; hour += 1)
    expected += (rates[hour % hoursOfWeek] ?? 0) / weeks;
  return expected < missing ? null : Math.max(shortest, hour * HOUR - last);
}

/**
 * Whether the pause before the arrival of an index is one that is no chance: longer than the silence that was noticed took to be, and,
 * since nights and weekends are long, longer than is usual at its own hours.
 */
function isPauseBefore(heard: readonly number[], index: number, before: number, limit: number): boolean {
  const pause = (heard[index] ?? before) - before;
  return pause > limit && pause > (usualLimit(heard, undefined, index) ?? limit);
}

/** The first that was heard of after the pause that the silence is; undefined where the pause has been filled. */
function firstAfterPause(heard: readonly number[], { from, limit }: Pick<Found, 'from' | 'limit'>): number | undefined {
  let before = from;
  for (let index = placeAfter(heard, from); index < heard.length; index += 1) {
    const at = heard[index] ?? before;
    if (isPauseBefore(heard, index, before, limit)) return at;
    before = at;
  }
  return undefined;
}

function isFilled(heard: readonly number[], { from, to, limit }: Pick<Found, 'from' | 'to' | 'limit'>): boolean {
  const until = to ?? Number.POSITIVE_INFINITY;
  let before = from;
  for (let index = placeAfter(heard, from); index < heard.length; index += 1) {
    const at = heard[index] ?? before;
    if (isPauseBefore(heard, index, before, limit)) return false;
    if (at >= until) return true;
    before = at;
  }
  return until - before <= limit;
}

function insert(sorted: number[], value: number): void {
  sorted.splice(placeAfter(sorted, value), 0, value);
}

/** The index of the first value above one. */
export function placeAfter(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
