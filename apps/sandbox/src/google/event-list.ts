import { calendarNotFound, fullSyncRequired, GoogleError, invalidArgument } from './errors.ts';
import { instanceId, instantOf, occurrences, seriesEnd } from './recurrence.ts';
import { openToken, pageSize, sealToken } from './route.ts';
import type { CalendarState, EventTime, StoredEvent } from './state.ts';

/** Parameters that may not go with a sync token (https://developers.google.com/workspace/calendar/api/v3/reference/events/list). */
const forbiddenWithSyncToken = [
  'iCalUID',
  'orderBy',
  'privateExtendedProperty',
  'q',
  'sharedExtendedProperty',
  'timeMin',
  'timeMax',
  'updatedMin',
];

/** With these a listing yields no sync token: it does not show a set that could be kept up to date. */
const withoutSyncToken = ['iCalUID', 'orderBy', 'privateExtendedProperty', 'q', 'sharedExtendedProperty', 'updatedMin'];

interface Window {
  readonly timeMin: number | undefined;
  readonly timeMax: number | undefined;
}

interface Round extends Window {
  /** The version that an incremental round starts after; undefined in a full one. */
  readonly since: number | undefined;
  /** The calendar's version when the round began: what its sync token will stand for. */
  readonly version: number;
  /** The last id of the page before. */
  readonly after: string;
}

/**
 * One page of a calendar's events: a full read, or with a sync token what has changed since. The sync token comes on
 * the last page only (A6) and stands for the moment when the round began, so that changes during the round are in the
 * next one. An expired token is refused with 410 on any page of the round (A4).
 */
export const listEvents = (calendar: CalendarState, user: string, query: URLSearchParams): object => {
  if (query.get('singleEvents') === 'true') {
    throw new GoogleError(
      501,
      'notImplemented',
      'The sandbox lists series and exceptions only: ask for singleEvents=false.',
    );
  }
  const round = roundOf(calendar, query);
  if (round.since !== undefined && round.since < calendar.oldestVersion) throw fullSyncRequired();
  const matching = Object.values(calendar.events)
    .filter((event) => event.id > round.after && isListed(event, calendar, round, query))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const size = pageSize(query.get('maxResults'), 250, 2500);
  const page = matching.slice(0, size);
  const last = page.at(-1);
  const more = matching.length > size && last ? sealToken({ ...tokenOf(calendar, round), after: last.id }) : undefined;
  const isSyncable = !withoutSyncToken.some((name) => query.has(name));
  return {
    ...listHead(calendar),
    ...(more === undefined ? {} : { nextPageToken: more }),
    ...(more === undefined && isSyncable
      ? { nextSyncToken: sealToken({ ...tokenOf(calendar, round), since: round.version }) }
      : {}),
    items: page.map((event) => showEvent(event, user)),
  };
};

/** The occurrences of one series (https://developers.google.com/workspace/calendar/api/v3/reference/events/instances). */
export const listInstances = (
  calendar: CalendarState,
  user: string,
  seriesId: string,
  query: URLSearchParams,
  now: number,
): object => {
  const series = calendar.events[seriesId];
  if (!series) throw calendarNotFound();
  const { timeMin, timeMax } = windowOf(query);
  const horizon = timeMax ?? now + 730 * 86_400_000;
  const after = openToken(query.get('pageToken') ?? '')?.['after'];
  const isCanceledShown = query.get('showDeleted') === 'true';
  const size = pageSize(query.get('maxResults'), 250, 2500);
  const items: StoredEvent[] = [];
  for (const { start, end, at } of occurrences(series, horizon)) {
    if (typeof after === 'number' && at <= after) continue;
    const id = instanceId(series.id, start);
    const event = calendar.events[id] ?? instanceOf(series, start, end);
    if (timeMin !== undefined && instantOf(event.end) <= timeMin) continue;
    if (event.status === 'cancelled' && !isCanceledShown) continue;
    items.push(event);
    if (items.length > size) break;
  }
  const page = items.slice(0, size);
  const lastStart = page.at(-1)?.originalStartTime;
  return {
    ...listHead(calendar),
    ...(items.length > size && lastStart ? { nextPageToken: sealToken({ after: instantOf(lastStart) }) } : {}),
    items: page.map((event) => showEvent(event, user)),
  };
};

/** One event, exception or not yet changed occurrence by id. Throws 404. */
export const findEvent = (calendar: CalendarState, eventId: string): StoredEvent => {
  const event = calendar.events[eventId];
  if (event) return event;
  const series = calendar.events[eventId.replace(/_[^_]*$/u, '')];
  if (series?.recurrence) {
    for (const { start, end } of occurrences(series, Number.POSITIVE_INFINITY)) {
      if (instanceId(series.id, start) === eventId) return instanceOf(series, start, end);
    }
  }
  throw calendarNotFound();
};

