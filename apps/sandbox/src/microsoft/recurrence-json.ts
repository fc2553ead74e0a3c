import { DateTime } from 'luxon';
import type { StoredEvent } from './state.ts';
import { windowsZone } from './time-zone.ts';

const days: Readonly<Record<string, string>> = {
  MO: 'monday',
  TU: 'tuesday',
  WE: 'wednesday',
  TH: 'thursday',
  FR: 'friday',
  SA: 'saturday',
  SU: 'sunday',
};
const indexes: Readonly<Record<string, string>> = {
  '1': 'first',
  '2': 'second',
  '3': 'third',
  '4': 'fourth',
  '-1': 'last',
};

/** An RRULE in Graph's words (https://learn.microsoft.com/en-us/graph/api/resources/patternedrecurrence). */
export const showRecurrence = (event: StoredEvent, rrule: string): object => {
  const rule = new Map(
    rrule.split(';').map((part): [string, string] => [part.split('=')[0] ?? '', part.split('=')[1] ?? '']),
  );
  const first = DateTime.fromMillis(event.start, { zone: event.timeZone });
  const byDay = (rule.get('BYDAY') ?? '').split(',').filter((day) => day !== '');
  const ordinal = /^(-?\d)([A-Z]{2})$/u.exec(byDay[0] ?? '');
  const pattern = {
    type: patternType(rule.get('FREQ') ?? '', ordinal !== null),
    interval: Number(rule.get('INTERVAL') ?? 1),
    month: rule.get('FREQ') === 'YEARLY' ? first.month : 0,
    dayOfMonth: ordinal === null && ['MONTHLY', 'YEARLY'].includes(rule.get('FREQ') ?? '') ? first.day : 0,
    daysOfWeek: byDay.map((day) => days[day.slice(-2)] ?? 'monday'),
    firstDayOfWeek: 'sunday',
    index: indexes[ordinal?.[1] ?? '1'] ?? 'first',
  };
  return { pattern, range: rangeOf(event, rule, first) };
};

const patternType = (frequency: string, isRelative: boolean): string => {
  switch (frequency) {
    case 'WEEKLY':
      return 'weekly';
    case 'MONTHLY':
      return isRelative ? 'relativeMonthly' : 'absoluteMonthly';
    case 'YEARLY':
      return isRelative ? 'relativeYearly' : 'absoluteYearly';
    default:
      return 'daily';
  }
};

const rangeOf = (event: StoredEvent, rule: ReadonlyMap<string, string>, first: DateTime): object => {
  const until = /^(\d{4})(\d{2})(\d{2})/u.exec(rule.get('UNTIL') ?? '');
  const count = Number(rule.get('COUNT') ?? 0);
  const at = rule.get('UNTIL') ?? '';
  const end = until
    ? at.endsWith('Z')
      ? DateTime.fromFormat(at, "yyyyMMdd'T'HHmmss'Z'", { zone: 'UTC' }).setZone(event.timeZone).toFormat('yyyy-MM-dd')
      : `${until[1]}-${until[2]}-${until[3]}`
    : '0001-01-01';
  return {
    type: count > 0 ? 'numbered' : until ? 'endDate' : 'noEnd',
    startDate: first.toFormat('yyyy-MM-dd'),
    endDate: end,
    recurrenceTimeZone: event.customZone ?? windowsZone(event.timeZone),
    numberOfOccurrences: count,
  };
};
