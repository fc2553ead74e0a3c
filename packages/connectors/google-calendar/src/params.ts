import { eventFields } from './raw-event.ts';

/** Parameters that all reads of a calendar share: Google wants them the same with a sync token as without. */
function shared(calendarId: string) {
  return {
    calendarId,
    // Series come as master and exceptions: expanded by Google, an open-ended one would reach years ahead.
    singleEvents: false,
    showDeleted: true,
    maxResults: 2_500,
    fields: `nextPageToken,nextSyncToken,items(${eventFields})`,
  };
}

const page = (pageToken: string | undefined) => (pageToken === undefined ? {} : { pageToken });

/**
 * A whole calendar from a moment on. Never with a sync token, and only with the one filter that still yields one
 * (failures A6, N6). https://developers.google.com/workspace/calendar/api/guides/sync
 */
export function wholeParams(calendarId: string, timeMin: number, pageToken?: string) {
  return { ...shared(calendarId), timeMin: new Date(timeMin).toISOString(), ...page(pageToken) };
}

/** What has changed since a sync token: no filter goes with it (failure A6). */
export function changesParams(calendarId: string, syncToken: string, pageToken?: string) {
  return { ...shared(calendarId), syncToken, ...page(pageToken) };
}

/** A series with its exceptions, which share its iCalUID. */
export function seriesParams(calendarId: string, iCalUID: string, pageToken?: string) {
  return { ...shared(calendarId), iCalUID, ...page(pageToken) };
}

/** What lies in a window, for a count. */
export function countParams(
  calendarId: string,
  window: { readonly from: number; readonly to: number },
  pageToken?: string,
) {
  const bounds = { timeMin: new Date(window.from).toISOString(), timeMax: new Date(window.to).toISOString() };
  return { ...shared(calendarId), showDeleted: false, ...bounds, ...page(pageToken) };
}
