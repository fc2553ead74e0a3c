import { collect } from '@waymark/connector-kit/testing/session';
import { describe, expect, it } from 'vitest';
import { ana, ben } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import {
  calendar,
  connect,
  day,
  eachOnMicrosoft,
  eventsOf,
  gone,
  hour,
  ids,
  last,
  mapped,
  meeting,
  microsoft,
  pullMeetings,
  spanOf,
  story,
} from './outlook-house.ts';

eachOnMicrosoft();

describe('outlook’s calendar on the sandbox, with the real SDK', () => {
  it('N5, B2: reads every calendar that the account owns, each for itself; what moves between two is neither lost nor canceled', async () => {
    const { handle, clock } = microsoft;
    const own = handle.calendars.addCalendar(ana, 'Customers');
    const client = await connect();
    const partitions = (await calendar.partitions?.(client)) ?? [];
    expect(partitions).toEqual([
      { id: '', label: 'calendar' },
      { id: own.id, label: 'Customers' },
    ]);
    const none = await connect(ana, undefined, { settings: { calendars: [] } });
    expect(await calendar.partitions?.(none)).toHaveLength(1);
    const here = handle.calendars.add(ana, meeting(clock.now + day), { calendarId: own.id });
    const series = handle.calendars.add(ana, meeting(clock.now + 2 * day, { rrule: 'FREQ=DAILY;COUNT=3' }), {
      calendarId: own.id,
    });
    const pull = async (from: unknown, partition: string, mode: 'backfill' | 'live' = 'live') =>
      collect(calendar.pull(await connect(), from, partition, spanOf({ mode })));
    const second = await pull(null, own.id, 'backfill');
    expect(ids(second)).toEqual(expect.arrayContaining([here.id, series.id]));
    expect(ids(await pull(null, '', 'backfill'))).not.toContain(here.id);
    expect((await calendar.count?.(client, own.id, { from: clock.now, to: clock.now + 9 * day }))?.total).toBe(2);
    handle.calendars.move(ana, here.id, handle.calendars.calendar(ana).id);
    handle.calendars.move(ana, series.id, handle.calendars.calendar(ana).id);
    const after = await pull(last(second).cursor, own.id);
    expect([ids(after), gone(after)]).toEqual([[], []]);
    handle.calendars.remove(ana, here.id);
    handle.calendars.remove(ana, series.id);
  });

  it('C1, C2: a series with a moved and a deleted occurrence, across a change of clocks', async () => {
    const { handle, clock } = microsoft;
    const start = Date.UTC(2026, 9, 5, 7);
    const series = handle.calendars.add(ana, meeting(start, { rrule: 'FREQ=WEEKLY;COUNT=6' }));
    handle.calendars.except(ana, series.id, start + 14 * day, {
      start: start + 14 * day + 2 * hour,
      end: start + 14 * day + 3 * hour,
    });
    const backfill = await pullMeetings(null);
    const whole = [
      'meeting.held 2026-10-05T08:00',
      'meeting.held 2026-10-12T08:00',
      'meeting.held 2026-10-19T10:00',
      'meeting.held 2026-10-26T09:00',
      'meeting.held 2026-11-02T09:00',
      'meeting.held 2026-11-09T09:00',
    ];
    expect(story(backfill)).toEqual(whole);
    const identities = new Set(eventsOf(calendar, backfill).map(({ identity }) => identity));
    expect(identities).toContain(`meeting:${series.iCalUId}|${start + 14 * day}`);

    clock.now += day;
    handle.calendars.except(ana, series.id, start + 7 * day, { isDeleted: true });
    const live = await pullMeetings(last(backfill).cursor, { mode: 'live' });
    expect(story(live)).toEqual(['meeting.canceled 2026-10-12T07:00', whole[0], ...whole.slice(2)]);
    const [known] = live.flatMap(({ records }) => records);
    expect(gone(live).every(({ id }) => id !== known?.id)).toBe(true);
    expect(await pullMeetings(last(live).cursor, { mode: 'live' })).toMatchObject([
      { records: [], gone: [], done: true },
    ]);
  });

  it('A9: a meeting moved out of the window is not gone; a deleted one and a deleted series are', async () => {
    const { handle, clock } = microsoft;
    const [moved, deleted] = [1, 2].map((number) => handle.calendars.add(ana, meeting(clock.now + number * day)).id);
    const series = handle.calendars.add(ana, meeting(clock.now + 3 * day, { rrule: 'FREQ=DAILY;COUNT=3' }));
    const { cursor } = last(await pullMeetings(null));
    handle.calendars.update(ana, moved ?? '', { start: clock.now + 200 * day, end: clock.now + 200 * day + hour });
    handle.calendars.remove(ana, deleted ?? '');
    handle.calendars.remove(ana, series.id);
    const live = await pullMeetings(cursor, { mode: 'live' });
    expect(ids(live)).toEqual([moved]);
    expect(mapped(calendar, live)).toEqual([{ outcome: 'ignored', reason: 'outside_span' }]);
    expect(gone(live).map(({ id }) => id)).toEqual(expect.arrayContaining([deleted, series.id]));
    expect(gone(live)).not.toContainEqual(expect.objectContaining({ id: moved }));
  });

  it('A9: a meeting beyond the window is told once the window has been laid anew', async () => {
    const { handle, clock } = microsoft;
    const far = handle.calendars.add(ana, meeting(clock.now + 95 * day));
    const backfill = await pullMeetings(null);
    expect(ids(backfill)).toEqual([]);
    clock.now += 8 * day;
    expect(ids(await pullMeetings(last(backfill).cursor, { mode: 'live' }))).toEqual([far.id]);
  });

  it('A5, A7: a lost window is a lost cursor; the whole reading is an enumeration, as long as the first', async () => {
    const { handle, clock } = microsoft;
    const old = handle.calendars.add(ana, meeting(clock.now - 60 * day));
    const kept = handle.calendars.add(ana, meeting(clock.now + day));
    const { cursor } = last(await pullMeetings(null));
    handle.calendars.remove(ana, old.id);
    handle.expireDelta(ana);
    await expect(pullMeetings(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
    const resync = await pullMeetings(null, { mode: 'resync', expired: cursor, since: clock.now - 30 * day });
    expect(ids(resync)).toEqual([kept.id]);
    expect(resync[0]?.enumeration).toEqual({ id: expect.any(String) });
    expect(last(resync).cursor).toMatchObject({ phase: 'live', since: clock.now - 100 * day });
  });

  it('a meeting that its organizer called off is canceled with its guests', async () => {
    const { handle, clock } = microsoft;
    const guest = handle.calendars.add(ben, meeting(clock.now + 2 * day, { iCalUId: 'shared@client.example' }));
    const { cursor } = last(await pullMeetings(null, { user: ben }));
    handle.calendars.markCancelled(ben, guest.id);
    expect(story(await pullMeetings(cursor, { mode: 'live', user: ben }), ben)).toEqual([
      'meeting.canceled 2026-10-01T09:00',
    ]);
  });

  it('B4: a series of Google’s in two mailboxes is known by the UID that Google gave it', async () => {
    const { handle, clock } = microsoft;
    const shared = { rrule: 'FREQ=DAILY;COUNT=3', iCalUId: 'shared@google.com' };
    handle.calendars.add(ana, meeting(clock.now - 5 * day, shared));
    handle.calendars.add(ben, meeting(clock.now - 5 * day, shared));
    const seen = await Promise.all(
      [ana, ben].map(async (user) =>
        eventsOf(calendar, await pullMeetings(null, { user }), user).map(({ identity }) => identity),
      ),
    );
    expect(new Set(seen[0])).toEqual(
      new Set([5, 4, 3].map((days) => `meeting:shared@google.com|${clock.now - days * day}`)),
    );
    expect(seen[1]).toEqual(seen[0]);
  });

  it('A11: what doctor counts is what was read', async () => {
    const { handle, clock } = microsoft;
    handle.calendars.add(ana, meeting(clock.now + day));
    handle.calendars.add(ana, meeting(clock.now + day, { rrule: 'FREQ=DAILY;COUNT=3' }));
    const counted = await calendar.count?.(await connect(), '', { from: clock.now, to: clock.now + 10 * day });
    expect(counted?.total).toBe(2);
    expect(new Set(counted?.ids)).toEqual(new Set(ids(await pullMeetings(null))));
  });
});
