import { attendanceOf, meetingDrafts, normalizeAddress, ownSide, scheduledAt } from '@waymark/connector-kit';
import type { Attendance, MapContext, Mapped } from '@waymark/connector-kit';
import type { EventDraft, Participant } from '@waymark/journey';
import type { GraphEvent, RawMeeting } from './raw-event.ts';
import { seriesUid } from './series-uid.ts';
import { slotOf, slotOnDay, written } from './slot.ts';
import type { Slot } from './slot.ts';

/** One occurrence as it stands: the event that speaks for it, and when it takes place. */
interface Occurrence {
  readonly event: GraphEvent;
  readonly slot: Slot;
  /** When it was called off; undefined where it was not, or only after it had ended. */
  readonly canceledAt: number | undefined;
}

/** A meeting, or all occurrences of a series in the window, as events: those that Google's calendar makes of the same meeting. Pure. */
export function mapMeeting(raw: RawMeeting, context: MapContext): Mapped {
  const { event, window } = raw;
  const uid = event.iCalUId || raw.occurrences.find(({ iCalUId }) => Boolean(iCalUId))?.iCalUId;
  if (!uid) return { outcome: 'ignored', reason: 'no_uid' };
  const reasonOfAll = leftOutReason(event, attendanceOfEvent(event, context));
  const all = isSeries(raw) ? occurrencesOf(raw) : singleOf(event);
  const wanted = all.filter(({ slot }) => slot.end > window.from && slot.start < window.to);
  if (wanted.length === 0) {
    const unread = !isSeries(raw) && all.length === 0 ? 'no_start' : 'outside_span';
    return { outcome: 'ignored', reason: reasonOfAll ?? unread };
  }
  const reasons = new Set<string>();
  const events = wanted.flatMap((occurrence) => {
    const attendance = attendanceOfEvent(occurrence.event, context);
    const reason = leftOutReason(occurrence.event, attendance);
    if (reason === undefined) return draftsOf(occurrence, attendance, seriesUid(uid), raw, context);
    reasons.add(reason);
    return [];
  });
  const [reason] = reasons;
  if (events.length === 0 && reason !== undefined) return { outcome: 'ignored', reason };
  const tags = (event.categories ?? []).slice(0, 50).map((name) => name.slice(0, 255));
  return {
    outcome: 'stored',
    events,
    ...(event.webLink ? { url: event.webLink.slice(0, 2_000) } : {}),
    ...(tags.length > 0 ? { tags } : {}),
    ...(event.subject ? { title: event.subject.slice(0, 1_000) } : {}),
  };
}

function isSeries({ event, occurrences }: RawMeeting): boolean {
  return event.type === 'seriesMaster' || occurrences.length > 0;
}

function leftOutReason(event: GraphEvent, attendance: Attendance): string | undefined {
  // Private time stays a person's own, whoever else is asked; `personal` is Outlook's milder word for it.
  if (['private', 'confidential', 'personal'].includes(event.sensitivity ?? 'normal')) return 'private';
  if (event.isDraft === true) return 'draft';
  // A canceled meeting frees its time, and Outlook makes all-day events free unless told otherwise.
  if (event.showAs === 'free' && event.isCancelled !== true && event.isAllDay !== true) return 'free_time';
  if (attendance.participants.length === 0) return 'no_attendees';
  if (!attendance.hasOutside) return 'internal';
  return attendance.ownAllDeclined ? 'declined_by_us' : undefined;
}

function attendanceOfEvent(event: GraphEvent, context: MapContext): Attendance {
  const mailbox = normalizeAddress(context.account.address);
  const answer = event.responseStatus?.response;
  const guests = (event.attendees ?? [])
    .filter(({ type }) => type !== 'resource')
    .map(({ emailAddress, status }) => ({
      address: emailAddress?.address,
      name: emailAddress?.name,
      // The answers of the others stand in the organizer's copy alone, one's own beside the list.
      response: responseOf(
        normalizeAddress(emailAddress?.address) === mailbox && responseOf(status?.response) === 'none'
          ? answer
          : status?.response,
      ),
    }));
  const organizer = event.organizer?.emailAddress;
  return attendanceOf(
    organizer ? { address: organizer.address, name: organizer.name } : undefined,
    guests,
    ownSide(context),
  );
}

