import { remainsOf } from '@waymark/connector-kit';
import type { Connector, Stream } from '@waymark/connector-kit';
import { calendarCursor } from './calendar-cursor.ts';
import type { CalendarCursor } from './calendar-cursor.ts';
import { calendarPartitions, outlookSettings } from './calendars.ts';
import { meetingIds } from './calendar-reads.ts';
import { classify } from './classify.ts';
import { mailCursor } from './mail-cursor.ts';
import type { MailCursor } from './mail-cursor.ts';
import { hint } from './hint.ts';
import { calendarScope, mailScope, manifest } from './manifest.ts';
import { mapMeeting } from './map-meeting.ts';
import { mapMessage } from './map-message.ts';
import { messageIds } from './message-reads.ts';
import { connectOutlook, identify } from './outlook-client.ts';
import type { OutlookClient } from './outlook-client.ts';
import { probe } from './probe.ts';
import { pullCalendar } from './pull-calendar.ts';
import { pullMessages } from './pull-messages.ts';
import { push } from './push.ts';
import { rawMeeting, withoutBody as meetingWithoutBody } from './raw-event.ts';
import type { RawMeeting } from './raw-event.ts';
import { rawMessage, withoutBody } from './raw-message.ts';
import type { RawMessage } from './raw-message.ts';

const mail: Stream<OutlookClient, MailCursor, RawMessage> = {
  name: 'mail',
  object: 'message',
  scopes: [mailScope],
  sees: ['email'],
  // Delta is exact; the format of ids is part of the version, so that another one forces one clean resync (failure B3).
  cursor: { kind: 'graph-mail-delta', version: 1, schema: mailCursor, overlapMs: 0, settleMs: 0 },
  raw: rawMessage,
  order: 50,
  partitions: async (client) =>
    [...(await client.folders()).values()].flatMap(({ id, name, leftOut }) =>
      leftOut === undefined ? [{ id, label: name }] : [],
    ),
  pull: pullMessages,
  map: mapMessage,
  withoutBody,
  count: async (client, folderId, window) => {
    const ids = await messageIds(client, folderId, window);
    return { total: ids.length, ids };
  },
};

const calendar: Stream<OutlookClient, CalendarCursor, RawMeeting> = {
  name: 'calendar',
  object: 'event',
  scopes: [calendarScope],
  sees: ['meeting'],
  cursor: { kind: 'graph-calendar-delta', version: 1, schema: calendarCursor, overlapMs: 0, settleMs: 0 },
  raw: rawMeeting,
  order: 60,
  partitions: calendarPartitions,
  pull: pullCalendar,
  map: mapMeeting,
  whenGone: remainsOf,
  withoutBody: meetingWithoutBody,
  count: async (client, calendarId, window) => {
    const ids = await meetingIds(client, calendarId, window);
    return { total: ids.length, ids };
  },
};

/** Outlook: the mails and meetings of a mailbox in Exchange Online. */
export const outlook: Connector<OutlookClient> = {
  manifest,
  settings: outlookSettings,
  connect: connectOutlook,
  identify,
  streams: [mail, calendar],
  classify,
  hint,
  push,
  probe: (client) => probe(client),
};
