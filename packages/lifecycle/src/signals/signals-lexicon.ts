import type { SignalName } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import { MOST_SHOWN, note, type SignalFactory } from './signal.ts';
import { countedMarks } from './signal-window.ts';
import type { Mark } from '../tracks/tracks.ts';
import { wordsOf } from '../tracks/track-exchange.ts';
import { DAY } from '../time/zone.ts';

/** A word of the definition's, and how it shows among the words of a subject. */
interface Wanted {
  readonly word: string;
  readonly pattern: string;
}

/** `cancel*` begins a word, `not acceptable` is two whole ones. */
function wantedOf(word: string): Wanted {
  const words = wordsOf(word);
  return { word, pattern: word.trim().endsWith('*') ? words.trimEnd() : words };
}

/** A signal of tone that rests on words which the definition names, and on subjects alone. */
export const lexiconSignals = {
  subject_words: (params) => {
    const days = params.days ?? 30;
    // A pattern without a letter would fit everything.
    const wanted = (params.words ?? []).map(wantedOf).filter(({ pattern }) => pattern.trim() !== '');
    const found = ({ tracks: { exchange } }: Moment): (Mark & { readonly word: string })[] =>
      exchange.subjects.flatMap(({ mark, words }) => {
        const hit = wanted.find(({ pattern }) => words.includes(pattern));
        return hit ? [{ ...mark, word: hit.word }] : [];
      });
    return {
      ...countedMarks(days, found),
      evidence: (moment) =>
        found(moment)
          .filter((mark) => moment.at - mark.at < days * DAY)
          .toReversed()
          .slice(0, MOST_SHOWN)
          .map((mark) => note(mark, `The subject has “${mark.word}”`)),
    };
  },
} satisfies Partial<Record<SignalName, SignalFactory>>;
