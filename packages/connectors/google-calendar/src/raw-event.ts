import { z } from 'zod';

const text = z.string().nullish();

/** A moment with its zone, or an all-day date. https://developers.google.com/workspace/calendar/api/v3/reference/events */
const eventTime = z.object({ dateTime: text, date: text, timeZone: text });
export type EventTime = z.infer<typeof eventTime>;

const person = z.object({ email: text, displayName: text, self: z.boolean().nullish() });

const attendee = person.extend({
  responseStatus: text,
  organizer: z.boolean().nullish(),
  resource: z.boolean().nullish(),
});

/** An event as Calendar lists it. A deleted one may have nothing but its id and status. */
export const googleEvent = z.object({
  id: z.string().min(1).max(1_024),
  status: text,
  iCalUID: text,
  created: text,
  updated: text,
  htmlLink: text,
  summary: text,
  start: eventTime.nullish(),
  end: eventTime.nullish(),
  recurrence: z.array(z.string().max(4_000)).max(100).nullish(),
  recurringEventId: text,
  originalStartTime: eventTime.nullish(),
  organizer: person.nullish(),
  creator: person.nullish(),
  attendees: z.array(attendee).nullish(),
  transparency: text,
  visibility: text,
  eventType: text,
});
export type GoogleEvent = z.infer<typeof googleEvent>;

/** Epoch milliseconds that a Date can hold (ECMA-262, 21.4.1.1). */
const instant = z.number().min(-8.64e15).max(8.64e15);
/** Far beyond any history that is kept; an endless series in an endless window would have endless occurrences. */
const longestWindow = 50 * 366 * 86_400_000;

/**
 * One source object: a single event, or a series together with all its exceptions, so that what it maps to depends on
 * nothing else. `window` is what was asked for, epoch milliseconds.
 */
export const rawMeeting = z.object({
  event: googleEvent,
  exceptions: z.array(googleEvent).max(5_000),
  window: z.object({ from: instant, to: instant }).refine(({ from, to }) => from <= to && to - from <= longestWindow, {
    error: 'A window of a calendar ends after it begins and spans 50 years at most.',
  }),
});
export type RawMeeting = z.infer<typeof rawMeeting>;

/** Fields asked of Calendar: no description, no location, no attachments, no conference links. */
export const eventFields = Object.keys(googleEvent.shape).join(',');

const loose = z.record(z.string(), z.unknown());

/** An event without what a person wrote into it but its title. */
export function withoutDescription(raw: unknown): unknown {
  const event = loose.safeParse(raw);
  if (!event.success) return null;
  return Object.fromEntries(
    Object.keys(googleEvent.shape)
      .filter((key) => key in event.data)
      .map((key) => [key, event.data[key]]),
  );
}

/** A source object as it may be set aside: without descriptions and titles. */
export function withoutBody(raw: unknown): unknown {
  const meeting = loose.safeParse(raw);
  if (!meeting.success) return null;
  const strip = (event: unknown): unknown => {
    const bare = loose.safeParse(withoutDescription(event));
    return bare.success ? { ...bare.data, summary: undefined } : null;
  };
  const exceptions = meeting.data['exceptions'];
  return {
    event: strip(meeting.data['event']),
    exceptions: Array.isArray(exceptions) ? exceptions.map(strip) : [],
    window: meeting.data['window'],
  };
}

/** Whether an event is an occurrence that was changed or canceled by itself. */
export function isException(event: Pick<GoogleEvent, 'recurringEventId'>): boolean {
  return typeof event.recurringEventId === 'string' && event.recurringEventId !== '';
}

/** Whether a deleted event kept nothing that a meeting could be told by. */
export function isBare(event: GoogleEvent): boolean {
  return event.status === 'cancelled' && (event.start === undefined || event.start === null || !event.iCalUID);
}
