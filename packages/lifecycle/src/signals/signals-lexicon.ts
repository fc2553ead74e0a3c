import type { SignalName } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import { MOST_SHOWN, NEVER, note, steady, type SignalFactory } from './signal.ts';
import { countedMarks } from './signal-window.ts';
import type { Mark } from '../tracks/tracks.ts';
import { wordsOf, type Tone } from '../tracks/track-exchange.ts';
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

const FEWEST_TEXTS = 3;

/** What sounds some way in so many days that end `back` days before the moment, oldest first. */
const tonesIn = ({ at, tracks }: Moment, days: number, back = 0): readonly Tone[] =>
  tracks.exchange.tones.filter(({ mark }) => at - mark.at >= back * DAY && at - mark.at < (back + days) * DAY);

/** Null under so many texts. */
function meanOf(tones: readonly Tone[], least: number): number | null {
  if (tones.length < least) return null;
  return tones.reduce((sum, { score }) => sum + score, 0) / tones.length;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** When the next text crosses an edge so many days back. */
const nextEdge = ({ at, tracks }: Moment, edges: readonly number[]): number => {
  let first = NEVER;
  for (const { mark } of tracks.exchange.tones)
    for (const days of edges) {
      const crosses = mark.at + days * DAY;
      if (crosses > at && crosses < first) first = crosses;
    }
  return first;
};

const toneNote = ({ mark, score, phrase }: Tone) =>
  note(mark, `${phrase === null ? 'Sounds' : `“${phrase}” sounds`} ${score < 0 ? 'bad' : 'good'} (${score})`);

const toneEvidence = (tones: readonly Tone[]) => tones.toReversed().slice(0, MOST_SHOWN).map(toneNote);

/** Signals of tone that rest on words: those that the definition names, or those of a lexicon, which names them. */
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
  sentiment: (params) => {
    const days = params.days ?? 30;
    return steady(
      (moment) => {
        const mean = meanOf(tonesIn(moment, days), params.leastTexts ?? FEWEST_TEXTS);
        return mean === null ? null : rounded(mean);
      },
      { turns: (moment) => nextEdge(moment, [days]), evidence: (moment) => toneEvidence(tonesIn(moment, days)) },
    );
  },
  sentiment_trend: (params) => {
    const days = params.days ?? 30;
    const baseline = params.baselineDays ?? 90;
    const least = params.leastTexts ?? FEWEST_TEXTS;
    return steady(
      (moment) => {
        const now = meanOf(tonesIn(moment, days), least);
        const before = meanOf(tonesIn(moment, baseline, days), least);
        return now === null || before === null ? null : rounded(now - before);
      },
      {
        turns: (moment) => nextEdge(moment, [days, days + baseline]),
        evidence: (moment) => toneEvidence(tonesIn(moment, days)),
      },
    );
  },
} satisfies Partial<Record<SignalName, SignalFactory>>;
