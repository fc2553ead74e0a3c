import { touchpoint as touchpoints, type Touchpoint } from '@waymark/journey';
import { countOn } from './day-counts.ts';
import { actorOf, markOf, textAttribute, type Word } from './fact.ts';
import { LatestNumbers } from './latest-numbers.ts';
import { allOf, layered, noLayers, withEntry } from './layers.ts';
import type { Fact } from '../course/state.ts';
import { part } from './reads.ts';
import type { Company, ContactTrack, MailTrack, PeopleTrack, WaitingMail } from './tracks.ts';
import { key } from './tracks.ts';
import { DAY, type Clock } from '../time/zone.ts';

/** Contacts closer than this are one visit: a thread of ten mails in an hour says nothing of the usual gap. */
const VISIT_APART = (20 * DAY) / 24;
const VISITS_KEPT = 360 * DAY;
const ANSWERS_KEPT = 40;
const THREADS_KEPT = 180 * DAY;
const MOST_THREADS = 1000;
const WAITING_KEPT = 60 * DAY;
/** A customer mail of a month ago was settled in another way, or never will be. */
export const WAITS_AT_MOST = 30 * DAY;
const MOST_WAITING = 200;
const MOST_PERSONS = 1000;
/** The longest window and baseline together. */
const DAYS_KEPT = 361;
const MOST_RECENT = 12;
/** A customer mail within a minute of the last one in its thread is the same thought. */
const SAME_THOUGHT = 60_000;

/**
 * Whether a meeting counts as word from the customer. One that is only assumed held counts if somebody there said yes: an
 * invitation that nobody answered keeps on being held by calendars long after the customer fell silent.
 */
function isMet(fact: Fact, company: Company): boolean {
  if (fact.type !== 'meeting.held' || fact.attributes.heldBasis !== 'assumed') return true;
  const guests = fact.participants.filter((who) => who.response !== undefined);
  const theirs = guests.filter((who) => who.address !== undefined && company.isTheirs(who.address));
  const yes = (who: { readonly response?: string | undefined }) =>
    who.response === 'accepted' || who.response === 'tentative';
  return theirs.length > 0 ? theirs.some(yes) : guests.length === 0 || guests.filter(yes).length > 1;
}

const countNames = {
  inbound: new Map(touchpoints.options.map((one) => [one, `inbound:${one}`])),
  outbound: new Map(touchpoints.options.map((one) => [one, `outbound:${one}`])),
};

/** The name under which words of one side are counted; made once, since making it costs more than the count. */
export const countName = (way: 'inbound' | 'outbound', one: Touchpoint): string =>
  countNames[way].get(one) ?? `${way}:${one}`;

/** Remembers who was in touch and when. Gives the parts that it changed, as bits of `part`. */
export function takeContact(track: ContactTrack, fact: Fact, word: Word, company: Company): number {
  if (word === 'theirs' && isMet(fact, company)) {
    track.lastInbound[fact.touchpoint] = markOf(fact);
    track.outboundSince = 0;
    const sameDay = Math.floor((track.recent.at(-1)?.at ?? -DAY) / DAY) === Math.floor(fact.occurredAt / DAY);
    if (sameDay) track.recent.pop();
    track.recent.push(markOf(fact));
    if (track.recent.length > MOST_RECENT) track.recent.shift();
    countOn((track.counts[countName('inbound', fact.touchpoint)] ??= []), fact.occurredAt);
    const own = addVisit((track.visits[fact.touchpoint] ??= []), fact.occurredAt);
    if (addVisit(track.allVisits, fact.occurredAt) || own) track.visitVersion += 1;
    return part.contact | part.heard;
  }
  if (word === 'ours') {
    track.lastOutbound = markOf(fact);
    track.outboundSince += 1;
    countOn((track.counts[countName('outbound', fact.touchpoint)] ??= []), fact.occurredAt);
    return part.contact;
  }
  return 0;
}

/** Gaps between visits in milliseconds, without quiet days. */
export interface Gaps {
  /** The visit that ends the last one; undefined without visits. */
  readonly newest: number | undefined;
  readonly lengths: LatestNumbers;
}

/**
 * The gaps over the window before the last visit. Given those of the same account, touchpoints and window before the latest visits, only what
 * came since is measured; they are not to be used any longer.
 */
