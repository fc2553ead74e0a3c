import type { Participant } from '@waymark/journey';
import { canonicalJson } from '../course/digest.ts';
import type { Fact } from '../course/state.ts';
import type { Mark } from './tracks.ts';

/** Attribute readers: what a fact says under a name, if it has the wanted form. */
export function textAttribute(fact: Fact, name: string): string | undefined {
  const value = fact.attributes[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberAttribute(fact: Fact, name: string): number | undefined {
  const value = fact.attributes[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/**
 * The total order of facts: by time, then by what they say, then by id. It does not depend on arrival, nor on the ids that a workspace
 * gives: of two things in one instant, as dates without a time have many, the same comes last everywhere.
 */
export function compareFacts(a: Fact, b: Fact): number {
  return a.occurredAt - b.occurredAt || (a.id === b.id ? 0 : order(saidBy(a), saidBy(b)) || order(a.id, b.id));
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const texts = new WeakMap<Fact, string>();

/** What a fact says, as one text. */
function saidBy(fact: Fact): string {
  const known = texts.get(fact);
  if (known !== undefined) return known;
  const { type, direction, automated, participants, attributes } = fact;
  const text = `${type} ${canonicalJson([direction, automated, participants, attributes])}`;
  texts.set(fact, text);
  return text;
}

let marked: Fact | null = null;
let mark: Mark = { id: '', type: 'email.received', at: 0 };

/** A fact as it is remembered. Many tracks remember the same one: they share it. */
export function markOf(fact: Fact): Mark {
  if (fact !== marked) {
    mark = { id: fact.id, type: fact.type, at: fact.occurredAt };
    marked = fact;
  }
  return mark;
}

/** Whose word a fact is: a person's at the customer, one of ours, or nobody's. */
export type Word = 'theirs' | 'ours' | null;

export function wordOf(fact: Fact): Word {
  return isInboundContact(fact) ? 'theirs' : isOutboundContact(fact) ? 'ours' : null;
}

/** Whether a person at the customer got in touch. Machines, newsletters and answers to invitations do not count (failure C4). */
function isInboundContact(fact: Fact): boolean {
  if (fact.automated || fact.attributes.calendarReply === true || fact.attributes.bounce === true) return false;
  switch (fact.type) {
    case 'email.received':
    case 'chat.received':
    case 'survey.responded':
      return true;
    case 'ticket.opened':
    case 'ticket.replied':
    case 'ticket.reopened':
      return fact.direction === 'inbound';
    case 'meeting.held':
      return fact.direction !== 'internal';
    default:
      return false;
  }
}

/** Whether a person of ours wrote to the customer. */
function isOutboundContact(fact: Fact): boolean {
  if (fact.automated) return false;
  return (
    fact.type === 'email.sent' ||
    fact.type === 'chat.sent' ||
    (fact.type === 'ticket.replied' && fact.direction === 'outbound')
  );
}

/** Roles of those who act, in the order in which they speak for the fact. */
const acting: readonly Participant['role'][] = ['from', 'requester', 'respondent', 'contact', 'actor'];

/** Who of the customer acts in an inbound fact: an address, or the provider's own key. */
export function actorOf(fact: Fact): string | undefined {
  let first = acting.length;
  let found: Participant | undefined;
  for (const who of fact.participants) {
    const rank = acting.indexOf(who.role);
    if (rank < 0 || rank >= first) continue;
    first = rank;
    found = who;
  }
  return found && (found.address ?? found.external);
}
