import type { MapContext, Mapped } from '@waymark/connector-kit';
import { crmChangeIdentity, type Attributes, type EventDraft, type Participant } from '@waymark/journey';
import { settingsOf, type Settings } from './settings.ts';
import type { GatheredTicket, HistoryEntry } from './ticket-record.ts';
import { parseTime } from './time.ts';

type TicketAttributes = Attributes<'ticket.opened'>;
type StatusEvent = 'ticket.solved' | 'ticket.reopened' | 'ticket.escalated' | 'ticket.status_changed';

/** The ticket as it stood at a moment of its history. */
interface Standing {
  readonly status: string;
  readonly customStatus: string | undefined;
  readonly priority: string;
  readonly tags: readonly string[];
}

/** A moment of a ticket, later than the one before it: Zendesk's times are whole seconds, the order of its audits is finer. */
interface Moment {
  readonly at: number;
  readonly entry: HistoryEntry;
  readonly before: Standing;
  readonly after: Standing;
}

const DONE = new Set(['solved', 'closed']);

/**
 * A ticket: opened, every word between customer and agents as a time and a side, every move of its status, and each time it became
 * urgent or was escalated. An agent's private note is work within the house; it is told as such and counts as contact with nobody.
 */
export function mapTicket(record: GatheredTicket, context: MapContext): Mapped {
  const { ticket, gathered } = record;
  if (gathered.tooOld) return { outcome: 'ignored', reason: 'too_old' };
  const settings = settingsOf(context.settings);
  const opened = parseTime(ticket.created_at);
  if (opened === undefined) throw new Error('The ticket has no time of creation');
  const moments = momentsOf(record, opened);
  const draft = drafts(record, context);
  const first = moments.find(({ entry }) => entry.comments.length > 0);
  const atOpening = moments[0]?.after ?? beforeAll(record);

  const events: EventDraft[] = [
    {
      ...draft.base('created_at', opened),
      type: 'ticket.opened',
      direction: openedBy(record, first?.entry),
      attributes: draft.attributes(atOpening),
    },
  ];
  for (const moment of moments) {
    const { at, entry, before, after } = moment;
    for (const comment of entry.comments.slice(moment === first ? 1 : 0)) {
      const side = sideOf(record, comment.author);
      if (side === undefined) continue;
      events.push({
        ...draft.base(`comment#${comment.id}`, at),
        type: 'ticket.replied',
        direction: !comment.public ? 'internal' : side === 'customer' ? 'inbound' : 'outbound',
        participants: [...draft.requesters, ...actor(record, comment.author)],
        attributes: { ...draft.attributes(after), public: comment.public },
      });
    }
    const opening = moment === moments[0];
    const moved = moveOf(moment, opening, record, settings);
    if (moved !== undefined) {
      events.push({
        ...draft.base(`status#${entry.id}`, at),
        type: moved,
        direction: moved === 'ticket.reopened' ? reopenedBy(record, entry) : 'none',
        attributes: {
          ...draft.attributes(after),
          ...(entry.merged === true && moved === 'ticket.solved' ? { merged: true } : {}),
        },
      });
    }
    if (moved !== 'ticket.escalated' && raised(before, after, opening, settings)) {
      events.push({
        ...draft.base(`raised#${entry.id}`, at),
        type: 'ticket.escalated',
        attributes: draft.attributes(after),
      });
    }
  }
  const unseen = endUnseen(record);
  if (unseen !== undefined) {
    events.push({
      ...draft.base('status', unseen),
      type: 'ticket.solved',
      attributes: draft.attributes(beforeAll(record)),
    });
  }
  const title = ticket.subject?.trim();
  return {
    outcome: 'stored',
    events,
    tags: ticket.tags,
    ...(title ? { title: title.slice(0, 1000) } : {}),
    ...(gathered.url === undefined ? {} : { url: gathered.url }),
  };
}

