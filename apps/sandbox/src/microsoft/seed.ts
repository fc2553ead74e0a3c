import type { World, WorldMail, WorldMeeting } from '../company/world.ts';
import { composeMail } from '../google/compose.ts';
import { CalendarStore } from './calendar-store.ts';
import { MailStore } from './mail-store.ts';
import { emptyMicrosoftState, type AppGrant, type EventFields, type MicrosoftState } from './state.ts';
import { guid } from './subscription-routes.ts';

interface SeedMail {
  /** The message's bytes, one character each (latin1). */
  readonly raw: string;
  readonly at: number;
  readonly folder: string;
}

interface SeedEvent {
  /** Name of the calendar; the default one without it. */
  readonly calendar?: string;
  readonly fields: EventFields;
  readonly createdAt: number;
  /** When the organizer called it off; a guest's copy. */
  readonly cancelledAt?: number;
  readonly exceptions: readonly {
    readonly originalStart: number;
    readonly at: number;
    readonly isDeleted: boolean;
    readonly start?: number;
    readonly end?: number;
  }[];
}

export interface SeedUser {
  readonly upn: string;
  readonly name: string;
  readonly timeZone: string;
  /** Further calendars, by name; the default one is always there. */
  readonly calendars: readonly string[];
  /** Folders beyond Exchange's own: name, and the well-known folder or earlier folder of the list in which it lies. */
  readonly folders: readonly { readonly name: string; readonly parent: string; readonly isHidden?: boolean }[];
  readonly mails: readonly SeedMail[];
  readonly events: readonly SeedEvent[];
}

export interface MicrosoftSeed {
  readonly tenants: readonly {
    readonly domain: string;
    readonly name: string;
    readonly users: readonly SeedUser[];
    /** What the tenant's administrator granted to apps, by client id. */
    readonly apps: Readonly<Record<string, AppGrant>>;
  }[];
}

/** Which part of the sample company lives at Microsoft. */
export interface MicrosoftPart {
  /** Staff whose mailboxes and calendars are here, by e-mail. */
  readonly mailboxes: readonly string[];
  /** The app that the tenant's administrator granted the watched mailboxes to. */
  readonly clientId: string;
}

/** The state that a seed describes. What is planted counts as there from the start. */
export const plantSeed = (seed: MicrosoftSeed, now: () => number): MicrosoftState => {
  const state = emptyMicrosoftState();
  const mail = new MailStore(() => state, now);
  const calendars = new CalendarStore(() => state, now);
  for (const { domain, name, users, apps } of seed.tenants) {
    const tenantId = guid(`tenant:${domain}`);
    state.tenants[tenantId] = { id: tenantId, domain, name };
    for (const [clientId, grant] of Object.entries(apps)) state.appGrants[`${tenantId} ${clientId}`] = grant;
    for (const user of users) plantUser(state, mail, calendars, user, tenantId);
  }
  return state;
};

const plantUser = (
  state: MicrosoftState,
  mail: MailStore,
  calendars: CalendarStore,
  user: SeedUser,
  tenantId: string,
): void => {
  const { upn, name, timeZone } = user;
  state.users[upn] = { id: guid(`user:${upn}`), upn, name, timeZone, tenantId };
  const folders = new Map<string, string>();
  mail.mailbox(upn);
  for (const folder of user.folders) {
    const parent = folders.get(folder.parent) ?? folder.parent;
    folders.set(folder.name, mail.addFolder(upn, folder.name, parent, folder.isHidden === true).id);
  }
  for (const { raw, at, folder } of user.mails)
    mail.add(upn, raw, { receivedAt: at, folder: folders.get(folder) ?? folder });
  const ids = new Map(calendars.list(upn).map((calendar) => [calendar.name, calendar.id]));
  for (const calendar of user.calendars) ids.set(calendar, calendars.addCalendar(upn, calendar).id);
  for (const event of user.events) {
    const calendarId = ids.get(event.calendar ?? 'Calendar');
    const { id } = calendars.add(upn, event.fields, {
      at: event.createdAt,
      ...(calendarId === undefined ? {} : { calendarId }),
    });
    for (const { originalStart, at, ...change } of event.exceptions)
      calendars.except(upn, id, originalStart, change, at);
    if (event.cancelledAt !== undefined) calendars.markCancelled(upn, id, event.cancelledAt);
  }
};

/**
 * What Exchange would hold of the sample company for the staff whose mailboxes are here: mail sent or received, some of it filed
 * away in nested folders, and meetings. The first watched CSM keeps onboarding calls in a second calendar. Exchange keeps less
 * than Google: no copy of what a machine sent for the mailbox, and nothing of a meeting that its organizer deleted.
 * A pure function of the world.
 */
