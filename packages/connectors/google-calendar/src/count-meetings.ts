import type { CalendarClient } from './client.ts';
import { countParams } from './params.ts';
import { groupListing } from './series.ts';

/** How many meetings and series a calendar lists in a window, epoch milliseconds: what `doctor` compares (failure A11). */
export async function countMeetings(
  client: CalendarClient,
  calendarId: string,
  window: { readonly from: number; readonly to: number },
): Promise<{ total: number; ids: readonly string[] }> {
  const items = [];
  let pageToken: string | undefined;
  do {
    const page = await client.events(countParams(calendarId, window, pageToken));
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  const meetings = groupListing(items).filter(({ kind }) => kind === 'meeting');
  return { total: meetings.length, ids: meetings.map(({ id }) => `${calendarId}/${id}`) };
}
