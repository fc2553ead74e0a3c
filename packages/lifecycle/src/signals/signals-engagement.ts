import { touchpoint as touchpoints } from '@waymark/journey';
import type { SignalName, SignalParams, Touchpoint } from '@waymark/journey';
import { countIn, nextEdge } from '../tracks/day-counts.ts';
import type { Moment } from '../course/moment.ts';
import { elapsed, MOST_SHOWN, NEVER, note, remaining, steady, type SignalFactory } from './signal.ts';
import { rareGap } from './rare-gap.ts';
import { LatestNumbers } from '../tracks/latest-numbers.ts';
import { oldestWaiting, usualGaps, WAITS_AT_MOST } from '../tracks/track-contact.ts';
import type { DayCounts, Mark, MeetingTrack, WaitingMail } from '../tracks/tracks.ts';
import { contactWord, counted, span } from '../course/wording.ts';
import type { Evidence } from '../course/state.ts';
import { part } from '../tracks/reads.ts';
import { DAY } from '../time/zone.ts';

const MINUTE = 60_000;

export const everyTouchpoint: readonly Touchpoint[] = touchpoints.options;

function lastInbound(moment: Moment, wanted: readonly Touchpoint[]): Mark | null {
  if (wanted === everyTouchpoint) return moment.tracks.contact.recent.at(-1) ?? null;
  let last: Mark | null = null;
  for (const one of wanted) {
    const mark = moment.tracks.contact.lastInbound[one];
    if (mark && (last === null || mark.at > last.at || (mark.at === last.at && mark.id > last.id))) last = mark;
  }
  return last;
}

/** Reads the usual gap; the gaps themselves are sorted once per visit. */
function gapReader(params: SignalParams): (moment: Moment) => number | null {
  const wanted = params.touchpoints ?? null;
  const percentile = params.percentile ?? 0.75;
  const window = (params.days ?? 180) * DAY;
  const name = `${wanted?.join() ?? 'all'} ${window}`;
  return ({ memo, around, tracks: { contact } }) => {
    let known = memo.get(name);
    if (!known || known.version !== contact.visitVersion) {
      const gaps = usualGaps(contact, wanted, window, around.zone.awake, known?.gaps);
      known = { version: contact.visitVersion, gaps };
      memo.set(name, known);
    }
    const gaps = known.gaps.lengths.sorted;
    if (gaps.length < FEWEST_GAPS) return null;
    // So rare a gap is read off the tail: among the few that were seen it need not be.
    if (percentile > MOST_SEEN) return rareGap(gaps, 1 - percentile);
    return gaps[Math.max(0, Math.ceil(percentile * gaps.length) - 1)] ?? null;
  };
}

/** Percentiles above it are not among the gaps of half a year. */
const MOST_SEEN = 0.99;

/** Under five answers nothing is usual yet. */
const FEWEST_ANSWERS = 5;

/** How long mails had waited, up to the last answer. */
interface Answered {
  last: readonly [from: number, to: number] | undefined;
  readonly times: LatestNumbers;
}

const answered = new WeakMap<Moment, Answered>();

/** How long the mails that we answered lately had waited, shortest first; worked out once for each answer. */
function answerTimes(moment: Moment): readonly number[] {
  const { answers } = moment.tracks.mail;
  const last = answers.at(-1);
  let known = answered.get(moment);
  // The oldest only leave when others come.
  if (!known || known.last !== last) {
    const { business } = moment.around.zone;
    const before = known?.last ? answers.lastIndexOf(known.last) + 1 : 0;
    if (!known) {
      known = { last, times: new LatestNumbers() };
      answered.set(moment, known);
    }
    known.last = last;
    known.times.keep(before);
    for (let index = before; index < answers.length; index += 1) {
      const [from = 0, to = 0] = answers[index] ?? [];
      known.times.add(business.between(from, to));
    }
  }
  return known.times.sorted;
}

/** Under four gaps nothing is usual yet. */
const FEWEST_GAPS = 4;

function countsOf(moment: Moment, params: SignalParams): DayCounts[] {
  const found: DayCounts[] = [];
  for (const way of params.direction ? [params.direction] : (['inbound', 'outbound'] as const)) {
    for (const one of params.touchpoints ?? everyTouchpoint) {
      const counts = moment.tracks.contact.counts[`${way}:${one}`];
      if (counts) found.push(counts);
    }
  }
  return found;
}

const sum = (all: readonly DayCounts[], at: number, days: number, back = 0): number =>
  all.reduce((total, counts) => total + countIn(counts, at, days, back), 0);

/** A rate against the rate before it; null while the baseline holds under six, where a ratio would be noise. */
function trend(all: readonly DayCounts[], at: number, days: number, baselineDays: number): number | null {
  const usual = sum(all, at, baselineDays, days);
  return usual < 6 ? null : Math.round((sum(all, at, days) / days / (usual / baselineDays)) * 1000) / 1000;
}

