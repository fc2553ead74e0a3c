import type { Touchpoint } from '@waymark/journey';
import { actorOf, markOf, numberAttribute, textAttribute, type Word } from './fact.ts';
import { allOf, copyLayers, layered, noLayers, withEntry, type Layers } from './layers.ts';
import type { Fact } from '../course/state.ts';
import type { MailTrack, Mark } from './tracks.ts';
import { key } from './tracks.ts';
import { DAY } from '../time/zone.ts';

const HOUR = DAY / 24;
const ANSWERS_KEPT = 40;
/** What comes later than this is no answer to what was asked. */
const ANSWERED_WITHIN = 30 * DAY;
const MOST_CONVERSATIONS = 500;
/** As far as `withinDays` goes. */
const QUESTION_KEPT = 14 * DAY;
const MOST_QUESTIONS = 60;
const MOST_REPEATS = 50;
/** A mail to the help desk makes a ticket, and a chat a mail, within minutes: that is one question seen twice. */
const COPIED_WITHIN = HOUR;
/** Words of ours further apart than this do not go out side by side. */
const SIDE_BY_SIDE = 12 * HOUR;
const MOST_WORDS = 20;
const MOST_CROSSED = 180;
const MOST_SUBJECTS = 60;
const MOST_LETTERS = 200;
const MOST_TONES = 100;
const MOST_PHRASE = 80;

/** A customer's question that none of ours has answered. */
export interface Question {
  readonly mark: Mark;
  readonly touchpoint: Touchpoint;
  readonly person: string | null;
  /** Thread of a mail or chat, or the ticket. */
  readonly thread: string | null;
  /** The subject without its `Re:`, where subjects are kept. */
  readonly topic: string | null;
}

/** Something that we wrote of our own accord. */
interface OwnWord {
  readonly mark: Mark;
  readonly sender: string;
  readonly conversation: string | null;
  readonly names: readonly string[];
}

/** How something that the customer wrote sounds: from -1 (bad) to 1 (good), and the words that it rests on, if they are told. */
export interface Tone {
  readonly mark: Mark;
  readonly score: number;
  readonly phrase: string | null;
}

/** Who waits for whom: how soon the customer answers, what they ask twice, and what of ours goes out side by side. */
export interface ExchangeTrack {
  /** By conversation, when we first wrote since their last word (null where theirs is the last), and when the last word was. */
  conversations: Layers<{ readonly asked: number | null; readonly at: number }>;
  conversationCount: number;
  /** When the mails that they answered lately had gone out, and when the answers came, oldest first. */
  theirAnswers: (readonly [from: number, to: number])[];
  questions: Question[];
  /** Questions asked again elsewhere, oldest first, each with the one that had no answer. */
  repeats: (Mark & { readonly earlier: Mark; readonly gapMs: number })[];
  /** The latest subjects of the customer, where subjects are kept, each once and oldest first: words with a space around each. */
  subjects: { readonly mark: Mark; readonly words: string }[];
  /** How the latest of what the customer wrote sounds, where that is judged or told, oldest first. */
  tones: Tone[];
  /** What we wrote in the last hours of our own accord. */
  words: OwnWord[];
  /** Two words of different people of ours side by side, one pair for each half day at most. */
  crossed: (Mark & { readonly other: Mark })[];
}

export const emptyExchange = (): ExchangeTrack => ({
  conversations: noLayers(),
  conversationCount: 0,
  theirAnswers: [],
  questions: [],
  repeats: [],
  subjects: [],
  tones: [],
  words: [],
  crossed: [],
});

/** A copy that can be changed without changing the original. */
export const copyExchange = (track: ExchangeTrack): ExchangeTrack => ({
  conversations: copyLayers(track.conversations),
  conversationCount: track.conversationCount,
  theirAnswers: track.theirAnswers.slice(),
  questions: track.questions.slice(),
  repeats: track.repeats.slice(),
  subjects: track.subjects.slice(),
  tones: track.tones.slice(),
  words: track.words.slice(),
  crossed: track.crossed.slice(),
});

/**
 * Follows questions and answers of both sides. To be called after `takeMail`, which tells what asks for an answer. Says whether anything may
 * have changed that signals read.
 */
