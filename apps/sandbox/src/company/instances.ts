import ICAL from 'ical.js';
import { DateTime } from 'luxon';
import type { WorldMeeting } from './world.ts';

/** One instance of a meeting; for a series, its original start tells which. */
export interface MeetingInstance {
  readonly originalStart: number;
  readonly start: number;
  readonly end: number;
  readonly canceled: boolean;
  readonly outcome?: 'held' | 'no_show';
}

/** The instances of a meeting whose original start lies before `until`, oldest first, exceptions applied (RFC 5545, local time kept over DST). */
export function instancesOf(meeting: WorldMeeting, until: number): readonly MeetingInstance[] {
  const duration = meeting.end - meeting.start;
  if (!meeting.rrule) {
    const outcome = meeting.crm?.outcome === 'NO_SHOW' ? 'no_show' : undefined;
    const canceled = meeting.status === 'canceled' || meeting.crm?.outcome === 'CANCELED';
    if (meeting.start >= until) return [];
    return [
      {
        originalStart: meeting.start,
        start: meeting.start,
        end: meeting.end,
        canceled,
        ...(outcome ? { outcome } : {}),
      },
    ];
  }
  const first = DateTime.fromMillis(meeting.start, { zone: meeting.timezone });
  const exceptions = new Map((meeting.exceptions ?? []).map((exception) => [exception.originalStart, exception]));
  const iterator = ICAL.Recur.fromString(meeting.rrule).iterator(
    ICAL.Time.fromDateTimeString(first.toFormat("yyyy-MM-dd'T'HH:mm:ss")),
  );
  const found: MeetingInstance[] = [];
  for (let next = iterator.next(); next; next = iterator.next()) {
    const { year, month, day, hour, minute } = next;
    const originalStart = DateTime.fromObject(
      { year, month, day, hour, minute },
      { zone: meeting.timezone },
    ).toMillis();
    if (originalStart >= until) break;
    const exception = exceptions.get(originalStart);
    const start = exception?.start ?? originalStart;
    found.push({
      originalStart,
      start,
      end: exception?.end ?? start + duration,
      canceled: meeting.status === 'canceled' || exception?.canceled === true,
      ...(exception?.outcome ? { outcome: exception.outcome } : {}),
    });
  }
  return found;
}