function trendTurn(all: readonly DayCounts[], at: number, days: number, baselineDays: number): number {
  return all.reduce(
    (first, counts) => Math.min(first, nextEdge(counts, at, days), nextEdge(counts, at, days + baselineDays)),
    NEVER,
  );
}

/** The customer's last word, the one of another day before it, and our last message since. */
export function lastWords(moment: Moment, wanted: readonly Touchpoint[]): Evidence[] {
  const mark = lastInbound(moment, wanted);
  if (!mark) return [];
  const { recent, lastOutbound: ours, outboundSince } = moment.tracks.contact;
  const day = Math.floor(mark.at / DAY);
  const before = wanted === everyTouchpoint ? recent.findLast(({ at }) => Math.floor(at / DAY) < day) : undefined;
  const sent = recent.at(-1)?.id === mark.id && outboundSince > 1 ? ` (the last of ${outboundSince})` : '';
  return [
    note(mark, `Last word from the customer: ${contactWord(mark)}`),
    ...(before
      ? [
          note(
            before,
            `An earlier word from them: ${contactWord(before)}, ${span(mark.at - before.at)} before the last`,
          ),
        ]
      : []),
    ...(ours && ours.at > mark.at ? [note(ours, `Our message since then, without an answer${sent}`)] : []),
  ];
}

/** The last meeting held, with how many led up to it. */
export function lastMeeting({ tracks: { meetings } }: Moment): Evidence[] {
  const { lastHeld, held } = meetings;
  if (!lastHeld) return [];
  const before = countIn(held, lastHeld.at, 90) - 1;
  const more = before > 0 ? `; ${before} more in the 90 days before it` : '';
  return [note(lastHeld, `Last meeting held${more}`)];
}

const waiting = (moment: Moment) =>
  moment.tracks.mail.waiting.filter((mail) => moment.at - mail.mark.at < WAITS_AT_MOST);

const oldestOf = ({ at, tracks }: Moment): WaitingMail | undefined => oldestWaiting(tracks.mail, at);

export function missedNote(one: MeetingTrack['missed'][number]): string {
  if (one.type === 'meeting.no_show') return 'Meeting missed: nobody came';
  const notice = (one.startsAt ?? one.at) - one.at;
  return notice > 0 ? `Meeting canceled ${span(notice)} before it` : 'Meeting canceled';
}

/** Whether an instant lies in quiet days of the journey or in a quiet season of the workspace, when all are away. */
export const isQuiet = (moment: Moment, at: number): boolean =>
  moment.around.zone.awake.between(at, at + MINUTE) < MINUTE;

