import { markOf, textAttribute, type Word } from './fact.ts';
import type { Fact } from '../course/state.ts';
import type { DealTrack, Mark, RecordTrack, TicketTrack } from './tracks.ts';
import { key } from './tracks.ts';

const MOST_UPSELLS = 30;

/** Work of ours that waits or collides: handoffs that nobody took up, offers made while something is on fire. */
export interface ServiceTrack {
  /** The oldest handoff since which none of ours has written or met; null if there is none. */
  handoff: Mark | null;
  /** Expansion deals opened or moved on while a severe ticket was open, oldest first, each with that ticket. */
  upsells: (Mark & { readonly ticket: Mark })[];
}

export const emptyService = (): ServiceTrack => ({ handoff: null, upsells: [] });

/** A copy that can be changed without changing the original. */
export const copyService = (track: ServiceTrack): ServiceTrack => ({ ...track, upsells: track.upsells.slice() });

/** What was known before the fact. */
interface Known {
  readonly deals: DealTrack;
  readonly tickets: TicketTrack;
  readonly record: RecordTrack;
}

/** Ends a handoff where a person of ours wrote, met or asked to meet. Says whether one was open. */
export function takeTouch(track: ServiceTrack, fact: Fact, word: Word): boolean {
  const isMeeting = fact.type === 'meeting.held' || fact.type === 'meeting.scheduled';
  if (track.handoff === null || !(word === 'ours' || (isMeeting && fact.direction !== 'internal'))) return false;
  track.handoff = null;
  return true;
}

/** Follows handoffs. To be called before `takeDeal` and `takeRecord`, which forget how things stood. Says whether one has begun. */
export function takeHandoff(track: ServiceTrack, fact: Fact, known: Known): boolean {
  if (track.handoff !== null || !isHandoff(fact, known)) return false;
  track.handoff = markOf(fact);
  return true;
}

/** Follows offers. To be called before `takeDeal`, which forgets how things stood. Says whether it is one that came at a bad time. */
export function takeOffer(track: ServiceTrack, fact: Fact, known: Known): boolean {
  if (fact.type !== 'deal.created' && fact.type !== 'deal.stage_changed') return false;
  if (kindOf(fact, known.deals) !== 'expansion') return false;
  let ticket: Mark | null = null;
  for (const one of Object.values(known.tickets.tickets)) {
    if (one.solvedAt !== null || (one.priority !== 'urgent' && one.escalated === null)) continue;
    const mark = one.escalated ?? one.opened;
    if (ticket === null || mark.at > ticket.at || (mark.at === ticket.at && mark.id < ticket.id)) ticket = mark;
  }
  if (ticket === null) return false;
  track.upsells.push({ ...markOf(fact), ticket });
  if (track.upsells.length > MOST_UPSELLS) track.upsells.shift();
  return true;
}

const kindOf = (fact: Fact, deals: DealTrack): string | null =>
  textAttribute(fact, 'kind') ?? deals.open[key(textAttribute(fact, 'dealId') ?? fact.id)]?.kind ?? null;

/** Whether an account changes hands: it becomes a customer, or another of ours is named for it. A first owner takes over from nobody. */
function isHandoff(fact: Fact, { deals, record }: Known): boolean {
  switch (fact.type) {
    case 'deal.won': {
      const kind = kindOf(fact, deals);
      return kind === 'new' || (kind === null && record.spell?.customer !== true);
    }
    case 'crm.stage_changed': {
      const isCustomer = (value: string | undefined) => value === 'customer' || value === 'evangelist';
      return (
        textAttribute(fact, 'to')?.toLowerCase() === 'customer' && !isCustomer(record.crmStage?.value.toLowerCase())
      );
    }
    case 'crm.owner_changed': {
      const from = textAttribute(fact, 'from');
      return from !== undefined && from !== textAttribute(fact, 'owner');
    }
    case 'crm.property_changed': {
      const to = textAttribute(fact, 'to');
      return textAttribute(fact, 'role') === 'csm' && to !== undefined && to !== textAttribute(fact, 'from');
    }
    default:
      return false;
  }
}
