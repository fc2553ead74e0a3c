import type { SignalName, SignalParams } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import { toldPersona } from '../definition/persona.ts';
import { elapsed, latestFirst, MOST_SHOWN, NEVER, note, steady, type SignalFactory } from './signal.ts';
import { leftAt, nextDeparture } from './signals-people.ts';
import type { AccountContext, Evidence } from '../course/state.ts';
import type { Mark, PersonTrack } from '../tracks/tracks.ts';
import { key } from '../tracks/tracks.ts';
import { contactWord, counted } from '../course/wording.ts';
import { DAY } from '../time/zone.ts';

/** Fewer days of contact than these, and a share of them is chance. */
const FEWEST_CONTACTS = 6;
/** Who was in touch on one day alone carries no contact. */
const FEWEST_DAYS = 2;
/** A persona has a rhythm after contact on four days. */
const ACTIVE_DAYS = 4;

/** `Decision Maker`, `decision-maker` and `decision_maker` are one persona. */
const plain = (persona: string): string =>
  persona
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim();

const remembered = new WeakMap<AccountContext, ReadonlyMap<string, string | null>>();

/** Persona by person, as the CRM's record says; null for a contact without one. */
function recordedPersonas(context: AccountContext): ReadonlyMap<string, string | null> {
  const known = remembered.get(context);
  if (known) return known;
  const made = new Map<string, string | null>();
  for (const { address, persona } of context.contacts)
    made.set(key(address.toLowerCase()), persona === undefined ? null : plain(persona));
  remembered.set(context, made);
  return made;
}

const hasPersona = (moment: Moment, person: string, wanted: string): boolean => {
  const told = moment.tracks.people.personas[person];
  const recorded = recordedPersonas(moment.around.context).get(person);
  if (recorded === wanted || (told !== undefined && plain(told) === wanted)) return true;
  // Whom no record knows the definition's rules are asked of here.
  const { personas } = moment.definition;
  if (recorded !== undefined || !personas) return false;
  const persona = toldPersona(personas, person.slice(1), told);
  return persona !== undefined && plain(persona) === wanted;
};

/** People with a persona who were ever in touch and are still there. */
function ofPersona(moment: Moment, { persona = '' }: SignalParams): PersonTrack[] {
  const wanted = plain(persona);
  return Object.entries(moment.tracks.people.persons).flatMap(([person, known]) =>
    hasPersona(moment, person, wanted) && leftAt(moment, person) === null ? [known] : [],
  );
}

function lastWord(moment: Moment, params: SignalParams): Mark | null {
  return (
    ofPersona(moment, params)
      .map(({ last }) => last)
      .toSorted(latestFirst)[0] ?? null
  );
}

/** Those who were in touch, or have a persona, and left: when, and what tells of it if an event does. */
function departures(moment: Moment, window: number, persona: string | undefined): { at: number; mark: Mark | null }[] {
  const { persons, left, personas } = moment.tracks.people;
  const recorded = recordedPersonas(moment.around.context);
  const people = new Set([...Object.keys(left), ...moment.around.leftAt.keys()]);
  const gone: { at: number; mark: Mark | null }[] = [];
  for (const person of people) {
    const at = leftAt(moment, person);
    if (at === null || moment.at - at >= window) continue;
    // Mail that comes back from an address that was never in touch is a slip of the pen.
    const wasThere =
      persons[person] !== undefined || personas[person] !== undefined || typeof recorded.get(person) === 'string';
    if (!wasThere || (persona !== undefined && !hasPersona(moment, person, plain(persona)))) continue;
    gone.push({ at, mark: left[person] ?? persons[person]?.last ?? null });
  }
  return gone.toSorted((a, b) => b.at - a.at || ((a.mark?.id ?? '') < (b.mark?.id ?? '') ? -1 : 1));
}

const departureWords = (mark: Mark, total: number): string => {
  const of = total > 1 ? `; one of ${total}` : '';
  if (mark.type === 'contact.left') return `A person of the customer left${of}`;
  return mark.type === 'email.received'
    ? `Mail to a person of the customer came back${of}`
    : `Last word from one who left: ${contactWord(mark)}${of}`;
};

const today = (moment: Moment): number => Math.floor(moment.at / DAY);

/** Days of contact of a person after one day and up to another. */
function daysWithin({ recent }: PersonTrack, after: number, last: number): number {
  let count = 0;
  for (let index = recent.length - 1; index >= 0; index -= 1) {
    const day = recent[index] ?? 0;
    if (day <= after) break;
    if (day <= last) count += 1;
  }
  return count;
}

/** The next midnight (UTC) at which a day of contact comes to be one of `ages` days back. */
function nextAge(moment: Moment, ages: readonly number[]): number {
  const now = today(moment);
  let first = NEVER;
  for (const { recent } of Object.values(moment.tracks.people.persons)) {
    for (const age of ages) {
      // Those of the oldest days are behind it already.
      for (let index = recent.length - 1; index >= 0; index -= 1) {
        const edge = (recent[index] ?? 0) + age;
        if (edge <= now) break;
        first = Math.min(first, edge);
      }
    }
  }
  return first * DAY;
}

