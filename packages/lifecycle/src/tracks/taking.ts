import type { Fact } from '../course/state.ts';
import { numberAttribute, wordOf } from './fact.ts';
import { everyPart, nounOf, part } from './reads.ts';
import { takeContact, takeMail, takePeople } from './track-contact.ts';
import { takeExchange } from './track-exchange.ts';
import { takeHappening } from './track-happenings.ts';
import { takeService, takeTouch } from './track-service.ts';
import { isCalledOff, takeDeal, takeMeeting, takeRecord, takeTicket } from './track-work.ts';
import type { Tracks } from './tracks.ts';

/**
 * Remembers a fact, which is not earlier than any before it. Gives the parts that it changed, as bits of `part`: what it left as it was need
 * not be looked at again.
 */
export function takeFact(tracks: Tracks, fact: Fact, isCustomerAddress: (address: string) => boolean): number {
  if (isCalledOff(tracks.meetings, fact)) return 0;
  const changed = takeHappening(tracks.happenings, fact) ? part.happenings : 0;
  switch (nounOf(fact.type)) {
    case 'email':
    case 'chat':
    case 'meeting':
    case 'survey':
    case 'ticket':
      return changed | takeWord(tracks, fact, isCustomerAddress);
    case 'deal':
      // Before what tells how things stood is forgotten.
      takeService(tracks.service, fact, tracks);
      takeDeal(tracks.deals, fact);
      takeRecord(tracks.record, fact);
      return changed | part.deals | part.record;
    case 'crm':
      takeService(tracks.service, fact, tracks);
      takeRecord(tracks.record, fact);
      return changed | part.record;
    case 'usage':
      takeRecord(tracks.record, fact);
      // Less than nothing of use turns bounds over.
      return changed | part.record | ((numberAttribute(fact, 'value') ?? 0) < 0 ? part.terms : 0);
    case 'account':
      takeRecord(tracks.record, fact);
      return changed | part.record;
    case 'contact':
      return changed | takePeople(tracks.people, fact, null, isCustomerAddress);
    case 'milestone':
    case 'playbook':
    case 'flag':
      return changed;
    default:
      return everyPart;
  }
}

/** What one side says to the other, asks of it or answers. */
function takeWord(tracks: Tracks, fact: Fact, isCustomerAddress: (address: string) => boolean): number {
  const word = wordOf(fact);
  const noun = nounOf(fact.type);
  // Who takes part is known to what follows, and what waits for an answer to what asks for one.
  let changed = takePeople(tracks.people, fact, word, isCustomerAddress);
  if (takeContact(tracks.contact, fact, word, isCustomerAddress)) changed |= part.contact;
  if (takeMail(tracks.mail, fact, word, isCustomerAddress)) changed |= part.mail;
  if (noun === 'meeting') {
    takeMeeting(tracks.meetings, fact);
    changed |= part.meetings;
    if (fact.type === 'meeting.canceled' || fact.type === 'meeting.no_show') changed |= part.missed;
  } else if (noun === 'ticket' && takeTicket(tracks.tickets, fact)) changed |= part.tickets;
  if (takeExchange(tracks.exchange, fact, word, tracks.mail)) changed |= part.mail;
  if (takeTouch(tracks.service, fact, word)) changed |= part.contact;
  if (noun === 'survey') {
    takeRecord(tracks.record, fact);
    changed |= part.record;
  }
  return changed;
}
