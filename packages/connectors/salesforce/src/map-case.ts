import { crmBase, normalizeAddress, valueAt, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { Attributes, EventDraft, Participant } from '@waymark/journey';
import { transitions, versions, type Transition } from './history.ts';
import { createdAt, value, type GatheredRecord, type PastValue, type StageSnapshot } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

type TicketAttributes = Attributes<'ticket.opened'>;

/** A case as a ticket: opened, every move of its status, and each time it was made urgent. */
export function mapCase(record: GatheredRecord, context: MapContext): Mapped {
  const declaration = declarationOf(context.settings);
  const priorities = versions(record, 'Priority');
  const moves = statusMoves(record);
  const opened = createdAt(record);
  const participants = requesters(record);
  const origin = {
    externalAccountId: context.account.externalAccountId,
    object: 'cases',
    id: record.id,
    accountId: record.gathered.accounts[0],
  };
  const base = (field: string, at: number) =>
    ({ ...crmBase(origin, field, at), touchpoint: 'ticket', participants }) as const;
  const attributes = (at: number, status: string | undefined): TicketAttributes => {
    const priority = priorityOf(valueAt(priorities, at) ?? priorities[0]?.value ?? value(record, 'Priority'));
    const subject = context.keepSubjects ? value(record, 'Subject') : undefined;
    const label = status === undefined ? undefined : (statusOf(record, status)?.label ?? status);
    return {
      ticketId: record.id,
      ...(label === undefined ? {} : { status: label.slice(0, 200) }),
      ...(priority === undefined ? {} : { priority }),
      ...(subject === undefined ? {} : { subject: subject.slice(0, 1000) }),
    };
  };

  const events: EventDraft[] = [
    {
      ...base('CreatedDate', opened),
      type: 'ticket.opened',
      // Opened for a person at the customer, a ticket is word from the customer.
      direction: participants.length > 0 ? 'inbound' : 'none',
      attributes: attributes(opened, moves[0]?.at === opened ? moves[0].value : undefined),
    },
  ];
  for (const move of moves) {
    const from = move.from === undefined ? undefined : statusOf(record, move.from);
    const type = moveType(move.value, from, statusOf(record, move.value), declaration);
    if (move.from === undefined && type === 'ticket.status_changed') continue;
    events.push({ ...base('Status', move.at), type, attributes: attributes(move.at, move.value) });
  }
  for (const raised of madeUrgent(priorities, opened)) {
    const status = valueAt(versions(record, 'Status'), raised.at);
    events.push({
      ...base('Priority', raised.at),
      type: 'ticket.escalated',
      attributes: attributes(raised.at, status),
    });
  }
  return { outcome: 'stored', events, url: record.gathered.url };
}

/** Moves of the status. Where no history tells of them, the time of closing is at least known. */
function statusMoves(record: GatheredRecord): Transition[] {
  const moves = transitions(record, 'Status').filter((move) => move.value !== '');
  const closedAt = parseTime(value(record, 'ClosedDate'));
  if (closedAt === undefined || value(record, 'IsClosed') !== 'true') return moves;
  return moves.map((move) => (move.assumed === true ? { ...move, at: closedAt } : move));
}

function statusOf(record: GatheredRecord, status: string): StageSnapshot | undefined {
  if (Object.hasOwn(record.gathered.stages, status)) return record.gathered.stages[status];
  if (status !== value(record, 'Status')) return undefined;
  return { label: status, closed: value(record, 'IsClosed') === 'true', won: false };
}

/** A status says whether the case is open; what is unknown, such as a deleted one, is open. */
function moveType(
  status: string,
  from: StageSnapshot | undefined,
  to: StageSnapshot | undefined,
  { tickets }: Declaration,
): 'ticket.solved' | 'ticket.reopened' | 'ticket.escalated' | 'ticket.status_changed' {
  const wasClosed = from?.closed === true;
  if (to?.closed === true) return wasClosed ? 'ticket.status_changed' : 'ticket.solved';
  const named = tickets.escalatedStages;
  const escalated =
    named.length > 0 ? named.includes(status) || named.includes(to?.label ?? '') : /escalat/i.test(status);
  if (escalated) return 'ticket.escalated';
  return wasClosed ? 'ticket.reopened' : 'ticket.status_changed';
}

/** Versions by which a case that was opened with a lower priority became urgent. */
function madeUrgent(priorities: readonly PastValue[], opened: number): readonly PastValue[] {
  return priorities.filter(
    (version, index) => index > 0 && version.at > opened && priorityOf(version.value) === 'urgent',
  );
}

/** Salesforce's own priorities end at High; orgs add Urgent or Critical. */
function priorityOf(text: string | undefined): TicketAttributes['priority'] {
  const lower = text?.toLowerCase();
  if (lower === 'critical') return 'urgent';
  return lower === 'low' || lower === 'medium' || lower === 'high' || lower === 'urgent' ? lower : undefined;
}

/** The contact of the case, else the address that a form or a mail gave. */
function requesters(record: GatheredRecord): Participant[] {
  const people = record.gathered.people.slice(0, 50).map((contact): Participant => ({
    role: 'requester',
    external: `salesforce:contact:${contact.id}`,
    ...(contact.address === undefined ? {} : { address: contact.address }),
    ...(contact.name === undefined ? {} : { name: contact.name.slice(0, 500) }),
  }));
  const address = normalizeAddress(value(record, 'SuppliedEmail'));
  return people.length > 0 || address === undefined ? people : [{ role: 'requester', address }];
}
