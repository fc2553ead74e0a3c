import type { Page, PullContext, RawRecord, Stream } from '@waymark/connector-kit';
import { z } from 'zod';
import type { IntercomClient } from './client.ts';
import { READ } from './manifest.ts';
import { mapConversation } from './map-conversation.ts';
import { rawConversation, withoutBody, type RawConversation } from './raw-conversation.ts';

/** The instant since which changes are wanted, and within a run its end and Intercom's mark. Epoch milliseconds. */
const cursor = z.strictObject({ since: z.number(), until: z.number().optional(), after: z.string().optional() });
type Cursor = z.infer<typeof cursor>;

/** A search shifts while it is paged, since what changes moves to its end. */
const overlapMs = 5 * 60_000;
const second = 1000;

/**
 * Conversations in the order of their last change, each read whole, since a search shows no parts. A run has a fixed end: what changes
 * meanwhile comes in the next one, and no conversation is looked for twice (failures D2, D4).
 */
export const conversationStream: Stream<IntercomClient, Cursor, RawConversation> = {
  name: 'conversations',
  object: 'conversation',
  scopes: [READ],
  sees: ['chat'],
  order: 50,
  cursor: { kind: 'updated_at', version: 1, schema: cursor, overlapMs, settleMs: 0 },
  raw: rawConversation,
  pull,
  map: mapConversation,
  withoutBody,
};

async function* pull(
  client: IntercomClient,
  from: Cursor | null,
  _partition: string,
  context: PullContext,
): AsyncIterable<Page<Cursor>> {
  const since = from?.since ?? context.since;
  const until = from?.until ?? client.session.now();
  let after = from?.after;
  let done = false;
  while (!done) {
    // Seconds are as fine as the search goes: one more at each end, and what comes twice is told once.
    const page = await client.search(Math.floor(since / second) - 1, Math.ceil(until / second) + 1, after);
    const records: RawRecord[] = [];
    for (const { id, updated_at: version } of page.conversations) {
      const whole = await client.conversation(id);
      if (whole !== undefined) records.push({ id, version: String(version), raw: whole });
    }
    const next = page.pages?.next?.starting_after ?? undefined;
    // A mark that does not move is an end, not a reason to ask for ever (failure D14).
    done = next === undefined || next === after;
    after = next;
    const position: Cursor = done || after === undefined ? { since: until - overlapMs } : { since, until, after };
    yield { records, gone: [], cursor: position, done, ...(page.total_count ? { expected: page.total_count } : {}) };
  }
}
