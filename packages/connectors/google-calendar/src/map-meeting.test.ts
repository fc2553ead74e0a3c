import type { MapContext, Mapped } from '@waymark/connector-kit';
import { expect, test } from 'vitest';
import { event, leftOut, meetings, unmappable, window } from '../fixtures/meetings.ts';
import { mapMeeting } from './map-meeting.ts';
import { rawMeeting } from './raw-event.ts';

const context: MapContext = {
  ownDomains: ['vendor.example'],
  account: {
    externalAccountId: 'ana@vendor.example',
    label: 'Ana',
    address: 'ana@vendor.example',
    timezone: 'Europe/Madrid',
  },
  settings: {},
  keepSubjects: false,
  readAt: Date.UTC(2026, 9, 1, 9),
};
const map = (raw: unknown, more: Partial<MapContext> = {}): Mapped =>
  mapMeeting(rawMeeting.parse(raw), { ...context, ...more });

function events(raw: unknown, more: Partial<MapContext> = {}) {
  const mapped = map(raw, more);
  return mapped.outcome === 'stored' ? mapped.events : expect.fail(`ignored: ${mapped.reason}`);
}

/** Events as `held 10-05 10:00`, in Madrid. */
function story(raw: unknown, more: Partial<MapContext> = {}): string[] {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Madrid', dateStyle: 'short', timeStyle: 'short' });
  return events(raw, more).map(({ type, occurredAt }) => `${type.slice(8)} ${text.format(occurredAt).slice(5)}`);
}

test('a meeting is scheduled when it was made and held when it ends, ahead of time', () => {
  const mapped = map(meetings['a meeting with a customer']);
  expect(mapped).toMatchObject({ outcome: 'stored', url: 'https://www.google.com/calendar/event?eid=cmV2MQ' });
  expect(events(meetings['a meeting with a customer'])[1]).toEqual({
    type: 'meeting.held',
    identity: `meeting:rev1@google.com|${Date.UTC(2026, 9, 5, 7)}`,
    occurredAt: Date.UTC(2026, 9, 5, 8),
    touchpoint: 'meeting',
    direction: 'outbound',
    participants: [
      { role: 'organizer', address: 'ana@vendor.example', name: 'Ana Ruiz', response: 'accepted' },
      { role: 'attendee', address: 'zoe@client.example', name: 'Zoë Álvarez', response: 'accepted' },
    ],
    automated: false,
    rank: 0,
    attributes: {
      uid: 'rev1@google.com',
      originalStart: Date.UTC(2026, 9, 5, 7),
      startsAt: Date.UTC(2026, 9, 5, 7),
      endsAt: Date.UTC(2026, 9, 5, 8),
      timezone: 'Europe/Madrid',
      heldBasis: 'assumed',
    },
  });
  expect(story(meetings['a meeting with a customer'])).toEqual(['scheduled 09-20 10:00', 'held 10-05 10:00']);
});

test('what a meeting maps to does not hang on when it was read', () => {
  for (const raw of [
    meetings['a meeting with a customer'],
    meetings['a weekly series'],
    meetings['an endless series of old'],
  ]) {
    expect(events(raw, { readAt: Date.UTC(2027, 0, 1) })).toEqual(events(raw));
  }
});

test.each<[keyof typeof meetings, string[]]>([
  ['a meeting that was canceled before', ['scheduled 09-20 10:00', 'canceled 10-02 10:00']],
  ['a meeting that was deleted after it had taken place', ['scheduled 09-20 10:00', 'held 10-05 10:00']],
  ['a meeting that the only customer declined', ['scheduled 09-20 10:00']],
  ['one of two customers declined', ['scheduled 09-20 10:00', 'held 10-05 10:00']],
  ['a meeting that one of us declined', ['scheduled 09-20 10:00', 'held 10-05 10:00']],
  ['a tentative meeting', ['scheduled 09-20 10:00']],
  ['no time of creation', ['scheduled 10-05 09:00', 'held 10-05 10:00']],
  ['created in the year 0', ['scheduled 10-05 09:00', 'held 10-05 10:00']],
  ['no end', ['scheduled 09-20 10:00', 'held 10-05 09:00']],
])('%s', (name, expected) => {
  expect(story(meetings[name])).toEqual(expected);
});

const held = (raw: unknown) => story(raw).filter((line) => !line.startsWith('scheduled'));

test('C1, C2: a series is one meeting an occurrence, on the wall clock', () => {
  expect(held(meetings['a weekly series'])).toEqual([
    'held 10-05 10:00',
    'held 10-12 10:00',
    'held 10-19 10:00',
    'held 10-26 10:00',
  ]);
});

