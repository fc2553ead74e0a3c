import type { Touchpoint } from '@waymark/journey';
import { countOn } from './day-counts.ts';
import { actorOf, isInboundContact, isOutboundContact, markOf, textAttribute } from './fact.ts';
import type { Fact } from './state.ts';
import type { ContactTrack, MailTrack, PeopleTrack } from './tracks.ts';
import { key } from './tracks.ts';
import { DAY } from './zone.ts';

/** Contacts closer than this are one visit: a thread of ten mails in an hour says nothing of the usual gap. */
export const VISIT_APART = (20 * DAY) / 24;
const VISITS_KEPT = 360 * DAY;
const THREADS_KEPT = 180 * DAY;
const WAITING_KEPT = 60 * DAY;
const MOST_WAITING = 200;
const MOST_PERSONS = 1000;
/** A customer mail within a minute of the last one in its thread is the same thought. */
const SAME_THOUGHT = 60_000;

/**
 * Whether a meeting counts as word from the customer. One that is only assumed held counts if somebody there said yes: an
 * invitation that nobody answered keeps on being held by calendars long after the customer fell silent.
 */
function isMet(fact: Fact, isCustomerAddress: (address: string) => boolean): boolean {
  if (fact.type !== 'meeting.held' || fact.attributes.heldBasis !== 'assumed') return true;
  const guests = fact.participants.filter((who) => who.response !== undefined);
  const theirs = guests.filter((who) => who.address !== undefined && isCustomerAddress(who.address));
  const yes = (who: { readonly response?: string | undefined }) =>
    who.response === 'accepted' || who.response === 'tentative';
  return theirs.length > 0 ? theirs.some(yes) : guests.length === 0 || guests.filter(yes).length > 1;
}

/** Remembers who was in touch and when. */
export function takeContact(track: ContactTrack, fact: Fact, isCustomerAddress: (address: string) => boolean): void {
  if (isInboundContact(fact) && isMet(fact, isCustomerAddress)) {
    track.lastInbound[fact.touchpoint] = markOf(fact);
    countOn((track.counts[`inbound:${fact.touchpoint}`] ??= []), fact.occurredAt);
    const visits = (track.visits[fact.touchpoint] ??= []);
    const last = visits.at(-1);
    if (last === undefined || fact.occurredAt - last >= VISIT_APART) {
      visits.push(fact.occurredAt);
      track.visitVersion += 1;
      while ((visits[0] ?? fact.occurredAt) < fact.occurredAt - VISITS_KEPT) visits.shift();
    }
  } else if (isOutboundContact(fact)) {
    track.lastOutbound = markOf(fact);
    countOn((track.counts[`outbound:${fact.touchpoint}`] ??= []), fact.occurredAt);
  }
}

/**
 * The usual time between visits in milliseconds, as of the last visit: the given percentile (nearest rank) of the gaps
 * within the window before it. Null under four gaps: nothing is usual yet.
 */
export function usualGap(
  track: ContactTrack,
  touchpoints: readonly Touchpoint[],
  percentile: number,
  window: number,
): number | null {
  const all: number[] = [];
  for (const touchpoint of touchpoints) all.push(...(track.visits[touchpoint] ?? []));
  all.sort((a, b) => a - b);
  const newest = all.at(-1);
  if (newest === undefined) return null;
  const gaps: number[] = [];
  let previous: number | undefined;
  for (const at of all) {
    if (at < newest - window) continue;
    if (previous !== undefined && at - previous < VISIT_APART) continue;
    if (previous !== undefined) gaps.push(at - previous);
    previous = at;
  }
  if (gaps.length < 4) return null;
  gaps.sort((a, b) => a - b);
  return gaps[Math.max(0, Math.ceil(percentile * gaps.length) - 1)] ?? null;
}

/**
 * Follows threads. A customer mail waits for an answer if it opens a thread, or follows another one that we did not answer; the
 * last word in a thread that we answered is most often a thank-you, and waits only if another follows. A mail of ours in the thread
 * or to the same person answers, and so does a meeting with that person.
 */
