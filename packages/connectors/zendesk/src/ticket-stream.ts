import type { Stream } from '@waymark/connector-kit';
import type { ZendeskClient } from './client.ts';
import { exportCursorSpec, type ExportCursor } from './cursor.ts';
import { READ } from './manifest.ts';
import { mapTicket } from './map-ticket.ts';
import { countBySearch } from './search-count.ts';
import { pullTickets } from './ticket-pull.ts';
import { gatheredTicket, type GatheredTicket } from './ticket-record.ts';
import { withoutBody } from './without-body.ts';

/** Tickets with the history that their audits hold. */
export const ticketStream: Stream<ZendeskClient, ExportCursor, GatheredTicket> = {
  name: 'tickets',
  object: 'tickets',
  scopes: [READ],
  sees: ['ticket'],
  order: 50,
  cursor: exportCursorSpec,
  raw: gatheredTicket,
  pull: (client, from, _partition, context) => pullTickets(client, from, context),
  map: mapTicket,
  withoutBody: (raw) => withoutBody(raw),
  count: (client, _partition, window) => countBySearch(client, 'ticket', window),
};
