import type { Page, PullContext } from '@waymark/connector-kit';
import { collect } from '@waymark/connector-kit/testing/session';
import { expect, test } from 'vitest';
import { connectTest, graphServer, origin, Refusal } from '../fixtures/graph-server.ts';
import type { Asked } from '../fixtures/graph-server.ts';
import { agendaCanary, event, meetings } from '../fixtures/meetings.ts';
import type { CalendarCursor } from './calendar-cursor.ts';
import { pullCalendar } from './pull-calendar.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 9, 2, 9);
const delta = '/me/calendarView/delta';
const link = (query: string) => `${origin}/v1.0${delta}?${query}`;
const live: CalendarCursor = {
  phase: 'live',
  committed: `${delta}?$deltatoken=one`,
  since: now - 30 * day,
  window: { from: now - 61 * day, to: now + 88 * day },
  anchoredAt: now - 2 * day,
};
const { event: master, occurrences } = meetings['a weekly series'];

async function pull(from: CalendarCursor | null, more: Partial<PullContext> = {}) {
  const context: PullContext = {
    mode: from === null ? 'backfill' : 'live',
    since: now - 30 * day,
    until: now,
    ...more,
  };
  return collect(pullCalendar(await connectTest(), from, '', context));
}

/** A calendar with a single meeting and a weekly series; `rows` is what its changes tell. */
function calendar(rows: readonly unknown[], more: (asked: Asked) => unknown = () => undefined) {
  return graphServer((asked) => {
    const said = more(asked);
    if (said !== undefined) return said;
    if (asked.path === delta) return { value: rows, '@odata.deltaLink': link('$deltatoken=two') };
    if (asked.path === '/me/calendarView') return { value: [event({ id: 'single' }), ...occurrences] };
    if (asked.path === '/me/events/AAkALgAAe1')
      return { ...master, cancelledOccurrences: ['OID.AAkALgAAe1.2026-10-13'] };
    return new Refusal(404, 'ErrorItemNotFound');
  });
}

const ids = (pages: readonly Page<unknown>[]) => pages.flatMap(({ records }) => records.map(({ id }) => id));

test('A3: the place in the changes is taken before the window is listed; a series is one object with its occurrences', async () => {
  const asked = calendar([master, ...occurrences]);
  const [page] = await pull(null);
  expect(asked.map(({ path }) => path)).toEqual([delta, '/me/calendarView', '/me/events/AAkALgAAe1']);
  const window = { from: now - 61 * day, to: now + 90 * day };
  expect(page).toMatchObject({
    done: true,
    cursor: { phase: 'live', committed: `${delta}?$deltatoken=two`, since: now - 30 * day, window, anchoredAt: now },
    enumeration: { id: String(now) },
    records: [
      { id: 'single', raw: { occurrences: [], canceled: [] } },
      { id: 'AAkALgAAe1', raw: { occurrences: { length: 4 }, canceled: ['OID.AAkALgAAe1.2026-10-13'] } },
    ],
  });
  expect(asked[0]?.query.get('startDateTime')).toBe(new Date(window.from).toISOString());
  expect(asked[0]?.query.get('endDateTime')).toBe(new Date(window.to).toISOString());
  expect(asked[0]?.query.has('$select')).toBe(false);
});

test('I7: the bodies that the changes come with go no further', async () => {
  calendar([event()]);
  expect(JSON.stringify(await pull(live))).not.toContain(agendaCanary);
});

test('a changed single meeting costs one request', async () => {
  const asked = calendar([event({ id: 'changed' })]);
  const pages = await pull(live);
  expect(ids(pages)).toEqual(['changed']);
  expect(asked).toHaveLength(1);
  expect(pages[0]?.cursor).toEqual({ ...live, committed: `${delta}?$deltatoken=two` });
  expect(pages[0]?.enumeration).toBeUndefined();
});

