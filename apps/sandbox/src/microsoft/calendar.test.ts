import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventFields } from './state.ts';
import { ana, ben, errorCode, rowsOf, startMicrosoft, type MicrosoftFixture, type Row } from './microsoft-fixture.ts';

let microsoft: MicrosoftFixture;
beforeEach(async () => {
  microsoft = await startMicrosoft();
});
afterEach(async () => {
  expect(microsoft.handle.unknownPaths).toEqual([]);
  await microsoft.close();
});

const day = 86_400_000;
/** Monday, nine o'clock in New York, while it is four hours behind UTC. */
const start = Date.UTC(2026, 8, 14, 13);
const window = '/me/calendarView/delta?startDateTime=2026-09-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z';
const utc = 'odata.maxpagesize=5, outlook.timezone="UTC", IdType="ImmutableId"';

const meeting = (changes: Partial<EventFields> = {}): EventFields => ({
  subject: 'Check-in',
  start,
  end: start + 1_800_000,
  timeZone: 'America/New_York',
  organizer: { address: ana, name: 'Ana Ruiz' },
  attendees: [
    { address: ana, response: 'accepted' },
    { address: 'eva@customer.example', name: 'Eva', response: 'tentative' },
  ],
  iCalUId: 'check-in@calendar.vendor.example',
  ...changes,
});
const weekly = (count: number) => meeting({ rrule: `FREQ=WEEKLY;BYDAY=MO;COUNT=${count}` });
const ofType = (rows: readonly Row[], type: string) => rows.filter((row) => row['type'] === type);

test('K: a series comes as its master in full and thin occurrences that keep their hour across a change of clocks', async () => {
  const { id } = microsoft.handle.calendars.add(ana, weekly(8));
  const { rows, link } = await microsoft.round(ana, window, utc);
  expect(rows[0]).toMatchObject({
    id,
    type: 'seriesMaster',
    subject: 'Check-in',
    iCalUId: 'check-in@calendar.vendor.example',
    originalStartTimeZone: 'Eastern Standard Time',
    isOrganizer: true,
    recurrence: {
      pattern: { type: 'weekly', interval: 1, daysOfWeek: ['monday'] },
      range: { type: 'numbered', numberOfOccurrences: 8, startDate: '2026-09-14' },
    },
    attendees: [{ emailAddress: { address: 'eva@customer.example' }, status: { response: 'tentativelyAccepted' } }],
  });
  const occurrences = ofType(rows, 'occurrence');
  expect(occurrences).toHaveLength(8);
  expect(Object.keys(occurrences[0] ?? {}).toSorted()).toEqual(
    ['@odata.etag', '@odata.type', 'end', 'id', 'seriesMasterId', 'start', 'type'].toSorted(),
  );
  expect(occurrences.map((row) => row['start'])).toContainEqual({
    dateTime: '2026-09-14T13:00:00.0000000',
    timeZone: 'UTC',
  });
  // November is an hour further from UTC.
  expect(occurrences.map((row) => row['start'])).toContainEqual({
    dateTime: '2026-11-02T14:00:00.0000000',
    timeZone: 'UTC',
  });
  expect((await microsoft.round(ana, link, utc)).rows).toEqual([]);

  const earliest = occurrences.find((row) => JSON.stringify(row['start']).includes('2026-09-14'));
  const whole = await microsoft.call(ana, `/me/events/${String(earliest?.['id'])}`, {
    prefer: 'outlook.timezone="Eastern Standard Time"',
  });
  expect(whole.body).toMatchObject({
    type: 'occurrence',
    subject: 'Check-in',
    originalStart: '2026-09-14T13:00:00Z',
    start: { dateTime: '2026-09-14T09:00:00.0000000', timeZone: 'Eastern Standard Time' },
  });
  expect(whole.body['iCalUId']).toMatch(/^040000008200E00074C5B7101A82E00807EA090E/u);
});

