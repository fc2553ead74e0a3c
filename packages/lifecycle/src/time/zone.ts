import { stoppingClock, type Stretch } from './stopping-clock.ts';

/** A day of 24 hours in milliseconds. */
export const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** Saturday 1970-01-03, midnight, in local milliseconds. */
const FIRST_SATURDAY = 2 * DAY;

/** A way to measure time between two instants, some of which does not count. */
export interface Clock {
  /** Milliseconds that count between two instants; 0 if `to` is not after `from`. */
  between(from: number, to: number): number;
  /** The first instant at which `between(from, instant)` reaches `ms`; `from` itself for none. */
  after(from: number, ms: number): number;
}

/** A stretch of days of every year, both included: `12-24` to `01-01`. */
export interface QuietDays {
  readonly from: string;
  readonly to: string;
}

/** A time zone as the engine needs it: weekends, quiet days and dates. Offsets are looked up once per day and kept. */
export interface Zone {
  readonly name: string;
  /** Monday to Friday, but for quiet days. */
  readonly business: Clock;
  /** All days but the quiet ones. */
  readonly awake: Clock;
  /**
   * Where the day of a date without a time of day begins: such dates are told as midnight (UTC), as HubSpot's and Salesforce's are. Any other
   * instant is itself. https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
   */
  civil(at: number): number;
  /** `12 Oct 2026`. */
  date(at: number): string;
  /** `12 Oct`; with its year if that is not plain from where the reader stands, at `from`. */
  shortDate(at: number, from: number): string;
}

/** A date further off than this is said with its year. */
const PLAIN_YEAR = 270 * DAY;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** Days of which the offset is kept for a zone. */
const MOST_DAYS = 20_000;
/** As far as dates go. */
const LAST_DAY = 100_000_000;

function offsetReader(name: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const exact = (at: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
    const local = Date.UTC(
      part.year ?? 1970,
      (part.month ?? 1) - 1,
      part.day ?? 1,
      part.hour,
      part.minute,
      part.second,
    );
    return local - Math.floor(at / 1000) * 1000;
  };
  // Clocks do not change and change back within a day: where both its ends agree, all of it does.
  const byDay = new Map<number, number>();
  const onDay = (day: number): number => {
    let offset = byDay.get(day);
    if (offset === undefined) {
      offset = exact(day * DAY);
      if (byDay.size >= MOST_DAYS) byDay.clear();
      byDay.set(day, offset);
    }
    return offset;
  };
  return (at) => {
    const day = Math.floor(at / DAY);
    if (Math.abs(day) >= LAST_DAY) return exact(at);
    const offset = onDay(day);
    return offset === onDay(day + 1) ? offset : exact(at);
  };
}

function makeZone(name: string, quietDays: readonly QuietDays[], holidays: readonly string[]): Zone {
  const offsetAt = offsetReader(name);
  /**
   * The first instant of a local day. Some clocks change at midnight: then the day begins when they do, or, where they go back to the day
   * before, an hour after. A day that was left out ends as it begins.
   */
  const instantOf = (local: number): number => {
    let [before, after] = [local - DAY, local + DAY];
    const [then, now] = [offsetAt(before), offsetAt(after)];
    if (local - then === local - now) return local - then;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(middle) === then) before = middle;
      else after = middle;
    }
    return local - then < after ? local - then : Math.max(after, local - now);
  };
  const weekendsIn = (year: number): Stretch[] => {
    const found: Stretch[] = [];
    // Offsets are under 15 hours, so starting a week early and stopping late covers every weekend that overlaps.
    const last = Date.UTC(year + 1, 0, 1) + WEEK;
    for (let index = Math.floor((Date.UTC(year, 0, 1) - FIRST_SATURDAY) / WEEK) - 1; ; index++) {
      const saturday = FIRST_SATURDAY + index * WEEK;
      if (saturday > last) return found;
      found.push([instantOf(saturday), instantOf(saturday + 2 * DAY)]);
    }
  };
  const yearOf = (at: number) => new Date(at + offsetAt(at)).getUTCFullYear();
  const years = new Map<number, readonly Stretch[]>();
  const singleDays = Map.groupBy(new Set(holidays), (date) => Number(date.slice(0, 4)));
  const dayOf = (date: string): Stretch => {
    const local = Date.parse(`${date}T00:00:00Z`);
    return [instantOf(local), instantOf(local + DAY)];
  };
  const quietOf = (year: number): readonly Stretch[] => {
    let found = years.get(year);
    if (!found) {
      const yearly = quietDays.map(({ from, to }): Stretch => {
        const [start, last] = [from, to].map((day) => day.split('-').map(Number));
        const local = ([month, day]: readonly number[] = [], more = 0) =>
          instantOf(Date.UTC(year + more, (month ?? 1) - 1, day ?? 1));
        const [month = 1, day = 1] = last ?? [];
        return [local(start), local([month, day + 1], to < from ? 1 : 0)];
      });
      found = [...yearly, ...(singleDays.get(year) ?? []).map(dayOf)];
      years.set(year, found);
    }
    return found;
  };
  const isPlain = quietDays.length === 0 && holidays.length === 0;
  // A stretch may begin in the year before, and local years are off by hours.
  const quietAround = (year: number) => [...quietOf(year - 1), ...quietOf(year), ...quietOf(year + 1)];
  const dateParts = (at: number) => {
    const local = new Date(at + offsetAt(at));
    return `${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]}`;
  };

  return {
    name,
    business: stoppingClock(isPlain ? weekendsIn : (year) => [...weekendsIn(year), ...quietAround(year)]),
    awake: isPlain ? everyDay : stoppingClock(quietAround),
    civil: (at) => (at % DAY === 0 ? instantOf(at) : at),
    shortDate: (at, from) => (Math.abs(at - from) < PLAIN_YEAR ? dateParts(at) : `${dateParts(at)} ${yearOf(at)}`),
    date: (at) => `${dateParts(at)} ${yearOf(at)}`,
  };
}

