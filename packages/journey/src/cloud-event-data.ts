import { otherwiseNamed, priorityOf, surveyKind } from './cloud-event-names.ts';
import { vocabulary, type Direction, type EventType, type Participant, type Touchpoint } from './event.ts';
import { parseTime, printTime } from './cloud-event-time.ts';
import { normalizeMessageId } from './identity.ts';

/** What is wrong with a field of a CloudEvent, for a person. */
export interface FieldIssue {
  /** Dotted, such as `data.from`. */
  readonly field: string;
  readonly message: string;
}

/** `data` in the engine's form. */
export interface MappedData {
  readonly attributes: Record<string, unknown>;
  readonly participants: readonly Participant[];
  /** Whether `printData` gives the very same `data` back. */
  readonly exact: boolean;
  /** Fields that are called otherwise than in the vocabulary, by their name there. */
  readonly readAs: ReadonlyMap<string, string> | undefined;
}

type Role = Participant['role'];
export interface PersonField {
  readonly role: Role;
  readonly many: boolean;
}

const one = (role: Role): PersonField => ({ role, many: false });
const many = (role: Role): PersonField => ({ role, many: true });

const mailPeople = { from: one('from'), to: many('to'), cc: many('cc') };
const crmPeople = { actor: one('actor') };

/** Which fields of `data` name people, by touchpoint: `to` is a person in a mail and a stage in a CRM change. */
const people: Readonly<Record<Touchpoint, Readonly<Record<string, PersonField>>>> = {
  email: mailPeople,
  chat: mailPeople,
  meeting: { organizer: one('organizer'), attendees: many('attendee') },
  ticket: { from: one('from'), requester: one('requester'), assignee: one('assignee') },
  survey: { respondent: one('respondent') },
  product: crmPeople,
  crm: crmPeople,
  waymark: crmPeople,
};

/** The fields of `data` that name people. */
export function peopleOf(touchpoint: Touchpoint): Readonly<Record<string, PersonField>> {
  return people[touchpoint];
}

/** Least people of a type; all other least fields are the vocabulary's own. */
export const requiredPeople: Readonly<Partial<Record<EventType, string>>> = {
  'email.received': 'from',
  'email.sent': 'to',
  'meeting.scheduled': 'attendees',
  'meeting.held': 'attendees',
  'meeting.canceled': 'attendees',
  'meeting.no_show': 'attendees',
};

const touchpoints: Readonly<Record<string, Touchpoint>> = {
  email: 'email',
  meeting: 'meeting',
  ticket: 'ticket',
  chat: 'chat',
  survey: 'survey',
  usage: 'product',
  playbook: 'waymark',
  milestone: 'waymark',
  flag: 'waymark',
};

/** The touchpoint of a type. */
export function touchpointOf(type: EventType): Touchpoint {
  return touchpoints[type.slice(0, type.indexOf('.'))] ?? 'crm';
}

const directions: Readonly<Partial<Record<EventType, Direction>>> = {
  'email.received': 'inbound',
  'email.sent': 'outbound',
  'email.internal': 'internal',
  'chat.received': 'inbound',
  'chat.sent': 'outbound',
  'ticket.opened': 'inbound',
  'ticket.reopened': 'inbound',
  'survey.responded': 'inbound',
};

/** The direction that `data.direction` names, else the one that the type implies. */
export function directionOf(type: EventType, given: unknown): Direction {
  if (given === 'inbound' || given === 'outbound' || given === 'internal' || given === 'none') return given;
  return directions[type] ?? 'none';
}

