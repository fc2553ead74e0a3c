import type { Hint, Page, Stream } from '@waymark/connector-kit';
import { contentUuid } from '@waymark/journey';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { HubSpotClient } from './client.ts';
import { STREAMS } from './hint.ts';
import { askAsApp } from './journal-call.ts';
import { readJournalFile, type JournalChange } from './journal-file.ts';
import { subscribeJournal } from './journal-subscriptions.ts';

const journalCursor = z.object({
  /** The last entry that was read; null before the first. */
  offset: z.string().nullable(),
  /** When the subscriptions were last looked at; 0 before the first time. */
  subscribedAt: z.number().int(),
});
type JournalCursor = z.infer<typeof journalCursor>;

/** One entry: where the file with its changes lies for a while. Null where there is none, which comes as an answer without content. */
const entry = z.looseObject({ url: z.string(), currentOffset: z.string().min(1) }).nullable();
type Entry = z.infer<typeof entry>;

const SUBSCRIBE_EVERY_MS = 86_400_000;
/** A run reads at most so many entries, so that the streams they wake are not kept waiting. */
const ENTRIES = 50;

/**
 * The app's journal: what changed in the account within three days, in order. It only wakes the streams that read the records; search
 * goes on underneath, so that an entry that is lost, or a journal that is not granted, costs time and no record.
 * https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/journal-entries/guide
 */
export const journalStream: Stream<HubSpotClient, JournalCursor, never> = {
  name: 'journal',
  object: 'journal',
  // Of the account it wants nothing; what the app needs is the manifest's `appScopes`.
  scopes: ['oauth'],
  order: 5,
  cursor: { kind: 'hubspot-journal', version: 1, schema: journalCursor, overlapMs: 0, settleMs: 0 },
  raw: z.never(),
  map: () => ({ outcome: 'ignored', reason: 'no_record' }),
  async *pull(client, from): AsyncGenerator<Page<JournalCursor>> {
    let cursor = from ?? { offset: null, subscribedAt: 0 };
    if (!client.declaration.journal) {
      yield { records: [], gone: [], cursor, done: true };
      return;
    }
    const { portalId } = await client.details();
    const now = client.session.now();
    if (now - cursor.subscribedAt >= SUBSCRIBE_EVERY_MS) {
      await subscribeJournal(client, portalId);
      cursor = { ...cursor, subscribedAt: now };
    }
    for (let read = 0; read < ENTRIES; read += 1) {
      const next = await entryAfter(client, portalId, cursor.offset);
      if (next === null || next.currentOffset === cursor.offset) break;
      const changes = await readJournalFile(client, next.url);
      cursor = { ...cursor, offset: next.currentOffset };
      const hints = hintsOf(changes, String(portalId), next.currentOffset);
      yield { records: [], gone: [], hints, cursor, done: false };
    }
    yield { records: [], gone: [], cursor, done: true };
  },
};

/**
 * The entry after one, or the earliest. An offset that HubSpot refuses is older than three days, unless it is that of the latest entry:
 * then there is nothing after it.
 */
async function entryAfter(client: HubSpotClient, portalId: number, offset: string | null): Promise<Entry> {
  if (offset === null) return (await ask(client, portalId, 'earliest')) ?? null;
  const next = await ask(client, portalId, `offset/${encodeURIComponent(offset)}/next`);
  if (next !== undefined) return next;
  const latest = (await ask(client, portalId, 'latest')) ?? null;
  return latest === null || latest.currentOffset === offset
    ? null
    : ((await ask(client, portalId, 'earliest')) ?? null);
}

/** Undefined where HubSpot knows no such place. */
function ask(client: HubSpotClient, portalId: number, place: string): Promise<Entry | undefined> {
  return askAsApp(client, {
    bucket: 'portal',
    method: 'GET',
    path: paths.journal(place),
    query: { installPortalId: String(portalId) },
    idempotent: true,
    doc: docs.journal,
    answer: entry,
  });
}

/** The records that an entry names, by stream. */
function hintsOf(
  changes: readonly JournalChange[],
  portalId: string,
  offset: string,
): Omit<Hint, 'externalAccountId'>[] {
  const touched = new Map<string, Set<string>>();
  for (const change of changes) {
    const stream = STREAMS.get(change.objectTypeId ?? '');
    if (stream === undefined || change.portalId !== portalId) continue;
    const ids = touched.get(stream) ?? new Set();
    touched.set(stream, ids);
    for (const id of [change.objectId, change.newObjectId, ...(change.mergedObjectIds ?? [])])
      if (id !== undefined) ids.add(id);
  }
  return [...touched].map(([stream, ids]) => ({
    stream,
    ids: [...ids],
    dedupeKey: contentUuid('hubspot-journal', stream, offset),
  }));
}
