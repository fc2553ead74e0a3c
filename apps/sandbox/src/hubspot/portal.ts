import { OBJECT_TYPES, type ObjectType } from './object-type.ts';
import { builtInProperties, type PropertyDefinition } from './property.ts';
import type { CrmRecord, Owner, Pipeline, Portal, PropertyVersion, Source } from './state.ts';

export interface PortalInput {
  readonly id: number;
  readonly name: string;
  readonly domain: string;
  readonly timeZone?: string;
  readonly currency?: string;
  readonly owners?: readonly Owner[];
  readonly pipelines?: {
    readonly deals: readonly Pipeline[];
    readonly tickets: readonly Pipeline[];
  };
  readonly properties?: Partial<Record<ObjectType, readonly PropertyDefinition[]>>;
}

function perType<T>(make: (type: ObjectType) => T): Record<ObjectType, T> {
  return {
    companies: make('companies'),
    contacts: make('contacts'),
    deals: make('deals'),
    tickets: make('tickets'),
    meetings: make('meetings'),
    emails: make('emails'),
    feedback_submissions: make('feedback_submissions'),
  };
}

/**
 * The first id of each object. The same in every portal on purpose: ids are unique within a portal only, so code that
 * forgets the portal in a key shows itself.
 */
const FIRST_IDS: Readonly<Record<ObjectType, number>> = {
  companies: 21_000_000_001,
  contacts: 31_000_000_001,
  deals: 41_000_000_001,
  tickets: 51_000_000_001,
  meetings: 61_000_000_001,
  emails: 71_000_000_001,
  feedback_submissions: 81_000_000_001,
};

/** HubSpot's pipelines of a new account; the default pipeline's stages have names, those of others numbers. */
const DEFAULT_PIPELINES: {
  readonly deals: readonly Pipeline[];
  readonly tickets: readonly Pipeline[];
} = {
  deals: [
    {
      id: 'default',
      label: 'Sales Pipeline',
      displayOrder: 0,
      stages: dealStages([
        ['qualifiedtobuy', 'Qualified To Buy', 0.4],
        ['presentationscheduled', 'Proposal', 0.6],
        ['contractsent', 'Negotiation', 0.8],
        ['closedwon', 'Closed Won', 1],
        ['closedlost', 'Closed Lost', 0],
      ]),
    },
  ],
  tickets: [
    {
      id: '0',
      label: 'Support Pipeline',
      displayOrder: 0,
      stages: ticketStages([
        ['1', 'New', 'OPEN'],
        ['2', 'Waiting on contact', 'OPEN'],
        ['3', 'Waiting on us', 'OPEN'],
        ['4', 'Closed', 'CLOSED'],
      ]),
    },
  ],
};

/** Deal stages from (id, label, probability); a probability of 0 or 1 closes the deal, which the vendor also says in `isClosed`. */
export function dealStages(
  rows: readonly (readonly [id: string, label: string, probability: number])[],
): Pipeline['stages'] {
  return rows.map(([id, label, probability], displayOrder) => ({
    id,
    label,
    displayOrder,
    metadata: {
      probability: probability.toFixed(1),
      isClosed: String(probability === 0 || probability === 1),
    },
  }));
}

export function ticketStages(
  rows: readonly (readonly [id: string, label: string, state: 'OPEN' | 'CLOSED'])[],
): Pipeline['stages'] {
  return rows.map(([id, label, ticketState], displayOrder) => ({
    id,
    label,
    displayOrder,
    metadata: { ticketState, isClosed: String(ticketState === 'CLOSED') },
  }));
}

/** A new, empty account. */
export function createPortal(input: PortalInput): Portal {
  const pipelines = input.pipelines ?? DEFAULT_PIPELINES;
  return {
    id: input.id,
    name: input.name,
    domain: input.domain,
    timeZone: input.timeZone ?? 'Europe/Berlin',
    currency: input.currency ?? 'EUR',
    owners: [...(input.owners ?? [])],
    pipelines: { deals: [...pipelines.deals], tickets: [...pipelines.tickets] },
    properties: perType((type) => ({
      ...builtInProperties(type),
      ...Object.fromEntries((input.properties?.[type] ?? []).map((definition) => [definition.name, definition])),
    })),
    objects: perType(() => ({})),
    merged: perType(() => ({})),
    links: {},
    nextIds: { ...FIRST_IDS },
  };
}

/** Gives a portal that was kept before an object was known here what it lacks of that object. */
export function completePortal(portal: Portal): void {
  for (const type of OBJECT_TYPES) {
    portal.properties[type] ??= builtInProperties(type);
    portal.objects[type] ??= {};
    portal.merged[type] ??= {};
    portal.nextIds[type] ??= FIRST_IDS[type];
  }
}

export function versionOf(value: string, timestamp: number, source: Source): PropertyVersion {
  return {
    value,
    timestamp,
    sourceType: source.type,
    ...(source.id === undefined ? {} : { sourceId: source.id }),
    ...(source.userId === undefined ? {} : { userId: source.userId }),
  };
}

export function takeId(portal: Portal, type: ObjectType): string {
  const id = portal.nextIds[type];
  portal.nextIds[type] = id + 1;
  return String(id);
}

export function linkKey(type: ObjectType, id: string): string {
  return `${type}:${id}`;
}

/** Associates two records in both directions; false if they already were. */
export function link(portal: Portal, from: string, to: string): boolean {
  const forward = (portal.links[from] ??= []);
  if (forward.includes(to)) return false;
  forward.push(to);
  (portal.links[to] ??= []).push(from);
  return true;
}

export interface RecordInput {
  readonly id?: string;
  readonly createdAt: number;
  readonly source: Source;
  /** A plain value stands since creation; a list is a history, oldest first. Undefined and empty values are left out. */
  readonly properties: Readonly<
    Record<string, string | readonly { readonly at: number; readonly value: string }[] | undefined>
  >;
  readonly linkTo?: readonly string[];
}

/** Puts a record with its whole past into a portal, without checks or events: for seeds and benchmarks. */
export function plantRecord(portal: Portal, type: ObjectType, input: RecordInput): CrmRecord {
  const id = input.id ?? takeId(portal, type);
  const record: CrmRecord = {
    id,
    createdAt: input.createdAt,
    updatedAt: input.createdAt,
    properties: {},
  };
  for (const [name, value] of Object.entries(input.properties)) {
    if (value === undefined || value === '') continue;
    const past = typeof value === 'string' ? [{ at: input.createdAt, value }] : value;
    const newestFirst = past.map((entry) => versionOf(entry.value, entry.at, input.source)).toReversed();
    if (newestFirst.length === 0) continue;
    record.properties[name] = newestFirst;
    record.updatedAt = Math.max(record.updatedAt, newestFirst[0]?.timestamp ?? 0);
  }
  portal.objects[type][id] = record;
  for (const target of input.linkTo ?? []) link(portal, linkKey(type, id), target);
  return record;
}
