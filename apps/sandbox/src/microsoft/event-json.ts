import { opaque } from './mail-store.ts';
import { showRecurrence } from './recurrence-json.ts';
import type { StoredEvent } from './state.ts';
import { dateTimeTimeZone, windowsZone } from './time-zone.ts';

/** Every property of an event that a caller may select. */
export const eventProperties: readonly string[] = [
  'id',
  'createdDateTime',
  'lastModifiedDateTime',
  'changeKey',
  'categories',
  'transactionId',
  'originalStart',
  'originalStartTimeZone',
  'originalEndTimeZone',
  'iCalUId',
  'reminderMinutesBeforeStart',
  'isReminderOn',
  'hasAttachments',
  'subject',
  'bodyPreview',
  'importance',
  'sensitivity',
  'isAllDay',
  'isCancelled',
  'isDraft',
  'isOrganizer',
  'responseRequested',
  'seriesMasterId',
  'showAs',
  'type',
  'webLink',
  'onlineMeetingUrl',
  'isOnlineMeeting',
  'onlineMeetingProvider',
  'onlineMeeting',
  'allowNewTimeProposals',
  'hideAttendees',
  'responseStatus',
  'body',
  'start',
  'end',
  'location',
  'locations',
  'recurrence',
  'attendees',
  'organizer',
  'occurrenceId',
  'cancelledOccurrences',
  'exceptionOccurrences',
  'instances',
];

const responses = {
  accepted: 'accepted',
  declined: 'declined',
  tentative: 'tentativelyAccepted',
  needsAction: 'notResponded',
} as const;

/** One entry of a calendar view: a single event, a series, or one occurrence of a series. */
export interface Entry {
  readonly event: StoredEvent;
  readonly type: 'singleInstance' | 'seriesMaster' | 'occurrence' | 'exception';
  readonly originalStart: number;
  readonly start: number;
  readonly end: number;
  readonly version: number;
}

export const entryId = ({ event, type, originalStart }: Entry): string =>
  type === 'singleInstance' || type === 'seriesMaster' ? event.id : occurrenceId(event.id, originalStart);

/** The id of an occurrence: stable while the series lives. */
export const occurrenceId = (seriesId: string, originalStart: number): string =>
  opaque('AAkALgAAAAAAHYQDOCCU', `${seriesId}:${originalStart}`, 90);

/** `OID.<series>.<date>`, by which a series names its canceled occurrences. */
export const cancelledOccurrence = (seriesId: string, originalStart: number): string =>
  `OID.${seriesId}.${new Date(originalStart).toISOString().slice(0, 10)}`;

