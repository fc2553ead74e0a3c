import { afterEach, beforeEach, expect, test } from 'vitest';
import { ana, ben, refusal, startGoogle, type GoogleFixture } from './google-fixture.ts';
import { eventTime } from './recurrence.ts';
import { googleScopes } from './scopes.ts';
import type { EventFields } from './state.ts';

let google: GoogleFixture;

beforeEach(async () => {
  google = await startGoogle();
});
afterEach(async () => {
  await google.close();
});

const hour = 3_600_000;
const day = 24 * hour;
const primary = { calendarId: 'primary' };

const fields = (start: number, extra: Partial<EventFields> = {}): EventFields => ({
  summary: 'Review',
  start: eventTime(start, 'Europe/Madrid'),
  end: eventTime(start + hour, 'Europe/Madrid'),
  organizer: { email: ana, displayName: 'Ana Ruiz' },
  attendees: [
    { email: ana, responseStatus: 'accepted', organizer: true },
    { email: 'zoe@client.example', responseStatus: 'needsAction' },
  ],
  ...extra,
});

test('A6: the sync token comes on the last page only, and brings what changed since the round began', async () => {
  const { handle, clock } = google;
  const events = [1, 2, 3].map((number) => handle.calendars.addEvent(ana, 'primary', fields(clock.now + number * day)));
  const { calendar } = google.client(ana);
  const first = (await calendar.events.list({ ...primary, maxResults: 2, showDeleted: true })).data;
  expect(first.nextSyncToken).toBeUndefined();
  const late = handle.calendars.addEvent(ana, 'primary', fields(clock.now + 9 * day));
  const rest = (
    await calendar.events.list({ ...primary, maxResults: 2, showDeleted: true, pageToken: first.nextPageToken ?? '' })
  ).data;
  expect(rest.nextPageToken).toBeUndefined();
  const seen = [...(first.items ?? []), ...(rest.items ?? [])].map((event) => event.id);
  expect(events.every((event) => seen.includes(event.id))).toBe(true);

  handle.calendars.cancelEvent(ana, 'primary', events[0]?.id ?? '');
  handle.calendars.updateEvent(ana, 'primary', events[1]?.id ?? '', { summary: 'Moved' });
  const syncToken = rest.nextSyncToken ?? '';
  const changes = (await calendar.events.list({ ...primary, syncToken })).data;
  const byId = new Map(changes.items?.map((event) => [event.id, event]));
  expect([...byId.keys()].toSorted()).toEqual([events[0]?.id, events[1]?.id, late.id].toSorted());
  expect(byId.get(events[0]?.id)).toMatchObject({ status: 'cancelled', summary: 'Review' });
  expect(byId.get(events[1]?.id)).toMatchObject({ summary: 'Moved', organizer: { self: true } });
  const nothing = (await calendar.events.list({ ...primary, syncToken: changes.nextSyncToken ?? '' })).data;
  expect([nothing.items, typeof nothing.nextSyncToken]).toEqual([[], 'string']);
});

test('a change in the middle of an incremental round is told in the next one, once', async () => {
  const { handle, clock } = google;
  const { calendar } = google.client(ana);
  const syncToken = (await calendar.events.list(primary)).data.nextSyncToken ?? '';
  const events = [1, 2, 3].map((number) => handle.calendars.addEvent(ana, 'primary', fields(clock.now + number * day)));
  const ids = events.map((event) => event.id).toSorted();
  const first = (await calendar.events.list({ ...primary, syncToken, maxResults: 1 })).data;
  handle.updateEvent(ana, 'primary', ids[2] ?? '', { summary: 'Late' });
  const next = { ...primary, syncToken, maxResults: 9, pageToken: first.nextPageToken ?? '' };
  const rest = (await calendar.events.list(next)).data;
  expect([...(first.items ?? []), ...(rest.items ?? [])].map((event) => event.id)).toEqual([ids[0], ids[1]]);
  const later = (await calendar.events.list({ ...primary, syncToken: rest.nextSyncToken ?? '' })).data;
  expect(later.items?.map((event) => [event.id, event.summary])).toEqual([[ids[2], 'Late']]);
});

