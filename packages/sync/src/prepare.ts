import { createHash } from 'node:crypto';
import { eventDraft, isEventDraft, sourceId, type EntityFact, type EventDraft } from '@waymark/journey';
import type { MapContext, RawRecord, Stream } from '@waymark/connector-kit';

/** A record of a page after parsing and mapping: stored, ignored or rejected, never lost (I9). */
export interface PreparedRecord {
  readonly sourceId: string;
  readonly externalId: string;
  readonly version: string;
  readonly outcome: 'stored' | 'ignored' | 'rejected';
  readonly reason: string | null;
  /** What is wrong with a rejected record, for a person; without its content. */
  readonly detail: string | null;
  /** The raw form of a rejected record, without its body. */
  readonly raw: unknown;
  readonly drafts: readonly EventDraft[];
  readonly entities: readonly EntityFact[];
  readonly url: string | null;
  /** SHA-256 of what was mapped, hex. */
  readonly contentDigest: string;
  readonly occurredAt: number | null;
}

/** Parses and maps one record. Pure but for what the connector's mapper does, which has to be pure as well. Never throws. */
export function prepareRecord(
  workspaceId: string,
  installationId: string,
  stream: Stream<unknown, unknown, unknown>,
  record: RawRecord,
  context: MapContext,
): PreparedRecord {
  const base = {
    sourceId: sourceId(workspaceId, installationId, stream.object, record.id),
    externalId: record.id,
    version: record.version,
  };
  const reject = (reason: string, detail: string): PreparedRecord => ({
    ...base,
    outcome: 'rejected',
    reason,
    detail,
    raw: stream.withoutBody ? stream.withoutBody(record.raw) : record.raw,
    drafts: [],
    entities: [],
    url: null,
    contentDigest: digest(['rejected', reason, detail, record.version]),
    occurredAt: null,
  });
  const parsed = stream.raw.safeParse(record.raw);
  if (!parsed.success) {
    return reject(
      'schema',
      parsed.error.issues
        .slice(0, 5)
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; '),
    );
  }
  try {
    const mapped = stream.map(parsed.data, context);
    if (mapped.outcome === 'ignored') {
      return {
        ...base,
        outcome: 'ignored',
        reason: mapped.reason,
        detail: null,
        raw: null,
        drafts: [],
        entities: [],
        url: null,
        contentDigest: digest(['ignored', mapped.reason]),
        occurredAt: null,
      };
    }
    const bad = mapped.events.find((draft) => !isEventDraft(draft));
    if (bad !== undefined) {
      const issues = eventDraft.safeParse(bad).error?.issues ?? [];
      return reject(
        'event',
        issues
          .slice(0, 5)
          .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
          .join('; '),
      );
    }
    const entities = mapped.entities ?? [];
    return {
      ...base,
      outcome: 'stored',
      reason: null,
      detail: null,
      raw: null,
      drafts: mapped.events,
      entities,
      url: mapped.url ?? null,
      contentDigest: digest([mapped.events, entities, mapped.url ?? null]),
      occurredAt: mapped.events.reduce<number | null>(
        (least, draft) => Math.min(least ?? Infinity, draft.occurredAt),
        null,
      ),
    };
  } catch (error) {
    return reject(
      'mapping',
      error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'the mapper threw no error',
    );
  }
}

/** Whether a version is older than another: as numbers or instants where both are, else as text. */
export function isOlder(version: string, known: string): boolean {
  const [a, b] = [Number(version), Number(known)];
  if (Number.isFinite(a) && Number.isFinite(b) && version !== '' && known !== '') return a < b;
  const [c, d] = [Date.parse(version), Date.parse(known)];
  if (Number.isFinite(c) && Number.isFinite(d)) return c < d;
  return version < known;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** The Message-ID at the root of a mail's thread by its References; undefined for all else. */
export function threadRoot(draft: EventDraft): string | null {
  if (draft.touchpoint !== 'email') return null;
  const references = 'references' in draft.attributes ? draft.attributes.references : undefined;
  const root = Array.isArray(references) && typeof references[0] === 'string' ? references[0] : undefined;
  if (root) return root;
  return draft.identity.startsWith('mail:') ? draft.identity.slice(5, draft.identity.lastIndexOf('|')) : null;
}
