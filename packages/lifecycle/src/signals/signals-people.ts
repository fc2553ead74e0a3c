import type { SignalName } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import { elapsed, latestFirst, MOST_SHOWN, NEVER, note, steady, type SignalFactory } from './signal.ts';
import { part } from '../tracks/reads.ts';
import type { Evidence } from '../course/state.ts';
import type { Mark, PersonTrack } from '../tracks/tracks.ts';
import { key } from '../tracks/tracks.ts';
import { contactWord, counted } from '../course/wording.ts';
import { DAY } from '../time/zone.ts';

function championKeys(moment: Moment): readonly string[] {
  const told = moment.tracks.people.champions;
  const { champions } = moment.around;
  return told.length === 0 ? champions : [...new Set([...champions, ...told.map(key)])];
}

/** When someone left: by an event, or by what the CRM says, once that day has come. */
export function leftAt(moment: Moment, person: string): number | null {
  const told = moment.tracks.people.left[person]?.at ?? NEVER;
  const dated = moment.around.leftAt.get(person) ?? NEVER;
  if (told > moment.at) return dated > moment.at ? null : dated;
  return dated > moment.at ? told : Math.min(told, dated);
}

/** The next instant at which somebody is known to leave. */
export function nextDeparture(moment: Moment): number {
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
    first = Math.min(first, known.first.at);
    if (last === null || known.last.at > last.at) last = known.last;
  }
  return last !== null && days >= ACTIVE_DAYS ? { last, gap: Math.round((last.at - first) / (days - 1)) } : null;
}

/** The latest contacts of people who are no champions and still there, one a person, the last first. */
function othersInTouch(moment: Moment): Mark[] {
  const champions = new Set(championKeys(moment));
  return Object.entries(moment.tracks.people.persons)
    .filter(([person]) => !champions.has(person) && leftAt(moment, person) === null)
    .map(([, { last }]) => last)
    .toSorted(latestFirst);
}

function championsLastWord(moment: Moment): Mark | undefined {
  return championKeys(moment)
    .flatMap((person) => moment.tracks.people.persons[person]?.last ?? [])
    .toSorted(latestFirst)[0];
}

/** What tells of a champion who left or fell silent, beside the departure itself: their last word, and the others'. */
function aroundChampion(moment: Moment): Evidence[] {
  const word = championsLastWord(moment);
  const others = othersInTouch(moment);
  const since = others.filter((mark) => word === undefined || mark.at > word.at).length;
  return [
    ...(word ? [note(word, `Last word from the champion: ${contactWord(word)}`)] : []),
    ...others
      .slice(0, 3)
      .map((mark, index) =>
        note(
          mark,
          index === 0 && since > 0
            ? `Last word from anyone else there: ${contactWord(mark)}; ${counted(since, 'other person', 'other people')} in touch since the champion`
            : `Word from someone else there: ${contactWord(mark)}`,
        ),
      ),
  ];
}

function stakeholders(moment: Moment, which: (known: PersonTrack) => boolean): PersonTrack[] {
  return Object.entries(moment.tracks.people.persons)
    .filter(([person, known]) => which(known) && leftAt(moment, person) === null)
    .map(([, known]) => known);
}

/** The events that tell of champions gone, the last first. */
function departures(moment: Moment): Mark[] {
  return championKeys(moment)
    .flatMap((person) => moment.tracks.people.left[person] ?? [])
    .toSorted(latestFirst);
}

const departureWords = (mark: Mark | undefined): string =>
  mark === undefined || mark.type === 'contact.left' ? 'A champion left' : 'Mail to a champion came back';

/** Signals of people at the customer: who is in touch, and the champions. */
export const peopleSignals = {
  active_stakeholders: (params) => {
    const window = (params.days ?? 90) * DAY;
    const active = (moment: Moment) => stakeholders(moment, (known) => moment.at - known.last.at < window);
    const steadily = steady((moment) => active(moment).length, {
      falls: true,
      turns: (moment) =>
        active(moment).reduce((first, known) => Math.min(first, known.last.at + window), nextDeparture(moment)),
      evidence: (moment) => {
        const people = active(moment);
        const within = `within ${Math.round(window / DAY)} days`;
        return people
          .toSorted((a, b) => latestFirst(a.first, b.first))
          .slice(0, MOST_SHOWN)
          .map(({ first, last }) =>
            moment.at - first.at < window
              ? note(first, `First word from a new person: ${contactWord(first)}; ${people.length} in touch ${within}`)
              : note(last, `Word from one of ${counted(people.length, 'person', 'people')} in touch ${within}`),
          );
      },
    });
    return {
      ...steadily,
      isUnder: (moment, threshold) => {
        let known = 0;
        for (const _ in moment.tracks.people.persons) if (++known >= threshold) return false;
        moment.flip = NEVER;
        moment.reads = part.roster;
        return true;
      },
    };
  },
  new_stakeholders: (params) => {
    const window = (params.days ?? 60) * DAY;
    const fresh = (moment: Moment) => stakeholders(moment, (known) => moment.at - known.first.at < window);
    return steady((moment) => fresh(moment).length, {
      falls: true,
      turns: (moment) =>
        fresh(moment).reduce((first, known) => Math.min(first, known.first.at + window), nextDeparture(moment)),
      evidence: (moment) =>
        fresh(moment)
          .map(({ first }) => first)
          .toSorted(latestFirst)
          .slice(0, MOST_SHOWN)
          .map((mark) => note(mark, `First word from a new person: ${contactWord(mark)}`)),
    });
  },
  days_since_champion_left: () => ({
    // Where no champion is missed, only a departure can make one.
    restsOn: (moment) => (championLeft(moment) === null ? part.roster : part.roster | part.champions),
    ...elapsed(championLeft, {
      turns: nextDeparture,
      evidence: (moment) => [
        ...departures(moment)
          .slice(0, 2)
          .map((mark) => note(mark, departureWords(mark))),
        ...aroundChampion(moment),
      ],
      what: (moment) => departureWords(departures(moment).find((mark) => mark.at === championLeft(moment))),
    }),
  }),
  champion_silent_days: () => ({
    isUnder: (moment, threshold) => {
      // A word of theirs moves the base on, or makes one; only a departure may bring back an older one.
      const met = (activeChampions(moment)?.last.at ?? moment.at) + threshold;
      if (met <= moment.at) return false;
      moment.flip = Math.min(met, nextDeparture(moment));
      moment.reads = part.roster;
      return true;
    },
    ...elapsed((moment) => activeChampions(moment)?.last.at ?? null, {
      turns: nextDeparture,
      evidence: aroundChampion,
    }),
  }),
  champion_usual_gap: () => ({
    ...steady((moment) => activeChampions(moment)?.gap ?? null, { turns: nextDeparture }),
    scale: DAY,
  }),
} satisfies Partial<Record<SignalName, SignalFactory>>;