/** Instants among the attributes: epoch milliseconds inside, RFC 3339 on the wire. */
export const instantFields: ReadonlySet<string> = new Set([
  'startsAt',
  'endsAt',
  'closeAt',
  'previousCloseAt',
  'until',
]);
/** Those of them that may be a day without a time: midnight (UTC) inside. */
export const dateFields: ReadonlySet<string> = new Set(['closeAt', 'previousCloseAt', 'until']);
/** Names and ids that a source may well give as numbers. */
const texts = new Set([
  'threadId',
  'seriesId',
  'persona',
  'property',
  'milestone',
  'ticketId',
  'dealId',
  'owner',
  'pipeline',
  'stage',
  'contact',
  'metric',
  'messageId',
  'from',
  'to',
]);
/** How tables and APIs call what is a deal's here; the first that is given counts, where its own name is not. */
const dealNames: Readonly<Record<string, readonly string[]>> = {
  dealId: ['deal', 'deal_id', 'opportunityId', 'opportunity_id', 'opportunity', 'id'],
  stage: ['to'],
};
/** What a deal is about in the words of CRMs, without marks: HubSpot's deal types (https://knowledge.hubspot.com/properties/hubspots-default-deal-properties) among them. */
const dealKinds: Readonly<Record<string, string>> = {
  newbusiness: 'new',
  newcustomer: 'new',
  newlogo: 'new',
  newsale: 'new',
  newsales: 'new',
  initial: 'new',
  acquisition: 'new',
  renewals: 'renewal',
  renew: 'renewal',
  upsell: 'expansion',
  crosssell: 'expansion',
  existingbusiness: 'expansion',
};

/** Where CRMs say what a deal is about. */
export const dealTypeFields: readonly string[] = [
  'type',
  'dealType',
  'deal_type',
  'dealtype',
  'isRenewal',
  'is_renewal',
];

/** The name under which a field of a deal is kept. */
function dealName(key: string, data: Readonly<Record<string, unknown>>): string {
  const isName = (field: string) => typeof data[field] === 'string' || typeof data[field] === 'number';
  for (const [name, others] of Object.entries(dealNames))
    if (data[name] === undefined && others.find(isName) === key) return name;
  return key;
}

function dealKind(text: string): string {
  const word = text.toLowerCase().replaceAll(/[^a-z]/g, '');
  return Object.hasOwn(dealKinds, word) ? (dealKinds[word] ?? word) : word;
}

const kinds: ReadonlySet<string> = new Set(['new', 'renewal', 'expansion']);

