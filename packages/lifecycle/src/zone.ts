/** A day of 24 hours in milliseconds. */
export const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** Saturday 1970-01-03, midnight, in local milliseconds. */
const FIRST_SATURDAY = 2 * DAY;

/** A time zone as the engine needs it: weekends and dates. Offsets are looked up once per week and kept. */
export interface Zone {
  readonly name: string;
  /** Milliseconds of Monday-to-Friday time between two instants; 0 if `to` is not after `from`. */
  businessMs(from: number, to: number): number;
  /** The first instant at which `businessMs(from, instant)` reaches `ms`. */
  afterBusinessMs(from: number, ms: number): number;
  /** `12 Oct 2026`. */
  date(at: number): string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

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
  return (at) => {
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
}

function makeZone(name: string): Zone {
  const offsetAt = offsetReader(name);
  const weekends = new Map<number, readonly [number, number]>();
  /** The instant of a local midnight; asked twice, since the offset is that of the answer. */
  const instantOf = (local: number): number => {
    const guess = local - offsetAt(local);
    return local - offsetAt(guess);
  };
  const weekend = (index: number): readonly [number, number] => {
    let found = weekends.get(index);
    if (!found) {
      const saturday = FIRST_SATURDAY + index * WEEK;
      found = [instantOf(saturday), instantOf(saturday + 2 * DAY)];
      weekends.set(index, found);
    }
    return found;
  };
  // Offsets are under 15 hours, so starting one week early and stopping late covers every weekend that overlaps.
  const indexBefore = (at: number) => Math.floor((at - FIRST_SATURDAY) / WEEK) - 1;

  return {
    name,
    businessMs(from, to) {
      if (to <= from) return 0;
      let total = to - from;
      for (let index = indexBefore(from); ; index++) {
        const [start, end] = weekend(index);
        if (start >= to) return total;
        const overlap = Math.min(end, to) - Math.max(start, from);
        if (overlap > 0) total -= overlap;
      }
    },
    afterBusinessMs(from, ms) {
      if (ms <= 0) return from;
      let at = from;
      let left = ms;
      for (let index = indexBefore(from); ; index++) {
        const [start, end] = weekend(index);
        if (end <= at) continue;
        if (start > at) {
          if (left <= start - at) return at + left;
          left -= start - at;
        }
        at = end;
      }
    },
    date(at) {
      const local = new Date(at + offsetAt(at));
      return `${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]} ${local.getUTCFullYear()}`;
    },
  };
}

const zones = new Map<string, Zone>();

/** The zone of an IANA name; UTC where the name is missing or unknown. */
export function zoneOf(name: string | undefined): Zone {
  const wanted = name ?? 'UTC';
  const known = zones.get(wanted);
  if (known) return known;
  let zone: Zone;
  try {
    zone = makeZone(wanted);
  } catch {
    zone = zoneOf('UTC');
  }
  zones.set(wanted, zone);
  return zone;
}
