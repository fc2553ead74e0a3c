import { expect, test } from 'vitest';
import { expand, slotOf } from './occurrences.ts';
import { googleEvent } from './raw-event.ts';

const year = { from: Date.UTC(2025, 0, 1), to: Date.UTC(2027, 0, 1) };

function starts(recurrence: readonly string[], start: object, end: object = start, window = year): string[] {
  const event = googleEvent.parse({ id: 'a', status: 'confirmed', recurrence, start, end });
  return expand(event, window, 'Europe/Madrid').map(({ original }) =>
    typeof original === 'number' ? new Date(original).toISOString().slice(0, 16) : original,
  );
}

const madrid = (local: string) => ({ dateTime: local, timeZone: 'Europe/Madrid' });
const monday = madrid('2026-01-05T09:00:00+01:00');

test('C2: nine o’clock stays nine o’clock when the clocks change', () => {
  expect(starts(['RRULE:FREQ=WEEKLY;COUNT=3'], madrid('2026-03-23T09:00:00+01:00'))).toEqual([
    '2026-03-23T08:00',
    '2026-03-30T07:00',
    '2026-04-06T07:00',
  ]);
  const newYork = { dateTime: '2026-10-26T09:00:00-04:00', timeZone: 'America/New_York' };
  expect(starts(['RRULE:FREQ=WEEKLY;COUNT=2'], newYork)).toEqual(['2026-10-26T13:00', '2026-11-02T14:00']);
});

test('C2: a time that the clocks skip is an hour later, as calendars show it', () => {
  expect(starts(['RRULE:FREQ=DAILY;COUNT=3'], madrid('2026-03-28T02:30:00+01:00'))).toEqual([
    '2026-03-28T01:30',
    '2026-03-29T01:30',
    '2026-03-30T00:30',
  ]);
});

test('C2: an all-day series is a list of dates', () => {
  expect(starts(['RRULE:FREQ=WEEKLY;UNTIL=20260410'], { date: '2026-03-27' }, { date: '2026-03-28' })).toEqual([
    '2026-03-27',
    '2026-04-03',
    '2026-04-10',
  ]);
  const [slot] = expand(
    googleEvent.parse({
      id: 'a',
      recurrence: ['RRULE:FREQ=WEEKLY;COUNT=1'],
      start: { date: '2026-03-28' },
      end: { date: '2026-03-30' },
    }),
    year,
    'Europe/Madrid',
  );
  // Two days, one of them with 23 hours.
  expect((slot?.end ?? 0) - (slot?.start ?? 0)).toBe(47 * 3_600_000);
});

test.each<[string, string[], string[]]>([
  [
    'an end in UTC, at the start itself',
    ['RRULE:FREQ=DAILY;UNTIL=20260107T080000Z'],
    ['2026-01-05', '2026-01-06', '2026-01-07'],
  ],
  ['an end in UTC, just before the start', ['RRULE:FREQ=DAILY;UNTIL=20260107T075959Z'], ['2026-01-05', '2026-01-06']],
  ['an end as a plain date', ['RRULE:FREQ=DAILY;UNTIL=20260106'], ['2026-01-05', '2026-01-06']],
  [
    'an exception date with a zone',
    ['RRULE:FREQ=DAILY;COUNT=3', 'EXDATE;TZID=Europe/Madrid:20260106T090000'],
    ['2026-01-05', '2026-01-07'],
  ],
  [
    'an exception date of another zone',
    ['RRULE:FREQ=DAILY;COUNT=3', 'EXDATE;TZID=America/New_York:20260106T030000'],
    ['2026-01-05', '2026-01-07'],
  ],
  ['exception dates in UTC', ['RRULE:FREQ=DAILY;COUNT=3', 'EXDATE:20260106T080000Z,20260107T080000Z'], ['2026-01-05']],
  [
    'a further date',
    ['RRULE:FREQ=DAILY;COUNT=1', 'RDATE;TZID=Europe/Madrid:20260301T090000'],
    ['2026-01-05', '2026-03-01'],
  ],
  ['further dates without a rule', ['RDATE;TZID=Europe/Madrid:20260301T090000'], ['2026-01-05', '2026-03-01']],
  [
    'two days a week, every other week',
    ['RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=4'],
    ['2026-01-05', '2026-01-07', '2026-01-19', '2026-01-21'],
  ],
  ['the last Friday', ['RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2'], ['2026-01-30', '2026-02-27']],
  ['the 31st', ['RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3'], ['2026-01-31', '2026-03-31', '2026-05-31']],
  ['working days', ['RRULE:FREQ=DAILY;BYDAY=MO,FR;COUNT=3'], ['2026-01-05', '2026-01-09', '2026-01-12']],
  ['weekly in some months', ['RRULE:FREQ=WEEKLY;BYMONTH=2;COUNT=2'], ['2026-02-02', '2026-02-09']],
])('%s', (_name, recurrence, dates) => {
  expect(starts(recurrence, monday).map((start) => start.slice(0, 10))).toEqual(dates);
});

