import { fewestArrivals, usualWeeks, type SourceSilence } from '../coverage/source-silence.ts';
import { DAY } from '../time/zone.ts';

/** All that one source told of one touchpoint, of anybody: when each was known and when it happened, epoch milliseconds, in the order of `recordedAt`. */
export interface ToldBySource {
  readonly recordedAt: Float64Array;
  readonly occurredAt: Float64Array;
  readonly silences: readonly SourceSilence[];
}

/**
 * The first instant, from `knownAt` on, at which a source had been heard of again since `since`: until then nobody can tell whether the
 * customer is silent or the source is. `knownAt` itself where the source is known to be silent then, since all that rests on it is judged by
 * that; and no later than the instant at which it became known to be. A source that tells too little to be missed is waited for by nobody.
 */
export function heardAgain({ recordedAt, occurredAt, silences }: ToldBySource, since: number, knownAt: number): number {
  const from = firstFrom(recordedAt, knownAt);
  if (
    isKnownSilent({ silences }, knownAt) ||
    from - firstFrom(recordedAt, knownAt - usualWeeks * 7 * DAY) < fewestArrivals
  )
    return knownAt;
  // What came shortly before the flag was known, as the fact that opened it did.
  for (let index = from - 1; index >= 0 && (recordedAt[index] ?? 0) >= since; index -= 1)
    if ((occurredAt[index] ?? 0) >= since) return knownAt;
  const noticed = silences.find((one) => one.knownFrom > knownAt)?.knownFrom ?? Number.POSITIVE_INFINITY;
  for (let index = from; index < recordedAt.length && (recordedAt[index] ?? 0) < noticed; index += 1)
    if ((occurredAt[index] ?? 0) >= since) return recordedAt[index] ?? knownAt;
  return noticed;
}

/** Whether a source was known to be silent at an instant: nothing rests on its saying nothing then. */
export function isKnownSilent({ silences }: Pick<ToldBySource, 'silences'>, at: number): boolean {
  return silences.some((one) => one.knownFrom <= at && (one.overAt === null || one.overAt > at));
}

/** The index of the first value at or after one. */
function firstFrom(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
