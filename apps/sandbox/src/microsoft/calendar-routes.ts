import type { CalendarStore } from './calendar-store.ts';
import { entriesOf, findOccurrence, singleEntry, viewRows, type Window } from './calendar-view.ts';
import { cancelledOccurrence, eventProperties, showEvent, showThin, type Entry } from './event-json.ts';
import { badRequest, itemNotFound, json, syncStateNotFound } from './graph-error.ts';
import {
  checkOptions,
  momentOf,
  openToken,
  pageOf,
  parseFilter,
  passes,
  project,
  refuseInDelta,
  sealToken,
  selected,
} from './odata.ts';
import { guarded, mailboxRoots, type App, type Call, type Guard } from './route.ts';
import { routeScopes } from './scopes.ts';
import type { Calendar } from './state.ts';

const listOptions = ['$select', '$filter', '$top', '$skip', '$orderby', '$count', '$expand', '$search'];
const longestWindow = 1825 * 86_400_000;

/** Calendars as Graph serves them (https://learn.microsoft.com/en-us/graph/api/resources/calendar). */
export const mountCalendars = (app: App, guard: Guard, calendars: CalendarStore): void => {
  const calendarOf = (call: Call): Calendar =>
    calendars.calendar(call.user.upn, call.request.url.includes('/calendars/') ? call.param('calendar') : undefined);

  const listed = (call: Call, entries: readonly Entry[]): Response => {
    checkOptions(call.query, listOptions);
    const names = selected(call.query, 'event', eventProperties);
    const { top, skip } = pageOf(call.query, 10, 1000);
    const terms = parseFilter(call.query.get('$filter'));
    const found = entries.filter((entry) => terms.every((term) => passes(term, propertyOf(entry, term.property))));
    const next = new URLSearchParams(call.query);
    next.set('$skip', String(skip + top));
    const path = new URL(call.request.url).pathname.replace(/^\/v1\.0\/(?:me|users\/[^/]+)/u, '');
    return json({
      '@odata.context': context(call, 'events'),
      ...(call.query.get('$count') === 'true' ? { '@odata.count': found.length } : {}),
      value: found
        .slice(skip, skip + top)
        .map((entry) => project(showEvent(entry, call.user.upn, call.prefer.timeZone), names)),
      ...(skip + top < found.length ? { '@odata.nextLink': `${call.root}${path}?${next.toString()}` } : {}),
    });
  };

  const events = (call: Call): Response =>
    listed(
      call,
      Object.values(calendarOf(call).events)
        .map(singleEntry)
        .toSorted((a, b) => b.start - a.start),
    );

  const view = (call: Call): Response => {
    const window = windowOf(call);
    return listed(
      call,
      Object.values(calendarOf(call).events)
        .flatMap((event) => entriesOf(event, window))
        .toSorted((a, b) => a.start - b.start),
    );
  };

  const delta = (call: Call): Response => {
    const calendar = calendarOf(call);
    refuseInDelta(call.query, 'CalendarView', ['$orderby', '$filter', '$select', '$expand', '$search']);
    checkOptions(call.query, ['$deltatoken', '$skiptoken', '$top']);
    const token = call.query.get('$deltatoken') ?? call.query.get('$skiptoken');
    const opened = token === null ? undefined : openToken(token);
    const number = (name: string): number | undefined => {
      const value = opened?.[name];
      return typeof value === 'number' ? value : undefined;
    };
    const window = opened ? { from: number('from') ?? 0, to: number('to') ?? 0 } : windowOf(call);
    const since = number('since');
    const begun = number('begun') ?? calendar.version;
    if (begun < calendar.oldestVersion) throw syncStateNotFound();
    const after = typeof opened?.['after'] === 'string' ? opened['after'] : '';
    const due = viewRows(calendar, window, since).filter((row) => row.place > after);
    const size = Math.min(call.prefer.pageSize ?? 10, 1000);
    const page = due.slice(0, size);
    const last = page.at(-1);
    const value = page.map(({ id, entry }) => {
      if (!entry) return { '@odata.type': '#microsoft.graph.event', id, '@removed': { reason: 'deleted' } };
      if (entry.type === 'occurrence') return showThin(entry, call.prefer.timeZone);
      return { '@odata.type': '#microsoft.graph.event', ...showEvent(entry, call.user.upn, call.prefer.timeZone) };
    });
    const path = new URL(call.request.url).pathname.replace(/^\/v1\.0\/(?:me|users\/[^/]+)/u, '');
    return json({
      '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#Collection(event)',
      value,
      ...(due.length > page.length && last
        ? {
            '@odata.nextLink': `${call.root}${path}?$skiptoken=${sealToken({ ...window, since, begun, after: last.place })}`,
          }
        : { '@odata.deltaLink': `${call.root}${path}?$deltatoken=${sealToken({ ...window, since: begun })}` }),
    });
  };

  const one = (call: Call): Response => {
    checkOptions(call.query, ['$select', '$expand']);
    const names = selected(call.query, 'event', eventProperties);
    const entry = entryOf(calendars, call);
    const shown = showEvent(entry, call.user.upn, call.prefer.timeZone);
    const { event } = entry;
    const isMaster = entry.type === 'seriesMaster';
    const deleted = Object.entries(event.exceptions).filter(([, exception]) => exception.isDeleted);
    const moved = isMaster ? entriesOf(event, { from: 0, to: event.start + longestWindow }) : [];
    return json({
      '@odata.context': `${context(call, 'events')}/$entity`,
      ...project(
        {
          ...shown,
          // Only for who asks a series for them (https://learn.microsoft.com/en-us/graph/api/event-get).
          ...(isMaster && names?.has('cancelledOccurrences') === true
            ? { cancelledOccurrences: deleted.map(([original]) => cancelledOccurrence(event.id, Number(original))) }
            : {}),
          ...(isMaster && (call.query.get('$expand') ?? '').includes('exceptionOccurrences')
            ? {
                exceptionOccurrences: moved
                  .filter((each) => each.type === 'exception')
                  .map((each) => showEvent(each, call.user.upn, call.prefer.timeZone)),
              }
            : {}),
        },
        names === undefined ? undefined : new Set([...names, 'exceptionOccurrences']),
      ),
    });
  };

  const instances = (call: Call): Response => {
    const entry = entryOf(calendars, call);
    return listed(call, entriesOf(entry.event, windowOf(call)));
  };

  const read = (handle: (call: Call) => Response) => guarded(guard, routeScopes.calendar, handle);
  for (const root of mailboxRoots) {
    app.get(
      `${root}/calendars`,
      read((call) => {
        checkOptions(call.query, listOptions);
        const { top, skip } = pageOf(call.query, 10, 1000);
        const all = calendars.list(call.user.upn);
        return json({
          '@odata.context': context(call, 'calendars'),
          value: all.slice(skip, skip + top).map((calendar) => showCalendar(calendar, call)),
          ...(skip + top < all.length
            ? { '@odata.nextLink': `${call.root}/calendars?$top=${top}&$skip=${skip + top}` }
            : {}),
        });
      }),
    );
    app.get(
      `${root}/calendar`,
      read((call) => json(showCalendar(calendars.calendar(call.user.upn), call))),
    );
    for (const base of [`${root}`, `${root}/calendar`, `${root}/calendars/:calendar`]) {
      for (const name of ['delta', 'delta()', 'microsoft.graph.delta()'])
        app.get(`${base}/calendarView/${name}`, read(delta));
      app.get(`${base}/calendarView`, read(view));
      app.get(`${base}/events`, read(events));
      app.get(`${base}/events/:event`, read(one));
      app.get(`${base}/events/:event/instances`, read(instances));
      app.get(
        `${base}/events/:event/calendar`,
        read((call) => {
          const { event } = entryOf(calendars, call);
          return json(showCalendar(calendars.find(call.user.upn, event.id).calendar, call));
        }),
      );
    }
    app.get(
      `${root}/calendars/:calendar`,
      read((call) => json(showCalendar(calendarOf(call), call))),
    );
  }
};