test.each([
  'RRULE:FREQ=SECONDLY',
  'RRULE:FREQ=DAILY;BYHOUR=1,2',
  'RRULE:FREQ=WEEKLY;INTERVAL=99999999;BYMONTH=1',
  'RRULE:FREQ=WEEKLY;BYDAY=XX',
  'RRULE:',
  'nonsense',
  'EXDATE:nonsense',
])('a rule that Google does not have rejects the record: %s', (line) => {
  expect(() => starts([line], monday)).toThrow();
});

test.each([
  'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31',
  'FREQ=DAILY;INTERVAL=7;BYDAY=TU',
  'FREQ=WEEKLY;INTERVAL=52;BYMONTH=7',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
  'FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYDAY=MO',
  'FREQ=MONTHLY;BYMONTHDAY=-31;BYMONTH=4',
  'FREQ=DAILY;COUNT=-1',
])('I10: a rule that never holds comes to an end: %s', (rule) => {
  const started = process.threadCpuUsage();
  expect(starts([`RRULE:${rule}`], monday)).toEqual([]);
  expect(process.threadCpuUsage(started).user / 1_000).toBeLessThan(2_000);
});

test('an old daily series costs no more than its days', () => {
  const started = process.threadCpuUsage();
  expect(starts(['RRULE:FREQ=DAILY'], madrid('2005-01-05T09:00:00+01:00'))).toHaveLength(730);
  expect(process.threadCpuUsage(started).user / 1_000).toBeLessThan(1_500);
});

test('C3: a zone that no table knows leaves the offset', () => {
  // Half an hour into Monday by its offset, and still Sunday in UTC.
  const start = { dateTime: '2026-03-23T00:30:00+01:00', timeZone: 'Customized Time Zone' };
  expect(starts(['RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2'], start)).toEqual(['2026-03-22T23:30', '2026-03-29T23:30']);
});

test('a series of many decades is told where the window is', () => {
  const daily = starts(['RRULE:FREQ=DAILY'], madrid('1951-05-05T10:00:00+01:00'));
  expect([daily.length, daily[0], daily.at(-1)]).toEqual([730, '2025-01-01T09:00', '2026-12-31T09:00']);
  expect(starts(['RRULE:FREQ=WEEKLY;COUNT=3'], madrid('1951-05-05T10:00:00+01:00'))).toEqual([]);
});

test('calendars that were brought along: dates taken out by a rule, and periods put in', () => {
  expect(starts(['RRULE:FREQ=DAILY;COUNT=4', 'EXRULE:FREQ=DAILY;INTERVAL=2'], monday)).toEqual([
    '2026-01-06T08:00',
    '2026-01-08T08:00',
  ]);
  expect(
    starts(['RRULE:FREQ=DAILY;COUNT=1', 'RDATE;VALUE=PERIOD;TZID=America/New_York:20260110T080000/PT1H'], monday),
  ).toEqual(['2026-01-05T08:00', '2026-01-10T13:00']);
});

test('C2: a time without an offset is the wall clock of its zone, or of the calendar’s, never of this machine', () => {
  const at = (time: object) => slotOf(googleEvent.parse({ id: 'a', start: time }), 'Europe/Madrid').start;
  const local = '2026-05-05T10:00:00';
  expect(at({ dateTime: local, timeZone: 'America/New_York' })).toBe(Date.UTC(2026, 4, 5, 14));
  expect(at({ dateTime: local })).toBe(Date.UTC(2026, 4, 5, 8));
  expect(at({ dateTime: local, timeZone: 'Nowhere/Known' })).toBe(Date.UTC(2026, 4, 5, 8));
});
