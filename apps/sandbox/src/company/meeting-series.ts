import { HISTORY_DAYS } from './correspondence.ts';
import { attendeesOf, workdayOn, type Diary } from './diary.ts';
import type { Random } from './random.ts';
import type { BusinessCalendar } from './business-calendar.ts';
import type { Cast } from './roster.ts';
import type { WorldMeeting } from './world.ts';

type Exception = NonNullable<WorldMeeting['exceptions']>[number];

/** A rule by which a series recurs: its RRULE and the days of its instances. */
interface Recurrence {
  readonly rrule: string;
  readonly days: readonly number[];
}

const BYDAY = ['MO', 'TU', 'WE', 'TH', 'FR'] as const;
const HORIZON = 75;
const DAY = 86_400_000;

function until(calendar: BusinessCalendar, day: number): string {
  return `;UNTIL=${new Date(calendar.wall(day, 23, 59)).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')}`;
}

/** Every k weeks from a first day on; open-ended unless a last day is given. */
function weekly(calendar: BusinessCalendar, first: number, weeks: number, last?: number): Recurrence {
  const byDay = BYDAY[calendar.weekday(first) - 1] ?? 'MO';
  const days: number[] = [];
  for (let day = first; day <= (last ?? HORIZON); day += 7 * weeks) days.push(day);
  const interval = weeks === 1 ? '' : `;INTERVAL=${weeks}`;
  return { rrule: `FREQ=WEEKLY${interval};BYDAY=${byDay}${last === undefined ? '' : until(calendar, last)}`, days };
}

/** The n-th weekday of every k-th month, the first of them on or after a day. */
function monthly(
  calendar: BusinessCalendar,
  from: number,
  nth: number,
  weekday: number,
  months: number,
  last: number,
): Recurrence {
  const days: number[] = [];
  let firstMonth: number | undefined;
  for (let day = from; day <= last; day += 1) {
    const { year, month, day: dayOfMonth } = calendar.date(day);
    if (calendar.weekday(day) !== weekday || Math.ceil(dayOfMonth / 7) !== nth) continue;
    const serial = year * 12 + month;
    firstMonth ??= serial;
    if ((serial - firstMonth) % months === 0) days.push(day);
  }
  const interval = months === 1 ? '' : `;INTERVAL=${months}`;
  return { rrule: `FREQ=MONTHLY${interval};BYDAY=${nth}${BYDAY[weekday - 1] ?? 'MO'}${until(calendar, last)}`, days };
}

/** Instances that were moved, canceled or missed: never two canceled in a row, and none of late, unless the story wants it. */
function drawExceptions(
  random: Random,
  calendar: BusinessCalendar,
  recurrence: Recurrence,
  at: { hour: number; minute: number; minutes: number },
  cancelFrom: number | undefined,
  calm: boolean,
): Exception[] {
  const exceptions: Exception[] = [];
  let canceledBefore = false;
  for (const day of recurrence.days) {
    const originalStart = calendar.wall(day, at.hour, at.minute);
    const cancel = (): void => {
      const canceledAt = Math.min(originalStart - random.int(4, 52) * 3_600_000, calendar.anchor);
      exceptions.push({ originalStart, canceled: true, canceledAt });
      canceledBefore = true;
    };
    const move = (days: number): void => {
      let to = day + days;
      while (!calendar.isWorkday(to)) to += 1;
      const start = calendar.wall(to, random.pick([9, 13, 14, 15]), 30);
      exceptions.push({ originalStart, start, end: start + at.minutes * 60_000 });
      canceledBefore = false;
    };
    const draw = random.next();
    if (cancelFrom !== undefined && day >= cancelFrom && day < 0) cancel();
    else if (!calendar.isWorkday(day)) {
      if (canceledBefore || (calm && day > -45) || recurrence.rrule.startsWith('FREQ=MONTHLY')) move(1);
      else cancel();
    } else if (day < -45 && draw < 0.035 && !canceledBefore) cancel();
    else if (day < -2 && draw < 0.09) move(random.int(1, 2));
    else if (day < -60 && draw < 0.1 && !canceledBefore) {
      exceptions.push({ originalStart, outcome: 'no_show' });
      canceledBefore = true;
    } else canceledBefore = false;
  }
  return exceptions;
}

