import { shortest, usualLimit } from './source-silence.ts';
import { DAY } from '../time/zone.ts';

/** What one source told within one hour, over a whole workspace: the first and the last instant, epoch milliseconds, and how often. */
export interface HeardHour {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** All that one source told of one touchpoint, oldest hour first. */
export interface HeardSource {
  readonly source: string;
  readonly touchpoint: string;
  readonly hours: readonly HeardHour[];
}

/** A stretch in which a source told nothing of anybody, far longer than is usual with it. Epoch milliseconds, both ends included. */
export interface SourceOutage {
  readonly source: string;
  readonly touchpoint: string;
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
}

/** A source that begins so long before another ends, or at any time after, may have taken its place. */
const handover = 30 * DAY;
/** A source that told less has taken nobody's place. */
const fewestOfSuccessor = 25;

/**
 * The outages of sources by what happened when, however late it was told: what comes after all leaves no trace, so that the answer is a
 * function of what is known and of `now`. Where another source has taken the place of one that ended, the outage ends as that begins.
 * `nextAt` is the next instant at which a source will have been silent for too long, if nothing comes; null if none.
 */
export function sourceOutages(
  sources: readonly HeardSource[],
  now: number,
): { readonly outages: readonly SourceOutage[]; readonly nextAt: number | null } {
  const outages: SourceOutage[] = [];
  let nextAt: number | null = null;
  for (const { source, touchpoint, hours } of sources) {
    const heard: number[] = [];
    const counts: number[] = [];
    const pauseFrom = (until: number): { readonly from: number; readonly limit: number } | undefined => {
      const last = heard.at(-1);
      if (last === undefined || until - last <= shortest) return undefined;
      const limit = usualLimit(heard, counts);
      return limit !== null && until - last > limit ? { from: last + 1, limit } : undefined;
    };
    for (const { first, last, count } of hours) {
      if (first > now) break;
      const pause = pauseFrom(first);
      if (pause) outages.push({ source, touchpoint, from: pause.from, to: first - 1 });
      heard.push(last);
      counts.push(count);
    }
    const last = heard.at(-1);
    if (last === undefined) continue;
    const open = pauseFrom(now);
    if (open) {
      const end = successor(sources, { source, touchpoint, from: open.from });
      if (end === undefined || end > open.from)
        outages.push({ source, touchpoint, from: open.from, to: end === undefined ? null : end - 1 });
      continue;
    }
    const limit = usualLimit(heard, counts);
    if (limit !== null && (nextAt === null || last + limit < nextAt)) nextAt = last + limit + 1;
  }
  return { outages, nextAt };
}

/** When a source began that took the place of one that ended; undefined where none did. */
function successor(
  sources: readonly HeardSource[],
  ended: { readonly source: string; readonly touchpoint: string; readonly from: number },
): number | undefined {
  const begins = sources.flatMap(({ source, touchpoint, hours }) => {
    const begin = hours[0]?.first;
    if (source === ended.source || touchpoint !== ended.touchpoint || begin === undefined) return [];
    if (begin < ended.from - handover) return [];
    const told = hours.reduce((sum, hour) => (hour.last >= ended.from ? sum + hour.count : sum), 0);
    return told >= fewestOfSuccessor ? [begin] : [];
  });
  return begins.length === 0 ? undefined : Math.min(...begins);
}
