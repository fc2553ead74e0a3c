import type { BusinessCalendar } from './business-calendar.ts';
import type { Random } from './random.ts';
import type { Cast } from './roster.ts';
import { present } from './thread.ts';
import { isWatched, staffAt } from './vendor.ts';
import type { WorldMeeting } from './world.ts';

export type Attendees = WorldMeeting['attendees'];

/** A meeting without what the diary works out. */
type MeetingDraft = Omit<WorldMeeting, 'iCalUid' | 'timezone' | 'calendars'> & { readonly onlyInCrm?: boolean };

/** Collects the meetings of one account or of the vendor itself. */
export interface Diary {
  readonly meetings: readonly WorldMeeting[];
  readonly random: Random;
  readonly calendar: BusinessCalendar;
  readonly add: (draft: MeetingDraft) => void;
}

/** The last working day on or before a day. */
export function workdayOn(calendar: BusinessCalendar, day: number): number {
  let found = Math.floor(day);
  while (!calendar.isWorkday(found)) found -= 1;
  return found;
}

/** An empty diary; iCalUIDs are unique within its label. A meeting lies in the calendars of all connected staff who take part. */
export function createDiary(label: string, random: Random, calendar: BusinessCalendar): Diary {
  const meetings: WorldMeeting[] = [];
  return {
    meetings,
    random,
    calendar,
    add: (draft) => {
      const { onlyInCrm = false, ...rest } = draft;
      const holders = [rest.organizer, ...rest.attendees.map((attendee) => attendee.address)];
      meetings.push({
        iCalUid: `${label}-${meetings.length + 1}-${Math.floor(random.next() * 0xffffffff).toString(36)}@calendar.lumenledger.example`,
        ...rest,
        timezone: calendar.zone,
        calendars: onlyInCrm ? [] : [...new Set(holders)].filter(isWatched),
      });
    },
  };
}

/**
 * The vendor's host and some of the customer's people who are there at the time, the champion first. With `accepted` at least
 * the first of them has accepted.
 */
export function attendeesOf(
  random: Random,
  cast: Cast,
  at: number,
  response: Attendees[number]['response'],
  host: string = cast.csm.email,
): Attendees {
  const there = cast.people.filter(
    (person) => present(person, at) && (person.leftAt === undefined || person.leftAt > at + 864e5),
  );
  const most = cast.plot.story === 'ready-to-expand' ? 6 : cast.plot.tier === 'enterprise' ? 4 : 3;
  const size = Math.min(there.length, random.int(1, most));
  return [
    { address: host, name: staffAt(host).name, response: 'accepted' },
    ...there.slice(0, size).map((person, index) => ({
      address: person.addresses[0] ?? '',
      name: person.name,
      response:
        response === 'accepted' && index > 0
          ? random.pick(['accepted', 'accepted', 'tentative', 'needsAction'] as const)
          : response,
    })),
  ];
}