/** An event as Graph shows it to the owner of a calendar (https://learn.microsoft.com/en-us/graph/api/resources/event). */
export const showEvent = (entry: Entry, user: string, zone: string | undefined): Record<string, unknown> => {
  const { event, type } = entry;
  const isPart = type === 'occurrence' || type === 'exception';
  const exception = event.exceptions[entry.originalStart];
  const changeKey = opaque('DwAAABYAAA', `${event.id}:${entry.version}`, 36);
  const isOrganizer = event.organizer.address === user;
  const own = event.attendees?.find((attendee) => attendee.address === user);
  const zoneName = event.customZone ?? windowsZone(event.timeZone);
  const modifiedAt = Math.max(event.modifiedAt, isPart ? (exception?.modifiedAt ?? 0) : 0);
  return {
    '@odata.etag': `W/"${changeKey}"`,
    id: entryId(entry),
    createdDateTime: precise(event.createdAt),
    lastModifiedDateTime: precise(modifiedAt),
    changeKey,
    categories: [],
    transactionId: null,
    originalStartTimeZone: zoneName,
    originalEndTimeZone: zoneName,
    iCalUId: isPart ? occurrenceUId(event, entry.originalStart) : event.iCalUId,
    reminderMinutesBeforeStart: 15,
    isReminderOn: true,
    hasAttachments: false,
    subject: exception?.subject ?? event.subject,
    bodyPreview: '',
    importance: 'normal',
    sensitivity: event.isPrivate === true ? 'private' : 'normal',
    isAllDay: event.isAllDay === true,
    isCancelled: event.isCancelled,
    isOrganizer,
    responseRequested: true,
    seriesMasterId: isPart ? event.id : null,
    showAs: event.isCancelled ? 'free' : 'busy',
    type,
    webLink: `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(entryId(entry))}&exvsurl=1&path=/calendar/item`,
    onlineMeetingUrl: null,
    isOnlineMeeting: false,
    onlineMeetingProvider: 'unknown',
    allowNewTimeProposals: true,
    isDraft: false,
    hideAttendees: false,
    recurrence: type === 'seriesMaster' && event.rrule !== undefined ? showRecurrence(event, event.rrule) : null,
    responseStatus: {
      response: isOrganizer ? 'organizer' : own ? responses[own.response] : 'none',
      time: '0001-01-01T00:00:00Z',
    },
    body: { contentType: 'html', content: '' },
    start: dateTimeTimeZone(entry.start, zone),
    end: dateTimeTimeZone(entry.end, zone),
    location: { displayName: '', locationType: 'default', uniqueIdType: 'unknown', address: {}, coordinates: {} },
    locations: [],
    attendees: (event.attendees ?? [])
      // The organizer is no attendee of its own meeting.
      .filter((attendee) => attendee.address !== event.organizer.address)
      .map(({ address, name, response }) => ({
        type: 'required',
        status: {
          response: isOrganizer ? (response === 'needsAction' ? 'none' : responses[response]) : 'none',
          time: '0001-01-01T00:00:00Z',
        },
        emailAddress: { name: name ?? address, address },
      })),
    organizer: {
      emailAddress: { name: event.organizer.name ?? event.organizer.address, address: event.organizer.address },
    },
    ...(isPart ? { originalStart: `${new Date(entry.originalStart).toISOString().slice(0, 19)}Z` } : {}),
    ...(isPart ? { occurrenceId: cancelledOccurrence(event.id, entry.originalStart) } : {}),
  };
};

/**
 * An occurrence by rule in a delta round: identity and times alone, the rest is the master's
 * (https://learn.microsoft.com/en-us/previous-versions/office/office-365-api/api/version-2.0/calendar-rest-operations#synchronize-events).
 */
export const showThin = (entry: Entry, zone: string | undefined): Record<string, unknown> => ({
  '@odata.type': '#microsoft.graph.event',
  '@odata.etag': `W/"${opaque('DwAAABYAAA', `${entry.event.id}:${entry.version}`, 36)}"`,
  id: entryId(entry),
  seriesMasterId: entry.event.id,
  type: entry.type,
  start: dateTimeTimeZone(entry.start, zone),
  end: dateTimeTimeZone(entry.end, zone),
});

const precise = (at: number): string => new Date(at).toISOString().replace('Z', '0000Z');

/**
 * The iCalUId of an occurrence differs from the series' own: a global object id with the day in it, around the foreign UID where
 * the meeting came from elsewhere (MS-OXOCAL 2.2.1.27).
 */
const occurrenceUId = (event: StoredEvent, originalStart: number): string => {
  const day = new Date(originalStart);
  const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');
  const date = hex(day.getUTCFullYear(), 4) + hex(day.getUTCMonth() + 1, 2) + hex(day.getUTCDate(), 2);
  if (event.iCalUId.startsWith('040000008200E00074C5B7101A82E008'))
    return `${event.iCalUId.slice(0, 32)}${date}${event.iCalUId.slice(40)}`;
  const foreign = Buffer.from(`vCal-Uid\u0001\0\0\0${event.iCalUId}\0`, 'latin1');
  const size = Buffer.alloc(4);
  size.writeUInt32LE(foreign.length);
  const blank = '00'.repeat(16);
  return `040000008200E00074C5B7101A82E008${date}${blank}${size.toString('hex')}${foreign.toString('hex')}`.toUpperCase();
};
