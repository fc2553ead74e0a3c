import type { World, WorldMail, WorldMeeting } from '../company/world.ts';
import { composeMail } from '../google/compose.ts';
import type { MicrosoftHandle } from './microsoft.ts';
import { mailFolder, meetingFields } from './seed.ts';

type Vendor = Pick<World, 'vendor'>;

const hereAmong = (microsoft: MicrosoftHandle, world: Vendor, emails: readonly string[]): string[] =>
  world.vendor.staff
    .filter((person) => person.watched && emails.includes(person.email) && microsoft.state().users[person.email])
    .map((person) => person.email);

/** Delivers a mail of the sample company to the watched mailboxes here that hold it; returns how many. For live mode. */
export const deliverWorldMail = (microsoft: MicrosoftHandle, world: Vendor, mail: WorldMail): number => {
  const users = hereAmong(microsoft, world, mail.mailboxes);
  for (const user of users) {
    const folder = mailFolder(mail, user);
    if (folder === undefined) continue;
    const known = Object.values(microsoft.mail.mailbox(user).folders).find((each) => each.displayName === folder);
    microsoft.mail.add(user, composeMail(mail), { receivedAt: mail.at, folder: known?.id ?? folder });
  }
  microsoft.touch();
  return users.length;
};

/** Puts a meeting of the sample company into the watched calendars here that hold it; returns how many. For live mode. */
export const planWorldMeeting = (microsoft: MicrosoftHandle, world: Vendor, meeting: WorldMeeting): number => {
  const users = hereAmong(microsoft, world, meeting.calendars);
  for (const user of users) microsoft.calendars.add(user, meetingFields(meeting, world), { at: meeting.createdAt });
  microsoft.touch();
  return users.length;
};

/** Calls a meeting off: it leaves its organizer's calendar, and stays in those of the guests as canceled. */
export const cancelWorldMeeting = (microsoft: MicrosoftHandle, iCalUid: string, at: number): number => {
  let canceled = 0;
  for (const user of Object.keys(microsoft.state().users)) {
    const found = microsoft.calendars.findByICalUId(user, iCalUid);
    if (!found) continue;
    if (found.event.organizer.address === user) microsoft.calendars.remove(user, found.event.id);
    else microsoft.calendars.markCancelled(user, found.event.id, at);
    canceled += 1;
  }
  microsoft.touch();
  return canceled;
};
