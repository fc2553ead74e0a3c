import { meetingDrafts, ownSide, scheduledAt } from '@waymark/connector-kit';
import type { Attendance, MapContext, Mapped } from '@waymark/connector-kit';
import type { EventDraft } from '@waymark/journey';
import { attendanceOfEvent } from './attendance.ts';
import { expand, originalOf, slotOf } from './occurrences.ts';
import type { Slot } from './occurrences.ts';
import { isException } from './raw-event.ts';
import type { GoogleEvent, RawMeeting } from './raw-event.ts';

/** One occurrence as it stands: the event that speaks for it, and when it takes place. */
interface Occurrence {
  readonly event: GoogleEvent;
  readonly slot: Slot;
  /** When it was called off; undefined where it was not, or only after it had ended. */
  readonly canceledAt: number | undefined;
}

/**
 * A meeting, or all occurrences of a series within the window, as events: scheduled when it was made, held when it ends, or
 * canceled. `held` is told ahead of time: it becomes true as its time comes, unless a later form of the event says otherwise.
 * Pure. Throws on a recurrence that cannot be read.
 */
export function mapMeeting(raw: RawMeeting, context: MapContext): Mapped {
  const { event, window } = raw;
  if (!event.iCalUID) return { outcome: 'ignored', reason: 'no_uid' };
  const own = ownSide(context);
  const all = occurrencesOf(raw, context);
  const wanted = all.filter(({ slot }) => slot.end > window.from && slot.start < window.to);
  if (wanted.length === 0)
    return { outcome: 'ignored', reason: leftOutReason(event, attendanceOfEvent(event, own)) ?? 'outside_span' };

  const reasons = new Set<string>();
  const events = wanted.flatMap((occurrence) => {
    const attendance = attendanceOfEvent(occurrence.event, own);
    const reason = leftOutReason(occurrence.event, attendance);
    if (reason === undefined) return draftsOf(occurrence, attendance, raw, context);
    reasons.add(reason);
    return [];
  });
  const [reason] = reasons;
  if (events.length === 0 && reason !== undefined) return { outcome: 'ignored', reason };
  return {
    outcome: 'stored',
    events,
    ...(event.htmlLink ? { url: event.htmlLink.slice(0, 2_000) } : {}),
    ...(event.summary ? { title: event.summary.slice(0, 1_000) } : {}),
  };
}

/** Kinds of events that Calendar makes for itself, or that block time without a meeting. */
const noMeetings = new Map([
  ['focusTime', 'focus_time'],
  ['outOfOffice', 'out_of_office'],
  ['workingLocation', 'working_location'],
  ['birthday', 'birthday'],
  ['fromGmail', 'from_gmail'],
]);

function leftOutReason(event: GoogleEvent, attendance: Attendance): string | undefined {
  const kind = noMeetings.get(event.eventType ?? 'default');
  if (kind !== undefined) return kind;
  if (event.visibility === 'private' || event.visibility === 'confidential') return 'private';
  // All-day events are free unless told otherwise, whoever is asked to them.
  if (event.transparency === 'transparent' && !event.start?.date) return 'free_time';
  if (attendance.participants.length === 0) return 'no_attendees';
  if (!attendance.hasOutside) return 'internal';
  return attendance.ownAllDeclined ? 'declined_by_us' : undefined;
}

function occurrencesOf({ event, exceptions, window }: RawMeeting, context: MapContext): readonly Occurrence[] {
  const zone = context.account.timezone ?? 'UTC';
  if (isException(event) || (event.recurrence ?? []).length === 0) {
    const slot = slotOf(event, zone);
    return [{ event, slot, canceledAt: canceledAt(event, slot) }];
  }
  const byOriginal = new Map(exceptions.map((exception) => [originalOf(exception, zone), exception]));
  const regular = expand(event, window, zone).filter(({ original }) => !byOriginal.has(original));
  const changed = exceptions.flatMap((exception) => {
    const form = exceptionForm(event, exception, zone);
    const slot = slotOf(form, zone);
    return [{ event: form, slot, canceledAt: canceledAt(form, slot) }];
  });
  const occurrences = [...regular.map((slot) => ({ event, slot, canceledAt: undefined })), ...changed];
  return event.status === 'cancelled' ? afterEnd(occurrences, canceledMoment(event) ?? context.readAt) : occurrences;
}

