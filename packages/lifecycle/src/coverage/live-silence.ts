import type { HeardSource, SourceOutage } from './source-outage.ts';
import { fewestArrivals, hoursOfWeek, missing, placeAfter, shortest, usualWeeks } from './source-silence.ts';
import { DAY } from '../time/zone.ts';

const HOUR = DAY / 24;

/** All that one installation told of one touchpoint, oldest hour first, and what of it was watched as it happened. */
export interface LiveSource extends HeardSource {
  /** When its history had been read, epoch ms: a pause that ended before proves nothing but itself. */
  readonly since: number;
  /** Up to when it was read without an error, epoch ms. */
  readonly until: number;
}

/** What lies around live sources. */
export interface LiveSurroundings {
  /** Sources that are not read, such as imports: where they tell, it is no season. */
  readonly others: readonly HeardSource[];
  readonly now: number;
  /** Whether nobody is at work in the hour that begins at an instant, such as on a public holiday. Nights and weekends are known by the usual. */
  readonly isAway: (at: number) => boolean;
}

/** Touchpoints through which people write: a season quiets them all, while meetings that had been planned stand in their calendars. */
const written: ReadonlySet<string> = new Set(['email', 'ticket', 'chat']);
/** Hours in which another source should have told: fewer say nothing of how much goes on. */
const fewestOfOther = 15;
/** Hours that have to be missing where no other source says whether it is a season: of a season's tenth of the usual, five. */
const missingAlone = 50;
/** How long a source that nothing can be compared with has to be silent. */
const alone = 7 * DAY;
/** A season in which nobody at all says a word is shorter. */
const longestSeason = 21 * DAY;
/** How soon a silence is looked at again that may be a season. */
const again = 6 * HOUR;

/**
 * The outages of installations that are read without an error and tell nothing of anybody: a scope that was narrowed, a filter, a webhook
 * that nobody calls. As with imported sources, by what happened when, however late it was told; by hours in which anything was told,
 * since words come in threads. The hours missing are counted at the pace of the source among the others that goes on best: where all
 * accounts over all sources are quiet it is a season. An outage lasts from the last word to the first one after it. `nextAt` is when to look
 * again if nothing comes; null for never.
 */
export function liveOutages(
  sources: readonly LiveSource[],
  { others, now, isAway }: LiveSurroundings,
): { readonly outages: readonly SourceOutage[]; readonly nextAt: number | null } {
  const voices = [...sources, ...others].filter(({ touchpoint }) => written.has(touchpoint)).map(voiceOf);
  const outages: SourceOutage[] = [];
  let nextAt: number | null = null;
  for (const one of sources) {
    const { source, touchpoint, hours, since } = one;
    const until = Math.min(one.until, now);
    const heard = hours.map(({ first }) => Math.floor(first / HOUR));
    const beside = voices.filter((voice) => voice.source !== source || voice.touchpoint !== touchpoint);
    let last: number | undefined;
    for (const [index, hour] of hours.entries()) {
      if (hour.first > now) break;
      if (last !== undefined && hour.first > since && hour.first - last > shortest) {
        const silence = new Silence({ heard, length: index, last, isAway, beside });
        if (silence.isProvenBy(hour.first)) outages.push({ source, touchpoint, from: last + 1, to: hour.first - 1 });
      }
      last = hour.last;
    }
    if (last === undefined) continue;
    const silence = new Silence({
      heard,
      length: hours.filter(({ first }) => first <= now).length,
      last,
      isAway,
      beside,
    });
    if (silence.isProvenBy(until)) {
      outages.push({ source, touchpoint, from: last + 1, to: null });
      continue;
    }
    const due = silence.earliest(until + 60 * DAY);
    const look = due === null ? null : Math.max(due, now + (due <= until ? again : HOUR));
    if (look !== null && (nextAt === null || look < nextAt)) nextAt = look;
  }
  return { outages, nextAt };
}

/** A source as others are compared with it. */
interface Voice {
  readonly source: string;
  readonly touchpoint: string;
  readonly heard: readonly number[];
  /** Up to when its silence says something; the last that it told where it is not read. */
  readonly until: number;
}

