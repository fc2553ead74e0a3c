import type { MapContext, Mapped } from '@waymark/connector-kit';
import { crmChangeIdentity, type EventDraft, type Participant } from '@waymark/journey';
import type { RawTicket } from './raw-ticket.ts';

/**
 * A ticket as events: opened, and solved where it is. Pure: the same ticket gives the same events, whenever and however often it is
 * read; a later form of it gives the whole new set, and the runner ends what is no more.
 */
export function mapTicket(ticket: RawTicket, context: MapContext): Mapped {
  const openedAt = Date.parse(ticket.created_at);
  if (!Number.isFinite(openedAt)) throw new Error('The ticket has no time of creation');
  const address = ticket.requester?.email?.trim().toLowerCase();
  const participants: Participant[] = address ? [{ role: 'requester', address }] : [];
  const draft = (type: 'ticket.opened' | 'ticket.solved', at: number): EventDraft => ({
    type,
    identity: crmChangeIdentity(`example-desk:${context.account.externalAccountId}`, 'ticket', ticket.id, type, at),
    rank: 0,
    occurredAt: at,
    touchpoint: 'ticket',
    direction: type === 'ticket.opened' ? 'inbound' : 'none',
    automated: false,
    participants,
    attributes: { ticketId: ticket.id },
  });
  const solvedAt = Date.parse(ticket.solved_at ?? '');
  return {
    outcome: 'stored',
    events: [
      draft('ticket.opened', openedAt),
      ...(Number.isFinite(solvedAt) && solvedAt >= openedAt ? [draft('ticket.solved', solvedAt)] : []),
    ],
    ...(ticket.url ? { url: ticket.url } : {}),
  };
}