function addSeries(
  diary: Diary,
  cast: Cast,
  title: string,
  recurrence: Recurrence,
  minutes: number,
  cancelFrom?: number,
): void {
  const { random, calendar } = diary;
  const [first] = recurrence.days;
  if (first === undefined) return;
  const at = { hour: random.int(9, 15), minute: random.pick([0, 0, 30]), minutes };
  const start = calendar.wall(first, at.hour, at.minute);
  // Those who were there at the start and still are, or were until the series ended.
  const end = calendar.wall(Math.min(0, recurrence.days.at(-1) ?? 0), 8);
  const staying = cast.people.filter((person) => person.leftAt === undefined || person.leftAt > end);
  const calm = cast.plot.healthy;
  const exceptions = drawExceptions(random, calendar, recurrence, at, cancelFrom, calm);
  diary.add({
    title,
    organizer: cast.csm.email,
    attendees: attendeesOf(random, { ...cast, people: staying }, start, 'accepted'),
    start,
    end: start + minutes * 60_000,
    createdAt: Math.min(start - random.int(4, 14) * DAY, calendar.anchor),
    status: 'confirmed',
    rrule: recurrence.rrule,
    ...(exceptions.length > 0 ? { exceptions } : {}),
  });
}

/** The first day of a series, on a weekday of its own, so that the instances fall on working days by and large. */
function firstDay(random: Random, calendar: BusinessCalendar, from: number): number {
  return workdayOn(calendar, from + random.int(0, 6));
}

/** The standing calls and quarterly reviews of an account. */
export function drawSeries(diary: Diary, cast: Cast): void {
  const { random, calendar } = diary;
  const { plot, account } = cast;
  if (plot.series === 0) return;
  const back = plot.story === 'won-back' && plot.since !== undefined;
  const from = Math.max(-HISTORY_DAYS - 15, (plot.since ?? -HISTORY_DAYS) + 10);
  const title = `${account.name} / Lumen Ledger: ${plot.series === 7 ? 'weekly call' : plot.series === 14 ? 'check-in' : 'monthly check-in'}`;
  const weeks = plot.series / 7;
  if (plot.story === 'champion-left') {
    const first = firstDay(random, calendar, from);
    addSeries(diary, cast, title, weekly(calendar, first, weeks, -22), 30);
    const remaining = cast.people.slice(1);
    addSeries(diary, { ...cast, people: remaining }, title, weekly(calendar, workdayOn(calendar, -13), weeks), 30);
  } else if (plot.story === 'unanswered') {
    // The last call lies before the mail that waits, the next one well ahead.
    const last = workdayOn(calendar, -21);
    addSeries(diary, cast, title, weekly(calendar, last - 28 * 12, 4), 30);
    return;
  } else if (plot.story === 'meeting-no-shows') {
    addSeries(
      diary,
      cast,
      title,
      weekly(calendar, firstDay(random, calendar, from), weeks),
      30,
      (-8 * plot.series) / 2,
    );
    return;
  } else if (plot.story === 'gone-quiet' || plot.story === 'renewal-slipping' || plot.churned !== undefined) {
    addSeries(
      diary,
      cast,
      title,
      weekly(calendar, firstDay(random, calendar, from), weeks, (plot.quietFrom ?? 0) - 2),
      30,
    );
    return;
  } else if (plot.series === 28) {
    const last = random.chance(0.5) ? HORIZON : HORIZON - 10;
    addSeries(diary, cast, title, monthly(calendar, from, random.int(1, 4), random.int(1, 5), 1, last), 45);
  } else addSeries(diary, cast, title, weekly(calendar, firstDay(random, calendar, from), weeks), 30);
  if (plot.tier === 'small' || back || (plot.since ?? 0) > -100) return;
  addSeries(
    diary,
    cast,
    `Quarterly review: ${account.name}`,
    monthly(calendar, from, random.int(1, 3), random.int(2, 4), 3, HORIZON),
    60,
  );
}