/**
 * A series that was deleted: what had ended before stays as it was, and of what was to come only the next occurrence counts
 * as canceled. Ending a series is one act, not a streak of cancellations.
 */
function afterEnd(occurrences: readonly Occurrence[], endedAt: number): readonly Occurrence[] {
  const past = occurrences.filter(({ slot }) => slot.end <= endedAt);
  const next = occurrences
    .filter(({ slot, canceledAt: already }) => slot.end > endedAt && already === undefined)
    .toSorted((a, b) => a.slot.start - b.slot.start)[0];
  return next === undefined ? past : [...past, { ...next, canceledAt: endedAt }];
}

/** A canceled exception has an id and an original start, no more: the rest is its series' (failure C1). */
function exceptionForm(series: GoogleEvent, exception: GoogleEvent, zone: string): GoogleEvent {
  if (exception.start) return { ...exception, iCalUID: exception.iCalUID ?? series.iCalUID };
  const length = slotOf(series, zone);
  const start = slotOf({ ...series, start: exception.originalStartTime, originalStartTime: null }, zone);
  const end = new Date(start.start + length.end - length.start).toISOString();
  return {
    ...series,
    ...Object.fromEntries(Object.entries(exception).filter(([, value]) => value !== undefined && value !== null)),
    recurrence: null,
    // The series' own times of change say nothing of the cancellation.
    updated: exception.updated,
    start: exception.originalStartTime,
    end: start.date === undefined ? { dateTime: end } : null,
  };
}

function canceledAt(event: GoogleEvent, slot: Slot): number | undefined {
  if (event.status !== 'cancelled') return undefined;
  // Where the time is not told it is the start's: the reading's would date the same fact anew with every reading.
  const at = canceledMoment(event) ?? slot.start;
  // A past meeting that is deleted is tidied away: it took place.
  return at < slot.end || slot.end === slot.start ? at : undefined;
}

function canceledMoment(event: GoogleEvent): number | undefined {
  return timestamp(event.updated);
}

function draftsOf(
  { event, slot, canceledAt: called }: Occurrence,
  attendance: Attendance,
  raw: RawMeeting,
  context: MapContext,
): readonly EventDraft[] {
  const isSeries = isException(raw.event) || (raw.event.recurrence ?? []).length > 0;
  return meetingDrafts(
    {
      uid: event.iCalUID ?? raw.event.iCalUID ?? '',
      ...slot,
      canceledAt: called,
      scheduledAt: scheduledAt(timestamp(raw.event.created), originalStart(slot, raw.event, context), isSeries),
      tentative: event.status === 'tentative',
      ...(isSeries ? { seriesId: raw.event.recurringEventId ?? raw.event.id } : {}),
      ...(context.keepSubjects && event.summary ? { title: event.summary } : {}),
    },
    attendance,
  );
}

/** The original start as a moment; of an all-day one the beginning of its day. */
function originalStart(slot: Slot, event: GoogleEvent, context: MapContext): number {
  if (typeof slot.original === 'number') return slot.original;
  const day = { ...event, start: { date: slot.original }, end: null, originalStartTime: null };
  return slotOf(day, context.account.timezone ?? 'UTC').start;
}

/** An RFC 3339 time in epoch milliseconds; Calendar dates some imported events to the year 0, which is none. */
function timestamp(value: string | null | undefined): number | undefined {
  const at = value ? Date.parse(value.slice(0, 40)) : Number.NaN;
  return Number.isFinite(at) && at > 0 ? at : undefined;
}