export function usualGaps(
  track: ContactTrack,
  touchpoints: readonly Touchpoint[] | null,
  window: number,
  clock: Clock,
  before?: Gaps,
): Gaps {
  const starts = touchpoints === null ? track.allVisits : merged(track, touchpoints);
  const newest = starts.at(-1);
  if (newest === undefined) return { newest, lengths: new LatestNumbers() };
  // Visits by some touchpoints are put together anew each time: an earlier one may have gone.
  const measured = before?.newest === undefined || touchpoints !== null ? -1 : starts.lastIndexOf(before.newest);
  if (before && measured === starts.length - 1) return before;
  let first = starts.length - 1;
  while (first > 0 && (starts[first - 1] ?? -Infinity) >= newest - window) first -= 1;
  // The window only moves on.
  const kept = before && measured > first ? measured - first : 0;
  const lengths = before && kept > 0 ? before.lengths : new LatestNumbers();
  lengths.keep(kept);
  for (let index = first + kept; index < starts.length - 1; index += 1)
    lengths.add(clock.between(starts[index] ?? 0, starts[index + 1] ?? 0));
  return { newest, lengths };
}

/** Visits by some touchpoints, contacts close together once. */
function merged(track: ContactTrack, touchpoints: readonly Touchpoint[]): number[] {
  const all = touchpoints.flatMap((touchpoint) => track.visits[touchpoint] ?? []).sort((a, b) => a - b);
  const starts: number[] = [];
  for (const at of all) if (at - (starts.at(-1) ?? -Infinity) >= VISIT_APART) starts.push(at);
  return starts;
}

function addVisit(visits: number[], at: number): boolean {
  if (at - (visits.at(-1) ?? -Infinity) < VISIT_APART) return false;
  visits.push(at);
  while ((visits[0] ?? at) < at - VISITS_KEPT) visits.shift();
  return true;
}

/** The mail that has waited longest at an instant. */
export function oldestWaiting({ waiting }: MailTrack, at: number): WaitingMail | undefined {
  for (const mail of waiting) if (at - mail.mark.at < WAITS_AT_MOST) return mail;
  return undefined;
}

/**
 * Follows threads. A customer mail waits for an answer if it opens a thread, or follows another one that we did not answer; the
 * last word in a thread that we answered is most often a thank-you, and waits only if another follows. A mail of ours in the thread
 * or to the same person answers, and so does a meeting with that person. Gives the parts that it changed, as bits of `part`.
 */
export function takeMail(track: MailTrack, fact: Fact, word: Word, company: Company): number {
  const at = fact.occurredAt;
  if (fact.type === 'email.received' && word === 'theirs') {
    const person = actorOf(fact) ?? null;
    const threadId = textAttribute(fact, 'threadId');
    const name = key(threadId ?? `person ${person ?? ''}`);
    const known = layered(track.threads, name);
    if (!known) {
      if (track.threadCount >= MOST_THREADS) forgetThreads(track, at);
      track.threadCount += 1;
    }
    const sameThought = known !== undefined && known.unansweredRun > 0 && at - known.at < SAME_THOUGHT;
    const ours = known?.ours ?? false;
    const unansweredRun = (known?.unansweredRun ?? 0) + (sameThought ? 0 : 1);
    track.threads = withEntry(track.threads, name, { ours, unansweredRun, at });
    if (!sameThought && (!ours || unansweredRun > 1) && isForUs(fact, company)) {
      const first = track.waiting[0];
      if (first && at - first.mark.at >= WAITING_KEPT)
        track.waiting = track.waiting.filter((mail) => at - mail.mark.at < WAITING_KEPT);
      const isFirst = oldestWaiting(track, at) === undefined;
      if (track.waiting.length < MOST_WAITING)
        track.waiting.push({ mark: markOf(fact), thread: threadId ?? null, person });
      return isFirst ? part.mail | part.oldest : part.mail;
    }
    return 0;
  }
  if (fact.automated) return 0;
  const ours = fact.type === 'email.sent' || fact.type === 'chat.sent';
  if (!ours && fact.type !== 'meeting.held') return 0;
  const threadId = textAttribute(fact, 'threadId');
  if (fact.type === 'email.sent') {
    const name = key(threadId ?? `person ${reachedBy(fact)[0] ?? ''}`);
    const theirs = layered(track.threads, name);
    if (!theirs) track.threadCount += 1;
    else if (theirs.unansweredRun > 0) {
      track.lastAnswer = { mark: markOf(fact), tookMs: at - theirs.at };
    }
    track.threads = withEntry(track.threads, name, { ours: true, unansweredRun: 0, at });
  }
  if (track.waiting.length === 0) return 0;
  const reached = reachedBy(fact);
  const isAnswered = (mail: WaitingMail) =>
    (threadId !== undefined && mail.thread === threadId) || (mail.person !== null && reached.includes(mail.person));
  if (!track.waiting.some(isAnswered)) return 0;
  const oldest = oldestWaiting(track, at);
  track.waiting = track.waiting.filter((mail) => {
    const answered = isAnswered(mail);
    if (answered) track.answers.push([mail.mark.at, at]);
    return !answered;
  });
  if (track.answers.length > ANSWERS_KEPT) track.answers.splice(0, track.answers.length - ANSWERS_KEPT);
  return part.mail | part.answers | (oldestWaiting(track, at) === oldest ? 0 : part.oldest);
}

