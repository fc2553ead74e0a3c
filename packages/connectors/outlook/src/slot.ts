import { DateTime } from 'luxon';
import type { EventTime, GraphEvent } from './raw-event.ts';
import { zoneOf } from './time-zone.ts';

/** When a meeting takes place. */
export interface Slot {
  /** The original start: epoch milliseconds, or `YYYY-MM-DD` of an all-day one. */
  readonly original: number | string;
  /** The original start as a moment; of an all-day one the beginning of its day. */
  readonly originalAt: number;
  /** Epoch milliseconds; of an all-day meeting the bounds of its days in the event's zone. */
  readonly start: number;
  readonly end: number;
  readonly date?: string;
  readonly zone: string;
  readonly zoneLabel?: string;
}

/** The slot of an event; undefined where it has no start that can be read. `fallback` names the zone where the event tells none. */
export function slotOf(event: GraphEvent, fallback: string | null | undefined): Slot | undefined {
  const zone = zoneOf(event.originalStartTimeZone ?? fallback);
  const labelled = { zone: zone.name, ...(zone.label === undefined ? {} : { zoneLabel: zone.label }) };
  const start = instantOf(event.start);
  if (start === undefined) return undefined;
  const end = Math.max(instantOf(event.end) ?? start, start);
  const original = written(event.originalStart) ?? start;
  if (event.isAllDay !== true) return { original, originalAt: original, start, end, ...labelled };

  const first = dayOf(start, zone.name);
  const last = dayOf(end, zone.name);
  const originalDay = dayOf(original, zone.name);
  const at = midnight(first, zone.name);
  return {
    original: originalDay,
    originalAt: midnight(originalDay, zone.name),
    start: at,
    // The end of an all-day event is the day after its last; one without is a day long.
    end: last > first ? midnight(last, zone.name) : midnight(nextDay(first), zone.name),
    date: first,
    ...labelled,
  };
}

/**
 * The original start of an occurrence that a series names by its day alone: that day, on the wall clock of the series.
 * Undefined where the day cannot be read.
 */
export function slotOnDay(series: GraphEvent, day: string): Slot | undefined {
  const slot = slotOf(series, undefined);
  if (slot === undefined || !DateTime.fromISO(day, { zone: 'UTC' }).isValid) return undefined;
  if (slot.date !== undefined) {
    const start = midnight(day, slot.zone);
    return { ...slot, original: day, originalAt: start, date: day, start, end: start + slot.end - slot.start };
  }
  const clock = DateTime.fromMillis(slot.start, { zone: slot.zone }).toFormat('HH:mm:ss');
  const start = DateTime.fromISO(`${day}T${clock}`, { zone: slot.zone }).toMillis();
  return { ...slot, original: start, originalAt: start, start, end: start + slot.end - slot.start };
}

/** A local time in its zone as epoch milliseconds. */
function instantOf(time: EventTime | null | undefined): number | undefined {
  if (!time?.dateTime) return undefined;
  // Seven digits of a second are more than a time of ours has.
  const at = DateTime.fromISO(time.dateTime.slice(0, 40).replace(/(\.\d{3})\d+/, '$1'), {
    zone: zoneOf(time.timeZone).name,
  });
  return at.isValid ? within(at.toMillis()) : undefined;
}

/** An RFC 3339 time in epoch milliseconds; Exchange writes the year 1 for none. */
export function written(value: string | null | undefined): number | undefined {
  const at = value ? Date.parse(value.slice(0, 40)) : Number.NaN;
  return at > 0 ? within(at) : undefined;
}

/** Times beyond the year 9999 are none that any calendar means. */
function within(at: number): number | undefined {
  return Number.isFinite(at) && Math.abs(at) < 253_402_300_799_999 ? at : undefined;
}

/** An all-day event begins at midnight, of UTC or of its own zone, whichever Exchange wrote. */
function dayOf(at: number, zone: string): string {
  const utc = DateTime.fromMillis(at, { zone: 'UTC' });
  const isMidnight = utc.toMillis() === utc.startOf('day').toMillis();
  return (isMidnight ? utc : utc.setZone(zone)).toFormat('yyyy-MM-dd');
}

function midnight(day: string, zone: string): number {
  return DateTime.fromISO(day, { zone }).toMillis();
}

function nextDay(day: string): string {
  return DateTime.fromISO(day, { zone: 'UTC' }).plus({ days: 1 }).toFormat('yyyy-MM-dd');
}
