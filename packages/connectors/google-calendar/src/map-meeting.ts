import { ownSide } from '@waymark/connector-kit';
import type { MapContext, Mapped } from '@waymark/connector-kit';
import { meetingIdentity } from '@waymark/journey';
import type { Attributes, EventDraft } from '@waymark/journey';
import { attendanceOf } from './attendance.ts';
import type { Attendance } from './attendance.ts';
import { horizonMs } from './cursor.ts';
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
    return { outcome: 'ignored', reason: leftOutReason(event, attendanceOf(event, own)) ?? 'outside_span' };

  const reasons = new Set<string>();
  const events = wanted.flatMap((occurrence) => {
    const attendance = attendanceOf(occurrence.event, own);
    const reason = leftOutReason(occurrence.event, attendance);
    if (reason === undefined) return draftsOf(occurrence, attendance, raw, context);
    reasons.add(reason);
    return [];
  });
  const [reason] = reasons;
  if (events.length === 0 && reason !== undefined) return { outcome: 'ignored', reason };
  return { outcome: 'stored', events, ...(event.htmlLink ? { url: event.htmlLink.slice(0, 2_000) } : {}) };
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
  if (event.transparency === 'transparent') return 'free_time';
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
  occurrence: Occurrence,
  attendance: Attendance,
  raw: RawMeeting,
  context: MapContext,
): readonly EventDraft[] {
  const { event, slot } = occurrence;
  const shared = {
    identity: meetingIdentity(event.iCalUID ?? raw.event.iCalUID ?? '', slot.original),
    touchpoint: 'meeting' as const,
    direction: attendance.direction,
    participants: [...attendance.participants],
    automated: false,
    rank: 0,
  };
  const attributes = attributesOf(occurrence, raw, context);
  const drafts: EventDraft[] = [
    { ...shared, type: 'meeting.scheduled', occurredAt: scheduledAt(occurrence, raw.event, context), attributes },
  ];
  if (occurrence.canceledAt !== undefined) {
    drafts.push({ ...shared, type: 'meeting.canceled', occurredAt: occurrence.canceledAt, attributes });
  } else if (event.status !== 'tentative' && attendance.outsideMayCome) {
    drafts.push({
      ...shared,
      type: 'meeting.held',
      occurredAt: slot.end,
      attributes: { ...attributes, heldBasis: 'assumed' },
    });
  }
  return drafts;
}

/**
 * When an occurrence was put on the calendar: at creation. One of a series counts from the day it came within the horizon, so
 * that an old series does not schedule all its meetings at once, and the horizon's moving on invents no past.
 */
function scheduledAt({ slot }: Occurrence, event: GoogleEvent, context: MapContext): number {
  const original =
    typeof slot.original === 'number'
      ? slot.original
      : slotOf(
          { ...event, start: { date: slot.original }, end: null, originalStartTime: null },
          context.account.timezone ?? 'UTC',
        ).start;
  const created = timestamp(event.created) ?? original;
  const isSeries = isException(event) || (event.recurrence ?? []).length > 0;
  return Math.min(isSeries ? Math.max(created, original - horizonMs) : created, original);
}

function attributesOf({ event, slot }: Occurrence, raw: RawMeeting, context: MapContext): Attributes<'meeting.held'> {
  const isSeries = isException(raw.event) || (raw.event.recurrence ?? []).length > 0;
  return {
    // The parts of the identity, for what remains when the event is deleted.
    uid: (event.iCalUID ?? raw.event.iCalUID ?? '').slice(0, 1_024),
    originalStart: slot.original,
    ...(slot.date === undefined ? { startsAt: slot.start, endsAt: slot.end } : { date: slot.date }),
    timezone: slot.zone.slice(0, 100),
    ...(isSeries ? { seriesId: (raw.event.recurringEventId ?? raw.event.id).slice(0, 1_000) } : {}),
    ...(context.keepSubjects && event.summary ? { title: event.summary.slice(0, 1_000) } : {}),
  };
}

/** An RFC 3339 time in epoch milliseconds; Calendar dates some imported events to the year 0, which is none. */
function timestamp(value: string | null | undefined): number | undefined {
  const at = value ? Date.parse(value.slice(0, 40)) : Number.NaN;
  return Number.isFinite(at) && at > 0 ? at : undefined;
}
