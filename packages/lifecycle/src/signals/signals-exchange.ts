import type { SignalName } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import { NEVER, note, steady, type SignalFactory } from './signal.ts';
import { countedMarks } from './signal-window.ts';
import type { Evidence } from '../course/state.ts';
import type { Mark } from '../tracks/tracks.ts';
import { contactWord, span } from '../course/wording.ts';
import { DAY } from '../time/zone.ts';

/** Under five answers nothing is usual yet; where fewer are asked for, under so many. */
const FEWEST_ANSWERS = 5;
/** A handoff that nobody took up in so long was settled in another way, or never will be. */
const HANDOFF_WAITS_AT_MOST = 60 * DAY;
const MOST_PAIRS = 3;

/** Two events that belong together, each with its words; the last pairs first. */
function pairs<T extends Mark>(
  marks: readonly T[],
  window: number,
  moment: Moment,
  words: (mark: T) => readonly [Evidence, Evidence],
): Evidence[] {
  return marks
    .filter((mark) => moment.at - mark.at < window)
    .toReversed()
    .slice(0, MOST_PAIRS)
    .flatMap(words);
}

const handoff = ({ at, tracks }: Moment): Mark | null => {
  const mark = tracks.service.handoff;
  return mark !== null && at - mark.at < HANDOFF_WAITS_AT_MOST ? mark : null;
};

const handoffWords: Partial<Record<Mark['type'], string>> = {
  'deal.won': 'Deal won: the account passes on to customer success',
  'crm.stage_changed': 'Became a customer in the CRM: the account passes on to customer success',
  'crm.owner_changed': 'Another owner in the CRM',
  'crm.property_changed': 'Another CSM in the CRM',
};

/** Signals of who waits for whom and who knows of whom: answers, questions asked twice, handoffs, words of ours side by side. */
export const exchangeSignals = {
  their_answer_time: (params) => {
    const percentile = params.percentile ?? 0.5;
    const latest = params.latest ?? 40;
    return {
      ...steady(({ around, tracks: { exchange } }) => {
        const answers = exchange.theirAnswers.slice(-latest);
        if (answers.length < Math.min(FEWEST_ANSWERS, latest)) return null;
        const times = answers.map(([from, to]) => around.zone.business.between(from, to)).sort((a, b) => a - b);
        return times[Math.max(0, Math.ceil(percentile * times.length) - 1)] ?? null;
      }),
      scale: DAY,
    };
  },
  repeated_questions: (params) => {
    const days = params.days ?? 30;
    const soon = (params.withinDays ?? 7) * DAY;
    const repeats = (moment: Moment) => moment.tracks.exchange.repeats.filter((one) => one.gapMs <= soon);
    return {
      ...countedMarks(days, repeats),
      evidence: (moment) =>
        pairs(repeats(moment), days * DAY, moment, (one) => [
          note(one, `Asked again by ${contactWord(one)}, ${span(one.gapMs)} after ${contactWord(one.earlier)}`),
          note(one.earlier, `Asked first by ${contactWord(one.earlier)}, and not answered until then`),
        ]),
    };
  },
  handoff_untouched: () => ({
    scale: DAY,
    read: (moment) => {
      const mark = handoff(moment);
      return mark ? moment.around.zone.business.between(mark.at, moment.at) : null;
    },
    flip: (moment, op, threshold) => {
      const mark = handoff(moment);
      if (!mark) return NEVER;
      const given = mark.at + HANDOFF_WAITS_AT_MOST;
      if (Number.isNaN(threshold)) return given;
      const past = op === '>' || op === '<=' ? 1 : 0;
      const met = moment.around.zone.business.after(mark.at, threshold + past);
      return met > moment.at && met < given ? met : given;
    },
    evidence: (moment) => {
      const mark = handoff(moment);
      const { lastOutbound } = moment.tracks.contact;
      return mark
        ? [
            note(mark, handoffWords[mark.type] ?? 'Handoff'),
            ...(lastOutbound
              ? [note(lastOutbound, `Our last message, ${span(mark.at - lastOutbound.at)} before it`)]
              : []),
          ]
        : [];
    },
    since: (moment) => handoff(moment)?.at ?? null,
    what: (moment) => {
      const mark = handoff(moment);
      return mark ? (handoffWords[mark.type] ?? null) : null;
    },
  }),
  upsell_during_severe: (params) => {
    const days = params.days ?? 30;
    const upsells = (moment: Moment) => moment.tracks.service.upsells;
    return {
      ...countedMarks(days, upsells),
      evidence: (moment) =>
        pairs(upsells(moment), days * DAY, moment, (one) => [
          note(one, one.type === 'deal.created' ? 'Expansion deal opened' : 'Expansion deal moved on'),
          note(one.ticket, `Severe ticket that was open then, for ${span(one.at - one.ticket.at)}`),
        ]),
    };
  },
  crossed_outreach: (params) => {
    const days = params.days ?? 30;
    const crossed = (moment: Moment) => moment.tracks.exchange.crossed;
    return {
      ...countedMarks(days, crossed),
      evidence: (moment) =>
        pairs(crossed(moment), days * DAY, moment, (one) => [
          note(
            one,
            `${contactWord(one)} of ours, ${span(one.at - one.other.at)} after one of a colleague, in another thread`,
          ),
          note(one.other, `${contactWord(one.other)} of ours on the same day, by somebody else`),
        ]),
    };
  },
} satisfies Partial<Record<SignalName, SignalFactory>>;
