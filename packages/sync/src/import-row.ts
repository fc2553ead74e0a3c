import { contentUuid, eventId, importKey, stableJson, type CloudEvent } from '@waymark/journey';
import type { Assignments } from '@waymark/identity';
import type { Fact } from '@waymark/lifecycle';
import type { EventRow } from '@waymark/store';
import { matchSighting } from './attribution.ts';

/** Behind every source that read the fact itself: they say more of it than a copy. */
const rank = 5;

/** An imported event as a sighting of the log. `now`: no fact counts as known later than that unless its line says so. */
export function importedRow(event: CloudEvent, workspaceId: string, assignments: Assignments, now: number): EventRow {
  const { type, subject, time, recordedtime, direction, participants, attributes } = event;
  const id = eventId(workspaceId, event.identity, type);
  const key = importKey(event.source, event.id);
  // A line that says something else under the same source and id is another sighting: which speaks does not depend on the order.
  const said = stableJson([type, subject, time, recordedtime ?? null, participants, attributes]);
  const source = contentUuid('source', workspaceId, 'import', key, said);
  const found = matchSighting({ eventId: id, direction, participants, subject, installationId: null }, assignments);
  return {
    eventId: id,
    sourceId: source,
    generation: 1,
    content: source,
    type,
    occurredAt: time,
    recordedAt: recordedtime ?? Math.min(time, now),
    knownAssumed: recordedtime === undefined,
    rank,
    origin: 'import',
    touchpoint: event.touchpoint,
    direction,
    automated: event.automated,
    subject,
    participants,
    attributes,
    connector: 'import',
    installationId: null,
    object: 'event',
    externalId: key,
    url: null,
    thread: threadOf(event),
    accountId: found.accountId,
    match: { ...found },
  };
}

/** The same event as the engine reads it. */
export function importedFact(event: CloudEvent, row: EventRow): Fact {
  return {
    id: row.eventId,
    type: event.type,
    occurredAt: event.time,
    recordedAt: row.recordedAt,
    touchpoint: event.touchpoint,
    direction: event.direction,
    automated: event.automated,
    participants: event.participants,
    attributes: event.attributes,
  };
}

/** Longest thread root that the index takes, in bytes. */
const longestThread = 2000;

/** The root of a mail's thread by its References, else by its own Message-ID; null for all else. */
function threadOf(event: CloudEvent): string | null {
  if (event.touchpoint !== 'email') return null;
  const references: unknown = event.attributes['references'];
  const first: unknown = Array.isArray(references) ? references[0] : undefined;
  const own = event.identity.startsWith('mail:') ? event.identity.slice(5, event.identity.lastIndexOf('|')) : null;
  const root = typeof first === 'string' && first !== '' ? first : own;
  return root !== null && Buffer.byteLength(root) <= longestThread ? root : null;
}
