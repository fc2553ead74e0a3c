import type { Page } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import nock from 'nock';
import { beforeEach, expect, test } from 'vitest';
import { canary, event } from '../fixtures/meetings.ts';
import { connectCalendar } from './client.ts';
import type { CalendarCursor } from './cursor.ts';
import { googleCalendar } from './index.ts';
import { changesParams, wholeParams } from './params.ts';
import { calendarPartitions } from './partitions.ts';
import { pullEvents } from './pull-events.ts';
import { rawMeeting } from './raw-event.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 9, 1, 9);
const origin = 'https://www.googleapis.com';
const calendar = 'ana@vendor.example';
const live: CalendarCursor = { phase: 'live', syncToken: 'old', since: now - 100 * day };

let asked: URL[] = [];

beforeEach(() => {
  asked = [];
});

/** A Calendar that answers each path with what `answer` says; a number is a status. */
function google(answer: (path: string, query: URLSearchParams) => unknown): void {
  nock(origin)
    .persist()
    .get(/.*/)
    .reply((request: Request) => {
      const url = new URL(request.url);
      asked.push(url);
      const said = answer(decodeURIComponent(url.pathname), url.searchParams);
      if (typeof said === 'string') return [200, said, { 'content-type': 'text/html' }];
      if (typeof said !== 'number') return [200, JSON.stringify(said), { 'content-type': 'application/json' }];
      const reason = said === 410 ? 'fullSyncRequired' : 'refused';
      return [said, JSON.stringify({ error: { code: said, message: 'refused', errors: [{ reason }] } })];
    });
}

const client = (settings = {}) =>
  connectCalendar(
    testSession({ classify: googleCalendar.classify, baseUrls: googleCalendar.manifest.baseUrls, settings }),
  );

async function pull(
  from: CalendarCursor | null,
  more: { mode?: 'backfill' | 'live' | 'resync'; since?: number; expired?: unknown } = {},
) {
  const context = {
    mode: more.mode ?? 'backfill',
    since: more.since ?? now - 100 * day,
    until: now,
    expired: more.expired,
  };
  return collect(pullEvents(await client(), from, calendar, context));
}

const enumeration = async (...args: Parameters<typeof pull>) => (await pull(...args))[0]?.enumeration;
const records = (pages: readonly Page<unknown>[]) => pages.flatMap((page) => page.records);
const exception = (id: string, more: object = {}) =>
  event({
    id: `rev1_${id}`,
    recurringEventId: 'rev1',
    originalStartTime: { dateTime: '2026-10-12T09:00:00+02:00' },
    ...more,
  });
const series = event({ recurrence: ['RRULE:FREQ=WEEKLY;COUNT=4'] });

test('A6, N6: the parameters of a whole read and of a sync never meet', () => {
  const forbidden = [
    'iCalUID',
    'orderBy',
    'privateExtendedProperty',
    'q',
    'sharedExtendedProperty',
    'timeMin',
    'timeMax',
    'updatedMin',
  ];
  const [whole, changes] = [Object.keys(wholeParams(calendar, now)), Object.keys(changesParams(calendar, 'token'))];
  expect(changes.filter((name) => forbidden.includes(name))).toEqual([]);
  expect(whole).not.toContain('syncToken');
  const shared = whole.filter((name) => changes.includes(name));
  expect(whole.filter((name) => !shared.includes(name))).toEqual(['timeMin']);
  expect(changes.filter((name) => !shared.includes(name))).toEqual(['syncToken']);
  expect(changesParams(calendar, 'token')).toMatchObject({ singleEvents: false, showDeleted: true });
});

test('exceptions meet their series, whichever page they came on; the token comes with the last', async () => {
  google((_path, query) =>
    query.has('pageToken')
      ? { items: [series], nextSyncToken: 'new' }
      : { items: [exception('a'), exception('b', { status: 'cancelled' })], nextPageToken: 'p2' },
  );
  const pages = await pull(null);
  expect(records(pages).map(({ id }) => id)).toEqual([`${calendar}/rev1`]);
  expect(rawMeeting.parse(records(pages)[0]?.raw).exceptions).toHaveLength(2);
  expect(pages).toHaveLength(1);
  expect(pages[0]).toMatchObject({ done: true, cursor: { phase: 'live', syncToken: 'new', since: now - 100 * day } });
  expect(JSON.stringify(pages)).not.toContain(canary);
});

test('A6: a listing without a sync token is a failure', async () => {
  google(() => ({ items: [series] }));
  const message = expect.stringContaining('without a sync token');
  await expect(pull(null)).rejects.toMatchObject({ fault: { kind: 'transient', message } });
});

test.each(['<html>', '{"items":['])(
  'A4: an answer of status 200 that is not Calendar’s is a failure: %s',
  async (text) => {
    google(() => text);
    await expect(pull(live, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'transient' } });
  },
);

