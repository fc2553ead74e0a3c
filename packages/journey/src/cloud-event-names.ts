import { parseTime } from './cloud-event-time.ts';
import { vocabulary, type EventType } from './event.ts';

/** A field of the vocabulary and what other tools and tables call it, in letters alone; what they are told by has to be `of` this form. */
interface OtherNames {
  readonly of: 'text' | 'number' | 'instant' | 'person' | 'priority' | 'survey';
  readonly names: readonly string[];
}

const threads: OtherNames = { of: 'text', names: ['thread', 'conversation', 'conversationid'] };
const starts: OtherNames = { of: 'instant', names: ['start', 'starttime', 'startat', 'scheduledfor', 'scheduledat'] };
const ends: OtherNames = { of: 'instant', names: ['end', 'endtime', 'endat'] };
const series: OtherNames = { of: 'text', names: ['series', 'recurringeventid', 'recurrenceid'] };
const closes: OtherNames = { of: 'instant', names: ['closedate', 'closesat', 'expectedclosedate', 'expectedcloseat'] };
const closed: OtherNames = {
  of: 'instant',
  names: ['previousclosedate', 'oldclosedate', 'oldcloseat', 'fromclosedate'],
};
const stages: OtherNames = { of: 'text', names: ['tostage', 'newstage', 'dealstage', 'stagename'] };
const stagesBefore: OtherNames = { of: 'text', names: ['fromstage', 'oldstage', 'previousstage'] };
const now: OtherNames = { of: 'text', names: ['new', 'newvalue', 'tovalue', 'value'] };
const before: OtherNames = { of: 'text', names: ['old', 'oldvalue', 'fromvalue', 'previous', 'previousvalue'] };
const until: OtherNames = {
  of: 'instant',
  names: ['renewaldate', 'renewsat', 'renewedto', 'reneweduntil', 'contractend', 'contractenddate', 'termend'],
};

/** By the type or, before its point, all types of a kind; the canonical names in other marks (`thread_id`, `ThreadID`) are understood of all. */
const others: Readonly<Record<string, Readonly<Record<string, OtherNames>>>> = {
  email: {
    from: { of: 'person', names: ['sender', 'fromaddress', 'fromemail'] },
    to: { of: 'person', names: ['recipient', 'recipients', 'toaddress', 'toemail'] },
    threadId: threads,
    messageId: { of: 'text', names: ['rfc822messageid', 'internetmessageid'] },
  },
  chat: { from: { of: 'person', names: ['sender', 'author'] }, threadId: threads },
  meeting: {
    attendees: { of: 'person', names: ['attendee', 'participants', 'invitees', 'guests'] },
    organizer: { of: 'person', names: ['organiser', 'host'] },
    startsAt: starts,
    endsAt: ends,
    seriesId: series,
  },
  ticket: {
    ticketId: { of: 'text', names: ['id', 'ticketnumber', 'ticketkey', 'caseid', 'casenumber'] },
    priority: { of: 'priority', names: ['severity', 'urgency'] },
    requester: { of: 'person', names: ['requesteremail', 'openedby', 'reporter'] },
  },
  survey: {
    score: { of: 'number', names: ['rating', 'nps', 'csat'] },
    kind: { of: 'survey', names: ['type', 'survey', 'surveytype'] },
    respondent: { of: 'person', names: ['respondentemail', 'contact', 'from', 'email'] },
    scale: { of: 'number', names: ['max', 'maxscore', 'outof'] },
  },
  usage: {
    value: { of: 'number', names: ['count', 'amount', 'quantity'] },
    metric: { of: 'text', names: ['name', 'metricname'] },
  },
  deal: { closeAt: closes, previousCloseAt: closed, stage: stages, from: stagesBefore },
  contact: {
    contact: { of: 'person', names: ['email', 'address', 'contactemail', 'person'] },
    persona: { of: 'text', names: ['role', 'contactrole'] },
  },
  'crm.stage_changed': {
    to: { of: 'text', names: ['stage', 'tostage', 'newstage', ...now.names] },
    from: { of: 'text', names: [...stagesBefore.names, ...before.names] },
  },
  'crm.property_changed': {
    to: now,
    from: before,
    property: { of: 'text', names: ['propertyname', 'field', 'fieldname', 'name'] },
  },
  'crm.owner_changed': {
    owner: { of: 'person', names: ['to', 'newowner', 'owneremail', 'newowneremail', 'csm', ...now.names] },
    from: { of: 'person', names: ['previousowner', 'oldowner', ...before.names] },
  },
  'account.renewed': { until },
  milestone: { milestone: { of: 'text', names: ['name', 'milestonename'] } },
};

