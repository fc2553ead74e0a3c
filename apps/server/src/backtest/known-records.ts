import { datedField, type DatedField } from '@waymark/journey';
import { type AccountContext, type Fact, type KnownContext, type PeerBaseline } from '@waymark/lifecycle';
import {
  judgedPeople,
  type Account,
  type Contact,
  type JudgedPerson,
  type JudgedRecord,
  type NotedPerson,
} from '@waymark/store';
import { contextOf, judgedRecord } from '@waymark/sync';

/** What a record is judged with of which the past is not dated everywhere, and of its people. */
export type PartOfToday = DatedField | 'people';

/** What of an account was noted as folds took it up, oldest first. */
export interface Noted {
  readonly records: readonly { readonly from: number; readonly record: JudgedRecord }[];
  readonly people: readonly NotedPerson[];
}

/** An account's record and people as they were known, from the beginning on. */
export interface KnownRecord {
  readonly contexts: readonly KnownContext[];
  /** The account's facts: one that only takes today's value to have held all along is known from when the record was first read. */
  readonly facts: readonly Fact[];
  /** What was not known all along and is not dated: it counts from when it was first read, people as they were then. */
  readonly ofToday: readonly PartOfToday[];
}

interface Around {
  /** Whether it counts as a customer, whatever the record says today. */
  readonly isCustomer: boolean;
  readonly timezone: string;
  readonly watchedFrom: number;
  readonly holidays: readonly string[];
  readonly peers: ReadonlyMap<string, readonly PeerBaseline[]>;
  /** What was recorded later does not exist, epoch milliseconds. */
  readonly to: number;
}

/**
 * An account as it was known at each instant. Tier, value and renewal date are what dated events tell; without these they are unknown until
 * the record was first read, and then what it said at the time. So is who plays which part among the customer's people, but that before the
 * first reading those of the first reading count.
 */
export function knownRecord(
  account: Account,
  contacts: readonly Contact[],
  told: readonly Fact[],
  noted: Noted,
  around: Around,
): KnownRecord {
  const today = judgedRecord(account, around.timezone);
  const records = noted.records.filter(({ from }) => from < around.to);
  const firstRead = records[0]?.from ?? around.to;
  const facts = told.map((fact) =>
    isAssumed(fact) ? { ...fact, recordedAt: Math.max(fact.recordedAt, firstRead) } : fact,
  );
  const coverage = {
    gaps: [],
    watchedFrom: around.watchedFrom,
    ...(around.holidays.length > 0 && { holidays: around.holidays }),
    peers: Object.fromEntries(around.peers),
  };
  const { renewalAt: _renewalAt, tier: _tier, value: _value, ...bare } = { ...today, isCustomer: around.isCustomer };
  const at = (instant: number): AccountContext => {
    const then = records.findLast(({ from }) => from <= instant)?.record;
    const { renewalAt, tier, value } = then ?? {};
    const record: JudgedRecord = {
      ...bare,
      ...(renewalAt !== undefined && { renewalAt }),
      ...(tier !== undefined && { tier }),
      ...(value !== undefined && { value }),
      // What says itself that it is no customer, and was one by what became of it, is none by an import's word alone.
      ...(!today.isCustomer && bare.dated === null && { dated: [] }),
    };
    return contextOf(
      account.accountId,
      record,
      peopleAt(noted.people, contacts, Math.max(instant, firstRead)),
      coverage,
    );
  };
  const dated = new Set<string>(account.dated ?? []);
  const undated = datedField.options.filter(
    (field) => !dated.has(field) && today[keys[field]] !== undefined && !told.some((fact) => isDated(fact, field)),
  );
  return {
    contexts: steps(records, noted.people, around.to, at),
    facts,
    ofToday: [...undated, ...(contacts.some(playsPart) ? (['people'] as const) : [])],
  };
}

/** The tier that records gave at an instant of known time; null where nothing is known of then. */
export const tierNoted = (records: Noted['records'], at: number): string | null =>
  records.findLast(({ from }) => from <= at)?.record.tier ?? null;

const keys = { tier: 'tier', value: 'value', renewalDate: 'renewalAt' } as const satisfies Record<
  DatedField,
  keyof JudgedRecord
>;

const roles: ReadonlySet<unknown> = new Set(datedField.options);

/** Whether a fact takes what a record says now to have held since it was made. */
const isAssumed = ({ type, attributes }: Fact): boolean =>
  type === 'crm.property_changed' && attributes.assumed === true && roles.has(attributes.role);

const isDated = (fact: Fact, field: DatedField): boolean =>
  fact.type === 'crm.property_changed' && fact.attributes.role === field && !isAssumed(fact);

const playsPart = ({ persona, leftAt }: Pick<Contact, 'persona' | 'leftAt'>): boolean =>
  persona !== null || leftAt !== null;

/** The people of an instant of known time; those of today where nobody was noted. */
function peopleAt(noted: readonly NotedPerson[], contacts: readonly Contact[], at: number): readonly JudgedPerson[] {
  if (noted.length === 0) return judgedPeople(contacts);
  return noted.filter(({ from, to }) => from <= at && (to === null || to > at)).map(({ person }) => person);
}

/** The contexts of each instant at which they change. */
function steps(
  records: Noted['records'],
  people: readonly NotedPerson[],
  to: number,
  at: (instant: number) => AccountContext,
): KnownContext[] {
  // Who plays no part changes nothing that is worth going through the history again for.
  const turns = people.flatMap((one) =>
    one.person.persona === undefined && one.person.leftAt === undefined
      ? []
      : [one.from, ...(one.to === null ? [] : [one.to])],
  );
  const instants = [...new Set([...records.map(({ from }) => from), ...turns])].filter((instant) => instant < to);
  const found: KnownContext[] = [{ from: Number.MIN_SAFE_INTEGER, context: at(Number.MIN_SAFE_INTEGER) }];
  for (const instant of instants.toSorted((a, b) => a - b)) {
    const context = at(instant);
    if (judgedBy(context) !== judgedBy(found.at(-1)?.context)) found.push({ from: instant, context });
  }
  return found;
}

const judgedBy = (context: AccountContext | undefined): string =>
  JSON.stringify([
    context?.tier,
    context?.value,
    context?.renewalAt,
    context?.contacts.filter(({ persona, leftAt }) => persona !== undefined || leftAt !== undefined),
  ]);