test('A6: a sync token with a filter is refused with 400, and filters yield no token', async () => {
  google.handle.calendars.addEvent(ana, 'primary', fields(google.clock.now));
  const { calendar } = google.client(ana);
  const timeMin = new Date(google.clock.now - day).toISOString();
  const syncToken = (await calendar.events.list({ ...primary, timeMin })).data.nextSyncToken ?? '';
  expect(syncToken).not.toBe('');
  for (const clash of [
    { timeMin },
    { timeMax: timeMin },
    { q: 'x' },
    { orderBy: 'updated' },
    { updatedMin: timeMin },
    { showDeleted: false },
  ]) {
    expect(await refusal(calendar.events.list({ ...primary, syncToken, ...clash }))).toMatchObject({ status: 400 });
  }
  expect((await calendar.events.list({ ...primary, q: 'review' })).data).not.toHaveProperty('nextSyncToken');
  expect(await refusal(calendar.events.list({ ...primary, syncToken: 'junk' }))).toMatchObject({ status: 400 });
  expect(await refusal(calendar.events.list({ ...primary, timeMin: '2026-10-01T00:00:00' }))).toMatchObject({
    status: 400,
  });
  expect(await refusal(calendar.events.list({ ...primary, singleEvents: true }))).toMatchObject({ status: 501 });
});

test('A4, A5: an expired sync token answers 410 in mid-page, and the full read shows no tombstones', async () => {
  const { handle, clock } = google;
  const { calendar } = google.client(ana);
  const old = handle.calendars.addEvent(ana, 'primary', fields(clock.now));
  const syncToken = (await calendar.events.list(primary)).data.nextSyncToken ?? '';
  for (const number of [1, 2]) handle.calendars.addEvent(ana, 'primary', fields(clock.now + number * day));
  const page = (await calendar.events.list({ ...primary, syncToken, maxResults: 1 })).data;
  handle.calendars.cancelEvent(ana, 'primary', old.id);
  handle.expireSyncTokens(ana);
  const gone = { status: 410, reason: 'fullSyncRequired' };
  const next = { ...primary, syncToken, maxResults: 1, pageToken: page.nextPageToken ?? '' };
  expect(await refusal(calendar.events.list(next))).toEqual(gone);
  expect(await refusal(calendar.events.list({ ...primary, syncToken }))).toEqual(gone);
  const full = (await calendar.events.list({ ...primary, showDeleted: true })).data;
  expect(full.items?.map((event) => event.id)).not.toContain(old.id);
  expect((await calendar.events.list({ ...primary, syncToken: full.nextSyncToken ?? '' })).status).toBe(200);
});

test('C1: a series comes as master and exceptions; a canceled instance has only its id and original start', async () => {
  const { handle, clock } = google;
  const start = Date.UTC(2026, 9, 5, 7);
  clock.now = start - 30 * day;
  const series = handle.calendars.addEvent(
    ana,
    'primary',
    fields(start, { recurrence: ['RRULE:FREQ=WEEKLY;COUNT=6'] }),
  );
  handle.calendars.cancelInstance(ana, 'primary', series.id, start + 7 * day);
  const moved = eventTime(start + 14 * day + 2 * hour, 'Europe/Madrid');
  handle.calendars.updateInstance(ana, 'primary', series.id, start + 14 * day, { start: moved });
  const { calendar } = google.client(ana);
  const { items = [] } = (await calendar.events.list({ ...primary, showDeleted: false, singleEvents: false })).data;
  expect(items).toHaveLength(3);
  const canceled = items.find((event) => event.status === 'cancelled');
  expect(canceled).toEqual({
    kind: 'calendar#event',
    etag: expect.any(String),
    id: `${series.id}_20261012T070000Z`,
    status: 'cancelled',
    recurringEventId: series.id,
    originalStartTime: { dateTime: '2026-10-12T09:00:00+02:00', timeZone: 'Europe/Madrid' },
  });
  const shifted = items.find((event) => event.id?.endsWith('_20261019T070000Z'));
  expect(shifted).toMatchObject({
    iCalUID: series.iCalUID,
    start: { dateTime: '2026-10-19T11:00:00+02:00' },
    end: { dateTime: '2026-10-19T12:00:00+02:00' },
    originalStartTime: { dateTime: '2026-10-19T09:00:00+02:00' },
  });
  expect(shifted).not.toHaveProperty('recurrence');

  // C2: nine o'clock stays nine o'clock when the clocks change on 25 October.
  const instances = (await calendar.events.instances({ ...primary, eventId: series.id })).data.items ?? [];
  expect(instances.map((event) => event.start?.dateTime)).toEqual([
    '2026-10-05T09:00:00+02:00',
    '2026-10-19T11:00:00+02:00',
    '2026-10-26T09:00:00+01:00',
    '2026-11-02T09:00:00+01:00',
    '2026-11-09T09:00:00+01:00',
  ]);
  const plain = await calendar.events.get({ ...primary, eventId: `${series.id}_20261026T080000Z` });
  expect(plain.data.recurringEventId).toBe(series.id);

  handle.calendars.cancelEvent(ana, 'primary', series.id);
  expect((await calendar.events.list(primary)).data.items).toEqual([]);
});