test('C1: an exception speaks for its occurrence; a canceled one is told by its original start alone', () => {
  expect(held(meetings['a series with a moved and a canceled instance']).toSorted()).toEqual([
    'canceled 10-12 09:00',
    'held 10-05 10:00',
    'held 10-20 16:00',
    'held 10-26 10:00',
  ]);
  const moved = events(meetings['a series with a moved and a canceled instance']).find(
    ({ occurredAt }) => occurredAt === Date.UTC(2026, 9, 20, 14),
  );
  expect(moved?.identity).toBe(`meeting:rev1@google.com|${Date.UTC(2026, 9, 19, 7)}`);
});

test('the time of a cancellation that tells none settles at the start', () => {
  const raw = meetings['a series with a moved and a canceled instance'];
  for (const readAt of [Date.UTC(2026, 9, 13), Date.UTC(2026, 11, 1)]) {
    expect(story(raw, { readAt })).toContain('canceled 10-12 09:00');
  }
});

test('a series that ends is one cancellation, not a streak; what had been held stays', () => {
  expect(held(meetings['a series that was deleted in the middle'])).toEqual([
    'held 10-05 10:00',
    'held 10-12 10:00',
    'canceled 10-13 10:00',
  ]);
});

test('this and following: the old series ends, the new one has an identity of its own', () => {
  expect(held(meetings['the first part of a series that was split'])).toEqual(['held 10-05 10:00', 'held 10-12 10:00']);
  expect(held(meetings['the second part of a series that was split'])).toEqual([
    'held 10-19 12:00',
    'held 10-26 12:00',
  ]);
});

test('an old series schedules its meetings one by one, ninety days ahead', () => {
  const scheduled = story(meetings['an endless series of old']).filter((line) => line.startsWith('scheduled'));
  expect(scheduled).toHaveLength(12);
  expect(scheduled.at(-1)).toBe('scheduled 09-08 10:00');
});

test('C1, B4: an occurrence that is known alone has the identity that its series gives it', () => {
  const alone = events(meetings['one occurrence to which alone we are invited']).map(({ identity }) => identity);
  const inSeries = events(meetings['a weekly series']).map(({ identity }) => identity);
  expect(new Set(alone).size).toBe(1);
  expect(inSeries).toEqual(expect.arrayContaining(alone));
});

test('C2: an all-day meeting is a date, over at the end of its last day', () => {
  const [, workshop] = events(meetings['an all-day workshop']);
  expect(workshop).toMatchObject({
    identity: 'meeting:rev1@google.com|2026-10-05',
    occurredAt: Date.UTC(2026, 9, 6, 22),
    attributes: { date: '2026-10-05' },
  });
  expect(workshop?.attributes).not.toHaveProperty('startsAt');
});

test('the direction is the organizer’s side; a shared calendar is none', () => {
  expect(events(meetings['an invitation from a customer'])[0]?.direction).toBe('inbound');
  const [shared] = events(meetings['organized by a shared calendar']);
  expect(shared).toMatchObject({
    direction: 'outbound',
    participants: [{ role: 'organizer', address: 'ana@vendor.example' }, { role: 'attendee' }],
  });
});

test('a title is kept only where the installation asks for it', () => {
  expect(events(meetings['a meeting with a customer'])[0]?.attributes).not.toHaveProperty('title');
  expect(events(meetings['a meeting with a customer'], { keepSubjects: true })[0]?.attributes).toHaveProperty(
    'title',
    'Quarterly review',
  );
});

test.each(Object.entries(leftOut))('A11: %s is left out with its reason', (_name, [raw, reason]) => {
  expect(map(raw)).toEqual({ outcome: 'ignored', reason });
});

test.each(Object.entries(unmappable))('%s is an error of the record', (_name, raw) => {
  expect(() => map(raw)).toThrow();
});

test.each([
  ['ends beyond all time', { from: window.from, to: 2 ** 60 }],
  ['begins beyond all time', { from: -1e308, to: window.to }],
  ['spans ten thousand years', { from: window.from, to: window.from + 10_000 * 365 * 86_400_000 }],
  ['ends before it begins', { from: window.to, to: window.from }],
])('a window that %s is an error of the record, and no series is followed through it', (_name, span) => {
  expect(() => map({ event: event({ recurrence: ['RRULE:FREQ=MONTHLY'] }), exceptions: [], window: span })).toThrow();
});

test('many guests are capped, those from outside first', () => {
  const { participants } = events(meetings['five hundred guests'])[0] ?? expect.fail('no event');
  expect(participants).toHaveLength(200);
  expect(participants.filter(({ address }) => address?.endsWith('@client.example'))).toHaveLength(199);
});

test('one private exception leaves its series as it is', () => {
  const exception = event({
    id: 'x',
    recurringEventId: 'rev1',
    originalStartTime: { dateTime: '2026-10-12T09:00:00+02:00' },
    visibility: 'private',
  });
  const raw = { event: event({ recurrence: ['RRULE:FREQ=WEEKLY;COUNT=2'] }), exceptions: [exception], window };
  expect(held(raw)).toEqual(['held 10-05 10:00']);
});
