import { DateTime } from 'luxon';

const DAY_START_MINUTE = 8 * 60 + 30;
/** Minutes of a working day, 8:30 to 18:00 local time. */
export const WORKDAY = 570;

/**
 * Time as the vendor's office lives it. A *position* counts working minutes only, so that "two working days ago" is a
 * subtraction and nothing lands on a weekend or a holiday. A *day* is an offset in calendar days from the anchor's own
 * local date: 0 is the anchor's date, -1 the day before.
 */
export interface BusinessCalendar {
  readonly anchor: number;
  readonly zone: string;
  /** The anchor's position; `timeOf(now)` is never later than the anchor. */
  readonly now: number;
  /** Epoch milliseconds of a position, to the second. */
  readonly timeOf: (position: number) => number;
  /** The position at the opening of the last working day on or before a day. */
  readonly opening: (day: number) => number;
  /** Epoch milliseconds of a local wall-clock time. */
  readonly wall: (day: number, hour: number, minute?: number) => number;
  readonly isWorkday: (day: number) => boolean;
  /** 1 Monday to 7 Sunday. */
  readonly weekday: (day: number) => number;
  /** The day of the month, 1 to 31, and the month, 1 to 12. */
  readonly date: (day: number) => { readonly year: number; readonly month: number; readonly day: number };
}

/** US office closures that move by rule, as kept by most companies. https://www.opm.gov/policy-data-oversight/pay-leave/federal-holidays/ */
function isHoliday(date: DateTime): boolean {
  const { month, day, weekday } = date;
  const nth = Math.ceil(day / 7);
  const last = date.plus({ weeks: 1 }).month !== month;
  if (month === 1) return day === 1 || (weekday === 1 && nth === 3);
  if (month === 5) return weekday === 1 && last;
  if (month === 6) return day === 19;
  if (month === 7) return day === 4;
  if (month === 9) return weekday === 1 && nth === 1;
  if (month === 11) return (weekday === 4 && nth === 4) || (weekday === 5 && day >= 23 && day <= 29);
  return month === 12 && ((day >= 24 && day <= 26) || day === 31);
}

/** The office's calendar around an anchor, from `past` days before it to `future` days after it. */
export function createBusinessCalendar(options: {
  anchor: number;
  zone: string;
  past?: number;
  future?: number;
}): BusinessCalendar {
  const { anchor, zone, past = 1300, future = 150 } = options;
  const today = DateTime.fromMillis(anchor, { zone }).startOf('day');
  const days: { date: DateTime; workday: boolean; index: number }[] = [];
  const openings: number[] = [];
  for (let offset = -past; offset <= future; offset += 1) {
    const date = today.plus({ days: offset });
    const workday = date.weekday < 6 && !isHoliday(date);
    if (workday) openings.push(date.set({ hour: 8, minute: 30 }).toMillis());
    days.push({ date, workday, index: openings.length - 1 });
  }
  const dayAt = (day: number): { date: DateTime; workday: boolean; index: number } => {
    const found = days[Math.round(day) + past];
    if (!found) throw new RangeError(`Ask for a day between ${-past} and ${future}, not ${day}.`);
    return found;
  };
  const opening = (day: number): number => Math.max(0, dayAt(day).index) * WORKDAY;
  const wall = (day: number, hour: number, minute = 0): number => dayAt(day).date.set({ hour, minute }).toMillis();
  const sinceOpening = (anchor - wall(0, 0)) / 60_000 - DAY_START_MINUTE;
  const now = dayAt(0).workday
    ? opening(0) + Math.min(WORKDAY - 1, Math.max(-1, sinceOpening - 1))
    : opening(0) + WORKDAY - 1;
  return {
    anchor,
    zone,
    now,
    opening,
    wall,
    timeOf: (position) => {
      const index = Math.floor(position / WORKDAY);
      const start = openings[index];
      if (start === undefined) throw new RangeError(`No working day at position ${position}.`);
      return start + Math.round((position - index * WORKDAY) * 60) * 1000;
    },
    isWorkday: (day) => dayAt(day).workday,
    weekday: (day) => dayAt(day).date.weekday,
    date: (day) => {
      const { year, month, day: dayOfMonth } = dayAt(day).date;
      return { year, month, day: dayOfMonth };
    },
  };
}
