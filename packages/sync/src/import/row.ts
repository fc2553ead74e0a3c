import { contentUuid, eventId, importKey, stableJson, type CloudEvent } from '@waymark/journey';
import { match, type Assignments, type Match } from '@waymark/identity';
import type { ImportedSighting } from '@waymark/store';

interface Found {
  readonly accountId: string | null;
  readonly json: string;
}

const mostFound = 20_000;

/** Makes rows of the log from imported events. */
export class ImportRows {
  readonly #workspaceId: string;
  /** What the ids of all its sightings end with. They begin by what the line says, so that the same of two speaks in every workspace. */
  readonly #tail: string;
  readonly #assignments: Assignments;
  /** What the same subject and people were matched to before. */
  readonly #found = new Map<string, Found>();
  readonly #decided: boolean;

  constructor(workspaceId: string, assignments: Assignments) {
    this.#workspaceId = workspaceId;
    this.#tail = contentUuid('source', workspaceId, 'import').slice(-12);
    this.#assignments = assignments;
    // A decision about a single event is the one thing that matching asks beyond subject and people.
    const decided = [...assignments.hand.keys(), ...(assignments.verdicts?.keys() ?? [])];
    this.#decided = decided.some((key) => key.startsWith('event:'));
  }

  /** An imported event as a sighting. `now`: no fact counts as known later than that unless its line says so. */
  row(event: CloudEvent, now: number): ImportedSighting {
    const { type, subject, time, recordedtime, direction } = event;
    const id = eventId(this.#workspaceId, event.identity, type);
    const key = importKey(event.source, event.id);
    const participants = stableJson(event.participants);
    const attributes = stableJson(event.attributes);
    // A line that says something else under the same source and id is another sighting: which speaks does not depend on the order.
    const said = `${type} ${subject} ${time} ${recordedtime ?? ''} ${participants} ${attributes}`;
    const found = this.#match(id, event);
    return {
      eventId: id,
      sourceId: contentUuid('source', 'import', key, said).slice(0, -12) + this.#tail,
      type,
      occurredAt: time,
      recordedAt: recordedtime ?? Math.min(time, now),
      knownAssumed: recordedtime === undefined,
      touchpoint: event.touchpoint,
      direction,
      automated: event.automated,
      subject,
      participants,
      attributes,
      externalId: key,
      thread: threadOf(event),
      accountId: found.accountId,
      match: found.json,
    };
  }

  #match(id: string, event: CloudEvent): Found {
    let key = event.subject;
    for (const { role, address } of event.participants) if (address !== undefined) key += `\n${role} ${address}`;
    const before = this.#decided ? undefined : this.#found.get(key);
    if (before) return before;
    const { direction, participants, subject } = event;
    const found: Match = match({ eventId: id, direction, participants, subject }, this.#assignments);
    const kept = { accountId: found.accountId, json: JSON.stringify(found) };
    if (this.#found.size >= mostFound) this.#found.clear();
    this.#found.set(key, kept);
    return kept;
  }
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