test('C1: whatever touches a series, it is read again in full', async () => {
  const bare = { id: 'AAkALgAAe1-05', type: 'occurrence', seriesMasterId: 'AAkALgAAe1' };
  for (const row of [master, bare]) {
    calendar([row]);
    const [page] = await pull(live);
    expect(page?.records).toMatchObject([{ id: 'AAkALgAAe1', raw: { occurrences: { length: 4 } } }]);
  }
});

test('A9: what left the window is asked for: deleted is gone, moved away is not', async () => {
  const removed = (id: string) => ({ id, '@removed': { reason: 'deleted' } });
  calendar([removed('deleted'), removed('moved')], ({ path }) =>
    path === '/me/events/moved'
      ? event({ id: 'moved', start: { dateTime: '2027-05-01T07:00:00', timeZone: 'UTC' } })
      : undefined,
  );
  const [page] = await pull(live);
  expect(page?.gone).toEqual([{ id: 'deleted', certain: true }]);
  expect(page?.records.map(({ id }) => id)).toEqual(['moved']);
});

test('a series that is gone as a whole is gone for certain', async () => {
  calendar([{ id: 'dead-series', '@removed': { reason: 'deleted' } }]);
  const [page] = await pull(live);
  expect(page?.gone).toEqual([{ id: 'dead-series', certain: true }]);
});

test('A9: after a week the window is laid anew, as far back as the first reading went', async () => {
  const asked = calendar([]);
  const [page] = await pull({ ...live, anchoredAt: now - 7 * day }, { since: now - 10 * day });
  expect(asked[0]?.query.get('startDateTime')).toBe(new Date(now - 61 * day).toISOString());
  expect(page?.cursor).toMatchObject({ anchoredAt: now, window: { to: now + 90 * day }, since: now - 30 * day });
  expect(page?.enumeration).toEqual({ id: String(now) });
});

test('a window is never longer than Exchange takes', async () => {
  const asked = calendar([]);
  await pull(null, { since: now - 3_000 * day });
  const start = Date.parse(asked[0]?.query.get('startDateTime') ?? '');
  expect(now + 90 * day - start).toBeLessThanOrEqual(1_825 * day);
});

test('A7: a lost link is a lost cursor; one that dies in the middle of a round is not', async () => {
  calendar([], ({ path }) => (path === delta ? new Refusal(410, 'SyncStateNotFound') : undefined));
  await expect(pull(live)).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
});

test('A7: a round that dies in the middle begins anew from the last whole one', async () => {
  let dead = true;
  const asked = calendar([event()], ({ query }) => {
    if (query.has('$skiptoken')) {
      dead = false;
      return new Refusal(410, 'SyncStateNotFound');
    }
    return dead && query.has('$deltatoken') ? { value: [], '@odata.nextLink': link('$skiptoken=x') } : undefined;
  });
  expect(ids(await pull(live))).toEqual(['AAkALgAAe1']);
  expect(asked).toHaveLength(3);
});

test('A2: the link that was refused is not taken again', async () => {
  calendar([]);
  const expired = { ...live, committed: `${delta}?$deltatoken=two` };
  await expect(pull(null, { mode: 'resync', expired })).rejects.toMatchObject({ fault: { kind: 'transient' } });
});

test('A5: after a lost cursor the span stays as long as it was, so that its enumeration is complete', async () => {
  const asked = calendar([]);
  const [page] = await pull(null, { mode: 'resync', since: now - 5 * day, expired: live });
  expect(asked[0]?.query.get('startDateTime')).toBe(new Date(now - 61 * day).toISOString());
  expect(page?.enumeration).toEqual({ id: String(now) });
});

test('a hundred meetings to a page; only the last page moves the cursor', async () => {
  const many = Array.from({ length: 150 }, (_, n) => event({ id: `e${n}` }));
  calendar(many);
  const pages = await pull(live);
  expect(pages.map(({ records, done, cursor }) => [records.length, done, cursor === live])).toEqual([
    [100, false, true],
    [50, true, false],
  ]);
});
