import type { EventType, JourneyDefinition } from '@waymark/journey';
import { compileMatcher } from '../course/matcher.ts';
import { spelledAlike } from '../course/pattern.ts';
import type { Fact } from '../course/state.ts';
import { dateIn } from '../tracks/track-work.ts';
import { compileOutcomes, inOrder, knownDeal, type Outcome } from './outcome.ts';
import { DAY } from '../time/zone.ts';

/** A value that a history holds, that may be meant for an outcome, and that no line of `outcomes` names: it counts as nothing. */
export interface UndeclaredValue {
  /** What it is said of, with its most usual spelling: `crm.stage_changed to "Verloren"`. */
  readonly what: string;
  readonly type: EventType;
  readonly events: number;
  readonly accounts: number;
  /** Accounts of which nothing but CRM records came in the four weeks after, and the history went on. */
  readonly silentAfter: number;
  /** What it reads like; null where only the silence after it speaks. */
  readonly readsLike: Outcome['kind'] | null;
  /** What to add to the definition, if it is meant. */
  readonly add: string;
}

/** Told the histories of accounts one by one; keeps counts of a bounded number of values. */
export interface UndeclaredValues {
  take(facts: readonly Fact[], until: number): void;
  /** Those that most accounts have first. */
  list(): readonly UndeclaredValue[];
}

interface Counted {
  readonly type: EventType;
  readonly subject: string;
  readonly readsLike: Outcome['kind'] | null;
  readonly add: string;
  readonly spellings: Map<string, number>;
  events: number;
  accounts: number;
  silentAfter: number;
}

/** So many different values are counted; a history of free texts has more and they are no states. */
const mostValues = 2000;
const mostListed = 12;
const quietFor = 28 * DAY;
const fewestSilent = 3;

const endings =
  /churn|lost|loss|cancel|terminat|former|formercustomer|excustomer|offboard|inactive|expired|ended|deactivat|nonrenew|notrenew|wontrenew|verloren|gekundigt|kundigung|perdu|resilie|perdid|cancelad|opgezegd/;
const renewals = /renewed|renewalwon|closedwon|^won$|extended|prolong|verlangert|renouvel|renovad/;

/** Collects what a definition's outcomes leave unnamed. */
export function undeclaredValues(definition: JourneyDefinition): UndeclaredValues {
  const outcomeIn = compileOutcomes(definition);
  const prospects = (definition.outcomes?.prospects ?? []).map(compileMatcher);
  const found = new Map<string, Counted>();
  return {
    take: (facts, until) => {
      const deals = new Map<string, Fact['attributes']>();
      const seen = new Map<Counted, number>();
      for (const given of inOrder(facts)) {
        if (given.occurredAt >= until) break;
        const fact = knownDeal(given, deals);
        if (outcomeIn(fact) || prospects.some((matches) => matches(fact))) continue;
        const candidate = candidateOf(fact, definition);
        if (!candidate) continue;
        const counted = found.get(candidate.id) ?? (found.size < mostValues ? freshCount(fact, candidate) : undefined);
        if (!counted) continue;
        found.set(candidate.id, counted);
        counted.events += 1;
        counted.spellings.set(candidate.value, (counted.spellings.get(candidate.value) ?? 0) + 1);
        seen.set(counted, fact.occurredAt);
      }
      const contact = facts.filter((fact) => fact.touchpoint !== 'crm' && fact.occurredAt < until);
      for (const [counted, last] of seen) {
        counted.accounts += 1;
        const isSilent =
          last + quietFor < until &&
          contact.some((fact) => fact.occurredAt <= last) &&
          !contact.some((fact) => fact.occurredAt > last && fact.occurredAt <= last + quietFor);
        if (isSilent) counted.silentAfter += 1;
      }
    },
    list: () =>
      [...found.values()]
        .filter(
          ({ readsLike, silentAfter, accounts }) =>
            readsLike !== null || (silentAfter >= fewestSilent && silentAfter * 2 >= accounts),
        )
        .sort((a, b) => b.accounts - a.accounts || (a.subject < b.subject ? -1 : 1))
        .slice(0, mostListed)
        .map((one) => ({
          what: `${one.type}${one.subject}${usualSpelling(one.spellings)}`,
          type: one.type,
          events: one.events,
          accounts: one.accounts,
          silentAfter: one.silentAfter,
          readsLike: one.readsLike,
          add: one.add,
        })),
  };
}

interface Candidate {
  readonly id: string;
  /** What the value is of, before it. */
  readonly subject: string;
  readonly value: string;
  readonly readsLike: Outcome['kind'] | null;
  readonly add: string;
}

const freshCount = ({ type }: Fact, { subject, readsLike, add }: Candidate): Counted => ({
  type,
  subject,
  readsLike,
  add,
  spellings: new Map(),
  events: 0,
  accounts: 0,
  silentAfter: 0,
});

