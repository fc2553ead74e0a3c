import type { Stream } from '@waymark/connector-kit';
import type { ZendeskClient } from './client.ts';
import { exportCursorSpec, type ExportCursor } from './cursor.ts';
import { READ } from './manifest.ts';
import { mapTicket } from './map-ticket.ts';
import { countBySearch } from './search-count.ts';
import { pullTickets } from './ticket-pull.ts';
import { gatheredTicket, type GatheredTicket } from './ticket-record.ts';

/** Tickets with the history that their audits hold. */
export const ticketStream: Stream<ZendeskClient, ExportCursor, GatheredTicket> = {
  name: 'tickets',
  object: 'tickets',
  scopes: [READ],
  order: 50,
  cursor: exportCursorSpec,
  raw: gatheredTicket,
  pull: (client, from, _partition, context) => pullTickets(client, from, context),
  map: mapTicket,
  withoutBody,
  count: (client, _partition, window) => countBySearch(client, 'ticket', window),
};

/** Pages carry no bodies; the subject, where one is kept, is not set aside with what could not be read. */
function withoutBody(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  return Object.fromEntries(
    Object.entries(raw).map(([key, part]): [string, unknown] => {
      if (key !== 'ticket' || typeof part !== 'object' || part === null) return [key, part];
      return [key, Object.fromEntries(Object.entries(part).filter(([name]) => name !== 'subject'))];
    }),
  );
}