/** An event as the API shows it (https://developers.google.com/workspace/calendar/api/v3/reference/events#resource). */
export const showEvent = (event: StoredEvent, user: string): object => {
  const head = {
    kind: 'calendar#event',
    etag: `"${event.updated}${event.version}"`,
    id: event.id,
    status: event.status,
  };
  if (event.status === 'cancelled') {
    if (event.recurringEventId !== undefined) {
      return { ...head, recurringEventId: event.recurringEventId, originalStartTime: event.originalStartTime };
    }
    // Guests keep the bare id of a deleted event, its organizer the details.
    if (event.organizer.email !== user) return head;
  }
  const { created, updated, version: _version, organizer, attendees, ...fields } = event;
  const withSelf = <T extends { readonly email: string }>(person: T): T & { self?: true } =>
    person.email === user ? { ...person, self: true } : person;
  return {
    ...head,
    htmlLink: `https://www.google.com/calendar/event?eid=${Buffer.from(event.id).toString('base64url')}`,
    created: new Date(created).toISOString(),
    updated: new Date(updated).toISOString(),
    ...fields,
    creator: withSelf(organizer),
    organizer: withSelf(organizer),
    ...(attendees === undefined ? {} : { attendees: attendees.map(withSelf) }),
    reminders: { useDefault: true },
    eventType: event.eventType ?? 'default',
  };
};

const listHead = (calendar: CalendarState): object => ({
  kind: 'calendar#events',
  etag: `"p${calendar.version}"`,
  summary: calendar.summary,
  updated: new Date(latestUpdate(calendar)).toISOString(),
  timeZone: calendar.timeZone,
  accessRole: 'owner',
  defaultReminders: [],
});

const latestUpdate = (calendar: CalendarState): number => {
  let latest = 0;
  for (const event of Object.values(calendar.events)) latest = Math.max(latest, event.updated);
  return latest;
};

const instanceOf = (series: StoredEvent, start: EventTime, end: EventTime): StoredEvent => {
  const { recurrence: _recurrence, ...inherited } = series;
  return {
    ...inherited,
    id: instanceId(series.id, start),
    start,
    end,
    recurringEventId: series.id,
    originalStartTime: start,
  };
};

const roundOf = (calendar: CalendarState, query: URLSearchParams): Round => {
  const syncToken = query.get('syncToken');
  const pageToken = query.get('pageToken');
  if (syncToken !== null) {
    const clash = forbiddenWithSyncToken.find((name) => query.has(name));
    if (clash !== undefined) throw invalidArgument(`Sync token cannot be used with the parameter ${clash}.`, clash);
    if (query.get('showDeleted') === 'false') {
      throw invalidArgument('showDeleted cannot be false with a sync token.', 'showDeleted');
    }
  }
  if (pageToken !== null) return roundFromToken(calendar, pageToken, 'pageToken');
  if (syncToken !== null)
    return { ...roundFromToken(calendar, syncToken, 'syncToken'), version: calendar.version, after: '' };
  return { ...windowOf(query), since: undefined, version: calendar.version, after: '' };
};

const roundFromToken = (calendar: CalendarState, token: string, parameter: string): Round => {
  const data = openToken(token);
  if (data?.['calendar'] !== calendar.id || typeof data['version'] !== 'number') {
    throw invalidArgument(`Invalid ${parameter === 'syncToken' ? 'sync' : 'page'} token value.`, parameter);
  }
  const number = (name: string): number | undefined => (typeof data[name] === 'number' ? data[name] : undefined);
  const after = typeof data['after'] === 'string' ? data['after'] : '';
  return {
    since: number('since'),
    version: data['version'],
    after,
    timeMin: number('timeMin'),
    timeMax: number('timeMax'),
  };
};

const isListed = (event: StoredEvent, calendar: CalendarState, round: Round, query: URLSearchParams): boolean => {
  if (round.since !== undefined && (event.version <= round.since || event.version > round.version)) return false;
  const types = query.getAll('eventTypes');
  if (types.length > 0 && !types.includes(event.eventType ?? 'default')) return false;
  const iCalUid = query.get('iCalUID');
  if (iCalUid !== null && event.iCalUID !== iCalUid) return false;
  const q = query.get('q')?.toLowerCase();
  if (q !== undefined && !`${event.summary ?? ''} ${event.description ?? ''}`.toLowerCase().includes(q)) return false;
  const updatedMin = timeParameter(query, 'updatedMin');
  if (updatedMin !== undefined && event.updated < updatedMin) return false;
  if (event.status === 'cancelled') {
    if (round.since !== undefined || updatedMin !== undefined || query.get('showDeleted') === 'true') return true;
    return (
      event.recurringEventId !== undefined &&
      isInWindow(event, round) &&
      calendar.events[event.recurringEventId]?.status !== 'cancelled'
    );
  }
  return isInWindow(event, round);
};

const isInWindow = (event: StoredEvent, { timeMin, timeMax }: Window): boolean =>
  (timeMin === undefined || seriesEnd(event) > timeMin) && (timeMax === undefined || instantOf(event.start) < timeMax);

const windowOf = (query: URLSearchParams): Window => ({
  timeMin: timeParameter(query, 'timeMin'),
  timeMax: timeParameter(query, 'timeMax'),
});

const timeParameter = (query: URLSearchParams, name: string): number | undefined => {
  const value = query.get(name);
  if (value === null) return undefined;
  const at = Date.parse(value);
  // An offset is mandatory: without one Google answers 400.
  if (Number.isNaN(at) || !/(?:Z|[+-]\d{2}:?\d{2})$/u.test(value))
    throw new GoogleError(400, 'badRequest', 'Bad Request');
  return at;
};

const tokenOf = (calendar: CalendarState, round: Round): object => ({
  calendar: calendar.id,
  version: round.version,
  ...(round.since === undefined ? {} : { since: round.since }),
  ...(round.timeMin === undefined ? {} : { timeMin: round.timeMin }),
  ...(round.timeMax === undefined ? {} : { timeMax: round.timeMax }),
});
