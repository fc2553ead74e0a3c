import type { Direction, Participant } from '@waymark/journey';
import { normalizeAddress } from '../mail/address.ts';
import { isOwnAddress } from '../mail/own-side.ts';
import type { OwnSide } from '../mail/own-side.ts';

/** Participants kept of one meeting. */
const maxParticipants = 200;

/** One who is asked to a meeting, as a calendar knows them. Rooms and shared calendars are left out before. */
export interface Guest {
  readonly address: string | null | undefined;
  readonly name: string | null | undefined;
  readonly response: NonNullable<Participant['response']>;
}

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

/** Reads the people of a meeting: its organizer, who need not be among the guests, and the guests. Pure. */
export function attendanceOf(
  organizer: Pick<Guest, 'address' | 'name'> | undefined,
  guests: readonly Guest[],
  own: OwnSide,
): Attendance {
  const people = guests.flatMap((guest) => {
    const address = normalizeAddress(guest.address);
    return address === undefined ? [] : [{ ...guest, address }];
  });
  const host = normalizeAddress(organizer?.address);
  const outside = people.filter(({ address }) => !isOwnAddress(address, own));
  const inside = people.filter(({ address }) => isOwnAddress(address, own));
  const hostOutside = host !== undefined && !isOwnAddress(host, own);
  const hostAsGuest = people.some(({ address }) => address === host);
  return {
    participants: participants(host, organizer?.name, people, own),
    direction: host === undefined ? 'none' : hostOutside ? 'inbound' : 'outbound',
    hasOutside: outside.length > 0 || hostOutside,
    outsideMayCome: outside.some(({ response }) => response !== 'declined') || (hostOutside && !hostAsGuest),
    ownAllDeclined: inside.length > 0 && inside.every(({ response }) => response === 'declined'),
  };
}

function participants(
  host: string | undefined,
  hostName: string | null | undefined,
  guests: readonly (Guest & { readonly address: string })[],
  own: OwnSide,
): readonly Participant[] {
  const people = new Map<string, Participant>();
  if (host !== undefined) people.set(host, { role: 'organizer', address: host, ...named(hostName) });
  // Those from outside first: they are the ones to keep where a list is cut.
  const ordered = guests.toSorted(
    (a, b) => Number(isOwnAddress(a.address, own)) - Number(isOwnAddress(b.address, own)),
  );
  for (const { address, name, response } of ordered) {
    people.set(address, { role: address === host ? 'organizer' : 'attendee', address, ...named(name), response });
  }
  return [...people.values()].slice(0, maxParticipants);
}

function named(name: string | null | undefined): { name?: string } {
  return name ? { name: name.slice(0, 500) } : {};
}
