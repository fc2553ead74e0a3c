import type { Fact } from '../course/state.ts';
import { numberAttribute, wordOf } from './fact.ts';
import { everyPart, nounOf, part, touchedBy } from './reads.ts';
import { takeContact, takeMail, takePeople } from './track-contact.ts';
import { takeExchange } from './track-exchange.ts';
import { takeHappening } from './track-happenings.ts';
import { takeHandoff, takeOffer, takeTouch } from './track-service.ts';
import { isCalledOff, takeDeal, takeMeeting, takeRecord, takeTicket } from './track-work.ts';
import type { Company, Tracks } from './tracks.ts';

/**
 * Remembers a fact, which is not earlier than any before it, as far as the parts go that are wanted (see `remembersFor`). Gives the parts that
 * it changed, as bits of `part`: what it left as it was need not be looked at again.
 */
export function takeFact(tracks: Tracks, fact: Fact, company: Company, wanted: number = everyPart): number {
  if ((touchedBy(fact) & wanted) === 0 || isCalledOff(tracks.meetings, fact)) return 0;
  const changed = (wanted & part.happenings) !== 0 && takeHappening(tracks.happenings, fact) ? part.happenings : 0;
  switch (nounOf(fact.type)) {
    case 'email':
    case 'chat':
    case 'meeting':
    case 'survey':
    case 'ticket':
      return changed | takeWord(tracks, fact, company, wanted);
    case 'deal':
      return changed | takeDealFact(tracks, fact, wanted);
    case 'crm': {
      // Before what tells how things stood is forgotten.
      const began = (wanted & part.handoff) !== 0 && takeHandoff(tracks.service, fact, tracks) ? part.handoff : 0;
      return changed | began | takeRecord(tracks.record, fact);
    }
    case 'usage':
      if ((wanted & part.usage) === 0) return changed;
      // Less than nothing of use turns bounds over.
      return changed | takeRecord(tracks.record, fact) | ((numberAttribute(fact, 'value') ?? 0) < 0 ? part.terms : 0);
    case 'account':
      return changed | takeRecord(tracks.record, fact);
    case 'contact':
      return (wanted & part.people) === 0 ? changed : changed | takePeople(tracks.people, fact, null, company, wanted);
    case 'milestone':
    case 'playbook':
    case 'flag':
      return changed;
    default:
      return everyPart;
  }
}

/** What one side says to the other, asks of it or answers. */
function takeWord(tracks: Tracks, fact: Fact, company: Company, wanted: number): number {
  const word = wordOf(fact);
  const noun = nounOf(fact.type);
  let changed = 0;
  // Who takes part is known to what follows, and what waits for an answer to what asks for one.
  if ((wanted & part.people) !== 0) changed |= takePeople(tracks.people, fact, word, company, wanted);
  if ((wanted & part.contact) !== 0) changed |= takeContact(tracks.contact, fact, word, company);
  if ((wanted & part.mail) !== 0) changed |= takeMail(tracks.mail, fact, word, company);
  if (noun === 'meeting') {
    if ((wanted & part.meetings) !== 0) changed |= takeMeeting(tracks.meetings, fact);
  } else if (noun === 'ticket') {
    if ((wanted & part.tickets) !== 0 && takeTicket(tracks.tickets, fact)) changed |= part.tickets;
  } else if (noun === 'survey' && (wanted & part.surveys) !== 0) changed |= takeRecord(tracks.record, fact);
  if ((wanted & part.exchange) !== 0 && takeExchange(tracks.exchange, fact, word, tracks.mail))
    changed |= part.exchange;
  if (takeTouch(tracks.service, fact, word)) changed |= part.handoff;
  return changed;
}

function takeDealFact(tracks: Tracks, fact: Fact, wanted: number): number {
  let changed = 0;
  // Before what tells how things stood is forgotten.
  if ((wanted & part.handoff) !== 0 && takeHandoff(tracks.service, fact, tracks)) changed |= part.handoff;
  if ((wanted & part.offers) !== 0 && takeOffer(tracks.service, fact, tracks)) changed |= part.offers;
  if ((wanted & part.deals) !== 0) {
    takeDeal(tracks.deals, fact);
    changed |= part.deals;
  }
  return changed | takeRecord(tracks.record, fact);
}
