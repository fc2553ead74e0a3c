import { attendanceOf, domainOf, normalizeAddress } from '@waymark/connector-kit';
import type { Attendance, OwnSide } from '@waymark/connector-kit';
import type { Participant } from '@waymark/journey';
import type { GoogleEvent } from './raw-event.ts';

/** Reads the people of an event: rooms and calendars are none. */
export function attendanceOfEvent(event: GoogleEvent, own: OwnSide): Attendance {
  const guests = (event.attendees ?? [])
    .filter(({ email, resource }) => resource !== true && isPerson(email))
    .map(({ email, displayName, responseStatus }) => ({
      address: email,
      name: displayName,
      response: responseOf(responseStatus),
    }));
  const organizer = isPerson(event.organizer?.email)
    ? { address: event.organizer?.email, name: event.organizer?.displayName }
    : // A shared calendar organizes in its own name: then the person who made the event stands for it.
      {
        address: isPerson(event.creator?.email) ? event.creator?.email : undefined,
        name: event.organizer?.displayName,
      };
  return attendanceOf(organizer, guests, own);
}

function isPerson(email: string | null | undefined): boolean {
  const address = normalizeAddress(email);
  return address !== undefined && !domainOf(address).endsWith('calendar.google.com');
}

function responseOf(status: string | null | undefined): NonNullable<Participant['response']> {
  return status === 'accepted' || status === 'declined' || status === 'tentative' ? status : 'none';
}