test('the first window keeps open series and leaves out what ended before it', async () => {
  const { handle, clock } = google;
  handle.calendars.addEvent(ana, 'primary', fields(clock.now - 100 * day));
  handle.calendars.addEvent(ana, 'primary', fields(clock.now - 100 * day, { recurrence: ['RRULE:FREQ=WEEKLY'] }));
  handle.calendars.addEvent(
    ana,
    'primary',
    fields(clock.now - 100 * day, { recurrence: ['RRULE:FREQ=WEEKLY;COUNT=3'] }),
  );
  handle.calendars.addEvent(ana, 'primary', {
    ...fields(clock.now),
    start: { date: '2026-10-02' },
    end: { date: '2026-10-03' },
    recurrence: ['RRULE:FREQ=DAILY;UNTIL=20261004'],
  });
  const { calendar } = google.client(ana);
  const timeMin = new Date(clock.now - day).toISOString();
  const { items = [] } = (await calendar.events.list({ ...primary, timeMin })).data;
  expect(items.map((event) => event.recurrence?.[0]).toSorted()).toEqual([
    'RRULE:FREQ=DAILY;UNTIL=20261004',
    'RRULE:FREQ=WEEKLY',
  ]);
  const allDay = items.find((event) => event.start?.date !== undefined);
  const instances = (await calendar.events.instances({ ...primary, eventId: allDay?.id ?? '' })).data.items ?? [];
  expect(instances.map((event) => event.start?.date)).toEqual(['2026-10-02', '2026-10-03', '2026-10-04']);
});

test('a guest keeps the bare id of a deleted event', async () => {
  const { handle, clock } = google;
  const { id } = handle.calendars.addEvent(ben, 'primary', fields(clock.now));
  handle.calendars.cancelEvent(ben, 'primary', id);
  const { items } = (await google.client(ben).calendar.events.list({ ...primary, showDeleted: true })).data;
  expect(items).toEqual([{ kind: 'calendar#event', etag: expect.any(String), id, status: 'cancelled' }]);
});

test('several calendars; scopes decide whether they can be listed', async () => {
  const id = 'team@group.calendar.google.com';
  google.handle.calendars.addCalendar(ana, { id, summary: 'Team', timeZone: 'UTC', primary: false });
  google.handle.calendars.addEvent(ana, id, fields(google.clock.now));
  const { calendar } = google.client(ana);
  const entries = (await calendar.calendarList.list()).data.items ?? [];
  expect(entries.map((entry) => [entry.id, entry.primary ?? false])).toEqual([
    [ana, true],
    [id, false],
  ]);
  expect((await calendar.events.list({ calendarId: id })).data.items).toHaveLength(1);
  expect((await calendar.events.list({ calendarId: ana })).data.items).toHaveLength(0);
  const narrow = google.client(ana, [googleScopes.calendarEventsReadonly]).calendar;
  expect((await narrow.events.list({ calendarId: id })).status).toBe(200);
  expect(await refusal(narrow.calendarList.list())).toEqual({ status: 403, reason: 'insufficientPermissions' });
  expect(await refusal(google.client(ben).calendar.events.list({ calendarId: id }))).toEqual({
    status: 404,
    reason: 'notFound',
  });
});

test('600 requests a minute and user, then 403', async () => {
  const { calendar } = google.client(ana);
  for (let call = 0; call < 600; call += 1) await calendar.calendarList.list();
  expect(await refusal(calendar.events.list(primary))).toEqual({ status: 403, reason: 'userRateLimitExceeded' });
  google.clock.now += 60_000;
  expect((await calendar.events.list(primary)).status).toBe(200);
});
