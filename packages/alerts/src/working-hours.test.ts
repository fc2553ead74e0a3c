import { describe, expect, test } from 'vitest';
import { holidayCalendar } from './holidays.ts';
import { nextMorning, nextOpening } from './working-hours.ts';

const office = { hours: { from: '08:00', to: '18:00', days: [1, 2, 3, 4, 5] }, timezone: 'Europe/Berlin' };
const at = (iso: string) => Date.parse(iso);

describe('working hours', () => {
  test.each([
    ['inside: now', '2026-03-11T10:00:00+01:00', '2026-03-11T10:00:00+01:00'],
    ['before: the same day', '2026-03-11T06:00:00+01:00', '2026-03-11T08:00:00+01:00'],
    ['after: the next day', '2026-03-11T18:00:00+01:00', '2026-03-12T08:00:00+01:00'],
    ['Friday evening: Monday', '2026-03-13T19:00:00+01:00', '2026-03-16T08:00:00+01:00'],
    ['over the change to summer time', '2026-03-27T19:00:00+01:00', '2026-03-30T08:00:00+02:00'],
  ])('%s', (_what, now, expected) => {
    expect(new Date(nextOpening(at(now), office)).toISOString()).toBe(new Date(at(expected)).toISOString());
  });

  test('a window over midnight belongs to the day on which it opens', () => {
    const night = { hours: { from: '22:00', to: '06:00', days: [1, 2, 3, 4, 5] }, timezone: 'UTC' };
    expect(nextOpening(at('2026-03-11T23:00:00Z'), night)).toBe(at('2026-03-11T23:00:00Z'));
    expect(nextOpening(at('2026-03-11T07:00:00Z'), night)).toBe(at('2026-03-11T22:00:00Z'));
  });

  test('a public holiday is passed over', async () => {
    const isHoliday = await holidayCalendar('DE');
    // Good Friday 2026 is 3 April, Easter Monday the 6th.
    const opening = nextOpening(at('2026-04-02T19:00:00+02:00'), { ...office, isHoliday });
    expect(opening).toBe(at('2026-04-07T08:00:00+02:00'));
  });

  test('who is never off gets the rest of the day’s alerts tomorrow at eight', () => {
    expect(nextMorning(at('2026-03-11T10:00:00Z'), { hours: 'always', timezone: 'UTC' })).toBe(
      at('2026-03-12T08:00:00Z'),
    );
  });

  test('a calendar without a working day does not hold an alert for ever', () => {
    expect(nextOpening(5, { hours: { from: '09:00', to: '17:00', days: [] }, timezone: 'UTC' })).toBe(5);
  });
});
