import { crmBase, valueAt, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { Attributes, EventDraft, Participant } from '@waymark/journey';
import { stageProperties } from './directory.ts';
import { transitions, versions, type Version } from './history.ts';
import { createdAt, value, type GatheredRecord, type StageSnapshot } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';

type TicketAttributes = Attributes<'ticket.opened'>;

const { pipeline: PIPELINE, stage: STAGE } = stageProperties.tickets;
const PRIORITY = 'hs_ticket_priority';

/** A ticket: opened, every move of its status, and each time it was made urgent. */
export function mapTicket(record: GatheredRecord, context: MapContext): Mapped {
  const declaration = declarationOf(context.settings);
  const pipelines = versions(record, PIPELINE);
  const priorities = versions(record, PRIORITY);
  const stageAt = (stage: string, at: number): StageSnapshot | undefined => {
    const pipeline = valueAt(pipelines, at) ?? pipelines[0]?.value ?? value(record, PIPELINE);
    return record.gathered.stages[`${pipeline}/${stage}`];
  };
  const moves = transitions(record, STAGE).filter((move) => move.value !== '');
  const opened = createdAt(record);
  const participants = requesters(record);
  const origin = {
    externalAccountId: context.account.externalAccountId,
    object: 'tickets',
    id: record.id,
    accountId: record.gathered.companies[0],
  };
  const base = (property: string, at: number) =>
    ({ ...crmBase(origin, property, at), touchpoint: 'ticket', participants }) as const;
  const attributes = (at: number, stage: string | undefined): TicketAttributes => {
    const status = stage === undefined ? undefined : (stageAt(stage, at)?.label ?? stage);
    const priority = priorityOf(valueAt(priorities, at) ?? priorities[0]?.value ?? value(record, PRIORITY));
    const subject = context.keepSubjects ? value(record, 'subject') : undefined;
    return {
      ticketId: record.id,
      ...(status === undefined ? {} : { status: status.slice(0, 200) }),
      ...(priority === undefined ? {} : { priority }),
      ...(subject === undefined ? {} : { subject: subject.slice(0, 1000) }),
    };
  };

  const events: EventDraft[] = [
    {
      ...base('createdate', opened),
      type: 'ticket.opened',
      // Opened for a person at the customer, a ticket is word from the customer.
      direction: participants.length > 0 ? 'inbound' : 'none',
      attributes: attributes(opened, moves[0]?.value ?? value(record, STAGE)),
    },
  ];
  for (const move of moves) {
    const to = stageAt(move.value, move.at);
    const from = move.from === undefined ? undefined : stageAt(move.from, move.at - 1);
    const type = moveType(move.value, from, to, declaration);
    if (move.from === undefined && type === 'ticket.status_changed') continue;
    events.push({ ...base(STAGE, move.at), type, attributes: attributes(move.at, move.value) });
  }
  for (const raised of madeUrgent(priorities, opened)) {
    const stage = valueAt(versions(record, STAGE), raised.at);
    events.push({ ...base(PRIORITY, raised.at), type: 'ticket.escalated', attributes: attributes(raised.at, stage) });
  }
  return { outcome: 'stored', events, url: record.gathered.url };
}

/** A stage says whether the ticket is open; what is unknown, such as a deleted stage, is open. */
function moveType(
  stage: string,
  from: StageSnapshot | undefined,
  to: StageSnapshot | undefined,
  declaration: Declaration,
): 'ticket.solved' | 'ticket.reopened' | 'ticket.escalated' | 'ticket.status_changed' {
  const wasClosed = from?.closed === true;
  if (to?.closed === true) return wasClosed ? 'ticket.status_changed' : 'ticket.solved';
  const { escalatedStages } = declaration.tickets;
  const escalated =
    escalatedStages.length > 0
      ? escalatedStages.includes(stage) || escalatedStages.includes(to?.label ?? '')
      : /escalat/i.test(to?.label ?? '');
  if (escalated) return 'ticket.escalated';
  return wasClosed ? 'ticket.reopened' : 'ticket.status_changed';
}

/** Versions by which a ticket that was opened with a lower priority became urgent. */
function madeUrgent(priorities: readonly Version[], opened: number): readonly Version[] {
  return priorities.filter(
    (version, index) => index > 0 && version.at > opened && priorityOf(version.value) === 'urgent',
  );
}

function priorityOf(text: string | undefined): TicketAttributes['priority'] {
  const lower = text?.toLowerCase();
  return lower === 'low' || lower === 'medium' || lower === 'high' || lower === 'urgent' ? lower : undefined;
}

function requesters(record: GatheredRecord): Participant[] {
  return record.gathered.contacts.slice(0, 50).map((contact) => ({
    role: 'requester',
    external: `hubspot:contact:${contact.id}`,
    ...(contact.address === undefined ? {} : { address: contact.address }),
    ...(contact.name === undefined ? {} : { name: contact.name.slice(0, 500) }),
  }));
}
