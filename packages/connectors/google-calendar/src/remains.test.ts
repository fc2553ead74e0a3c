import { remainsOf } from '@waymark/connector-kit';
import type { KnownEvent } from '@waymark/connector-kit';
import { expect, test } from 'vitest';
import { meetings } from '../fixtures/meetings.ts';
import { mapMeeting } from './map-meeting.ts';
import { rawMeeting } from './raw-event.ts';

function known(raw: unknown): readonly KnownEvent[] {
  const mapped = mapMeeting(rawMeeting.parse(raw), {
    ownDomains: ['vendor.example'],
    account: { externalAccountId: 'ana', label: 'Ana', address: 'ana@vendor.example', timezone: 'Europe/Madrid' },
    settings: {},
    keepSubjects: false,
    readAt: 0,
  });
  if (mapped.outcome !== 'stored') return expect.fail('not stored');
  return mapped.events.map(({ identity: _hashed, rank: _rank, ...event }) => event);
}

const types = (raw: unknown, at: number) =>
  remainsOf(known(raw), at).map(
    ({ type, identity }) => `${type} ${new Date(Number(identity.split('|')[1])).getUTCDate()}`,
  );

test('A5: a deleted meeting that was to come is canceled, under the identity that it had', () => {
  const at = Date.UTC(2026, 9, 2);
  const remains = remainsOf(known(meetings['a meeting with a customer']), at);
  expect(remains.map(({ type, occurredAt }) => [type, occurredAt])).toEqual([
    ['meeting.scheduled', Date.UTC(2026, 8, 20, 8)],
    ['meeting.canceled', at],
  ]);
  expect(new Set(remains.map(({ identity }) => identity))).toEqual(
    new Set([`meeting:rev1@google.com|${Date.UTC(2026, 9, 5, 7)}`]),
  );
});

test('a deleted meeting that had ended took place', () => {
  expect(types(meetings['a meeting with a customer'], Date.UTC(2026, 9, 6))).toEqual([
    'meeting.scheduled 5',
    'meeting.held 5',
  ]);
});

test('a deleted series keeps what had been held and cancels the next meeting alone', () => {
  expect(types(meetings['a weekly series'], Date.UTC(2026, 9, 13))).toEqual([
    'meeting.scheduled 5',
    'meeting.held 5',
    'meeting.scheduled 12',
    'meeting.held 12',
    'meeting.scheduled 19',
    'meeting.canceled 19',
  ]);
});

test('what cannot be named again does not remain', () => {
  const nameless = known(meetings['a meeting with a customer']).map((event) => {
    const copy = structuredClone(event);
    delete copy.attributes['uid'];
    return copy;
  });
  expect(remainsOf(nameless, 0)).toEqual([]);
});