test('a moved occurrence is an exception in full, a deleted one is removed and named by its series alone', async () => {
  const { calendars } = microsoft.handle;
  const { id } = calendars.add(ana, weekly(4));
  const first = await microsoft.round(ana, window, utc);
  calendars.except(ana, id, start + 7 * day, { start: start + 8 * day });
  calendars.except(ana, id, start + 14 * day, { isDeleted: true });
  const { rows } = await microsoft.round(ana, first.link, utc);
  expect(ofType(rows, 'exception')).toEqual([
    expect.objectContaining({
      originalStart: '2026-09-21T13:00:00Z',
      start: { dateTime: '2026-09-22T13:00:00.0000000', timeZone: 'UTC' },
    }),
  ]);
  const gone = ofType(first.rows, 'occurrence').find((row) => JSON.stringify(row['start']).includes('2026-09-28'));
  expect(rows.filter((row) => row['@removed']).map((row) => row['id'])).toEqual([gone?.['id']]);
  expect(ofType((await microsoft.round(ana, window, utc)).rows, 'occurrence')).toHaveLength(2);
  const named = await microsoft.call(
    ana,
    `/me/events/${id}?$select=cancelledOccurrences,subject&$expand=exceptionOccurrences`,
  );
  expect(named.body['cancelledOccurrences']).toEqual([`OID.${id}.2026-09-28`]);
  expect(named.body['exceptionOccurrences']).toHaveLength(1);
  expect((await microsoft.call(ana, `/me/events/${id}`)).body).not.toHaveProperty('cancelledOccurrences');
});

test('A3: what is moved out of the window is removed from it and is still there', async () => {
  const { calendars } = microsoft.handle;
  const { id } = calendars.add(ana, meeting());
  const first = await microsoft.round(ana, window, utc);
  expect(ofType(first.rows, 'singleInstance')).toHaveLength(1);
  calendars.update(ana, id, { start: start + 200 * day, end: start + 200 * day + 1 });
  const next = await microsoft.round(ana, first.link, utc);
  expect(next.rows).toEqual([{ '@odata.type': '#microsoft.graph.event', id, '@removed': { reason: 'deleted' } }]);
  expect((await microsoft.call(ana, `/me/events/${id}`)).status).toBe(200);
  calendars.remove(ana, id);
  expect((await microsoft.call(ana, `/me/events/${id}`)).status).toBe(404);
});

test('a meeting called off stays with its guests and says so; a deleted series takes its occurrences along', async () => {
  const { calendars } = microsoft.handle;
  const guest = calendars.add(ben, meeting());
  const { id } = calendars.add(ana, weekly(3));
  const own = await microsoft.round(ana, window, utc);
  const of = await microsoft.round(ben, window, utc);
  calendars.markCancelled(ben, guest.id);
  calendars.remove(ana, id);
  expect((await microsoft.round(ben, of.link, utc)).rows).toEqual([
    expect.objectContaining({ id: guest.id, isCancelled: true, subject: 'Canceled: Check-in', isOrganizer: false }),
  ]);
  const gone = await microsoft.round(ana, own.link, utc);
  expect(gone.rows).toHaveLength(4);
  expect(gone.rows.every((row) => row['@removed'])).toBe(true);
});

test('A7: a lost window is refused with 410, on any page', async () => {
  microsoft.handle.calendars.add(ana, weekly(8));
  const { link } = await microsoft.round(ana, window, utc);
  const half = await microsoft.call(ana, window, { prefer: utc });
  microsoft.handle.expireDelta(ana);
  for (const lost of [link, String(half.body['@odata.nextLink'])]) {
    const answer = await microsoft.call(ana, lost);
    expect([answer.status, errorCode(answer.body)]).toEqual([410, 'SyncStateNotFound']);
  }
});

test('each calendar has a window of its own, and a plain view lists and counts', async () => {
  const { calendars } = microsoft.handle;
  const second = calendars.addCalendar(ana, 'Onboarding');
  calendars.add(ana, weekly(3), { calendarId: second.id });
  const listed = rowsOf((await microsoft.call(ana, '/me/calendars')).body);
  expect(listed.map((row) => [row['name'], row['isDefaultCalendar']])).toEqual([
    ['Calendar', true],
    ['Onboarding', false],
  ]);
  expect((await microsoft.round(ana, window, utc)).rows).toEqual([]);
  expect((await microsoft.round(ana, window.replace('/me/', `/me/calendars/${second.id}/`), utc)).rows).toHaveLength(4);
  const view = '/calendarView?startDateTime=2026-09-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z&$count=true&$top=2';
  const page = await microsoft.call(ana, `/me/calendars/${second.id}${view}`);
  expect([page.body['@odata.count'], rowsOf(page.body).length]).toEqual([3, 2]);
  expect(rowsOf((await microsoft.call(ana, String(page.body['@odata.nextLink']))).body)).toHaveLength(1);
  expect((await microsoft.call(ana, `/me${view.replace('2026-12-01', '2036-12-01')}`)).status).toBe(400);
});

test('a zone that Windows does not know is kept under its own name', async () => {
  microsoft.handle.calendars.add(ana, meeting({ customZone: 'tzone://Microsoft/Custom' }));
  expect((await microsoft.round(ana, window, utc)).rows[0]?.['originalStartTimeZone']).toBe('tzone://Microsoft/Custom');
});