export const seedFromWorld = (world: World, part: MicrosoftPart): MicrosoftSeed => {
  const here = new Set(part.mailboxes);
  const staff = world.vendor.staff.filter((person) => here.has(person.email));
  const twoCalendars = world.vendor.staff.find((person) => person.watched && person.role === 'csm')?.email;
  const mails = groupBy(
    world.mails.filter((mail) => mail.at <= world.anchor),
    (mail) => mail.mailboxes,
  );
  const meetings = groupBy(
    world.meetings.filter((meeting) => meeting.createdAt <= world.anchor),
    (meeting) => meeting.calendars,
  );
  const users = staff.map(({ email, name, watched }) => ({
    upn: email,
    name,
    timeZone: world.vendor.timezone,
    calendars: email === twoCalendars ? [secondCalendar] : [],
    folders: customerFolders,
    mails: watched ? seedMails(mails.get(email) ?? [], email) : [],
    events: watched ? seedEvents(meetings.get(email) ?? [], email, email === twoCalendars, world) : [],
  }));
  const group = staff.filter((person) => person.watched).map((person) => person.email);
  const roles = ['Mail.Read', 'Calendars.Read', 'User.Read.All'];
  const domain = world.vendor.domains[0] ?? 'sample.example';
  return { tenants: [{ domain, name: world.vendor.name, users, apps: { [part.clientId]: { roles, group } } }] };
};

const secondCalendar = 'Onboarding calls';

/** Where some mail is filed: two levels under the inbox's parent, and a hidden folder that holds nothing. */
const customerFolders = [
  { name: 'Customers', parent: 'msgfolderroot' },
  { name: 'Signed contracts', parent: 'Customers' },
  { name: 'Yammer Root', parent: 'msgfolderroot', isHidden: true },
] as const;

/** What a machine sends in a mailbox's name leaves no copy in its Sent Items. */
const isSentByMachine = (mail: Pick<WorldMail, 'from' | 'kind'>, user: string): boolean =>
  mail.from.address.toLowerCase() === user.toLowerCase() && mail.kind !== undefined;

/** The folder of a mail in the mailbox of `user`, or undefined where Exchange keeps no copy. */
export const mailFolder = (mail: Pick<WorldMail, 'from' | 'kind' | 'subject'>, user: string): string | undefined => {
  if (isSentByMachine(mail, user)) return undefined;
  if (mail.from.address.toLowerCase() === user.toLowerCase()) return 'sentitems';
  return /contract|renewal|order form/iu.test(mail.subject) ? 'Signed contracts' : 'inbox';
};

const seedMails = (mails: readonly WorldMail[], user: string): SeedMail[] =>
  mails
    .toSorted((a, b) => a.at - b.at)
    .flatMap((mail) => {
      const folder = mailFolder(mail, user);
      return folder === undefined ? [] : [{ raw: composeMail(mail), at: mail.at, folder }];
    });

const seedEvents = (meetings: readonly WorldMeeting[], user: string, hasSecond: boolean, world: World): SeedEvent[] =>
  meetings
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .flatMap((meeting): SeedEvent[] => {
      const isCancelled = meeting.status === 'canceled' && (meeting.canceledAt ?? 0) <= world.anchor;
      if (isCancelled && meeting.organizer === user) return [];
      const duration = meeting.end - meeting.start;
      const exceptions = (meeting.exceptions ?? []).flatMap((exception) => {
        const at = exception.canceledAt ?? Math.max(meeting.createdAt, exception.originalStart - 86_400_000);
        const { originalStart, start, canceled } = exception;
        if (at > world.anchor || (canceled !== true && start === undefined)) return [];
        if (start === undefined) return [{ originalStart, at, isDeleted: true }];
        return [{ originalStart, at, isDeleted: canceled === true, start, end: exception.end ?? start + duration }];
      });
      return [
        {
          fields: meetingFields(meeting, world),
          createdAt: meeting.createdAt,
          ...(hasSecond && /onboarding|kick-?off/iu.test(meeting.title) ? { calendar: secondCalendar } : {}),
          ...(isCancelled ? { cancelledAt: meeting.canceledAt ?? meeting.createdAt } : {}),
          exceptions,
        },
      ];
    });

/** A world meeting as an event's fields; also for live meetings. */
export const meetingFields = (meeting: WorldMeeting, world: Pick<World, 'vendor'>): EventFields => {
  const names = new Map(world.vendor.staff.map((person) => [person.email, person.name]));
  const named = (address: string, name = names.get(address)): { address: string; name?: string } =>
    name === undefined ? { address } : { address, name };
  return {
    subject: meeting.title,
    iCalUId: meeting.iCalUid,
    start: meeting.start,
    end: meeting.end,
    timeZone: meeting.timezone,
    organizer: named(meeting.organizer),
    attendees: meeting.attendees.map(({ address, name, response }) => ({ ...named(address, name), response })),
    ...(meeting.rrule === undefined ? {} : { rrule: meeting.rrule }),
    ...(meeting.private === true ? { isPrivate: true } : {}),
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