/** When a ticket ended of which no audit tells how it went: an imported one would stay open for ever. */
function endUnseen({ ticket, gathered }: GatheredTicket): number | undefined {
  if (!DONE.has(ticket.status)) return undefined;
  const told = gathered.history.some((entry) => entry.changes.some((change) => change.field === 'status'));
  const [created, updated] = [parseTime(ticket.created_at) ?? 0, parseTime(ticket.updated_at) ?? 0];
  return told ? undefined : Math.max(created + 1, updated);
}

/** What all events of a ticket have in common. */
function drafts(record: GatheredTicket, context: MapContext) {
  const { ticket } = record;
  const requesters = actor(record, String(ticket.requester_id ?? ''), 'requester');
  const organization = ticket.organization_id;
  return {
    requesters,
    base: (what: string, at: number) =>
      ({
        identity: crmChangeIdentity(context.account.externalAccountId, 'tickets', String(ticket.id), what, at),
        occurredAt: at,
        touchpoint: 'ticket',
        direction: 'none',
        participants: requesters,
        automated: false,
        rank: 0,
        ...(organization === null || organization === undefined ? {} : { subject: `record:${organization}` }),
      }) as const,
    attributes: (standing: Standing): TicketAttributes => {
      const priority = priorityOf(standing.priority);
      const status = labelOf(record, standing);
      const subject = context.keepSubjects ? ticket.subject?.trim() : undefined;
      return {
        // Another help desk may count from one as well.
        ticketId: `${context.account.externalAccountId}:${ticket.id}`,
        ...(status === '' ? {} : { status: status.slice(0, 200) }),
        ...(priority === undefined ? {} : { priority }),
        ...(subject ? { subject: subject.slice(0, 1000) } : {}),
      };
    },
  };
}

/** The history as moments in strict order, each with what held before and after it. */
function momentsOf(record: GatheredTicket, opened: number): Moment[] {
  const moments: Moment[] = [];
  let standing = beforeAll(record);
  let last = opened;
  for (const entry of record.gathered.history) {
    const stamp = parseTime(entry.at);
    if (stamp === undefined) throw new Error('An audit of the ticket has no time');
    last = Math.max(stamp, last + 1);
    const before = standing;
    standing = applied(before, entry);
    moments.push({ at: last, entry, before, after: standing });
  }
  return moments;
}

function applied(before: Standing, entry: HistoryEntry): Standing {
  const last = (field: string): string | undefined => entry.changes.findLast((change) => change.field === field)?.value;
  const tags = last('tags');
  return {
    status: last('status') ?? before.status,
    customStatus: last('custom_status_id') ?? before.customStatus,
    priority: last('priority') ?? before.priority,
    tags: tags === undefined ? before.tags : tagsOf(tags),
  };
}

function tagsOf(text: string): string[] {
  return text.split(/\s+/).filter((tag) => tag !== '');
}

/** What held before the first audit: what a field was changed from, nothing where it was set later, and what holds now where no audit tells of it. */
function beforeAll({ ticket, gathered }: GatheredTicket): Standing {
  const first = (field: string, now: string): string => {
    const change = gathered.history.flatMap((entry) => entry.changes).find((each) => each.field === field);
    return change === undefined ? now : (change.previous ?? '');
  };
  const customStatus = first('custom_status_id', ticket.custom_status_id ? String(ticket.custom_status_id) : '');
  return {
    status: first('status', ticket.status),
    customStatus: customStatus === '' ? undefined : customStatus,
    priority: first('priority', ticket.priority ?? ''),
    tags: tagsOf(first('tags', ticket.tags.join(' '))),
  };
}

/**
 * What a change of status means. Four days after it was solved a ticket is closed by Zendesk itself, which means nothing; a ticket that
 * is closed without having been solved went on in another one, and waits for nobody.
 */