export function takeMail(track: MailTrack, fact: Fact): void {
  const at = fact.occurredAt;
  if (fact.type === 'email.received' && isInboundContact(fact)) {
    const person = actorOf(fact) ?? null;
    const threadId = textAttribute(fact, 'threadId');
    const name = key(threadId ?? `person ${person ?? ''}`);
    const thread = (track.threads[name] ??= { ours: false, unansweredRun: 0, at });
    const sameThought = thread.unansweredRun > 0 && at - thread.at < SAME_THOUGHT;
    if (!sameThought) thread.unansweredRun += 1;
    thread.at = at;
    if (!sameThought && (!thread.ours || thread.unansweredRun > 1)) {
      track.waiting = track.waiting.filter((mail) => at - mail.mark.at < WAITING_KEPT);
      if (track.waiting.length < MOST_WAITING)
        track.waiting.push({ mark: markOf(fact), thread: threadId ?? null, person });
    }
    forgetThreads(track, at);
    return;
  }
  if (fact.automated) return;
  const ours = fact.type === 'email.sent' || fact.type === 'chat.sent';
  if (!ours && fact.type !== 'meeting.held') return;
  const threadId = textAttribute(fact, 'threadId');
  const reached = new Set<string>();
  for (const who of fact.participants) {
    const name = who.address ?? who.external;
    if (name && who.role !== 'from') reached.add(name);
  }
  if (fact.type === 'email.sent') {
    const name = key(threadId ?? `person ${[...reached][0] ?? ''}`);
    track.threads[name] = { ours: true, unansweredRun: 0, at };
  }
  track.waiting = track.waiting.filter((mail) => {
    const answered =
      (threadId !== undefined && mail.thread === threadId) || (mail.person !== null ? reached.has(mail.person) : false);
    return !answered;
  });
}

function forgetThreads(track: MailTrack, at: number): void {
  const names = Object.keys(track.threads);
  if (names.length <= 500) return;
  for (const name of names) if ((track.threads[name]?.at ?? 0) < at - THREADS_KEPT) delete track.threads[name];
}

/** Remembers people: who is in touch, who is a champion, who has left. */
export function takePeople(track: PeopleTrack, fact: Fact, isCustomerAddress: (address: string) => boolean): void {
  if (fact.type === 'meeting.held' && !fact.automated) {
    for (const who of fact.participants) {
      const accepted = who.response === undefined || who.response === 'accepted' || who.response === 'tentative';
      if (who.address && accepted && isCustomerAddress(who.address)) seen(track, who.address, fact);
    }
  } else if (isInboundContact(fact)) {
    const person = actorOf(fact);
    if (person) seen(track, person, fact);
  }
  if (fact.type === 'contact.added' || fact.type === 'contact.left') {
    const names = new Set(
      fact.participants.flatMap((who) => (who.address ? [who.address] : who.external ? [who.external] : [])),
    );
    const contact = textAttribute(fact, 'contact');
    if (names.size === 0 && contact) names.add(contact);
    const champion = textAttribute(fact, 'persona')?.toLowerCase() === 'champion';
    for (const name of names) {
      if (fact.type === 'contact.added') {
        if (champion && !track.champions.includes(name)) track.champions.push(name);
        delete track.left[key(name)];
      } else {
        if (champion && !track.champions.includes(name)) track.champions.push(name);
        track.left[key(name)] ??= markOf(fact);
      }
    }
    if (champion && fact.type === 'contact.added') track.lastChampionAdded = fact.occurredAt;
  }
  if (
    fact.type === 'email.received' &&
    fact.attributes.bounce === true &&
    Array.isArray(fact.attributes.failedRecipients)
  ) {
    for (const address of fact.attributes.failedRecipients) {
      if (typeof address === 'string') track.left[key(address.toLowerCase())] ??= markOf(fact);
    }
  }
}

function seen(track: PeopleTrack, person: string, fact: Fact): void {
  const name = key(person);
  const day = Math.floor(fact.occurredAt / DAY);
  const known = track.persons[name];
  // A mail from an address that bounced shows that the bounce was a passing one.
  const gone = track.left[name];
  if (gone && gone.type === 'email.received') delete track.left[name];
  if (known) {
    known.last = markOf(fact);
    if (known.lastDay !== day) known.days += 1;
    known.lastDay = day;
    return;
  }
  const names = Object.keys(track.persons);
  if (names.length >= MOST_PERSONS) {
    let oldest = names[0];
    for (const other of names) {
      if ((track.persons[other]?.last.at ?? 0) < (track.persons[oldest ?? '']?.last.at ?? 0)) oldest = other;
    }
    if (oldest) delete track.persons[oldest];
  }
  track.persons[name] = { firstAt: fact.occurredAt, last: markOf(fact), days: 1, lastDay: day };
}