/** Of a close date that was put off: what else would be a stage. */
const datesOfSlip: ReadonlyMap<string, string> = new Map([
  ['to', 'closeAt'],
  ['from', 'previousCloseAt'],
]);

/** What is called by one name in any marks: `thread_id` and `threadId` are `threadid`. */
const letters = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

interface Meaning {
  readonly name: string;
  readonly of: OtherNames['of'] | 'any';
  /** Of several for one field the lowest counts: its own name in other marks, then the others in their order. */
  readonly rank: number;
}

const meanings = new Map<EventType, ReadonlyMap<string, Meaning>>();
/** The fields that some types have beyond the vocabulary's own, and that are read of them. */
const alsoRead: Readonly<Record<string, readonly string[]>> = {
  email: ['messageId', 'inReplyTo', 'from', 'to', 'cc'],
  chat: ['threadId', 'from', 'to', 'cc'],
  meeting: ['organizer', 'attendees'],
  ticket: ['ticketId', 'requester', 'assignee', 'from'],
  survey: ['respondent'],
};

function meaningsOf(type: EventType): ReadonlyMap<string, Meaning> {
  let own = meanings.get(type);
  if (own) return own;
  const noun = type.slice(0, type.indexOf('.'));
  const named = others[type] ?? others[noun] ?? {};
  const found = new Map<string, Meaning>();
  for (const [name, { of, names }] of Object.entries(named))
    for (const [index, other] of names.entries()) found.set(other, { name, of, rank: index + 1 });
  for (const name of [...Object.keys(vocabulary[type].shape), ...(alsoRead[noun] ?? [])])
    found.set(letters(name), { name, of: named[name]?.of ?? (name.endsWith('At') ? 'instant' : 'any'), rank: 0 });
  // What of a deal is its id is told in its own place.
  found.delete('dealid');
  meanings.set(type, (own = found));
  return own;
}

/** Keys that were met, so that each is looked at once: files whose keys are names of their own have more. */
const met = new Map<string, Meaning | null>();
const mostMet = 5000;