/** Everyone but the sender. */
function reachedBy({ participants }: Fact): string[] {
  const reached: string[] = [];
  for (const who of participants) {
    const name = who.address ?? who.external;
    if (name && who.role !== 'from') reached.push(name);
  }
  return reached;
}

/** Where only colleagues of theirs are addressed and ours have a copy, no answer of ours is due. */
function isForUs({ participants }: Fact, company: Company): boolean {
  let isToTheirs = false;
  for (const { role, address } of participants) {
    if (role !== 'to') continue;
    if (address === undefined || !company.isTheirs(address)) return true;
    isToTheirs = true;
  }
  return !isToTheirs;
}

/** Forgets threads that have rested long; if all are fresh, the older half. */
function forgetThreads(track: MailTrack, at: number): void {
  const threads = allOf(track.threads);
  const names = Object.keys(threads).sort((a, b) => (threads[a]?.at ?? 0) - (threads[b]?.at ?? 0));
  const half = names.length / 2;
  for (const [index, name] of names.entries()) {
    if (index < half || (threads[name]?.at ?? 0) < at - THREADS_KEPT) delete threads[name];
  }
  track.threads = { ...noLayers(), base: threads };
  track.threadCount = Object.keys(threads).length;
}

/**
 * Remembers people: who is in touch, who is a champion, who has left, and, if that is wanted, on which days. Gives the parts that it changed,
 * as bits of `part`: the roster is as it was where people who were known were in touch.
 */
export function takePeople(track: PeopleTrack, fact: Fact, word: Word, company: Company, wanted: number): number {
  let changed = fact.type === 'contact.added' || fact.type === 'contact.left' ? everyone : 0;
  if (fact.type === 'meeting.held' && !fact.automated) {
    for (const who of fact.participants) {
      const accepted = who.response === undefined || who.response === 'accepted' || who.response === 'tentative';
      if (who.address && accepted && company.isTheirs(who.address))
        changed |= seen(track, who.address, fact, company, wanted);
    }
  } else if (word === 'theirs') {
    const person = actorOf(fact);
    if (person) changed = seen(track, person, fact, company, wanted);
  }
  if (fact.type === 'contact.added' || fact.type === 'contact.left') {
    const names = new Set(
      fact.participants.flatMap((who) => (who.address ? [who.address] : who.external ? [who.external] : [])),
    );
    const contact = textAttribute(fact, 'contact');
    if (names.size === 0 && contact) names.add(contact);
    const persona = textAttribute(fact, 'persona');
    const champion = persona?.toLowerCase() === 'champion';
    if (persona !== undefined) {
      for (const name of names) {
        if (key(name) in track.personas || Object.keys(track.personas).length < MOST_PERSONS)
          track.personas[key(name)] = persona;
      }
    }
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
    changed |= everyone;
    for (const address of fact.attributes.failedRecipients) {
      if (typeof address === 'string') track.left[key(address.toLowerCase())] ??= markOf(fact);
    }
  }
  return changed;
}

/** What changes with who is known at all. */
const everyone = part.people | part.champions | part.roster;

/** Whoever is new, or not gone after all, changes the roster too. */
function seen(track: PeopleTrack, person: string, fact: Fact, company: Company, wanted: number): number {
  const name = key(person);
  const day = Math.floor(fact.occurredAt / DAY);
  const known = track.persons[name];
  // A mail from an address that bounced shows that the bounce was a passing one.
  const gone = track.left[name];
  const returned = gone?.type === 'email.received';
  if (returned) delete track.left[name];
  if (known) {
    known.last = markOf(fact);
    if (known.lastDay !== day) known.days += 1;
    if ((wanted & part.presence) !== 0 && known.recent.at(-1) !== day) {
      const oldest = day - DAYS_KEPT;
      const kept = (known.recent[0] ?? day) < oldest ? known.recent.filter((one) => one >= oldest) : known.recent;
      known.recent = [...kept, day];
    }
    known.lastDay = day;
    if (returned) return everyone;
    return company.isChampion(name) ? part.people | part.champions : part.people;
  }
  const names = Object.keys(track.persons);
  if (names.length >= MOST_PERSONS) {
    let oldest = names[0];
    for (const other of names) {
      if ((track.persons[other]?.last.at ?? 0) < (track.persons[oldest ?? '']?.last.at ?? 0)) oldest = other;
    }
    if (oldest) delete track.persons[oldest];
  }
  track.persons[name] = {
    first: markOf(fact),
    last: markOf(fact),
    days: 1,
    lastDay: day,
    recent: (wanted & part.presence) === 0 ? [] : [day],
  };
  return everyone;
}