function responseOf(response: string | null | undefined): NonNullable<Participant['response']> {
  if (response === 'accepted' || response === 'organizer') return 'accepted';
  if (response === 'tentativelyAccepted') return 'tentative';
  return response === 'declined' ? 'declined' : 'none';
}

function singleOf(event: GraphEvent): readonly Occurrence[] {
  const slot = slotOf(event, undefined);
  return slot === undefined ? [] : [{ event, slot, canceledAt: canceledAt(event, slot) }];
}

function occurrencesOf({ event, occurrences, canceled }: RawMeeting): readonly Occurrence[] {
  const listed = occurrences.flatMap((occurrence): Occurrence[] => {
    const slot = slotOf(occurrence, event.originalStartTimeZone);
    const form = { ...event, ...told(occurrence) };
    return slot === undefined ? [] : [{ event: form, slot, canceledAt: canceledAt(form, slot) }];
  });
  const unique = [...new Map(listed.map((one) => [one.slot.original, one])).values()];
  if (event.isCancelled === true) return afterEnd(unique, written(event.lastModifiedDateTime) ?? 0);
  const known = new Set(unique.map(({ slot }) => slot.original));
  // Of an occurrence that was deleted by itself a series tells the day, and not when: it counts as canceled at its start (failure C1).
  const days = new Set(canceled.flatMap((id) => /(\d{4}-\d{2}-\d{2})$/.exec(id)?.[1] ?? []));
  const deleted = [...days].flatMap((day): Occurrence[] => {
    const slot = slotOnDay(event, day);
    return slot === undefined || known.has(slot.original) ? [] : [{ event, slot, canceledAt: slot.start }];
  });
  return [...unique, ...deleted];
}

/**
 * A series that was called off: what had ended before stays as it was, and of what was to come the next occurrence alone counts as
 * canceled. Ending a series is one act, not a streak of cancellations.
 */
function afterEnd(occurrences: readonly Occurrence[], endedAt: number): readonly Occurrence[] {
  const past = occurrences
    .filter(({ slot }) => slot.end <= endedAt)
    .map((occurrence) => ({ ...occurrence, canceledAt: undefined }));
  const next = occurrences.filter(({ slot }) => slot.end > endedAt).toSorted((a, b) => a.slot.start - b.slot.start)[0];
  return next === undefined ? past : [...past, { ...next, canceledAt: endedAt }];
}

/** What an occurrence says itself; the rest is its series'. */
function told(occurrence: GraphEvent): Partial<GraphEvent> {
  return Object.fromEntries(Object.entries(occurrence).filter(([, value]) => value !== undefined && value !== null));
}

function canceledAt(event: GraphEvent, slot: Slot): number | undefined {
  if (event.isCancelled !== true) return undefined;
  const at = written(event.lastModifiedDateTime) ?? slot.start;
  // A past meeting that is called off is tidied away: it took place.
  return at < slot.end || slot.end === slot.start ? at : undefined;
}

function draftsOf(
  { event, slot, canceledAt: called }: Occurrence,
  attendance: Attendance,
  uid: string,
  raw: RawMeeting,
  context: MapContext,
): readonly EventDraft[] {
  const { originalAt, zoneLabel, ...when } = slot;
  const seriesId = isSeries(raw) ? raw.event.id : undefined;
  return meetingDrafts(
    {
      uid,
      ...when,
      canceledAt: called,
      scheduledAt: scheduledAt(written(raw.event.createdDateTime), originalAt, isSeries(raw)),
      // Outlook shows every unanswered invitation as tentative, so that the word says nothing of the meeting itself.
      tentative: false,
      ...(seriesId ? { seriesId } : {}),
      ...(context.keepSubjects && event.subject ? { title: event.subject } : {}),
      ...(zoneLabel === undefined ? {} : { more: { zoneLabel } }),
    },
    attendance,
  );
}
