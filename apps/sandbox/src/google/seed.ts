import type { World, WorldMail, WorldMeeting } from '../company/world.ts';
import { CalendarStore } from './calendar-store.ts';
import { composeMail } from './compose.ts';
import { MailStore } from './mail-store.ts';
import { eventTime } from './recurrence.ts';
import { emptyGoogleState, type Attendee, type EventFields, type EventTime, type GoogleState } from './state.ts';

/** One occurrence of a series that did not go by the rule. */
interface SeedException {
  readonly originalStart: number;
  readonly at: number;
  readonly canceled?: boolean;
  readonly start?: EventTime;
  readonly end?: EventTime;
}

interface SeedEvent {
  readonly calendar: string;
  readonly fields: EventFields;
  readonly createdAt: number;
  readonly canceledAt?: number;
  readonly exceptions?: readonly SeedException[];
}

interface SeedMail {
  /** The message's bytes, one character each (latin1). */
  readonly raw: string;
  readonly at: number;
  readonly labelIds: readonly string[];
}

export interface SeedUser {
  readonly email: string;
  readonly name: string;
  readonly timeZone: string;
  /** Further calendars; the primary one is always there. */
  readonly calendars: readonly { readonly id: string; readonly summary: string }[];
  readonly mails: readonly SeedMail[];
  readonly events: readonly SeedEvent[];
}

export interface GoogleSeed {
  readonly users: readonly SeedUser[];
}

/** The state that a seed describes. What is planted counts as there from the start: no history, no sync token before it. */
export const plantSeed = (seed: GoogleSeed, now: () => number): GoogleState => {
  const state = emptyGoogleState();
  const mail = new MailStore(() => state, now);
  const calendars = new CalendarStore(() => state, now);
  for (const user of seed.users) {
    const { email, name, timeZone } = user;
    state.users[email] = { email, name, timeZone };
    mail.mailbox(email);
    calendars.addCalendar(email, { id: email, summary: email, timeZone, primary: true });
    for (const calendar of user.calendars) calendars.addCalendar(email, { ...calendar, timeZone, primary: false });
    for (const { raw, at, labelIds } of user.mails) mail.add(email, raw, { receivedAt: at, labelIds, recorded: false });
    for (const event of user.events) plantEvent(calendars, email, event);
  }
  return state;
};

const plantEvent = (calendars: CalendarStore, user: string, event: SeedEvent): void => {
  const { id } = calendars.addEvent(user, event.calendar, event.fields, { createdAt: event.createdAt });
  for (const exception of event.exceptions ?? []) {
    const { originalStart, at, start, end } = exception;
    if (exception.canceled === true) calendars.cancelInstance(user, event.calendar, id, originalStart, at);
    else if (start && end) calendars.updateInstance(user, event.calendar, id, originalStart, { start, end }, at);
  }
  if (event.canceledAt !== undefined) calendars.cancelEvent(user, event.calendar, id, event.canceledAt);
};

/**
 * What Google would hold of the sample company: a user for everyone of the vendor whose mailbox is there (all without `here`), and
 * for the watched ones their mail (sent or received) and their meetings. The first watched CSM keeps onboarding calls in a second
 * calendar. A pure function of the world. What happens after the anchor is left out, but for meetings that are planned.
 */
export const seedFromWorld = (world: World, here?: readonly string[]): GoogleSeed => {
  const watched = new Set(world.vendor.staff.filter((person) => person.watched).map((person) => person.email));
  const mails = groupBy(
    world.mails.filter((mail) => mail.at <= world.anchor),
    (mail) => mail.mailboxes,
  );
  const meetings = groupBy(
    world.meetings.filter((meeting) => meeting.createdAt <= world.anchor),
    (meeting) => meeting.calendars,
  );
  const twoCalendars = world.vendor.staff.find((person) => person.watched && person.role === 'csm')?.email;
  return {
    users: world.vendor.staff
      .filter(({ email }) => here?.includes(email) ?? true)
      .map(({ email, name }) => {
        const own = watched.has(email);
        const second = email === twoCalendars ? secondCalendar(email) : undefined;
        return {
          email,
          name,
          timeZone: world.vendor.timezone,
          calendars: second ? [second] : [],
          mails: own ? seedMails(mails.get(email) ?? [], email) : [],
          events: own ? seedEvents(meetings.get(email) ?? [], email, second?.id, world) : [],
        };
      }),
  };
};

/** The second calendar of the CSM who has one. */
const secondCalendar = (email: string): { id: string; summary: string } => ({
  id: `onboarding-${email.split('@')[0]}@group.calendar.google.com`,
  summary: 'Onboarding calls',
});

/** A world mail as the mailbox of `user` would label it. */
export const mailLabels = (mail: Pick<WorldMail, 'from'>, user: string): string[] =>
  mail.from.address.toLowerCase() === user.toLowerCase() ? ['SENT'] : ['INBOX', 'CATEGORY_PERSONAL'];

const seedMails = (mails: readonly WorldMail[], user: string): SeedMail[] =>
  mails
    .toSorted((a, b) => a.at - b.at)
    .map((mail) => ({ raw: composeMail(mail), at: mail.at, labelIds: mailLabels(mail, user) }));

const seedEvents = (
  meetings: readonly WorldMeeting[],
  user: string,
  second: string | undefined,
  world: World,
): SeedEvent[] =>
  meetings
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .map((meeting) => ({
      calendar: second !== undefined && /onboarding|kick-?off/iu.test(meeting.title) ? second : user,
      fields: meetingFields(meeting, world),
      createdAt: meeting.createdAt,
      ...(meeting.status === 'canceled' && (meeting.canceledAt ?? 0) <= world.anchor
        ? { canceledAt: meeting.canceledAt ?? meeting.createdAt }
        : {}),
      exceptions: (meeting.exceptions ?? []).flatMap((exception): SeedException[] => {
        const at = exception.canceledAt ?? Math.max(meeting.createdAt, exception.originalStart - 86_400_000);
        if (at > world.anchor) return [];
        const { originalStart, start, end } = exception;
        if (exception.canceled === true) return [{ originalStart, at, canceled: true }];
        if (start === undefined) return [];
        const finish = end ?? start + (meeting.end - meeting.start);
        return [
          { originalStart, at, start: eventTime(start, meeting.timezone), end: eventTime(finish, meeting.timezone) },
        ];
      }),
    }));

/** A world meeting as Google's event fields; also for live meetings. */
export const meetingFields = (meeting: WorldMeeting, world: Pick<World, 'vendor'>): EventFields => {
  const names = new Map(world.vendor.staff.map((person) => [person.email, person.name]));
  const organizerName = names.get(meeting.organizer);
  const attendees: Attendee[] = meeting.attendees.map(({ address, name, response }) => {
    const displayName = name ?? names.get(address);
    return {
      email: address,
      responseStatus: response,
      ...(displayName === undefined ? {} : { displayName }),
      ...(address === meeting.organizer ? { organizer: true } : {}),
    };
  });
  return {
    summary: meeting.title,
    iCalUID: meeting.iCalUid,
    organizer: { email: meeting.organizer, ...(organizerName === undefined ? {} : { displayName: organizerName }) },
    start: eventTime(meeting.start, meeting.timezone),
    end: eventTime(meeting.end, meeting.timezone),
    attendees,
    ...(meeting.rrule === undefined ? {} : { recurrence: [`RRULE:${meeting.rrule}`] }),
    ...(meeting.private === true ? { visibility: 'private' } : {}),
  };
};

const groupBy = <T>(items: readonly T[], keys: (item: T) => readonly string[]): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keys(item)) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
};