interface Threads {
  readonly active: readonly PersonTrack[];
  readonly before: number;
}

function threadsOf(moment: Moment, days: number, baseline: number): Threads {
  const now = today(moment);
  const active: PersonTrack[] = [];
  let before = 0;
  for (const [person, known] of Object.entries(moment.tracks.people.persons)) {
    if (daysWithin(known, now - days, now) > 0 && leftAt(moment, person) === null) active.push(known);
    if (daysWithin(known, now - days - baseline, now - days) >= FEWEST_DAYS) before += 1;
  }
  return { active, before };
}

/** Who carries the contact: days of contact of each person in the window, the most first. */
function carriers(moment: Moment, days: number): { person: PersonTrack; days: number }[] {
  const now = today(moment);
  return Object.values(moment.tracks.people.persons)
    .map((person) => ({ person, days: daysWithin(person, now - days, now) }))
    .filter((one) => one.days > 0)
    .toSorted((a, b) => b.days - a.days || latestFirst(a.person.last, b.person.last));
}

/** Signals of kinds of contacts and of how contact is spread over people. Days are whole days (UTC). */
export const personaSignals = {
  persona_silent_days: (params) =>
    elapsed((moment) => lastWord(moment, params)?.at ?? null, {
      turns: nextDeparture,
      awake: true,
      evidence: (moment): Evidence[] => {
        const mark = lastWord(moment, params);
        return mark ? [note(mark, `Last word from a contact who is ${params.persona}: ${contactWord(mark)}`)] : [];
      },
      what: () => params.persona ?? null,
    }),
  persona_usual_gap: (params) => ({
    ...steady(
      (moment) => {
        const people = ofPersona(moment, params);
        const days = people.reduce((total, one) => total + one.days, 0);
        const last = lastWord(moment, params);
        if (last === null || days < ACTIVE_DAYS) return null;
        const first = people.reduce((least, one) => Math.min(least, one.first.at), NEVER);
        return Math.round(moment.around.zone.awake.between(first, last.at) / (days - 1));
      },
      { turns: nextDeparture },
    ),
    scale: DAY,
  }),
  persona_active: (params) => {
    const window = (params.days ?? 90) * DAY;
    const active = (moment: Moment) => ofPersona(moment, params).filter((one) => moment.at - one.last.at < window);
    return steady((moment) => active(moment).length, {
      turns: (moment) =>
        active(moment).reduce((first, one) => Math.min(first, one.last.at + window), nextDeparture(moment)),
      evidence: (moment) =>
        active(moment)
          .map(({ last }) => last)
          .toSorted(latestFirst)
          .slice(0, MOST_SHOWN)
          .map((mark) => note(mark, `Word from a contact who is ${params.persona}: ${contactWord(mark)}`)),
    });
  },
  stakeholders_left: (params) => {
    const window = (params.days ?? 90) * DAY;
    const gone = (moment: Moment) => departures(moment, window, params.persona);
    return steady((moment) => gone(moment).length, {
      turns: (moment) => gone(moment).reduce((first, one) => Math.min(first, one.at + window), nextDeparture(moment)),
      evidence: (moment) => {
        const all = gone(moment);
        return all
          .flatMap(({ mark }) => mark ?? [])
          .slice(0, MOST_SHOWN)
          .map((mark) => note(mark, departureWords(mark, all.length)));
      },
    });
  },
  single_threaded: (params) => {
    const days = params.days ?? 45;
    const baseline = params.baselineDays ?? 90;
    const least = params.least ?? 3;
    return steady(
      (moment) => {
        const { active, before } = threadsOf(moment, days, baseline);
        return active.length === 1 && before >= least ? 1 : 0;
      },
      {
        turns: (moment) => Math.min(nextDeparture(moment), nextAge(moment, [days, days + baseline])),
        evidence: (moment) => {
          const { active, before } = threadsOf(moment, days, baseline);
          return active.map(({ last }) =>
            note(
              last,
              `Word from the one person in touch within ${days} days: ${contactWord(last)}; ${before} were before`,
            ),
          );
        },
      },
    );
  },
  contact_concentration: (params) => {
    const days = params.days ?? 90;
    return steady(
      (moment) => {
        const all = carriers(moment, days);
        const total = all.reduce((sum, one) => sum + one.days, 0);
        return total < FEWEST_CONTACTS ? null : Math.round(((all[0]?.days ?? 0) / total) * 1000) / 1000;
      },
      {
        turns: (moment) => nextAge(moment, [days]),
        evidence: (moment) => {
          const [first, ...others] = carriers(moment, days);
          if (!first) return [];
          const last = first.person.last;
          const rest = counted(
            others.reduce((sum, one) => sum + one.days, 0),
            'day',
            'days',
          );
          return [
            note(
              last,
              `Word from the person most in touch: on ${counted(first.days, 'day', 'days')} within ${days}; all others together on ${rest}`,
            ),
          ];
        },
      },
    );
  },
} satisfies Partial<Record<SignalName, SignalFactory>>;
