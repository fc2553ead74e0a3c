import { createRequire } from 'node:module';
import type { EventDraft } from '@waymark/journey';
import { z } from 'zod';

interface Analyzer {
  readonly polarity_scores: (text: string) => { readonly compound: number };
}

/** https://github.com/vaderSentiment/vaderSentiment-js has no types of its own. */
const lexicon = z.object({
  SentimentIntensityAnalyzer: z.custom<Analyzer>(
    (value) => typeof value === 'function' && 'polarity_scores' in value && typeof value.polarity_scores === 'function',
  ),
});
const require = createRequire(import.meta.url);
let known: Analyzer | undefined;
/** Read when the first subject is judged: most workspaces never ask. */
const analyzer = (): Analyzer => (known ??= lexicon.parse(require('vader-sentiment')).SentimentIntensityAnalyzer);

/** How a subject sounds, and the words that it rests on. */
interface Tone {
  /** From -1 (bad) to 1 (good), two decimals. */
  readonly score: number;
  /** The words of the subject that make the score, the others left out as `…`. */
  readonly phrase: string;
}

/** What judged it: the lexicon with its version, and the version of what is done here around it. */
const sentimentBy = 'vader-sentiment 1.1.3, words 1';

const mostLetters = 200;
const longestPhrase = 80;
/** An answer has the subject of whoever wrote first, and what is forwarded that of somebody else. */
const answers = /^\s*(?:\[[^\]]{1,40}\]\s*)*(?:re|aw|fw|fwd|wg|sv|vs|rv|tr|antw|odp|ynt|res|rif)(?:\[\d+\])?\s*:/i;
/** Common words of other languages that are none of English. */
const foreign = new Set(
  `der das und ist nicht kein keine ein eine einen einer mit auf von zu zum zur dem des wir sie ich ihre ihr unser unsere bei wegen bitte
   les una pour avec sur dans nous vous votre notre est que las los una para por nuestro nuestra della gli sono che het een niet uw onze
   och att det inte og til ikke não nao jest nie ve için bir`.split(/\s+/),
);
/** Words that name things in mail between companies, and tell nothing of how anybody feels. */
const plain = new Set(
  `agreement agreements alert alerts credit credits die energy engagement help important join opportunities opportunity party please promotion
   secure secured security share shared shares sharing solution solutions solve solved success support supported supports value values`.split(
    /\s+/,
  ),
);

/**
 * How a subject that somebody wrote in English sounds, by the VADER lexicon (Hutto and Gilbert 2014, https://doi.org/10.1609/icwsm.v8i1.14550),
 * which knows negation and degree. Null where it has no tone, where it is an answer or is forwarded, so that the words are another's, and where
 * letters or words show another language. No network, no model: the same subject always sounds the same.
 */
export function toneOf(subject: string): Tone | null {
  const text = subject.slice(0, mostLetters).replaceAll('’', "'").trim();
  if (answers.test(text) || /[^\p{ASCII}\p{Emoji}\p{Punctuation}\p{Symbol}\s]/u.test(text)) return null;
  const words = text.split(/\s+/).filter((word) => word !== '');
  const bare = words.map((word) => word.toLowerCase().replaceAll(/[^a-z']/g, ''));
  if (bare.some((word) => foreign.has(word))) return null;
  const told = words.map((word, at) => (plain.has(bare[at] ?? '') ? 'thing' : word));
  const score = compound(told);
  if (score === 0) return null;
  return { score: Math.round(score * 100) / 100, phrase: phraseOf(words, told, score) };
}

const compound = (words: readonly string[]): number =>
  words.length === 0 ? 0 : analyzer().polarity_scores(words.join(' ')).compound;

/** The shortest run of words with the same score; within it, words without which it stays the same are left out. */
function phraseOf(words: readonly string[], told: readonly string[], score: number): string {
  const isSame = (some: readonly string[]) => Math.abs(compound(some) - score) < 0.000_05;
  let [from, to] = [0, told.length];
  while (from + 1 < to && isSame(told.slice(from + 1, to))) from += 1;
  while (to - 1 > from && isSame(told.slice(from, to - 1))) to -= 1;
  const kept: string[] = [];
  for (let at = from; at < to; at += 1) {
    const isNeeded =
      at === from || at === to - 1 || !isSame([...told.slice(from, at), 'thing', ...told.slice(at + 1, to)]);
    if (isNeeded) kept.push(words[at] ?? '');
    else if (kept.at(-1) !== '…') kept.push('…');
  }
  const phrase = kept.join(' ');
  return phrase.length > longestPhrase ? `${phrase.slice(0, longestPhrase - 1)}…` : phrase;
}

const judged: ReadonlySet<string> = new Set(['email.received', 'ticket.opened']);

/** Drafts with how the subject of what a person at the customer wrote sounds; the subject itself is not in them by this. */
export function withTone(drafts: readonly EventDraft[], subject: string | undefined): readonly EventDraft[] {
  const asked = (draft: EventDraft) => judged.has(draft.type) && draft.direction === 'inbound' && !draft.automated;
  if (subject === undefined || !drafts.some(asked)) return drafts;
  const tone = toneOf(subject);
  if (tone === null) return drafts;
  const { score, phrase } = tone;
  const told = { sentiment: score, sentimentPhrase: phrase, sentimentBy };
  return drafts.map((draft) => {
    if (!asked(draft)) return draft;
    if (draft.type === 'email.received') return { ...draft, attributes: { ...draft.attributes, ...told } };
    return draft.type === 'ticket.opened' ? { ...draft, attributes: { ...draft.attributes, ...told } } : draft;
  });
}