/** Signals of contact: silence, replies, volume, meetings. */
export const engagementSignals = {
  days_since_inbound: (params) => {
    const wanted = params.touchpoints ?? everyTouchpoint;
    return elapsed((moment) => lastInbound(moment, wanted)?.at ?? null, {
      awake: true,
      movesOn: true,
      evidence: (moment) => lastWords(moment, wanted),
    });
  },
  usual_inbound_gap: (params) => ({ ...steady(gapReader(params)), scale: DAY }),
  unanswered_mail_age: () => ({
    scale: DAY,
    read: (moment) => {
      const oldest = oldestOf(moment);
      return oldest ? moment.around.zone.business.between(oldest.mark.at, moment.at) : null;
    },
    flip: (moment, op, threshold) => {
      const oldest = oldestOf(moment);
      if (!oldest) return NEVER;
      const given = oldest.mark.at + WAITS_AT_MOST;
      if (Number.isNaN(threshold)) return given;
      const past = op === '>' || op === '<=' ? 1 : 0;
      const met = moment.around.zone.business.after(oldest.mark.at, threshold + past);
      return met > moment.at && met < given ? met : given;
    },
    evidence: (moment) => {
      const all = waiting(moment);
      const { lastAnswer } = moment.tracks.mail;
      const oldest = all[0]?.mark.at ?? moment.at;
      return [
        ...all
          .slice(0, MOST_SHOWN)
          .map((mail, index) =>
            note(
              mail.mark,
              all.length === 1
                ? 'Customer mail without an answer, the only one'
                : `Customer mail without an answer, ${index === 0 ? 'the oldest' : `number ${index + 1}`} of ${all.length}`,
            ),
          ),
        ...(lastAnswer
          ? [
              note(
                lastAnswer.mark,
                `Our last answer ${lastAnswer.mark.at < oldest ? 'before that' : 'to another mail'}, after ${span(lastAnswer.tookMs)}`,
              ),
            ]
          : []),
      ];
    },
    isUnder: (moment, threshold) => {
      const oldest = oldestOf(moment);
      if (!oldest) return false;
      // What is answered or given up leaves a younger one to be the oldest.
      const met = moment.around.zone.business.after(oldest.mark.at, threshold);
      if (met <= moment.at) return false;
      moment.flip = met;
      moment.reads = 0;
      return true;
    },
    since: (moment) => oldestOf(moment)?.mark.at ?? null,
  }),
  unanswered_mails: () =>
    steady((moment) => waiting(moment).length, {
      turns: (moment) => {
        const oldest = waiting(moment)[0];
        return oldest ? oldest.mark.at + WAITS_AT_MOST : NEVER;
      },
    }),
  usual_answer_time: (params) => {
    const percentile = params.percentile ?? 0.9;
    return {
      ...steady((moment) => {
        const times = answerTimes(moment);
        return times.length < FEWEST_ANSWERS
          ? null
          : (times[Math.max(0, Math.ceil(percentile * times.length) - 1)] ?? null);
      }),
      scale: DAY,
    };
  },
  messages: (params) => {
    const days = params.days ?? 30;
    return steady((moment) => sum(countsOf(moment, params), moment.at, days), {
      falls: true,
      turns: (moment) =>
        countsOf(moment, params).reduce((first, counts) => Math.min(first, nextEdge(counts, moment.at, days)), NEVER),
      evidence: (moment) => {
        const total = sum(countsOf(moment, params), moment.at, days);
        const { lastOutbound } = moment.tracks.contact;
        const last =
          params.direction === 'outbound' ? lastOutbound : lastInbound(moment, params.touchpoints ?? everyTouchpoint);
        const whose = params.direction === 'outbound' ? 'of ours' : 'from the customer';
        return last && total > 0
          ? [note(last, `The latest word ${whose}; ${counted(total, 'message', 'messages')} within ${days} days`)]
          : [];
      },
    });
  },
  messages_trend: (params) => {
    const days = params.days ?? 30;
    const baseline = params.baselineDays ?? 90;
    return steady((moment) => trend(countsOf(moment, params), moment.at, days, baseline), {
      turns: (moment) => trendTurn(countsOf(moment, params), moment.at, days, baseline),
      evidence: (moment) => {
        const now = sum(countsOf(moment, params), moment.at, days);
        const usual = Math.round((sum(countsOf(moment, params), moment.at, baseline, days) * days) / baseline);
        const last =
          params.direction === 'outbound'
            ? moment.tracks.contact.lastOutbound
            : lastInbound(moment, params.touchpoints ?? everyTouchpoint);
        return last
          ? [note(last, `The latest of ${counted(now, 'message', 'messages')} within ${days} days; usual are ${usual}`)]
          : [];
      },
    });
  },
  meetings_held: (params) => {
    const days = params.days ?? 90;
    return steady((moment) => countIn(moment.tracks.meetings.held, moment.at, days), {
      falls: true,
      turns: (moment) => nextEdge(moment.tracks.meetings.held, moment.at, days),
      evidence: (moment) => {
        const count = countIn(moment.tracks.meetings.held, moment.at, days);
        return moment.tracks.meetings.recentHeld
          .filter((mark) => moment.at - mark.at < days * DAY)
          .toReversed()
          .map((mark) => note(mark, `Meeting held, one of ${count} within ${days} days`));
      },
    });
  },
  meetings_missed_streak: (params) => {
    const window = (params.days ?? 120) * DAY;
    const within = (moment: Moment) => {
      // Whenever they called off: on quiet days it says nothing of one.
      return moment.tracks.meetings.missed.filter(
        ({ at, startsAt }) => moment.at - at < window && !isQuiet(moment, at) && !isQuiet(moment, startsAt ?? at),
      );
    };
    return {
      ...steady((moment) => within(moment).length, {
        falls: true,
        turns: (moment) => within(moment).reduce((first, one) => Math.min(first, one.at + window), NEVER),
        evidence: (moment) =>
          within(moment)
            .toReversed()
            .map((one) => note(one, missedNote(one))),
      }),
      isUnder: (moment, threshold) => {
        if (moment.tracks.meetings.missed.length >= threshold) return false;
        // One that is held only ends it.
        moment.flip = NEVER;
        moment.reads = part.missed;
        return true;
      },
    };
  },
  days_since_meeting_held: () =>
    elapsed((moment) => moment.tracks.meetings.lastHeld?.at ?? null, {
      movesOn: true,
      evidence: lastMeeting,
    }),
  days_until_next_meeting: () => {
    const next = (moment: Moment) => moment.tracks.meetings.upcoming.find((one) => one.startsAt > moment.at);
    return remaining((moment) => next(moment)?.startsAt ?? null, {
      turns: (moment) => next(moment)?.startsAt ?? NEVER,
      evidence: (moment) => {
        const found = next(moment);
        return found ? [note(found.mark, 'Next meeting scheduled')] : [];
      },
    });
  },
} satisfies Partial<Record<SignalName, SignalFactory>>;

export { trend, trendTurn };