test('A4, N7: 410 is a lost cursor, also on a later page', async () => {
  google((_path, query) => (query.has('pageToken') ? 410 : { items: [event()], nextPageToken: 'p2' }));
  await expect(pull(live, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
});

test('a long calendar is cut into pages; a cut one proves no place to go on from', async () => {
  google(() => ({ items: Array.from({ length: 230 }, (_, n) => event({ id: `e${n}` })), nextSyncToken: 'new' }));
  const pages = await pull(null);
  expect(pages.map((page) => [page.records.length, page.done])).toEqual([
    [100, false],
    [100, false],
    [30, true],
  ]);
  expect(pages.map(({ cursor }) => cursor.phase)).toEqual(['reading', 'reading', 'live']);
  expect(new Set(pages.map(({ enumeration }) => enumeration?.id)).size).toBe(1);
  expect(pages[0]?.expected).toBe(230);
});

test('C1: a changed exception brings its whole series with it', async () => {
  google((path, query) => {
    if (path.endsWith('/rev1')) return series;
    if (query.has('iCalUID'))
      return { items: [series, exception('a'), exception('b', { status: 'cancelled' }), event({ id: 'other' })] };
    return {
      items: [
        {
          id: 'rev1_b',
          status: 'cancelled',
          recurringEventId: 'rev1',
          originalStartTime: { dateTime: '2026-10-12T09:00:00+02:00' },
        },
      ],
      nextSyncToken: 'new',
    };
  });
  const [record] = records(await pull(live, { mode: 'live' }));
  expect(record).toMatchObject({ id: `${calendar}/rev1`, version: String(now) });
  expect(rawMeeting.parse(record?.raw).exceptions.map(({ id }) => id)).toEqual(['rev1_b', 'rev1_a']);
  expect(asked.some(({ searchParams }) => searchParams.has('iCalUID') && searchParams.has('syncToken'))).toBe(false);
});

test('C1: an exception of a series that we cannot see is a meeting of its own', async () => {
  google((path) => (path.endsWith('/rev1') ? 404 : { items: [exception('a')], nextSyncToken: 'new' }));
  expect(records(await pull(live, { mode: 'live' })).map(({ id }) => id)).toEqual([`${calendar}/rev1_a`]);
});

test('a deleted event with nothing but its id is gone; one with its details is a record', async () => {
  google(() => ({
    items: [{ id: 'x', status: 'cancelled' }, event({ id: 'y', status: 'cancelled' })],
    nextSyncToken: 'new',
  }));
  const [page] = await pull(live, { mode: 'live' });
  expect(page?.gone).toEqual([{ id: `${calendar}/x`, certain: true }]);
  expect(page?.records.map(({ id }) => id)).toEqual([`${calendar}/y`]);
});

test('A5: a whole read is an enumeration, bounded only where the first span is not remembered', async () => {
  google(() => ({ items: [], nextSyncToken: 'new' }));
  const late = now - 30 * day;
  expect(await enumeration(null)).toEqual({ id: expect.any(String) });
  expect(await enumeration(live, { mode: 'resync', since: late })).toEqual({ id: expect.any(String) });
  expect(await enumeration(null, { mode: 'resync', since: late, expired: live })).toEqual({ id: expect.any(String) });
  expect(await enumeration(null, { mode: 'resync', since: late })).toEqual({
    id: expect.any(String),
    from: late,
    to: now,
  });
  expect(asked.slice(1, 3).map(({ searchParams }) => searchParams.get('timeMin'))).toEqual(
    Array(2).fill(new Date(now - 131 * day).toISOString()),
  );
});

test('A2: the sync token that Google refused is not taken again', async () => {
  google(() => ({ items: [], nextSyncToken: 'old' }));
  await expect(pull(null, { mode: 'resync', expired: live })).rejects.toMatchObject({ fault: { kind: 'transient' } });
});

test('I9: an item that is no event does not spoil its page', async () => {
  google(() => ({ items: [{ id: 'odd', start: 5 }, event()], nextSyncToken: 'new' }));
  const all = records(await pull(null));
  expect(all.map(({ raw }) => rawMeeting.safeParse(raw).success)).toEqual([false, true]);
});

test('N5: partitions are the calendars that the account speaks for and shows, the primary one first', async () => {
  const entries = [
    { id: 'team', summary: 'Team', selected: true, accessRole: 'writer' },
    { id: 'hidden', selected: false, accessRole: 'owner' },
    { id: 'holidays', selected: true, accessRole: 'reader' },
    { id: 'deleted', selected: true, accessRole: 'owner', deleted: true },
    { id: calendar, primary: true, accessRole: 'owner' },
  ];
  google(() => ({ items: entries }));
  expect((await calendarPartitions(await client())).map(({ id }) => id)).toEqual([calendar, 'team']);
  expect((await calendarPartitions(await client({ calendars: ['hidden'] }))).map(({ id }) => id)).toEqual(['hidden']);
});
