import { touchpoint as touchpoints } from '@waymark/journey';
import type { SignalName, SignalParams, Touchpoint } from '@waymark/journey';
import { countIn, nextEdge } from './day-counts.ts';
import type { Moment } from './moment.ts';
import { elapsed, NEVER, note, remaining, steady, type SignalFactory } from './signal.ts';
import { usualGaps } from './track-contact.ts';
import type { DayCounts, Mark } from './tracks.ts';
import { key } from './tracks.ts';
import { DAY } from './zone.ts';

const everyTouchpoint: readonly Touchpoint[] = touchpoints.options;

function lastInbound(moment: Moment, wanted: readonly Touchpoint[]): Mark | null {
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
  return ({ memo, tracks: { contact } }) => {
    let known = memo.get(name);
    if (!known || known.version !== contact.visitVersion) {
      known = { version: contact.visitVersion, gaps: usualGaps(contact, wanted, window) };
      memo.set(name, known);
    }
    const { gaps } = known;
    return gaps.length < FEWEST_GAPS ? null : (gaps[Math.max(0, Math.ceil(percentile * gaps.length) - 1)] ?? null);
  };
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

function championKeys(moment: Moment): readonly string[] {
  const told = moment.tracks.people.champions;
  const { champions } = moment.around;
  return told.length === 0 ? champions : [...new Set([...champions, ...told.map(key)])];
}

/** When someone left: by an event, or by what the CRM says, once that day has come. */
function leftAt(moment: Moment, person: string): number | null {
  const told = moment.tracks.people.left[person]?.at;
  const dated = moment.around.leftAt.get(person);
  const all = [told, dated].filter((at) => at !== undefined && at <= moment.at);
  return all.length === 0 ? null : Math.min(...all.filter((at) => at !== undefined));
}

function nextDeparture(moment: Moment): number {
  let first = NEVER;
  for (const at of moment.around.leftAt.values()) if (at > moment.at && at < first) first = at;
  return first;
}

/** The latest departure of a champion whom no other champion has replaced. */
function championLeft(moment: Moment): number | null {
  const people = moment.tracks.people;
  let latest: number | null = null;
  const present: string[] = [];
  for (const person of championKeys(moment)) {
    const at = leftAt(moment, person);
    if (at === null) present.push(person);
    else if (latest === null || at > latest) latest = at;
  }
  if (latest === null) return null;
  const since = latest;
  const replaced =
    (people.lastChampionAdded ?? -Infinity) > since ||
    present.some((person) => (people.persons[person]?.last.at ?? -Infinity) > since);
  return replaced ? null : since;
}

/** A champion counts as having been active after contact on four days. */
const ACTIVE_DAYS = 4;

/** The champions still there: last contact, and the mean time between the days on which they were in touch. */
function activeChampions(moment: Moment): { last: Mark; gap: number } | null {
  let last: Mark | null = null;
  let days = 0;
  let first = NEVER;
  for (const person of championKeys(moment)) {
    const known = moment.tracks.people.persons[person];
    if (!known || leftAt(moment, person) !== null) continue;
    days += known.days;
    first = Math.min(first, known.firstAt);
    if (last === null || known.last.at > last.at) last = known.last;
  }
  return last !== null && days >= ACTIVE_DAYS ? { last, gap: Math.round((last.at - first) / (days - 1)) } : null;
}

/** A customer mail of a month ago was settled in another way, or never will be. */
const WAITS_AT_MOST = 30 * DAY;
const waiting = (moment: Moment) =>
  moment.tracks.mail.waiting.filter((mail) => moment.at - mail.mark.at < WAITS_AT_MOST);

/** Signals of contact: silence, replies, volume, meetings, people. */
export const engagementSignals = {
  days_since_inbound: (params) => {
    const wanted = params.touchpoints ?? everyTouchpoint;
    return elapsed((moment) => lastInbound(moment, wanted)?.at ?? null, {
      evidence: (moment) => {
        const mark = lastInbound(moment, wanted);
        const ours = moment.tracks.contact.lastOutbound;
        return [
          ...(mark ? [note(mark, 'Last contact from the customer')] : []),
          ...(mark && ours && ours.at > mark.at ? [note(ours, 'Our last message since then, without a reply')] : []),
        ];
      },
    });
  },
  usual_inbound_gap: (params) => ({ ...steady(gapReader(params)), scale: DAY }),
  unanswered_mail_age: () => ({
    scale: DAY,
    read: (moment) => {
      const oldest = waiting(moment)[0];
      return oldest ? moment.around.zone.businessMs(oldest.mark.at, moment.at) : null;
    },
    flip: (moment, op, threshold) => {
      const oldest = waiting(moment)[0];
      if (!oldest) return NEVER;
      const given = oldest.mark.at + WAITS_AT_MOST;
      if (Number.isNaN(threshold)) return given;
      const past = op === '>' || op === '<=' ? 1 : 0;
      const met = moment.around.zone.afterBusinessMs(oldest.mark.at, threshold + past);
      return met > moment.at && met < given ? met : given;
    },
    evidence: (moment) =>
      waiting(moment)
        .slice(0, 5)
        .map((mail) => note(mail.mark, 'Customer mail without an answer')),
    since: (moment) => waiting(moment)[0]?.mark.at ?? null,
  }),
  unanswered_mails: () =>
    steady((moment) => waiting(moment).length, {
      turns: (moment) => {
        const oldest = waiting(moment)[0];
        return oldest ? oldest.mark.at + WAITS_AT_MOST : NEVER;
      },
    }),
  messages: (params) => {
    const days = params.days ?? 30;
    return steady((moment) => sum(countsOf(moment, params), moment.at, days), {
      turns: (moment) =>
        countsOf(moment, params).reduce((first, counts) => Math.min(first, nextEdge(counts, moment.at, days)), NEVER),
    });
  },
  messages_trend: (params) => {
    const days = params.days ?? 30;
    const baseline = params.baselineDays ?? 90;
    return steady((moment) => trend(countsOf(moment, params), moment.at, days, baseline), {
      turns: (moment) => trendTurn(countsOf(moment, params), moment.at, days, baseline),
    });
  },
  meetings_held: (params) => {
    const days = params.days ?? 90;
    return steady((moment) => countIn(moment.tracks.meetings.held, moment.at, days), {
      turns: (moment) => nextEdge(moment.tracks.meetings.held, moment.at, days),
      evidence: ({ tracks: { meetings } }) => (meetings.lastHeld ? [note(meetings.lastHeld, 'Last meeting held')] : []),
    });
  },
  meetings_missed_streak: (params) => {
    const window = (params.days ?? 120) * DAY;
    const within = (moment: Moment) => moment.tracks.meetings.missed.filter((one) => moment.at - one.at < window);
    return steady((moment) => within(moment).length, {
      turns: (moment) => within(moment).reduce((first, one) => Math.min(first, one.at + window), NEVER),
      evidence: (moment) =>
        within(moment)
          .toReversed()
          .map((one) => note(one, one.type === 'meeting.no_show' ? 'Meeting missed' : 'Meeting canceled')),
    });
  },
  days_since_meeting_held: () =>
    elapsed((moment) => moment.tracks.meetings.lastHeld?.at ?? null, {
      evidence: ({ tracks: { meetings } }) => (meetings.lastHeld ? [note(meetings.lastHeld, 'Last meeting held')] : []),
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
  active_stakeholders: (params) => {
    const window = (params.days ?? 90) * DAY;
    const active = (moment: Moment) =>
      Object.entries(moment.tracks.people.persons)
        .filter(([person, known]) => moment.at - known.last.at < window && leftAt(moment, person) === null)
        .map(([, known]) => known);
    return steady((moment) => active(moment).length, {
      turns: (moment) =>
        active(moment).reduce((first, known) => Math.min(first, known.last.at + window), nextDeparture(moment)),
    });
  },
  days_since_champion_left: () =>
    elapsed(championLeft, {
      turns: nextDeparture,
      evidence: (moment) =>
        championKeys(moment).flatMap((person) => {
          const mark = moment.tracks.people.left[person];
          if (!mark) return [];
          return [
            note(mark, mark.type === 'contact.left' ? 'A champion left' : 'Mail to a champion came back undeliverable'),
          ];
        }),
    }),
  champion_silent_days: () =>
    elapsed((moment) => activeChampions(moment)?.last.at ?? null, {
      turns: nextDeparture,
      evidence: (moment) => {
        const found = activeChampions(moment);
        return found ? [note(found.last, 'Last contact from the champion')] : [];
      },
    }),
  champion_usual_gap: () => ({
    ...steady((moment) => activeChampions(moment)?.gap ?? null, { turns: nextDeparture }),
    scale: DAY,
  }),
} satisfies Partial<Record<SignalName, SignalFactory>>;

export { trend, trendTurn };