export function takeExchange(track: ExchangeTrack, fact: Fact, word: Word, mail: MailTrack): boolean {
  if (fact.type === 'ticket.solved') {
    const ticket = textAttribute(fact, 'ticketId');
    settle(track, (question) => question.touchpoint === 'ticket' && question.thread === ticket);
  } else if (word === 'theirs') {
    if (fact.type !== 'meeting.held') takeTheirs(track, fact, mail);
    else takeMeeting(track, fact);
  } else if (word === 'ours') takeOurs(track, fact);
  // An open question is read by none; one asked again is.
  return word !== null;
}

const settle = (track: ExchangeTrack, isAnswered: (question: Question) => boolean): void => {
  if (track.questions.some(isAnswered)) track.questions = track.questions.filter((one) => !isAnswered(one));
};

function takeMeeting(track: ExchangeTrack, fact: Fact): void {
  if (track.questions.length === 0) return;
  const names = namesOf(fact);
  settle(track, ({ person }) => names.length === 0 || (person !== null && names.includes(person)));
}

/** Everyone who took part but the sender. */
function namesOf(fact: Fact): string[] {
  const names: string[] = [];
  for (const who of fact.participants) {
    const name = who.role === 'from' || who.role === 'actor' ? undefined : (who.address ?? who.external);
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** What holds the words together: a thread, a channel, or else the person. */
function conversationOf(fact: Fact, person: string | undefined): string | null {
  const thread = textAttribute(fact, 'threadId') ?? textAttribute(fact, 'channel');
  if (fact.type.startsWith('chat.')) return key(`chat ${thread ?? person ?? ''}`);
  if (thread !== undefined) return key(thread);
  return person === undefined ? null : key(`person ${person}`);
}

function takeTheirs(track: ExchangeTrack, fact: Fact, mail: MailTrack): void {
  const at = fact.occurredAt;
  const person = actorOf(fact);
  const isMail = fact.type === 'email.received';
  const isChat = fact.type === 'chat.received';
  const conversation = isMail || isChat ? conversationOf(fact, person) : null;
  let weWroteLast = false;
  if (conversation !== null) {
    const asked = layered(track.conversations, conversation)?.asked ?? null;
    if (asked !== null) {
      weWroteLast = at - asked < DAY;
      if (isMail && at - asked < ANSWERED_WITHIN) track.theirAnswers.push([asked, at]);
      if (track.theirAnswers.length > ANSWERS_KEPT) track.theirAnswers.shift();
    }
    remember(track, conversation, null, at);
  }
  takeSubject(track, fact);
  takeTone(track, fact);
  // The last word in a talk that we answered is most often a thank-you; a reply within a ticket asks nothing anew.
  const asks =
    (isMail && mail.waiting.at(-1)?.mark.id === fact.id) ||
    (isChat && !weWroteLast) ||
    fact.type === 'ticket.opened' ||
    fact.type === 'ticket.reopened';
  if (!asks) return;
  takeQuestion(track, {
    mark: markOf(fact),
    touchpoint: fact.touchpoint,
    person: person ?? null,
    thread: textAttribute(fact, 'ticketId') ?? textAttribute(fact, 'threadId') ?? null,
    topic: topicOf(textAttribute(fact, 'subject')),
  });
}

function takeQuestion(track: ExchangeTrack, question: Question): void {
  const { at } = question.mark;
  const { questions } = track;
  while (questions[0] && at - questions[0].mark.at >= QUESTION_KEPT) questions.shift();
  let earlier: Question | null = null;
  let here: Question | null = null;
  for (const one of questions) {
    const isAlike =
      (question.person !== null && one.person === question.person) ||
      (question.topic !== null && one.topic === question.topic);
    if (!isAlike) continue;
    if (one.touchpoint === question.touchpoint) here = one;
    else if (at - one.mark.at >= COPIED_WITHIN) earlier = one;
  }
  // A second line in the second channel is the same asking again.
  if (earlier && (!here || here.mark.at < earlier.mark.at)) {
    track.repeats.push({ ...question.mark, earlier: earlier.mark, gapMs: at - earlier.mark.at });
    if (track.repeats.length > MOST_REPEATS) track.repeats.shift();
  }
  questions.push(question);
  if (questions.length > MOST_QUESTIONS) questions.shift();
}

/** Words in lower case with one space around each; what is neither letter nor digit parts them. */
export const wordsOf = (text: string): string =>
  ` ${
    text
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu)
      ?.join(' ') ?? ''
  } `;

function takeSubject(track: ExchangeTrack, fact: Fact): void {
  const subject = textAttribute(fact, 'subject');
  if (subject === undefined) return;
  const words = wordsOf(subject.slice(0, MOST_LETTERS).replace(prefixes, ''));
  if (track.subjects.some((one) => one.words === words))
    track.subjects = track.subjects.filter((one) => one.words !== words);
  track.subjects.push({ mark: markOf(fact), words });
  if (track.subjects.length > MOST_SUBJECTS) track.subjects.shift();
}

function takeTone(track: ExchangeTrack, fact: Fact): void {
  const score = numberAttribute(fact, 'sentiment');
  if (score === undefined || score < -1 || score > 1) return;
  const phrase = textAttribute(fact, 'sentimentPhrase')?.slice(0, MOST_PHRASE) ?? null;
  track.tones.push({ mark: markOf(fact), score, phrase });
  if (track.tones.length > MOST_TONES) track.tones.shift();
}

/** Prefixes that mail programs put before a subject, in the languages that are met most, and marks of help desks. */
const prefixes = /^(?:\s*(?:re|aw|fw|fwd|wg|sv|vs|rv|tr|antw|odp|ynt|res|rif)(?:\[\d+\])?\s*:|\s*\[[^\]]{1,40}\])+/i;
/** Under so many letters a subject (`Hello`, `Question`) is nothing to know a question by. */
const SHORTEST_TOPIC = 12;

function topicOf(subject: string | undefined): string | null {
  if (subject === undefined) return null;
  const topic = subject.replace(prefixes, '').toLowerCase().replaceAll(/\s+/g, ' ').trim().slice(0, 200);
  return topic.length < SHORTEST_TOPIC ? null : topic;
}

function takeOurs(track: ExchangeTrack, fact: Fact): void {
  const at = fact.occurredAt;
  const names = namesOf(fact);
  const thread = textAttribute(fact, 'ticketId') ?? textAttribute(fact, 'threadId');
  settle(
    track,
    (question) =>
      (thread !== undefined && question.thread === thread) ||
      (question.person !== null && names.includes(question.person)) ||
      (names.length === 0 && question.touchpoint === fact.touchpoint),
  );
  if (fact.type !== 'email.sent' && fact.type !== 'chat.sent') return;
  const conversation = conversationOf(fact, names[0]);
  const known = conversation === null ? undefined : layered(track.conversations, conversation);
  if (conversation !== null) remember(track, conversation, known?.asked ?? at, at);
  const from = fact.participants.find((who) => who.role === 'from');
  const sender = from?.address ?? from?.external;
  // An answer is asked for: only what we write of our own accord can cross.
  if (sender !== undefined && known?.asked !== null)
    takeOwnWord(track, { mark: markOf(fact), sender, conversation, names });
}

function takeOwnWord(track: ExchangeTrack, word: OwnWord): void {
  const { at } = word.mark;
  const first = track.words[0];
  if (first && at - first.mark.at >= SIDE_BY_SIDE)
    track.words = track.words.filter((one) => at - one.mark.at < SIDE_BY_SIDE);
  const other = track.words.find(
    (one) =>
      one.sender !== word.sender &&
      (one.conversation === null || one.conversation !== word.conversation) &&
      // Who has a copy knows of it.
      !one.names.includes(word.sender) &&
      !word.names.includes(one.sender),
  );
  if (other && at - (track.crossed.at(-1)?.at ?? -Infinity) >= SIDE_BY_SIDE) {
    track.crossed.push({ ...word.mark, other: other.mark });
    if (track.crossed.length > MOST_CROSSED) track.crossed.shift();
  }
  track.words.push(word);
  if (track.words.length > MOST_WORDS) track.words.shift();
}

/** Keeps where a conversation stands; when there are too many, the half that has rested longest is forgotten. */
function remember(track: ExchangeTrack, name: string, asked: number | null, at: number): void {
  if (layered(track.conversations, name) === undefined) {
    if (track.conversationCount >= MOST_CONVERSATIONS) forgetConversations(track);
    track.conversationCount += 1;
  }
  track.conversations = withEntry(track.conversations, name, { asked, at });
}

function forgetConversations(track: ExchangeTrack): void {
  const rested = Object.entries(allOf(track.conversations)).sort(
    ([a, one], [b, other]) => one.at - other.at || (a < b ? -1 : 1),
  );
  const base = Object.fromEntries(rested.slice(Math.floor(rested.length / 2)));
  track.conversations = { ...noLayers(), base };
  track.conversationCount = rested.length - Math.floor(rested.length / 2);
}
