import { DAY } from './zone.ts';

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
  /** When the silence had become too long to be chance. */
  readonly knownFrom: number;
  /** When what was missing had come after all; null where it never did. */
  readonly filledAt: number | null;
}

/** Fewer arrivals than these within the window say nothing of what is usual. */
const fewestArrivals = 40;
const window = 90 * DAY;
/** No silence is shorter, however busy the source is: a holiday is no outage. */
const shortest = 3 * DAY;
/** How many times the longest usual pause is too long. */
const factor = 2.5;

/**
 * The silences of one source over a whole workspace: pauses longer than 2.5 times the longest pause of the 90 days before, and than
 * three days. Judged in the order in which things became known, so that a silence is known no earlier than it could have been, and what
 * comes in late, in one burst, fills it. Arrivals may come in any order; `to` is where the telling ends.
 */
export function sourceSilences(arrivals: readonly Arrival[], to: number): SourceSilence[] {
  const told = arrivals
    .filter((one) => one.recordedAt < to && one.occurredAt < to)
    .toSorted((a, b) => a.recordedAt - b.recordedAt || a.occurredAt - b.occurredAt);
  const heard: number[] = [];
  const found: { from: number; to: number | null; knownFrom: number; filledAt: number | null; limit: number }[] = [];
  const open = () => {
    const last = found.at(-1);
    return last?.to === null ? last : undefined;
  };
  const listen = (now: number): void => {
    const last = heard.at(-1);
    if (last === undefined || now - last <= shortest || open()) return;
    const limit = usualLimit(heard, found);
    if (limit !== null && now - last > limit)
      found.push({ from: last, to: null, knownFrom: last + limit, filledAt: null, limit });
  };
  for (let index = 0; index < told.length;) {
    const now = told[index]?.recordedAt ?? to;
    listen(now);
    for (let one = told[index]; one?.recordedAt === now; one = told[++index]) insert(heard, one.occurredAt);
    const silence = open();
    const last = heard.at(-1) ?? -Infinity;
    // Over once it is heard of something of now again, not of something old.
    if (silence && last > silence.from && now - last <= silence.limit)
      silence.to = firstAfterPause(heard, silence) ?? now;
    for (const one of found) if (one.filledAt === null && one.to !== null && isFilled(heard, one)) one.filledAt = now;
  }
  listen(to);
  return found.map(({ limit: _limit, ...silence }) => silence);
}

/** The pause from which on it is no chance; null where too little was heard. */
function usualLimit(
  heard: readonly number[],
  found: readonly { from: number; to: number | null; filledAt: number | null }[],
): number | null {
  const last = heard.at(-1) ?? 0;
  let longest = 0;
  let count = 0;
  for (let index = heard.length - 1; index > 0; index -= 1) {
    const [before = 0, at = 0] = [heard[index - 1], heard[index]];
    if (at < last - window) break;
    count += 1;
    const isOutage = found.some(
      (one) => one.filledAt === null && one.to !== null && before <= one.from && at >= one.to,
    );
    if (!isOutage) longest = Math.max(longest, at - before);
  }
  return count < fewestArrivals ? null : Math.max(shortest, factor * longest);
}

/** The first that was heard of after the pause that the silence is; undefined where the pause has been filled. */
function firstAfterPause(
  heard: readonly number[],
  silence: { readonly from: number; readonly limit: number },
): number | undefined {
  let before = silence.from;
  for (let index = placeAfter(heard, silence.from); index < heard.length; index += 1) {
    const at = heard[index] ?? before;
    if (at - before > silence.limit) return at;
    before = at;
  }
  return undefined;
}

function isFilled(
  heard: readonly number[],
  silence: { readonly from: number; readonly to: number | null; readonly limit: number },
): boolean {
  const to = silence.to ?? Number.POSITIVE_INFINITY;
  let before = silence.from;
  for (let index = placeAfter(heard, silence.from); index < heard.length; index += 1) {
    const at = heard[index] ?? before;
    if (at - before > silence.limit) return false;
    if (at >= to) return true;
    before = at;
  }
  return to - before <= silence.limit;
}

function insert(sorted: number[], value: number): void {
  sorted.splice(placeAfter(sorted, value), 0, value);
}

/** The index of the first value above one. */
function placeAfter(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
