import ICAL from 'ical.js';
import { DateTime } from 'luxon';
import type { EventFields, EventTime } from './state.ts';

/** One occurrence of a series by its rule, before exceptions. */
export interface Occurrence {
  /** Epoch milliseconds; midnight UTC of the date for an all-day event. */
  readonly at: number;
  readonly start: EventTime;
  readonly end: EventTime;
}

/** More than any calendar asks for; ends rules that never end. */
const mostOccurrences = 5000;

/** Epoch milliseconds of a Google time; an all-day date counts as midnight UTC. */
export const instantOf = (time: EventTime): number =>
  'date' in time ? Date.parse(`${time.date}T00:00:00Z`) : Date.parse(time.dateTime);

/** A moment as Google writes it: local time with offset, and the IANA zone. */
export const eventTime = (at: number, timeZone: string): EventTime => ({
  dateTime:
    DateTime.fromMillis(at, { zone: timeZone }).toISO({ suppressMilliseconds: true }) ?? new Date(at).toISOString(),
  timeZone,
});

/** Google's id of an occurrence: the series' id and the original start in UTC. */
export const instanceId = (seriesId: string, original: EventTime): string => {
  if ('date' in original) return `${seriesId}_${original.date.replaceAll('-', '')}`;
  const utc = new Date(original.dateTime).toISOString();
  return `${seriesId}_${utc.slice(0, 19).replace(/[-:]/gu, '')}Z`;
};

/**
 * The occurrences of a series that start before `until` (epoch ms), in order, at most 5,000; expanded in the event's
 * own zone, so that a weekly nine o'clock stays nine o'clock across a change of clocks. EXDATE lines are honored.
 */
export function* occurrences(
  event: Pick<EventFields, 'start' | 'end' | 'recurrence'>,
  until: number,
): Generator<Occurrence> {
  const lines = event.recurrence ?? [];
  const rule = lines.find((line) => /^RRULE/iu.test(line));
  const isAllDay = 'date' in event.start;
  const zone = ('timeZone' in event.start ? event.start.timeZone : undefined) ?? 'UTC';
  const lengthMs = instantOf(event.end) - instantOf(event.start);
  if (rule === undefined) {
    yield { at: instantOf(event.start), start: event.start, end: event.end };
    return;
  }
  const first = DateTime.fromMillis(instantOf(event.start), { zone: isAllDay ? 'UTC' : zone });
  const recur = ICAL.Recur.fromString(localUntil(rule.replace(/^RRULE:/iu, ''), zone, isAllDay));
  const iterator = recur.iterator(
    new ICAL.Time(
      {
        year: first.year,
        month: first.month,
        day: first.day,
        hour: first.hour,
        minute: first.minute,
        second: first.second,
        isDate: isAllDay,
      },
      ICAL.Timezone.localTimezone,
    ),
  );
  const excluded = excludedStarts(lines, zone);
  let count = 0;
  for (let next = iterator.next(); next && count < mostOccurrences; next = iterator.next()) {
    count += 1;
    const { year, month, day, hour, minute, second } = next;
    const local = DateTime.fromObject({ year, month, day, hour, minute, second }, { zone: isAllDay ? 'UTC' : zone });
    const at = local.toMillis();
    if (at >= until) return;
    if (excluded.has(at)) continue;
    yield isAllDay
      ? { at, start: { date: isoDate(at) }, end: { date: isoDate(at + lengthMs) } }
      : { at, start: eventTime(at, zone), end: eventTime(at + lengthMs, zone) };
  }
}

/** When the last occurrence ends, epoch milliseconds; Infinity for a rule without UNTIL and COUNT. */
export const seriesEnd = (event: Pick<EventFields, 'start' | 'end' | 'recurrence'>): number => {
  const rule = event.recurrence?.find((line) => /^RRULE/iu.test(line));
  if (rule === undefined) return instantOf(event.end);
  if (!/;?(?:UNTIL|COUNT)=/iu.test(rule)) return Number.POSITIVE_INFINITY;
  let end = instantOf(event.end);
  for (const occurrence of occurrences(event, Number.POSITIVE_INFINITY)) end = instantOf(occurrence.end);
  return end;
};

/** UNTIL is in UTC while the expansion runs in local time: moved to the event's zone (RFC 5545, 3.3.10). */
const localUntil = (rule: string, zone: string, isAllDay: boolean): string =>
  rule.replace(/UNTIL=(\d{8})T(\d{6})Z/iu, (_match, day: string, time: string) => {
    if (isAllDay) return `UNTIL=${day}`;
    const utc = DateTime.fromFormat(`${day}${time}`, 'yyyyMMddHHmmss', { zone: 'UTC' });
    return `UNTIL=${utc.setZone(zone).toFormat("yyyyMMdd'T'HHmmss")}`;
  });

const excludedStarts = (lines: readonly string[], zone: string): Set<number> => {
  const starts = lines
    .filter((line) => /^EXDATE/iu.test(line))
    .flatMap((line) => {
      const own = /TZID=([^:;]+)/iu.exec(line)?.[1] ?? zone;
      return line
        .slice(line.indexOf(':') + 1)
        .split(',')
        .map((value) => {
          if (/^\d{8}$/u.test(value)) return DateTime.fromFormat(value, 'yyyyMMdd', { zone: 'UTC' }).toMillis();
          const isUtc = value.endsWith('Z');
          return DateTime.fromFormat(value.replace('Z', ''), "yyyyMMdd'T'HHmmss", {
            zone: isUtc ? 'UTC' : own,
          }).toMillis();
        });
    });
  return new Set(starts);
};

const isoDate = (at: number): string => new Date(at).toISOString().slice(0, 10);
