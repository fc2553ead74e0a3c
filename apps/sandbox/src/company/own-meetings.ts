import type { BusinessCalendar } from './business-calendar.ts';
import { HISTORY_DAYS } from './correspondence.ts';
import { createDiary, workdayOn } from './diary.ts';
import type { Random } from './random.ts';
import { staffOf } from './vendor.ts';
import type { WorldMeeting } from './world.ts';

const invite = (emails: readonly { email: string; name: string }[]): WorldMeeting['attendees'] =>
  emails.map(({ email, name }) => ({ address: email, name, response: 'accepted' as const }));

const PRIVATE = ['Dentist', 'School play', 'Car service', 'Physiotherapy', 'Flat viewing', 'Parents visiting'];

/** What is in the vendor's calendars without a customer: team meetings, one-to-ones and private appointments. */
export function meetAmongThemselves(random: Random, calendar: BusinessCalendar): readonly WorldMeeting[] {
  const diary = createDiary('own', random, calendar);
  const csms = staffOf('csm');
  const lead = csms[0]?.email ?? '';
  const weekly = (
    title: string,
    day: number,
    hour: number,
    weeks: number,
    people: readonly { email: string; name: string }[],
  ): void => {
    const first = workdayOn(calendar, day);
    const start = calendar.wall(first, hour);
    const byDay = ['MO', 'TU', 'WE', 'TH', 'FR'][calendar.weekday(first) - 1] ?? 'MO';
    diary.add({
      title,
      organizer: lead,
      attendees: invite(people),
      start,
      end: start + 30 * 60_000,
      createdAt: start - 864e5,
      status: 'confirmed',
      rrule: `FREQ=WEEKLY${weeks === 1 ? '' : `;INTERVAL=${weeks}`};BYDAY=${byDay}`,
    });
  };
  weekly('Customer success team', -HISTORY_DAYS - 8, 9, 1, [...csms, ...staffOf('revops')]);
  weekly('Pipeline review', -HISTORY_DAYS - 7, 15, 1, staffOf('sales'));
  weekly('Renewals of the quarter', -HISTORY_DAYS - 5, 11, 1, [...csms, ...staffOf('sales').slice(0, 1)]);
  weekly('Handover: sales to success', -HISTORY_DAYS - 6, 16, 2, [...csms.slice(0, 3), ...staffOf('sales')]);
  for (const [index, csm] of csms.slice(1).entries())
    weekly(
      `One-to-one: ${csm.name}`,
      -HISTORY_DAYS - index - 2,
      12,
      1,
      csms.filter((one) => one.email === lead || one === csm),
    );
  for (const { email } of csms) {
    for (let count = random.int(14, 22); count > 0; count -= 1) {
      const start = calendar.wall(-random.int(-20, HISTORY_DAYS), random.int(7, 18), random.pick([0, 30]));
      diary.add({
        title: random.pick(PRIVATE),
        organizer: email,
        attendees: [],
        start,
        end: start + 3_600_000,
        createdAt: Math.min(start - 6 * 864e5, calendar.anchor),
        status: 'confirmed',
        private: true,
      });
    }
  }
  return diary.meetings;
}
