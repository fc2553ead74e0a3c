import type { DayCounts } from './tracks.ts';
import { DAY } from '../time/zone.ts';

/** The longest window plus the longest baseline that a definition can ask for, in days. */
const KEPT_DAYS = 361;

/** The whole UTC day of an instant, counted from 1970. */
const dayOf = (at: number): number => Math.floor(at / DAY);

/** Counts one more on the day of `at`. Facts come in order of time. */
export function countOn(counts: DayCounts, at: number): void {
  const day = dayOf(at);
  const last = counts.at(-1);
  if (last && last[0] === day) counts[counts.length - 1] = [day, last[1] + 1];
  else counts.push([day, 1]);
  while (counts.length > 0 && (counts[0]?.[0] ?? day) < day - KEPT_DAYS) counts.shift();
}

/** How many in the `days` whole UTC days that end with the day of `at`, shifted back by `back` days. */
export function countIn(counts: DayCounts, at: number, days: number, back = 0): number {
  const last = dayOf(at) - back;
  const first = last - days + 1;
  let total = 0;
  for (let index = counts.length - 1; index >= 0; index--) {
    const entry = counts[index];
    if (!entry || entry[0] < first) break;
    if (entry[0] <= last) total += entry[1];
  }
  return total;
}

/** The next midnight (UTC) at which a day with counts crosses the edge `age` days back; Infinity if none does. */
export function nextEdge(counts: DayCounts, at: number, age: number): number {
  const today = dayOf(at);
  for (const [day] of counts) if (day + age > today) return (day + age) * DAY;
  return Number.POSITIVE_INFINITY;
}
