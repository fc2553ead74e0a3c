import { UnexpectedAnswer } from '@waymark/connector-kit';
import type { Session } from '@waymark/connector-kit';
import { z } from 'zod';
import type { changesParams, countParams, seriesParams, wholeParams } from './params.ts';
import { withoutDescription } from './raw-event.ts';

const reference = 'https://developers.google.com/workspace/calendar/api/v3/reference';

/** An item of a listing, stripped of descriptions and otherwise as it came; a bad one must not spoil its page (I9). */
const item = z
  .looseObject({ id: z.string().min(1) })
  .transform((event) => ({ id: event.id, event: withoutDescription(event) }));
export type Item = z.infer<typeof item>;

const eventsAnswer = z.object({
  items: z.array(item).default([]),
  nextPageToken: z.string().optional(),
  nextSyncToken: z.string().optional(),
});
export type EventsAnswer = z.infer<typeof eventsAnswer>;

const calendarEntry = z.object({
  id: z.string().min(1),
  summary: z.string().default(''),
  timeZone: z.string().optional(),
  primary: z.boolean().default(false),
  selected: z.boolean().default(false),
  deleted: z.boolean().default(false),
  accessRole: z.string().default('none'),
});
export type CalendarEntry = z.infer<typeof calendarEntry>;

const calendarsAnswer = z.object({ items: z.array(calendarEntry).default([]), nextPageToken: z.string().optional() });

/** https://developers.google.com/workspace/calendar/api/v3/reference/events/watch */
const channelAnswer = z.object({
  id: z.string().min(1),
  resourceId: z.string().min(1),
  expiration: z.coerce.number().int().positive().optional(),
});

type EventsParams = ReturnType<typeof wholeParams | typeof changesParams | typeof seriesParams | typeof countParams>;

/** The reads of a calendar account that the connector makes. */
export interface CalendarClient {
  readonly settings: Readonly<Record<string, unknown>>;
  primary(): Promise<CalendarEntry>;
  calendars(pageToken: string | undefined): Promise<z.infer<typeof calendarsAnswer>>;
  events(params: EventsParams): Promise<EventsAnswer>;
  event(calendarId: string, eventId: string): Promise<Item>;
  /** Opens a channel on which changes of a calendar's events are told; its id must be new. */
  watch(calendarId: string, channel: Channel): Promise<z.infer<typeof channelAnswer>>;
  stop(channelId: string, resourceId: string): Promise<void>;
  now(): number;
}

interface Channel {
  readonly id: string;
  readonly address: string;
  readonly token: string;
  readonly ttlSeconds: number;
}

/** Loads the SDK and binds it to a session. Retries are the runner's: the SDK's ignore Retry-After. */
export async function connectCalendar(session: Session): Promise<CalendarClient> {
  const { calendar } = await import('googleapis/build/src/apis/calendar/index.js');
  const rootUrl = session.baseUrls['calendar'];
  const api = calendar({ version: 'v3', retry: false, ...(rootUrl === undefined ? {} : { rootUrl }) });

  const read = <T>(
    doc: string,
    schema: z.ZodType<T>,
    work: (options: { signal: AbortSignal; headers: Record<string, string> }) => Promise<{ data: unknown }>,
    idempotent = true,
  ): Promise<T> =>
    session.call({ bucket: 'user', cost: 1, idempotent, doc: `${reference}/${doc}` }, async (signal) => {
      const headers = { authorization: `Bearer ${await session.accessToken()}` };
      const answer = schema.safeParse((await work({ signal, headers })).data);
      if (!answer.success) throw new UnexpectedAnswer(`Calendar's ${doc}`, { cause: answer.error });
      return answer.data;
    });

  return {
    settings: session.settings,
    primary: () =>
      read('calendarList/get', calendarEntry, (options) => api.calendarList.get({ calendarId: 'primary' }, options)),
    calendars: (pageToken) =>
      read('calendarList/list', calendarsAnswer, (options) =>
        api.calendarList.list(
          { minAccessRole: 'writer', maxResults: 250, ...(pageToken === undefined ? {} : { pageToken }) },
          options,
        ),
      ),
    events: (params) => read('events/list', eventsAnswer, (options) => api.events.list(params, options)),
    event: (calendarId, eventId) =>
      read('events/get', item, (options) => api.events.get({ calendarId, eventId }, options)),
    watch: (calendarId, { id, address, token, ttlSeconds }) =>
      read(
        'events/watch',
        channelAnswer,
        (options) => {
          const requestBody = { id, type: 'web_hook', address, token, params: { ttl: String(ttlSeconds) } };
          return api.events.watch({ calendarId, requestBody }, options);
        },
        false,
      ),
    stop: async (id, resourceId) => {
      await read('channels/stop', z.unknown(), (options) =>
        api.channels.stop({ requestBody: { id, resourceId } }, options),
      );
    },
    now: () => session.now(),
  };
}
