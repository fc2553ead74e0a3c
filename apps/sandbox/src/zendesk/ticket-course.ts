import type { WorldTicket } from '../company/world.ts';
import type { Desk } from './desk.ts';
import type { TicketPriority, ZendeskAccount, ZendeskTicket } from './state.ts';

const PRIORITIES: Readonly<Record<WorldTicket['priority'], TicketPriority>> = {
  LOW: 'low',
  MEDIUM: 'normal',
  HIGH: 'high',
  URGENT: 'urgent',
};

type Step = WorldTicket['history'][number];

/** Who writes: the customer's person and the agent who answers. */
export interface TicketCast {
  readonly requesterId: number;
  readonly agentId: number;
}

/**
 * Plays a ticket as its people would: the customer writes, agents answer, escalate and solve. A ticket that is there already is moved on
 * by what happened since its last update.
 */
export function playTicket(account: ZendeskAccount, desk: Desk, ticket: WorldTicket, cast: TicketCast): ZendeskTicket {
  const known = Object.values(account.tickets).find((each) => each.externalId === ticket.key);
  const at = ticket.history[0]?.at ?? 0;
  const entered =
    known ??
    desk.open({
      requesterId: cast.requesterId,
      externalId: ticket.key,
      subject: ticket.subject,
      body: `${ticket.subject}. This happens since this morning; could you have a look?`,
      priority: PRIORITIES[ticket.priority],
      at,
    });
  for (const [index, step] of ticket.history.entries()) {
    const before = ticket.history[index - 1];
    if (before !== undefined && step.at > entered.updatedAt) take(desk, entered, before, step, cast);
  }
  return entered;
}

function take(desk: Desk, { id }: ZendeskTicket, before: Step, { at, status }: Step, cast: TicketCast): void {
  const { requesterId, agentId } = cast;
  switch (status) {
    case 'new':
      return;
    case 'waiting_us': {
      if (before.status === 'new') {
        desk.update(id, { authorId: agentId, at, status: 'open', assigneeId: agentId });
        return;
      }
      const comment = { body: 'It happens again. What else can we try?', public: true };
      desk.update(id, { authorId: requesterId, at, status: 'open', comment });
      return;
    }
    case 'waiting_customer': {
      const comment = { body: 'Thank you. Could you tell us at what time this was?', public: true };
      desk.update(id, { authorId: agentId, at, status: 'pending', comment });
      return;
    }
    case 'escalated': {
      const comment = { body: 'Engineering has to look at this.', public: false };
      desk.update(id, { authorId: agentId, at, tags: ['escalated'], comment });
      return;
    }
    case 'closed': {
      const comment = { body: 'This is corrected; please try again.', public: true };
      desk.update(id, { authorId: agentId, at, status: 'solved', comment });
    }
  }
}