function moveOf(
  { before, after }: Moment,
  opening: boolean,
  record: GatheredTicket,
  settings: Settings,
): StatusEvent | undefined {
  const moved = before.status !== after.status;
  const renamed = before.customStatus !== after.customStatus;
  if (!moved && !renamed) return undefined;
  const wasDone = !opening && DONE.has(before.status);
  if (DONE.has(after.status)) return wasDone ? undefined : 'ticket.solved';
  if (wasDone && moved) return 'ticket.reopened';
  if (renamed && isEscalatedStatus(record, after, settings) && !isEscalatedStatus(record, before, settings)) {
    return 'ticket.escalated';
  }
  return opening ? undefined : 'ticket.status_changed';
}

function isEscalatedStatus(record: GatheredTicket, standing: Standing, settings: Settings): boolean {
  const id = standing.customStatus;
  const label = id === undefined ? undefined : record.gathered.statuses[id]?.label;
  if (id === undefined || label === undefined) return false;
  const { escalatedStatuses } = settings.tickets;
  return escalatedStatuses.length > 0
    ? escalatedStatuses.includes(id) || escalatedStatuses.includes(label)
    : /escalat/i.test(label);
}

/** Whether an open ticket was tagged as escalated, or became urgent after it was opened with a lower priority. */
function raised(before: Standing, after: Standing, opening: boolean, settings: Settings): boolean {
  const { escalatedTags } = settings.tickets;
  const escalates = (tag: string): boolean =>
    escalatedTags.length > 0 ? escalatedTags.includes(tag) : /escalat/i.test(tag);
  if (after.tags.some(escalates) && !before.tags.some(escalates)) return true;
  return !opening && after.priority === 'urgent' && before.priority !== 'urgent';
}

function labelOf(record: GatheredTicket, { status, customStatus }: Standing): string {
  const custom = customStatus === undefined ? undefined : record.gathered.statuses[customStatus];
  if (custom !== undefined && (custom.category === '' || custom.category === status)) return custom.label;
  return status;
}

/** Zendesk's priorities are low, normal, high and urgent. */
function priorityOf(text: string): TicketAttributes['priority'] {
  if (text === 'normal') return 'medium';
  return text === 'low' || text === 'high' || text === 'urgent' ? text : undefined;
}

/**
 * A ticket is word from the customer unless an agent opened it by writing to them; what an agent put down of a call, as a note, is the
 * customer's word as well.
 */
function openedBy(record: GatheredTicket, first: HistoryEntry | undefined): 'inbound' | 'outbound' | 'none' {
  const { requester_id: requester, submitter_id: submitter } = record.ticket;
  if (requester === null || requester === undefined) return 'none';
  if (sideOf(record, String(requester)) === 'agent') return 'none';
  const comment = first?.comments[0];
  const writer = comment?.author ?? String(submitter ?? requester);
  return comment?.public !== false && sideOf(record, writer) === 'agent' ? 'outbound' : 'inbound';
}

function reopenedBy(record: GatheredTicket, entry: HistoryEntry): 'inbound' | 'none' {
  return sideOf(record, entry.author) === 'customer' ? 'inbound' : 'none';
}

/** Undefined for Zendesk itself. Someone who is no more is the customer only where they are the requester. */
function sideOf(record: GatheredTicket, id: string): 'customer' | 'agent' | undefined {
  const person = record.gathered.people[id];
  if (person !== undefined) return person.side;
  if (id === String(record.ticket.requester_id)) return 'customer';
  return Number(id) > 0 ? 'agent' : undefined;
}

function actor(record: GatheredTicket, id: string, role: 'requester' | 'actor' = 'actor'): Participant[] {
  if (!(Number(id) > 0)) return [];
  if (role === 'actor' && id === String(record.ticket.requester_id)) return [];
  const person = record.gathered.people[id];
  return [
    {
      role,
      external: `zendesk:user:${id}`,
      ...(person?.address === undefined ? {} : { address: person.address }),
      ...(person?.name === undefined ? {} : { name: person.name }),
    },
  ];
}
