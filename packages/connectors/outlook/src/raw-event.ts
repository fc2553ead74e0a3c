import { z } from 'zod';

const text = z.string().nullish();

/** A local time with its zone's name: UTC, as every call asks for it. https://learn.microsoft.com/en-us/graph/api/resources/datetimetimezone */
const eventTime = z.object({ dateTime: text, timeZone: text });
export type EventTime = z.infer<typeof eventTime>;

const person = z.object({ emailAddress: z.object({ name: text, address: text }).nullish() });
const attendee = person.extend({ type: text, status: z.object({ response: text }).nullish() });

/** An event as Graph shows it in a calendar. https://learn.microsoft.com/en-us/graph/api/resources/event */
export const graphEvent = z.object({
  id: z.string().max(1_000).nullish(),
  type: text,
  seriesMasterId: text,
  iCalUId: text,
  createdDateTime: text,
  lastModifiedDateTime: text,
  subject: text,
  start: eventTime.nullish(),
  end: eventTime.nullish(),
  originalStart: text,
  originalStartTimeZone: text,
  isAllDay: z.boolean().nullish(),
  isCancelled: z.boolean().nullish(),
  isDraft: z.boolean().nullish(),
  sensitivity: text,
  showAs: text,
  organizer: person.nullish(),
  attendees: z.array(attendee).nullish(),
  responseStatus: z.object({ response: text }).nullish(),
  webLink: text,
  /** Names of the categories that a person or a rule gave it. */
  categories: z.array(z.string()).nullish(),
});
export type GraphEvent = z.infer<typeof graphEvent>;

/**
 * One source object: a single event, or a series with all its occurrences in the window and the days of those that were deleted one
 * by one, so that what it maps to depends on nothing else. `window` is what was asked for, epoch milliseconds.
 */
export const rawMeeting = z.object({
  event: graphEvent,
  occurrences: z.array(graphEvent).max(5_000),
  canceled: z.array(z.string().max(1_100)).max(5_000),
  window: z.object({ from: z.number(), to: z.number() }),
});
export type RawMeeting = z.infer<typeof rawMeeting>;

/** Fields asked of Graph: no body, no preview, no place, no link to join. */
export const eventFields = Object.keys(graphEvent.shape).join(',');

const loose = z.record(z.string(), z.unknown());

/** An event without what a person wrote into it but its title. The changes of a calendar come with bodies: they take no `$select`. */
export function withoutText(row: unknown): Readonly<Record<string, unknown>> {
  const event = loose.safeParse(row);
  if (!event.success) return {};
  return Object.fromEntries(
    Object.keys(graphEvent.shape)
      .filter((key) => Object.hasOwn(event.data, key))
      .map((key) => [key, event.data[key]]),
  );
}

/** A source object as it may be set aside: without texts and titles. */
export function withoutBody(raw: unknown): unknown {
  const meeting = loose.safeParse(raw);
  if (!meeting.success) return null;
  const strip = (event: unknown): unknown => ({ ...withoutText(event), subject: undefined });
  const { event, occurrences, canceled, window } = meeting.data;
  return {
    event: strip(event),
    occurrences: Array.isArray(occurrences) ? occurrences.map(strip) : [],
    canceled,
    window,
  };
}
