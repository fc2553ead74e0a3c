import { classifyGoogle, remainsOf } from '@waymark/connector-kit';
import type { Connector, Stream } from '@waymark/connector-kit';
import { connectCalendar } from './client.ts';
import type { CalendarClient } from './client.ts';
import { countMeetings } from './count-meetings.ts';
import { calendarCursor } from './cursor.ts';
import type { CalendarCursor } from './cursor.ts';
import { manifest, readScope } from './manifest.ts';
import { mapMeeting } from './map-meeting.ts';
import { calendarPartitions, calendarSettings } from './partitions.ts';
import { hint, push } from './push.ts';
import { pullEvents } from './pull-events.ts';
import { rawMeeting, withoutBody } from './raw-event.ts';
import type { RawMeeting } from './raw-event.ts';

const events: Stream<CalendarClient, CalendarCursor, RawMeeting> = {
  name: 'events',
  object: 'event',
  scopes: [readScope],
  sees: ['meeting'],
  // A sync token is exact: no overlap to reread, no part that is not yet final.
  cursor: { kind: 'calendar-sync-token', version: 1, schema: calendarCursor, overlapMs: 0, settleMs: 0 },
  raw: rawMeeting,
  order: 60,
  partitions: calendarPartitions,
  pull: pullEvents,
  map: mapMeeting,
  whenGone: remainsOf,
  withoutBody,
  count: countMeetings,
};

/** Google Calendar: the meetings with people from outside in an account's own calendars. */
export const googleCalendar: Connector<CalendarClient> = {
  manifest,
  settings: calendarSettings,
  connect: connectCalendar,
  async identify(client) {
    const { id, summary, timeZone } = await client.primary();
    return {
      externalAccountId: id.toLowerCase(),
      label: summary || id,
      address: id.toLowerCase(),
      ...(timeZone === undefined ? {} : { timezone: timeZone }),
    };
  },
  streams: [events],
  classify: classifyGoogle,
  hint,
  push,
};