const context = (call: Call, what: string): string =>
  `https://graph.microsoft.com/v1.0/$metadata#users('${encodeURIComponent(call.user.id)}')/${what}`;

const showCalendar = (calendar: Calendar, call: Call): object => ({
  id: calendar.id,
  name: calendar.name,
  color: 'auto',
  hexColor: '',
  isDefaultCalendar: calendar.isDefault,
  changeKey: String(calendar.version),
  canShare: true,
  canViewPrivateItems: true,
  canEdit: true,
  allowedOnlineMeetingProviders: ['teamsForBusiness'],
  defaultOnlineMeetingProvider: 'teamsForBusiness',
  isTallyingResponses: true,
  isRemovable: !calendar.isDefault,
  owner: { name: call.user.name, address: call.user.upn },
});

/** An event, a series or an occurrence by id. Throws 404. */
const entryOf = (calendars: CalendarStore, call: Call): Entry => {
  const id = call.param('event');
  const all = calendars.list(call.user.upn);
  const event = all.map((calendar) => calendar.events[id]).find((each) => each !== undefined);
  const entry = event ? singleEntry(event) : findOccurrence(all, id);
  if (!entry) throw itemNotFound();
  return entry;
};

const windowOf = (call: Call): Window => {
  const read = (wanted: string): number => {
    const text = [...call.query].find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1];
    if (text === undefined)
      throw badRequest(
        "This request requires a time window specified by the query string parameters 'startDateTime' and 'endDateTime'.",
        'ErrorInvalidParameter',
      );
    return momentOf(text);
  };
  const [from, to] = [read('startDateTime'), read('endDateTime')];
  if (to < from) throw badRequest('End date is earlier than start date.', 'ErrorCalendarEndDateIsEarlierThanStartDate');
  // https://learn.microsoft.com/en-us/graph/api/calendar-list-calendarview
  if (to - from > longestWindow)
    throw badRequest('The requested view range is too large: no more than 1825 days.', 'ErrorCalendarViewRangeTooBig');
  return { from, to };
};

const propertyOf = ({ event, start, end, type }: Entry, property: string): string | number | boolean => {
  switch (property) {
    case 'start/dateTime':
      return start;
    case 'end/dateTime':
      return end;
    case 'iCalUId':
      return event.iCalUId;
    case 'lastModifiedDateTime':
      return event.modifiedAt;
    case 'createdDateTime':
      return event.createdAt;
    case 'isCancelled':
      return event.isCancelled;
    case 'type':
      return type;
    case 'subject':
      return event.subject;
    default:
      throw badRequest(`Could not find a property named '${property}' on type 'microsoft.graph.event'.`);
  }
};
