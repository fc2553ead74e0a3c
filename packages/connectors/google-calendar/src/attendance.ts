import { domainOf, isOwnAddress, normalizeAddress } from '@waymark/connector-kit';
import type { OwnSide } from '@waymark/connector-kit';
import type { Direction, Participant } from '@waymark/journey';
import type { Attendee, GoogleEvent } from './raw-event.ts';

/** Participants kept of one meeting. */
const maxParticipants = 200;

/** Who takes part in a meeting, seen from the workspace. */
export interface Attendance {
  readonly participants: readonly Participant[];
  readonly direction: Direction;
  /** Whether anyone from outside is asked. */
  readonly hasOutside: boolean;
  /** Whether one at least of those from outside has not declined. */
  readonly outsideMayCome: boolean;
  /** Whether every one of our own has declined. */
  readonly ownAllDeclined: boolean;
}

/** Reads the people of an event: rooms and calendars are none. */
export function attendanceOf(event: GoogleEvent, own: OwnSide): Attendance {
  const guests = (event.attendees ?? []).flatMap((attendee) => {
    const address = personAddress(attendee.email);
    return address === undefined || attendee.resource === true ? [] : [{ attendee, address }];
  });
  const creator = personAddress(event.creator?.email);
  // A shared calendar organizes in its own name: then the person who made the event stands for it.
  const organizer = personAddress(event.organizer?.email) ?? creator;
  const outside = guests.filter(({ address }) => !isOwnAddress(address, own));
  const inside = guests.filter(({ address }) => isOwnAddress(address, own));
  const organizerOutside = organizer !== undefined && !isOwnAddress(organizer, own);
  const organizerAsGuest = guests.some(({ address }) => address === organizer);
  return {
    participants: participants(event, guests, organizer, own),
    direction: organizer === undefined ? 'none' : organizerOutside ? 'inbound' : 'outbound',
    hasOutside: outside.length > 0 || organizerOutside,
    outsideMayCome:
      outside.some(({ attendee }) => attendee.responseStatus !== 'declined') || (organizerOutside && !organizerAsGuest),
    ownAllDeclined: inside.length > 0 && inside.every(({ attendee }) => attendee.responseStatus === 'declined'),
  };
}

function participants(
  event: GoogleEvent,
  guests: readonly { readonly attendee: Attendee; readonly address: string }[],
  organizer: string | undefined,
  own: OwnSide,
): readonly Participant[] {
  const people = new Map<string, Participant>();
  if (organizer !== undefined)
    people.set(organizer, { role: 'organizer', address: organizer, ...named(event.organizer?.displayName) });
  // Those from outside first: they are the ones to keep where a list is cut.
  const ordered = guests.toSorted(
    (a, b) => Number(isOwnAddress(a.address, own)) - Number(isOwnAddress(b.address, own)),
  );
  for (const { attendee, address } of ordered) {
    people.set(address, {
      role: address === organizer ? 'organizer' : 'attendee',
      address,
      ...named(attendee.displayName),
      response: responseOf(attendee.responseStatus),
    });
  }
  return [...people.values()].slice(0, maxParticipants);
}

function personAddress(email: string | null | undefined): string | undefined {
  const address = normalizeAddress(email);
  return address === undefined || domainOf(address).endsWith('calendar.google.com') ? undefined : address;
}

function responseOf(status: string | null | undefined): NonNullable<Participant['response']> {
  return status === 'accepted' || status === 'declined' || status === 'tentative' ? status : 'none';
}

function named(name: string | null | undefined): { name?: string } {
  return name ? { name: name.slice(0, 500) } : {};
}
