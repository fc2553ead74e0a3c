import { DateTime } from 'luxon';

/** When a person may be disturbed: always, or on ISO weekdays (1 is Monday) between two times of day. */
export type WorkingHours = 'always' | { readonly from: string; readonly to: string; readonly days: readonly number[] };

/** How days are judged: in which zone, and which of them (`2026-12-25`) nobody works. */
export interface WorkCalendar {
  readonly hours: WorkingHours;
  readonly timezone: string;
  readonly isHoliday?: (isoDate: string) => boolean;
}

/**
 * The first instant from `now` on at which an alert may be posted: `now` itself inside working hours. Epoch milliseconds.
 * A calendar without a single working day in a year counts as always open, so that no alert waits for ever.
 */
export function nextOpening(now: number, calendar: WorkCalendar): number {
  const { hours } = calendar;
  if (hours === 'always') return now;
  const at = DateTime.fromMillis(now, { zone: calendar.timezone });
  for (let ahead = 0; ahead < 366; ahead += 1) {
    const day = at.startOf('day').plus({ days: ahead });
    if (!hours.days.includes(day.weekday) || calendar.isHoliday?.(day.toISODate() ?? '')) continue;
    const opens = timeOf(day, hours.from).toMillis();
    const closes = timeOf(day, hours.to).toMillis();
    // A window over midnight, such as 22:00 to 06:00, belongs to the day on which it opens.
    const end = closes > opens ? closes : timeOf(day.plus({ days: 1 }), hours.to).toMillis();
    if (now < opens) return opens;
    if (now < end) return now;
  }
  return now;
}

/** The opening after the day that holds `now` has ended: where an alert goes that is beyond the day's cap. */
export function nextMorning(now: number, calendar: WorkCalendar): number {
  const tomorrow = startOfDay(now, calendar.timezone, 1);
  const opening = nextOpening(tomorrow, calendar);
  return calendar.hours === 'always' ? tomorrow + 8 * 3_600_000 : opening;
}

/** The start of the day that holds `now` in a zone, or of one some days later. */
export function startOfDay(now: number, timezone: string, daysAhead = 0): number {
  return DateTime.fromMillis(now, { zone: timezone }).startOf('day').plus({ days: daysAhead }).toMillis();
}

function timeOf(day: DateTime, clock: string): DateTime {
  const [hour, minute] = clock.split(':');
  // Luxon has no 24:00; the next midnight is meant.
  return clock === '24:00'
    ? day.startOf('day').plus({ days: 1 })
    : day.set({ hour: Number(hour), minute: Number(minute), second: 0, millisecond: 0 });
}
