import type { Page, PullContext, RawRecord, Stream } from '@waymark/connector-kit';
import { z } from 'zod';
import type { ExampleDeskClient } from './client.ts';
import { mapTicket } from './map-ticket.ts';
import { rawTicket, withoutBody, type RawTicket } from './raw-ticket.ts';

/** Where the next page begins: the instant since which changes are wanted, and the vendor's mark within a run. Epoch milliseconds. */
const cursor = z.strictObject({ since: z.number(), startedAt: z.number(), next: z.string().optional() });
type Cursor = z.infer<typeof cursor>;

const overlapMs = 5 * 60_000;

/**
 * Tickets in the order of their last change. A cursor moves only to what a page proves: within a run by the vendor's mark, at its end to
 * the run's own start minus the overlap, never to the newest that was seen (failures A10, D4).
 */
export const ticketStream: Stream<ExampleDeskClient, Cursor, RawTicket> = {
  name: 'tickets',
  object: 'ticket',
  scopes: ['tickets:read'],
  sees: ['ticket'],
  order: 50,
  cursor: { kind: 'updated_at', version: 1, schema: cursor, overlapMs, settleMs: 0 },
  raw: rawTicket,
  pull,
  map: mapTicket,
  withoutBody,
};

async function* pull(
  client: ExampleDeskClient,
  from: Cursor | null,
  _partition: string,
  context: PullContext,
): AsyncIterable<Page<Cursor>> {
  const begun = from?.next === undefined ? client.session.now() : from.startedAt;
  let position: Cursor = {
    since: from?.since ?? context.since,
    startedAt: begun,
    ...(from?.next && { next: from.next }),
  };
  for (;;) {
    const page = await client.tickets(new Date(position.since).toISOString(), position.next);
    // A mark that does not move is an end, not a reason to ask for ever (failure D14).
    const next = page.next && page.next !== position.next ? page.next : undefined;
    position = next === undefined ? { since: begun - overlapMs, startedAt: begun } : { ...position, next };
    const records = page.tickets.map((ticket): RawRecord => ({
      id: ticket.id,
      version: ticket.updated_at,
      raw: ticket,
    }));
    yield { records, gone: [], cursor: position, done: next === undefined };
    if (next === undefined) return;
  }
}
