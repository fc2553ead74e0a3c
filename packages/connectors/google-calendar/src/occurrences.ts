import ICAL from 'ical.js';
import { DateTime } from 'luxon';
import type { EventTime, GoogleEvent } from './raw-event.ts';

/** When a meeting takes place. */
export interface Slot {
  /** The original start, by which an occurrence is known: epoch milliseconds, or `YYYY-MM-DD` of an all-day one. */
  readonly original: number | string;
  /** Epoch milliseconds; of an all-day meeting the bounds of its days in the calendar's zone. */
  readonly start: number;
  readonly end: number;
  /** The first day of an all-day meeting. */
  readonly date?: string;
  readonly zone: string;
}

/** Occurrences looked at before a rule is given up; ends rules that never come to an end. */
const mostOccurrences = 60_000;
const day = 86_400_000;

/** The slot of a single event, or of an exception. Throws where it has no start. */
export function slotOf(event: GoogleEvent, fallbackZone: string): Slot {
  const start = momentOf(event.start, fallbackZone);
  if (start === undefined) throw new Error('The event has no start; Google documents one for every event.');
  const end = momentOf(event.end, fallbackZone)?.at ?? start.at + (start.date === undefined ? 0 : day);
  const original = momentOf(event.originalStartTime, fallbackZone) ?? start;
  return {
    original: original.date ?? original.at,
    start: start.at,
    end: Math.max(end, start.at),
    zone: start.zone,
    ...(start.date === undefined ? {} : { date: start.date }),
  };
}

/** The original start that an exception stands for; undefined where it names none. */
export function originalOf(exception: GoogleEvent, fallbackZone: string): number | string | undefined {
  const original = momentOf(exception.originalStartTime, fallbackZone);
  return original?.date ?? original?.at;
}

/**
 * The occurrences of a series by its rules (RFC 5545, 3.8.5), before exceptions, that end after `from` and start before `to`.
 * They are counted on the wall clock of the event's own zone, so that nine o'clock stays nine o'clock when the clocks change
 * (failure C2). Throws on a rule that cannot be read.
 */
export function expand(
  event: GoogleEvent,
  window: { readonly from: number; readonly to: number },
  fallbackZone: string,
): readonly Slot[] {
  const first = slotOf(event, fallbackZone);
  const length = first.end - first.start;
  const days = Math.round(length / day);
  const isAllDay = first.date !== undefined;
  const lines = (event.recurrence ?? []).map((line) => ICAL.Property.fromString(line));
  const excluded = new Set(datesOf(lines, 'exdate', first));
  const slots = new Map<string, Slot>();

  // A series may be decades old: what lies well before the window is passed over as text, which costs next to nothing.
  const early = textOf(DateTime.fromMillis(window.from - length - 2 * day, { zone: first.zone }), first);
  const add = (local: string): boolean => {
    if (local < early) return true;
    const startsAt = DateTime.fromISO(local, { zone: first.zone });
    const start = startsAt.toMillis();
    // A day has 23 to 25 hours, so that days are counted on the calendar and hours on the clock.
    const end = isAllDay ? startsAt.plus({ days }).toMillis() : start + length;
    if (start >= window.to) return false;
    if (end > window.from && !excluded.has(local)) {
      slots.set(local, {
        original: isAllDay ? local : start,
        start,
        end,
        zone: first.zone,
        ...(isAllDay ? { date: local } : {}),
      });
    }
    return true;
  };

  // Gone from the standard, and still in calendars that were brought along (RFC 2445, 4.8.5.2).
  const late = textOf(DateTime.fromMillis(window.to + 2 * day, { zone: first.zone }), first);
  for (const line of lines.filter(({ name }) => name === 'exrule'))
    for (const local of rule(line, first, late)) if (local >= early) excluded.add(local);
  const rules = lines.filter((line) => line.name === 'rrule');
  // Without a rule the first date stands for itself (RFC 5545, 3.8.5.2).
  if (rules.length === 0) add(textOf(DateTime.fromMillis(first.start, { zone: first.zone }), first));
  for (const line of rules) for (const local of rule(line, first, late)) if (!add(local)) break;
  for (const local of datesOf(lines, 'rdate', first)) add(local);
  return [...slots.values()].toSorted((a, b) => a.start - b.start);
}

interface Moment {
  readonly at: number;
  readonly zone: string;
  readonly date?: string;
}

function momentOf(time: EventTime | null | undefined, fallbackZone: string): Moment | undefined {
  if (time?.date) {
    const at = DateTime.fromISO(time.date.slice(0, 10), { zone: fallbackZone });
    return at.isValid ? { at: at.toMillis(), zone: fallbackZone, date: time.date.slice(0, 10) } : undefined;
  }
  if (!time?.dateTime) return undefined;
  const text = time.dateTime.slice(0, 40);
  // Without an offset it is the wall clock of the zone beside it, and never that of this machine.
  const hasOffset = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text);
  const written = hasOffset
    ? DateTime.fromISO(text, { setZone: true })
    : [time.timeZone, fallbackZone, 'UTC']
        .map((zone) => DateTime.fromISO(text, { zone: zone ?? 'none' }))
        .find(({ isValid }) => isValid);
  if (!written?.isValid) return undefined;
  const named = time.timeZone ? written.setZone(time.timeZone) : written;
  // A name that no table knows leaves the offset, which is at least right for this one moment (failure C3).
  const zone = (named.isValid ? named : written).zoneName ?? 'UTC';
  return { at: written.toMillis(), zone };
}