/** What a fact says that may be an outcome; undefined where it says nothing of the kind. */
function candidateOf(fact: Fact, definition: JourneyDefinition): Candidate | undefined {
  switch (fact.type) {
    case 'crm.stage_changed':
      return stateOf(fact, {}, 'to');
    case 'crm.property_changed':
      return contractOf(fact, definition) ?? propertyOf(fact);
    case 'deal.stage_changed': {
      if (isOtherDeal(fact)) return undefined;
      const field = textOf(fact, 'stage') === undefined ? 'to' : 'stage';
      const state = stateOf(fact, aboutDeal(fact), field);
      return state?.readsLike ? state : undefined;
    }
    case 'deal.lost':
    case 'deal.won':
      return isOtherDeal(fact) ? undefined : closedDealOf(fact);
    default:
      return undefined;
  }
}

function stateOf(fact: Fact, about: Readonly<Record<string, string>>, field: string): Candidate | undefined {
  const value = textOf(fact, field);
  if (value === undefined) return undefined;
  return candidate(fact.type, about, field, value, readsLike(value));
}

function propertyOf(fact: Fact): Candidate | undefined {
  const property = textOf(fact, 'property');
  const value = textOf(fact, 'to');
  if (property === undefined || value === undefined) return undefined;
  // A date or a text of its own kind each time: the property is what says it.
  if (endings.test(plain(property)) && (dateIn(value) !== null || /^\d{4}-\d\d-\d\d/.test(value)))
    return candidate(fact.type, {}, 'property', property, 'churned');
  return candidate(fact.type, { property }, 'to', value, readsLike(value));
}

/** The end of a contract, where the definition declares no such end. */
function contractOf(fact: Fact, { outcomes }: JourneyDefinition): Candidate | undefined {
  const property = textOf(fact, 'property') ?? '';
  const isEnd =
    fact.attributes.role === 'renewalDate' || /renewaldate|contractend|renewson|contractuntil/.test(plain(property));
  if (!isEnd || outcomes?.contract || !/\d/.test(textOf(fact, 'to') ?? '')) return undefined;
  const date = fact.attributes.role === 'renewalDate' ? 'renewalDate' : property;
  return {
    id: `contract ${date}`,
    subject: ', ends of contracts in ',
    value: date,
    readsLike: 'churned',
    add: `contract: { date: ${quoted(date)} }`,
  };
}

function closedDealOf(fact: Fact): Candidate {
  const like = fact.type === 'deal.lost' ? 'churned' : 'renewed';
  const name = textOf(fact, 'name');
  if (name !== undefined && /renew/i.test(name))
    return { ...candidate(fact.type, {}, 'name', '*renew*', like), subject: ' with a name like ' };
  const [field, value] = Object.entries(aboutDeal(fact))[0] ?? [];
  if (field !== undefined && value !== undefined) return candidate(fact.type, {}, field, value, like);
  return {
    id: fact.type,
    subject: ' that says no kind and no pipeline',
    value: '',
    readsLike: like,
    add: `- { type: ${fact.type} }`,
  };
}

/** Deals that say what they are about, and of which nothing is left to guess. */
const isOtherDeal = (fact: Fact): boolean =>
  fact.attributes.kind !== undefined ||
  /^new|newbusiness|newlogo|newcustomer/.test(plain(textOf(fact, 'pipeline') ?? ''));

/** What a deal says of what it is about. */
function aboutDeal(fact: Fact): Readonly<Record<string, string>> {
  const pipeline = textOf(fact, 'pipeline');
  return pipeline === undefined ? {} : { pipeline };
}

function candidate(
  type: EventType,
  about: Readonly<Record<string, string>>,
  field: string,
  value: string,
  like: Outcome['kind'] | null,
): Candidate {
  const named = { ...about, [field]: value };
  const written = Object.entries(named).map(([name, said]) => `${name}: ${quoted(said)}`);
  const told = Object.entries(about).map(([name, said]) => `${name} "${said}"`);
  return {
    id: [type, ...Object.entries(named).map(([name, said]) => `${name} ${spelledAlike(said)}`)].join('\n'),
    subject: ` ${[...told, `${field} `].join(', ')}`,
    value,
    readsLike: like,
    add: `- { type: ${type}, like: { ${written.join(', ')} } }`,
  };
}

const plain = (text: string): string => spelledAlike(text).normalize('NFD').replaceAll(/\p{M}/gu, '');

function readsLike(value: string): Outcome['kind'] | null {
  const text = plain(value);
  return endings.test(text) ? 'churned' : renewals.test(text) ? 'renewed' : null;
}

/** A text that a definition could name; undefined for all else. */
function textOf({ attributes }: Fact, name: string): string | undefined {
  const value = attributes[name];
  return typeof value === 'string' && value.length <= 100 && spelledAlike(value.replaceAll('*', '')) !== ''
    ? value
    : undefined;
}

/** As YAML within braces. */
const quoted = (text: string): string =>
  /^[a-z][a-z _-]*$/i.test(text) && text === text.trim() && !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(text)
    ? text
    : `'${text.replaceAll("'", "''")}'`;

function usualSpelling(spellings: ReadonlyMap<string, number>): string {
  const [first] = [...spellings].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return first === undefined || first[0] === '' ? '' : `"${first[0]}"`;
}