const voiceOf = (one: HeardSource | LiveSource): Voice => ({
  source: one.source,
  touchpoint: one.touchpoint,
  heard: one.hours.map(({ first }) => Math.floor(first / HOUR)),
  until: 'until' in one ? one.until : (one.hours.at(-1)?.last ?? 0),
});

/** A stretch after the last word of a source, looked at hour by hour. Hours are counted from 1970. */
class Silence {
  readonly #last: number;
  readonly #usual: Usual | null;
  readonly #isAway: (at: number) => boolean;
  readonly #beside: readonly Voice[];

  constructor(of: {
    readonly heard: readonly number[];
    /** How many of the hours lie before the silence. */
    readonly length: number;
    readonly last: number;
    readonly isAway: (at: number) => boolean;
    readonly beside: readonly Voice[];
  }) {
    this.#last = of.last;
    this.#usual = usualOf(of.heard, of.length);
    this.#isAway = of.isAway;
    this.#beside = of.beside;
  }

  /** The instant by which enough is missing if everything else goes on as usual; null where it is not by `until`. */
  earliest(until: number): number | null {
    const usual = this.#usual;
    if (usual === null) return null;
    const begin = Math.floor(this.#last / HOUR) + 1;
    let expected = 0;
    for (let hour = begin; (hour + 1) * HOUR <= until; hour += 1) {
      expected += this.#expected(usual, hour);
      const end = (hour + 1) * HOUR;
      if (expected >= missing && end - this.#last > shortest) return end;
    }
    return null;
  }

  /** Whether, at any instant up to one, the silence was no chance and no season. What was so once stays so. */
  isProvenBy(until: number): boolean {
    const usual = this.#usual;
    const earliest = this.earliest(until);
    if (usual === null || earliest === null) return false;
    const begin = Math.floor(this.#last / HOUR) + 1;
    const beside = this.#beside.flatMap((voice) => {
      const own = usualOf(voice.heard, placeAfter(voice.heard, begin - 1));
      return own === null
        ? []
        : [{ voice, usual: own, expected: 0, told: 0, next: placeAfter(voice.heard, begin - 1) }];
    });
    let expected = 0;
    for (let hour = begin; (hour + 1) * HOUR <= until; hour += 1) {
      expected += this.#expected(usual, hour);
      for (const one of beside) {
        if (hour * HOUR <= one.voice.until) one.expected += this.#expected(one.usual, hour);
        if (one.voice.heard[one.next] === hour) {
          one.told += 1;
          one.next += 1;
        }
      }
      const end = (hour + 1) * HOUR;
      if (end < earliest) continue;
      const compared = beside.filter((one) => one.expected >= fewestOfOther);
      const pace = compared.reduce((most, one) => Math.max(most, one.told / one.expected), 0);
      if (expected * Math.min(1, pace) >= missing) return true;
      const enough = compared.length === 0 ? alone : longestSeason;
      if (expected >= missingAlone && end - this.#last >= enough) return true;
    }
    return false;
  }

  #expected(usual: Usual, hour: number): number {
    const rate = usual.rates[hour % hoursOfWeek] ?? 0;
    return rate === 0 || this.#isAway(hour * HOUR) ? 0 : rate / usual.weeks;
  }
}

/** In how many of so many weeks a source told anything in each hour of the week. */
interface Usual {
  readonly rates: Float64Array;
  readonly weeks: number;
}

/** What is usual by the first `length` hours in which a source told anything; null where they are too few. */
function usualOf(heard: readonly number[], length: number): Usual | null {
  const last = heard[length - 1] ?? 0;
  const rates = new Float64Array(hoursOfWeek);
  let count = 0;
  for (let index = length - 1; index >= 0; index -= 1) {
    const hour = heard[index] ?? 0;
    if (hour <= last - usualWeeks * hoursOfWeek) break;
    rates[hour % hoursOfWeek] = (rates[hour % hoursOfWeek] ?? 0) + 1;
    count += 1;
  }
  if (count < fewestArrivals) return null;
  return { rates, weeks: Math.max(1, Math.min(usualWeeks, (last - (heard[0] ?? last)) / hoursOfWeek)) };
}