const everyDay: Clock = {
  between: (from, to) => Math.max(0, to - from),
  after: (from, ms) => from + Math.max(0, ms),
};

/** What adding up parts of milliseconds may be off by, ms. */
const ROUNDING = 1e-4;

/** A stretch of time (epoch milliseconds, the end left out) in which only so much of the usual happens. */
interface Slowed {
  readonly from: number;
  readonly to: number;
  readonly level: number;
}

/** The same stretches in order and without overlaps: where several hold, the quietest does. */
function disjoint(stretches: readonly Slowed[]): readonly Slowed[] {
  const bounds = [...new Set(stretches.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  return bounds.slice(1).flatMap((to, index): readonly Slowed[] => {
    const from = bounds[index] ?? to;
    const levels = stretches.filter((one) => one.from < to && one.to > from).map(({ level }) => level);
    return levels.length === 0 ? [] : [{ from, to, level: Math.min(...levels) }];
  });
}

/** The same zone in which silence grows more slowly while the whole workspace is quiet. */
export function slowedZone(zone: Zone, given: readonly Slowed[]): Zone {
  if (given.length === 0) return zone;
  const stretches = disjoint(given);
  const { awake } = zone;
  return {
    ...zone,
    awake: {
      between(from, to) {
        let total = awake.between(from, to);
        for (const one of stretches) {
          if (one.from >= to) break;
          if (one.to > from) total -= (1 - one.level) * awake.between(Math.max(one.from, from), Math.min(one.to, to));
        }
        // Never more than has passed: `after` names the first instant by which it has.
        return Math.floor(total + ROUNDING);
      },
      after(from, ms) {
        let at = from;
        let left = ms;
        for (const one of stretches) {
          if (one.to <= at || left <= 0) continue;
          const until = one.from > at ? awake.between(at, one.from) : 0;
          if (left <= until) break;
          left -= until;
          at = Math.max(at, one.from);
          const within = awake.between(at, one.to) * one.level;
          if (left <= within) return awake.after(at, Math.ceil(left / one.level - ROUNDING));
          left -= within;
          at = one.to;
        }
        return awake.after(at, Math.ceil(left - ROUNDING));
      },
    },
  };
}

/** The instant at which to show a date that a CRM told, in a zone: where it has no time of day, the beginning of that very day there. */
export const civilDay = (at: number, timezone: string): number => zoneOf(timezone).civil(at);

const zones = new Map<string, Zone>();

/**
 * The zone of an IANA name, with quiet days of every year that do not overlap, and holidays (`2026-04-06`); UTC where the name is
 * missing or unknown.
 */
export function zoneOf(
  name: string | undefined,
  quietDays: readonly QuietDays[] = [],
  holidays: readonly string[] = [],
): Zone {
  const wanted = name ?? 'UTC';
  const id = `${wanted} ${quietDays.map(({ from, to }) => `${from}/${to}`).join()} ${holidays.join()}`;
  const known = zones.get(id);
  if (known) return known;
  let zone: Zone;
  try {
    zone = makeZone(wanted, quietDays, holidays);
  } catch {
    zone = zoneOf('UTC', quietDays, holidays);
  }
  zones.set(id, zone);
  return zone;
}
