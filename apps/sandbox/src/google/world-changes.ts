import type { World, WorldMail, WorldMeeting } from '../company/world.ts';
import type { GoogleHandle } from './google.ts';
import { mailLabels, meetingFields } from './seed.ts';

type Vendor = Pick<World, 'vendor'>;

const hereAmong = (google: GoogleHandle, world: Vendor, emails: readonly string[]): string[] =>
  world.vendor.staff
    .filter((person) => person.watched && emails.includes(person.email) && google.state().users[person.email])
    .map((person) => person.email);

/** Delivers a mail of the sample company to the watched mailboxes here that hold it; returns how many. For live mode. */
export const deliverWorldMail = (google: GoogleHandle, world: Vendor, mail: WorldMail): number => {
  const users = hereAmong(google, world, mail.mailboxes);
  for (const user of users) google.addMail(user, mail, { labelIds: mailLabels(mail, user) });
  return users.length;
};

/** Puts a meeting of the sample company into the watched calendars here that hold it; returns how many. For live mode. */
export const planWorldMeeting = (google: GoogleHandle, world: Vendor, meeting: WorldMeeting): number => {
  const users = hereAmong(google, world, meeting.calendars);
  for (const user of users)
    google.addEvent(user, 'primary', meetingFields(meeting, world), { createdAt: meeting.createdAt });
  return users.length;
};

/** Cancels a meeting, or one occurrence of a series (by its original start), in every calendar that holds it. */
export const cancelWorldMeeting = (
  google: GoogleHandle,
  iCalUid: string,
  at: number,
  originalStart?: number,
): number => {
  let canceled = 0;
  for (const user of Object.keys(google.state().users)) {
    const found = google.calendars.findByICalUid(user, iCalUid);
    if (!found) continue;
    const { calendarId, event } = found;
    if (originalStart === undefined) google.cancelEvent(user, calendarId, event.id, at);
    else google.cancelInstance(user, calendarId, event.id, originalStart, at);
    canceled += 1;
  }
  return canceled;
};