/** What a deal is about where its kind is left out: as its type tells, else the name of its pipeline; undefined where neither does. */
function kindTold(data: Readonly<Record<string, unknown>>): string | undefined {
  if (data['isRenewal'] === true || data['is_renewal'] === true) return 'renewal';
  for (const field of dealTypeFields) {
    const type = data[field];
    const kind = typeof type === 'string' ? dealKind(type) : '';
    if (kinds.has(kind)) return kind;
  }
  const pipeline = typeof data['pipeline'] === 'string' ? data['pipeline'].toLowerCase() : '';
  const told = [
    ...(pipeline.includes('renew') ? ['renewal'] : []),
    ...(/expan|upsell|cross-?sell/.test(pipeline) ? ['expansion'] : []),
    ...(/\bnew\b/.test(pipeline) ? ['new'] : []),
  ];
  return told.length === 1 ? told[0] : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Turns `data` into attributes and participants; what is wrong with it is added to `issues`. */
export function mapData(type: EventType, data: Readonly<Record<string, unknown>>, issues: FieldIssue[]): MappedData {
  const touchpoint = touchpointOf(type);
  const named = people[touchpoint];
  const attributes: Record<string, unknown> = {};
  const participants: Participant[] = [];
  const readAs = otherwiseNamed(type, data);
  let exact = readAs === undefined;
  for (const key of Object.keys(data)) {
    const value = data[key];
    const meant = readAs?.get(key);
    const field = meant ?? key;
    const person = Object.hasOwn(named, field) ? named[field] : undefined;
    const name =
      meant ??
      (key === 'ticket' && touchpoint === 'ticket' ? 'ticketId' : type.startsWith('deal.') ? dealName(key, data) : key);
    if (name !== key && touchpoint === 'crm') exact = false;
    // An empty field of a table or an API: it says nothing.
    if (value === null && (person || Object.hasOwn(vocabulary[type].shape, name))) {
      exact = false;
      continue;
    }
    if (person) {
      exact = addPeople(person, key, value, participants, issues) && exact;
      continue;
    }
    if (key === 'cloudevent' || (key === 'ticketId' && touchpoint === 'ticket')) {
      exact = false;
      if (key === 'cloudevent') continue;
    }
    if (name === 'priority' && touchpoint === 'ticket' && typeof value === 'string') {
      attributes[name] = priorityOf(value) ?? value.trim().toLowerCase();
      exact = exact && attributes[name] === value;
    } else if (name === 'kind' && typeof value === 'string' && touchpoint === 'survey') {
      attributes[name] = surveyKind(value) ?? value;
      exact = exact && attributes[name] === value;
    } else if (name === 'scale' && typeof value === 'string' && touchpoint === 'survey') {
      exact = false;
      // `1-5` and `0 to 10` are scales up to their end.
      const top = /^\s*(?:[01]\s*(?:-|–|to|\.\.)\s*)?(\d{1,4})\s*$/.exec(value)?.[1];
      attributes[name] = top === undefined ? value : Number(top);
    } else if (isRecord(value) && isOnePerson(type, name)) {
      exact = false;
      attributes[name] = addressOf(value) ?? value;
    } else if (name === 'kind' && typeof value === 'string' && type.startsWith('deal.')) {
      attributes[name] = dealKind(value);
      exact = exact && attributes[name] === value;
    } else if (instantFields.has(name) && typeof value === 'string') {
      const isDay = dateFields.has(name) && /^\d{4}-\d\d-\d\d$/.test(value);
      const at = parseTime(isDay ? `${value}T00:00:00Z` : value);
      if (at === undefined) issues.push({ field: `data.${key}`, message: 'give a time as in 2026-03-01T09:30:00Z' });
      else if (printTime(at) !== value) exact = false;
      attributes[name] = at;
    } else if (instantFields.has(name) && typeof value === 'number') {
      exact = false;
      attributes[name] = value;
    } else if (texts.has(name) && (typeof value === 'number' || typeof value === 'boolean')) {
      exact = false;
      attributes[name] = String(value);
    } else if (name === 'references' && Array.isArray(value)) {
      const references = value.map((id) => (typeof id === 'string' ? normalizeMessageId(id) : undefined));
      exact = exact && references.every((id, at) => id === value[at]);
      attributes[name] = references.filter((id) => id !== undefined).slice(-50);
      if (references.length > 50) exact = false;
    } else attributes[name] = value;
  }
  if (type.startsWith('deal.') && attributes['kind'] === undefined) {
    const kind = kindTold(data);
    if (kind !== undefined) {
      attributes['kind'] = kind;
      exact = false;
    }
  }
  // The engine and the matching read people from the participants.
  if (touchpoint === 'crm' && typeof attributes['contact'] === 'string') {
    const contact = personOf('contact', attributes['contact']);
    if (contact) participants.push(contact.participant);
  }
  if (participants.length > 1000) issues.push({ field: 'data', message: 'name at most 1000 people' });
  return { attributes, participants, exact, readAs };
}

/** Fields that hold one person's address, and that are kept as such. */
const isOnePerson = (type: EventType, name: string): boolean =>
  name === 'owner' || name === 'contact' || (name === 'from' && type === 'crm.owner_changed');

/** The address in an object that tells a person, by the names that it has in the APIs of calendars, mail and CRMs. */
function addressOf({ address, email, emailAddress }: Readonly<Record<string, unknown>>): string | undefined {
  return [address, email, emailAddress].find((one) => typeof one === 'string');
}

function addPeople(
  field: PersonField,
  key: string,
  value: unknown,
  participants: Participant[],
  issues: FieldIssue[],
): boolean {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const list = given
    .slice(0, 1001)
    .flatMap((each): readonly unknown[] => (typeof each === 'string' ? peopleIn(each) : [each]));
  let exact = Array.isArray(value) === field.many && list.length > 0 && list.length === Math.min(given.length, 1001);
  // Of several senders, the first: there is one place for it.
  for (const each of field.many || Array.isArray(value) ? list.slice(0, 1001) : list.slice(0, 1)) {
    const found = personOf(field.role, each);
    if (!found) {
      issues.push({
        field: `data.${key}`,
        message: 'give an e-mail address, or an object with address and name, of at most 320 characters',
      });
      return false;
    }
    participants.push(found.participant);
    exact = exact && found.exact;
  }
  return exact;
}

/** The longest list of people in one text. */
const longestList = 100_000;

/**
 * The people of a text that lists several, as mail programs and tables write them: `ana@acme.example; "Lee, Zoe" <zoe@acme.example>`.
 * A name with a comma stays whole, in quotation marks or not.
 */
function peopleIn(text: string): readonly string[] {
  if (text.indexOf('@') === text.lastIndexOf('@') || text.length > longestList) return [text];
  const people: string[] = [];
  let [rest, addressed] = ['', false];
  // Bounded, so that marks that are never closed cost no more than their length.
  for (const [part] of text.matchAll(/(?:"[^"]{0,500}"|<[^>]{0,400}>|[^,;])+|[,;]/g)) {
    const isMark = part === ',' || part === ';';
    if (isMark && addressed) {
      people.push(rest.trim());
      [rest, addressed] = ['', false];
    } else if (!isMark || rest !== '') rest += part;
    addressed ||= !isMark && part.replaceAll(/"[^"]{0,500}"/g, '').includes('@');
  }
  if (rest.trim() !== '') people.push(rest.trim());
  return people.length > 1 ? people : [text];
}

/** One person by a text or an object; `exact` where `printPerson` gives the same back. */
function personOf(role: Role, value: unknown): { participant: Participant; exact: boolean } | undefined {
  if (typeof value === 'string') return personOfText(role, value);
  if (!isRecord(value)) return undefined;
  const { displayName, responseStatus, name = displayName, response = responseStatus } = value;
  const address = addressOf(value);
  const known = Object.keys(value).every((key) => key === 'address' || key === 'name' || key === 'response');
  const named = typeof name === 'string' && name !== '' ? name.slice(0, 500) : undefined;
  const answer =
    response === 'accepted' || response === 'declined' || response === 'tentative' || response === 'none'
      ? response
      : undefined;
  const base = typeof address === 'string' ? personOfText(role, address) : undefined;
  if (!base && named === undefined) return undefined;
  const participant: Participant = {
    ...(base?.participant ?? { role }),
    ...(named !== undefined && { name: named }),
    ...(answer !== undefined && { response: answer }),
  };
  const same = named === name && answer === response && (address === undefined || base?.exact === true);
  return { participant, exact: known && same && (named !== undefined || answer !== undefined) };
}

function personOfText(role: Role, text: string): { participant: Participant; exact: boolean } | undefined {
  if (text.length > 1000) return undefined;
  const open = text.lastIndexOf('<');
  const close = text.indexOf('>', open);
  const bare = (open >= 0 && close > open ? text.slice(open + 1, close) : text).trim();
  const name = open > 0 && close > open ? text.slice(0, open).replaceAll('"', '').trim().slice(0, 500) : '';
  if (bare === '' || bare.length > 320) return undefined;
  const address = bare.toLowerCase();
  const participant: Participant = bare.includes('@')
    ? { role, address, ...(name !== '' && { name }) }
    : { role, external: bare };
  return { participant, exact: text === (bare.includes('@') ? address : bare) };
}

function printPerson(person: Participant): unknown {
  const { address, external, name, response } = person;
  if (name === undefined && response === undefined) return address ?? external ?? '';
  return {
    ...((address ?? external) !== undefined && { address: address ?? external }),
    ...(name !== undefined && { name }),
    ...(response !== undefined && { response }),
  };
}

/** The `data` of an event on the wire: what `mapData` takes. */
export function printData(
  type: EventType,
  attributes: Readonly<Record<string, unknown>>,
  participants: readonly Participant[],
): Record<string, unknown> {
  const touchpoint = touchpointOf(type);
  const data: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'cloudevent') continue;
    const name = key === 'ticketId' && touchpoint === 'ticket' ? 'ticket' : key;
    data[name] = instantFields.has(key) && typeof value === 'number' ? printTime(value) : value;
  }
  for (const [key, field] of Object.entries(people[touchpoint])) {
    const named = participants.filter((each) => each.role === field.role).map(printPerson);
    if (named.length > 0) data[key] = field.many ? named : named[0];
  }
  return data;
}