/** The starts of one rule as text on the event's wall clock, in order, up to `late`: beyond it a rule that never holds is not looked for. */
function* rule(line: ICAL.Property, first: Slot, late: string): Iterable<string> {
  const recur = line.getFirstValue();
  if (!(recur instanceof ICAL.Recur)) throw new Error('The recurrence rule cannot be read.');
  const { count } = recur;
  if (neverHolds(recur)) return;
  const matches = limitsOf(recur);
  if (recur.until) recur.until = floating(localText(recur.until, undefined, first, true));
  const iterator = recur.iterator(floating(textOf(DateTime.fromMillis(first.start, { zone: first.zone }), first)));
  let found = 0;
  const wanted = count || Infinity;
  for (let looked = 0; looked < mostOccurrences && found < wanted; looked += 1) {
    const next = iterator.next();
    if (!next) return;
    const local = first.date === undefined ? next.toString().slice(0, 19) : next.toString().slice(0, 10);
    if (local > late) return;
    if (!matches(next)) continue;
    found += 1;
    yield local;
  }
}

const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/**
 * Takes out of a rule the parts that only limit it, and tests them here. The library searches for a match within one step, without
 * end where there is none: a daily rule for the 31st of February in an invitation would stop the process (failure I10). Throws on
 * what Google Calendar does not have.
 */
function limitsOf(recur: ICAL.Recur): (time: ICAL.Time) => boolean {
  const { freq, parts } = recur;
  if (
    !['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(freq) ||
    parts['BYHOUR'] ||
    parts['BYMINUTE'] ||
    parts['BYSECOND']
  ) {
    throw new Error(`A rule by ${freq.slice(0, 20)} is finer than a day; Google Calendar has none.`);
  }
  if (recur.interval > 1_000)
    throw new Error('The rule has an interval of more than a thousand; Google Calendar has none.');
  const months = numbers(parts['BYMONTH']);
  const monthDays = numbers(parts['BYMONTHDAY']);
  const days = freq === 'DAILY' ? (parts['BYDAY'] ?? []).map(String) : [];
  if (freq === 'DAILY' || freq === 'WEEKLY') delete parts['BYMONTH'];
  if (freq === 'DAILY') {
    delete parts['BYMONTHDAY'];
    delete parts['BYDAY'];
  }
  recur.count = null;
  return (time) => {
    const { year, month, day: monthDay } = time;
    const fromEnd = monthDay - new Date(Date.UTC(year, month, 0)).getUTCDate() - 1;
    return (
      (months.length === 0 || months.includes(month)) &&
      (monthDays.length === 0 || monthDays.includes(monthDay) || monthDays.includes(fromEnd)) &&
      (days.length === 0 || days.includes(weekdays[time.dayOfWeek() - 1] ?? ''))
    );
  };
}

/** Whether a rule asks for days that none of its months has: the library looks through thousands of years for them. */
function neverHolds({ parts }: ICAL.Recur): boolean {
  const [months, days] = [numbers(parts['BYMONTH']), numbers(parts['BYMONTHDAY'])];
  const longest = (month: number): number => (month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31);
  return (
    months.length > 0 && days.length > 0 && !months.some((month) => days.some((one) => Math.abs(one) <= longest(month)))
  );
}

function numbers(part: unknown): readonly number[] {
  return Array.isArray(part) ? part.map(Number) : [];
}

/** The dates of EXDATE or RDATE lines as text on the event's wall clock. */
function datesOf(lines: readonly ICAL.Property[], name: 'exdate' | 'rdate', first: Slot): readonly string[] {
  return lines
    .filter((line) => line.name === name)
    .flatMap((line) =>
      line.getValues().map((value: unknown) => {
        // A period is a date with a length of its own; the length of the meeting stands for it.
        const time = value instanceof ICAL.Period ? value.start : value;
        if (!(time instanceof ICAL.Time)) throw new Error(`${name.toUpperCase()} holds something other than dates.`);
        return localText(time, line.getFirstParameter('tzid') || undefined, first, false);
      }),
    );
}

/** A time of a recurrence line on the event's wall clock; a plain date bounds a timed rule by the end of that day. */
function localText(time: ICAL.Time, zone: string | undefined, first: Slot, isBound: boolean): string {
  const text = time.toString();
  if (time.isDate)
    return first.date === undefined
      ? `${text.slice(0, 10)}T${isBound ? '23:59:59' : wallClock(first)}`
      : text.slice(0, 10);
  const isUtc = text.endsWith('Z');
  const written = DateTime.fromISO(text.slice(0, 19), { zone: isUtc ? 'UTC' : (zone ?? first.zone) });
  // The bound of an all-day rule is written at midnight UTC of its last day.
  if (first.date !== undefined) return text.slice(0, 10);
  return textOf(written.setZone(first.zone), first);
}

function textOf(time: DateTime, first: Slot): string {
  return time.toFormat(first.date === undefined ? "yyyy-MM-dd'T'HH:mm:ss" : 'yyyy-MM-dd');
}

function wallClock(first: Slot): string {
  return DateTime.fromMillis(first.start, { zone: first.zone }).toFormat('HH:mm:ss');
}

function floating(local: string): ICAL.Time {
  return local.length > 10 ? ICAL.Time.fromDateTimeString(local) : ICAL.Time.fromDateString(local);
}
