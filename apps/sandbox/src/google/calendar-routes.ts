import type { OAuthServer } from '../front/oauth.ts';
import type { CalendarStore } from './calendar-store.ts';
import { json } from './errors.ts';
import { findEvent, listEvents, listInstances, showEvent } from './event-list.ts';
import { guarded, openToken, pageSize, sealToken, type App, type Call } from './route.ts';
import { routeScopes } from './scopes.ts';
import type { CalendarState } from './state.ts';

export interface CalendarRoutes {
  readonly app: App;
  readonly oauth: OAuthServer;
  readonly calendars: CalendarStore;
  readonly now: () => number;
  /** Charges one request to the call's user and project; throws when over the limit. */
  readonly charge: (call: Call) => void;
}

/** The reading part of Calendar's API (https://developers.google.com/workspace/calendar/api/v3/reference). */
export const mountCalendar = ({ app, oauth, calendars, now, charge }: CalendarRoutes): void => {
  const list = (call: Call): Response => {
    const all = calendars.list(call.user);
    const start = Number(openToken(call.query.get('pageToken') ?? '')?.['start'] ?? 0);
    const size = pageSize(call.query.get('maxResults'), 100, 250);
    const end = start + size;
    return json({
      kind: 'calendar#calendarList',
      etag: `"p${all.length}"`,
      ...(end < all.length
        ? { nextPageToken: sealToken({ start: end }) }
        : { nextSyncToken: sealToken({ list: all.length }) }),
      items: all.slice(start, end).map(showEntry),
    });
  };
  const calendarOf = (call: Call): CalendarState => calendars.calendar(call.user, call.param('calendarId'));

  const listScopes = { oauth, charge, scopes: routeScopes.calendarList };
  app.get('/calendar/v3/users/me/calendarList', guarded(listScopes, list));
  app.get(
    '/calendar/v3/users/me/calendarList/:calendarId',
    guarded(listScopes, (call) => json(showEntry(calendarOf(call)))),
  );

  const eventScopes = { oauth, charge, scopes: routeScopes.events };
  app.get(
    '/calendar/v3/calendars/:calendarId/events',
    guarded(eventScopes, (call) => json(listEvents(calendarOf(call), call.user, call.query))),
  );
  app.get(
    '/calendar/v3/calendars/:calendarId/events/:eventId',
    guarded(eventScopes, (call) => json(showEvent(findEvent(calendarOf(call), call.param('eventId')), call.user))),
  );
  app.get(
    '/calendar/v3/calendars/:calendarId/events/:eventId/instances',
    guarded(eventScopes, (call) =>
      json(listInstances(calendarOf(call), call.user, call.param('eventId'), call.query, now())),
    ),
  );
};

const showEntry = (calendar: CalendarState): object => ({
  kind: 'calendar#calendarListEntry',
  etag: `"${calendar.id.length}"`,
  id: calendar.id,
  summary: calendar.summary,
  timeZone: calendar.timeZone,
  selected: true,
  accessRole: 'owner',
  defaultReminders: [],
  ...(calendar.primary ? { primary: true } : {}),
});