function meaningOf(type: EventType, key: string): Meaning | null {
  const name = `${type} ${key}`;
  let found = met.get(name);
  if (found === undefined) {
    found = meaningsOf(type).get(letters(key)) ?? null;
    if (found?.name === key || Object.hasOwn(vocabulary[type].shape, key)) found = null;
    if (met.size < mostMet) met.set(name, found);
  }
  return found;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fits(value: unknown, of: Meaning['of']): boolean {
  switch (of) {
    case 'any':
      return value !== null;
    case 'text':
      return typeof value === 'number' || (typeof value === 'string' && value.trim() !== '' && value.length <= 500);
    case 'number':
      return typeof value === 'number';
    case 'instant':
      return typeof value === 'string' && instantIn(value) !== undefined;
    case 'person':
      return (typeof value === 'string' && value.trim() !== '') || Array.isArray(value) || isRecord(value);
    case 'priority':
      return typeof value === 'string' && priorityOf(value) !== undefined;
    case 'survey':
      return typeof value === 'string' && surveyKind(value) !== undefined;
  }
}

/** The instant of a time or a day, epoch milliseconds. */
function instantIn(text: string): number | undefined {
  return parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
}

/**
 * The fields of `data` that are called otherwise than in the vocabulary, by their name there: what no field of its own name says, and whose
 * value is of the form that is asked. The order of keys says nothing. Undefined where there are none.
 */
export function otherwiseNamed(
  type: EventType,
  data: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, string> | undefined {
  let found: Map<string, { readonly key: string; readonly rank: number }> | undefined;
  for (const key of Object.keys(data)) {
    const slip = type === 'deal.close_date_changed' ? datesOfSlip.get(key) : undefined;
    const meaning = slip === undefined ? meaningOf(type, key) : { name: slip, of: 'instant' as const, rank: 1000 };
    if (meaning === null || isSaid(meaning.name, type, data) || !fits(data[key], meaning.of)) continue;
    const { name, rank } = meaning;
    const rival = found?.get(name);
    if (rival && (rival.rank < rank || (rival.rank === rank && rival.key < key))) continue;
    (found ??= new Map()).set(name, { key, rank });
  }
  return found && new Map([...found].map(([name, { key }]) => [key, name]));
}

/** Whether a field of this name, or one that has always been read as it, says something. */
function isSaid(name: string, type: EventType, data: Readonly<Record<string, unknown>>): boolean {
  const given = (key: string) => data[key] !== undefined && data[key] !== null;
  if (given(name)) return true;
  if (name === 'ticketId') return given('ticket');
  return name === 'stage' && type.startsWith('deal.') && given('to');
}

/** What help desks call priorities, Zendesk (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/) and Jira among them. */
const priorities: Readonly<Record<string, readonly string[]>> = {
  low: ['p4', 'p5', 'sev4', 'sev5', 'minor', 'lowest', 'trivial'],
  medium: ['normal', 'moderate', 'p3', 'sev3'],
  high: ['major', 'p2', 'sev2'],
  urgent: ['critical', 'blocker', 'highest', 'emergency', 'p0', 'p1', 'sev0', 'sev1'],
};
const priorityWords = new Map(
  Object.entries(priorities).flatMap(([name, words]) => [name, ...words].map((word): [string, string] => [word, name])),
);

/** A priority in the vocabulary's words; undefined where it is none that is known. */
export function priorityOf(text: string): string | undefined {
  return priorityWords.get(letters(text));
}

/** What kind of survey a text names; undefined where it names none that is known. */
export function surveyKind(text: string): 'nps' | 'csat' | 'ces' | 'other' | undefined {
  const word = letters(text);
  if (word.includes('nps') || word.includes('promoter')) return 'nps';
  if (word.includes('csat') || word.includes('satisfaction')) return 'csat';
  if (word === 'ces' || word.includes('effort')) return 'ces';
  return word === 'other' ? 'other' : undefined;
}

/** Types that are spelled otherwise, and those that are meant by names which tools have for them. */
const spellings: ReadonlyMap<string, EventType> = new Map([
  ['meeting.cancelled', 'meeting.canceled'],
  ['meeting.noshow', 'meeting.no_show'],
  ['meeting.no-show', 'meeting.no_show'],
]);
const meant: Readonly<Record<string, EventType>> = {
  'meeting.created': 'meeting.scheduled',
  'meeting.booked': 'meeting.scheduled',
  'meeting.completed': 'meeting.held',
  'ticket.created': 'ticket.opened',
  'ticket.closed': 'ticket.solved',
  'ticket.resolved': 'ticket.solved',
  'ticket.commented': 'ticket.replied',
  'deal.closed_won': 'deal.won',
  'deal.closed_lost': 'deal.lost',
  'survey.completed': 'survey.responded',
  'survey.response': 'survey.responded',
  'account.renewal': 'account.renewed',
  'account.churn': 'account.churned',
  'contact.created': 'contact.added',
  'contact.removed': 'contact.left',
};

/** The vocabulary's type of another spelling; the text itself otherwise. */
export function spelledType(text: string): string {
  return spellings.get(text) ?? text;
}

/** The type that may be meant by one that is not of the vocabulary. */
export function typeMeant(text: string): EventType | undefined {
  return Object.hasOwn(meant, text.toLowerCase()) ? meant[text.toLowerCase()] : undefined;
}
