import { meetingIdentity } from '@waymark/journey';
import type { Attributes, EventDraft } from '@waymark/journey';
import type { Attendance } from './attendance.ts';

/** How far ahead of a read the occurrences of a series are told, ms. */
export const horizonMs = 90 * 86_400_000;

/** One meeting, or one occurrence of a series, as any calendar knows it. */
export interface MeetingOccurrence {
  /** The UID that all copies of a meeting, and all occurrences of a series, share (RFC 5545, 3.8.4.7). */
  readonly uid: string;
  /** The original start, by which an occurrence is known: epoch milliseconds, or `YYYY-MM-DD` of an all-day one. */
  readonly original: number | string;
  /** Epoch milliseconds; of an all-day meeting the bounds of its days. */
  readonly start: number;
  readonly end: number;
  /** The first day of an all-day meeting. */
  readonly date?: string;
  /** An IANA name. */
  readonly zone: string;
  readonly scheduledAt: number;
  /** When it was called off; undefined where it was not, or only after it had ended. */
  readonly canceledAt: number | undefined;
  /** Whether the organizer has not settled it. */
  readonly tentative: boolean;
  readonly seriesId?: string;
  readonly title?: string;
  /** What the calendar's connector keeps beside. */
  readonly more?: Readonly<Record<string, string>>;
}

/**
 * The events of one meeting: scheduled, and then canceled or held. `held` is told ahead of time, dated at the end: it comes true as
 * its time comes, unless a later form of the meeting says otherwise. No calendar tells who came, so that it is `assumed`. Pure.
 */
export function meetingDrafts(occurrence: MeetingOccurrence, attendance: Attendance): readonly EventDraft[] {
  const shared = {
    identity: meetingIdentity(occurrence.uid, occurrence.original),
    touchpoint: 'meeting' as const,
    direction: attendance.direction,
    participants: [...attendance.participants],
    automated: false,
    rank: 0,
  };
  const attributes = attributesOf(occurrence);
  const scheduled: EventDraft = {
    ...shared,
    type: 'meeting.scheduled',
    occurredAt: occurrence.scheduledAt,
    attributes,
  };
  if (occurrence.canceledAt !== undefined)
    return [scheduled, { ...shared, type: 'meeting.canceled', occurredAt: occurrence.canceledAt, attributes }];
  if (occurrence.tentative || !attendance.outsideMayCome) return [scheduled];
  const held = { ...attributes, heldBasis: 'assumed' as const };
  return [scheduled, { ...shared, type: 'meeting.held', occurredAt: occurrence.end, attributes: held }];
}

/**
 * When an occurrence counts as put on the calendar: at creation, or at its start where none is told; one of a series from the day
 * it came within the horizon, so that an old series does not schedule all its meetings at once. Epoch milliseconds.
 */
export function scheduledAt(created: number | undefined, originalStart: number, isSeries: boolean): number {
  const made = created ?? originalStart;
  return Math.min(isSeries ? Math.max(made, originalStart - horizonMs) : made, originalStart);
}

function attributesOf(occurrence: MeetingOccurrence): Attributes<'meeting.held'> {
  const { uid, original, start, end, date, zone, seriesId, title, more } = occurrence;
  return {
    ...more,
    // The parts of the identity, for what remains when the event is deleted.
    uid: uid.slice(0, 1_024),
    originalStart: original,
    ...(date === undefined ? { startsAt: start, endsAt: end } : { date }),
    timezone: zone.slice(0, 100),
    ...(seriesId === undefined ? {} : { seriesId: seriesId.slice(0, 1_000) }),
    ...(title === undefined ? {} : { title: title.slice(0, 1_000) }),
  };
}
