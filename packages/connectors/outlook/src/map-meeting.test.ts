import type { MapContext, Mapped } from '@waymark/connector-kit';
import { expect, test } from 'vitest';
import { event as graphEvent, leftOutMeetings, meetings } from '../fixtures/meetings.ts';
import { mapMeeting } from './map-meeting.ts';
import { rawMeeting } from './raw-event.ts';

const uid = graphEvent().iCalUId;
const context: MapContext = {
  ownDomains: ['vendor.example'],
  account: { externalAccountId: 'a1', label: 'Ana', address: 'ana@vendor.example' },
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
function story(raw: unknown): string[] {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Madrid', dateStyle: 'short', timeStyle: 'short' });
  return events(raw).map(({ type, occurredAt }) => `${type.slice(8)} ${text.format(occurredAt).slice(5)}`);
}
const settled = (raw: unknown) => story(raw).filter((line) => !line.startsWith('scheduled'));

test('a meeting is scheduled when it was made and held when it ends', () => {
  expect(story(meetings['a meeting with a customer'])).toEqual(['scheduled 09-20 10:00', 'held 10-05 10:00']);
  expect(events(meetings['a meeting with a customer'])[1]).toMatchObject({
    identity: `meeting:${uid}|${Date.UTC(2026, 9, 5, 7)}`,
    direction: 'outbound',
    participants: [
      { role: 'organizer', address: 'ana@vendor.example', name: 'Ana Ruiz' },
      { role: 'attendee', address: 'zoe@client.example', name: 'Zoë Álvarez', response: 'accepted' },
    ],
    attributes: { uid, originalStart: Date.UTC(2026, 9, 5, 7), timezone: 'Europe/Paris', heldBasis: 'assumed' },
  });
});

test.each<[keyof typeof meetings, string[]]>([
  ['a meeting that was called off before', ['scheduled 09-20 10:00', 'canceled 10-02 10:00']],
  ['a meeting that was called off after it had taken place', ['scheduled 09-20 10:00', 'held 10-05 10:00']],
  ['a meeting that the only customer declined', ['scheduled 09-20 10:00']],
  ['an invitation from a customer, not answered', ['scheduled 09-20 10:00', 'held 10-05 10:00']],
  ['no time of creation', ['scheduled 10-05 09:00', 'held 10-05 10:00']],
  ['created in the year 1', ['scheduled 10-05 09:00', 'held 10-05 10:00']],
  ['no end', ['scheduled 09-20 10:00', 'held 10-05 09:00']],
])('%s', (name, expected) => {
  expect(story(meetings[name])).toEqual(expected);
});

test('C1, C2: a series is one meeting an occurrence, on the wall clock', () => {
  const every = ['held 10-05 10:00', 'held 10-12 10:00', 'held 10-19 10:00', 'held 10-26 10:00'];
  expect(settled(meetings['a weekly series'])).toEqual(every);
});

test('C1: a moved occurrence keeps its identity; a deleted one is told by its day alone, and canceled at its start', () => {
  const raw = meetings['a series with a moved occurrence and a deleted one'];
  expect(settled(raw).toSorted()).toEqual([
    'canceled 10-12 09:00',
    'held 10-05 10:00',
    'held 10-20 16:00',
    'held 10-26 10:00',
  ]);
  const identities = new Set(events(raw).map(({ identity }) => identity));
  const original = (day: number, hour: number) => `meeting:${uid}|${Date.UTC(2026, 9, day, hour)}`;
  expect(identities).toEqual(new Set([original(5, 7), original(12, 7), original(19, 7), original(26, 8)]));
});

test('one occurrence that was called off is canceled when it was', () => {
  expect(settled(meetings['a series of which the organizer called off one occurrence'])).toEqual([
    'held 10-05 10:00',
    'canceled 10-08 10:00',
  ]);
});

test('a series that is called off is one cancellation, not a streak', () => {
  expect(settled(meetings['a series that was called off in the middle'])).toEqual([
    'held 10-05 10:00',
    'held 10-12 10:00',
    'canceled 10-13 10:00',
  ]);
});

test('a bare occurrence takes the rest from its series', () => {
  const [bare] = events(meetings['bare occurrences, as the changes of a window tell them']);
  expect(bare).toEqual(events(meetings['a weekly series'])[0]);
});

test('C1, B4: an occurrence that is known alone has the identity that its series gives it', () => {
  const alone = events(meetings['one occurrence to which alone we are invited']).map(({ identity }) => identity);
  expect(events(meetings['a weekly series']).map(({ identity }) => identity)).toEqual(expect.arrayContaining(alone));
});

test('an old series schedules its meetings one by one, ninety days ahead', () => {
  const [first] = events(meetings['an old series']);
  expect(first?.occurredAt).toBe(Date.UTC(2026, 9, 5, 7) - 90 * 86_400_000);
});

test.each(['an all-day workshop', 'an all-day workshop, as midnight of its own zone'] as const)(
  'C2: %s is a date, over at the end of its last day',
  (name) => {
    const [, held] = events(meetings[name]);
    expect(held).toMatchObject({
      identity: `meeting:${uid}|2026-10-05`,
      occurredAt: Date.UTC(2026, 9, 6, 22),
      attributes: { date: '2026-10-05' },
    });
    expect(held?.attributes).not.toHaveProperty('startsAt');
  },
);

test.each<[keyof typeof meetings, string, string | undefined]>([
  ['a meeting with a customer', 'Europe/Paris', undefined],
  ['a custom zone', 'UTC', 'tzone://Microsoft/Custom'],
  ['a zone as Outlook shows it to people', 'UTC', '(UTC-03:00) Brasilia'],
  ['an IANA zone under another name', 'America/New_York', undefined],
])('C3: %s is in %s, and the instant is right either way', (name, zone, label) => {
  const [, held] = events(meetings[name]);
  expect(held?.occurredAt).toBe(Date.UTC(2026, 9, 5, 8));
  expect(held?.attributes).toHaveProperty('timezone', zone);
  expect(Object(held?.attributes)['zoneLabel']).toBe(label);
});

test('a title is kept only where the installation asks for it', () => {
  const raw = meetings['a meeting with a customer'];
  expect(events(raw)[0]?.attributes).not.toHaveProperty('title');
  expect(events(raw, { keepSubjects: true })[0]?.attributes).toHaveProperty('title', 'Quarterly review');
});

test.each(Object.entries(leftOutMeetings))('A11: %s is left out with its reason', (_name, [raw, reason]) => {
  expect(map(raw)).toEqual({ outcome: 'ignored', reason });
});

test('a meeting gives its title and categories to exclusions, whether or not titles are kept', () => {
  const raw = { ...meetings['a meeting with a customer'] };
  const named = { ...raw, event: { ...raw.event, subject: 'Salary talk', categories: ['Private'] } };
  expect(map(named)).toMatchObject({ outcome: 'stored', title: 'Salary talk', tags: ['Private'] });
  expect(JSON.stringify(events(named))).not.toContain('Salary');
});
