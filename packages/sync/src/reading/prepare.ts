import { createHash } from 'node:crypto';
import { contentUuid, eventDraft, isEventDraft, sourceId, type EntityFact, type EventDraft } from '@waymark/journey';
import { nothingExcluded, type ExclusionRule, type Exclusions } from '@waymark/identity';
import { withTone } from './sentiment.ts';
import type { MapContext, Mapped, RawRecord, Stream } from '@waymark/connector-kit';

/** A record of a page after parsing and mapping: stored, ignored or rejected, never lost (I9). */
export interface PreparedRecord {
  readonly sourceId: string;
  readonly externalId: string;
  readonly version: string;
  readonly outcome: 'stored' | 'ignored' | 'rejected';
  readonly reason: string | null;
  /** What is wrong with a rejected record, for a person; without its content. */
  readonly detail: string | null;
  /** The raw form of a rejected record as JSON, without its body; empty for all else. */
  readonly raw: string;
  readonly drafts: readonly EventDraft[];
  readonly entities: readonly EntityFact[];
  readonly url: string | null;
  readonly tags: readonly string[];
  /** The rule that took away all of it or a part; null where nothing is excluded. */
  readonly excludedBy: string | null;
  /** SHA-256 of what was mapped, hex. */
  readonly contentDigest: string;
  readonly occurredAt: number | null;
}

const nothing = {
  reason: null,
  detail: null,
  raw: '',
  drafts: [],
  entities: [],
  url: null,
  tags: [],
  excludedBy: null,
  occurredAt: null,
};

/** Parses and maps one record. Pure but for what the connector's mapper does, which has to be pure as well. Never throws. */
export function prepareRecord(
  workspaceId: string,
  installationId: string,
  stream: Stream<unknown, unknown, unknown>,
  record: RawRecord,
  context: MapContext,
  exclusions: Exclusions = nothingExcluded,
): PreparedRecord {
  const base = {
    sourceId: sourceId(workspaceId, installationId, stream.object, record.id),
    externalId: storable(record.id),
    version: storable(record.version),
  };
  const reject = (reason: string, detail: string): PreparedRecord => {
    const raw = rawForm(stream, record.raw);
    const rule = exclusions.mentionedIn(raw, installationId);
    if (rule) return { ...nothing, ...base, ...excludedAs(rule) };
    return {
      ...nothing,
      ...base,
      outcome: 'rejected',
      reason,
      detail: storable(detail),
      raw,
      contentDigest: digest(JSON.stringify(['rejected', reason, detail, record.version])),
    };
  };
  try {
    const parsed = stream.raw.safeParse(record.raw);
    if (!parsed.success) return reject('schema', issuesOf(parsed.error));
    const mapped = storable(stream.map(parsed.data, context));
    if (mapped.outcome === 'ignored') {
      const contentDigest = digest(JSON.stringify(['ignored', mapped.reason]));
      return { ...nothing, ...base, outcome: 'ignored', reason: mapped.reason, contentDigest };
    }
    const bad = mapped.events.find((draft) => !isEventDraft(draft));
    if (bad !== undefined) return reject('event', issuesOf(eventDraft.safeParse(bad).error));
    return { ...nothing, ...base, ...stored(mapped, installationId, exclusions, context.judgeSentiment === true) };
  } catch (error) {
    return reject(
      'mapping',
      error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'the mapper threw no error',
    );
  }
}

function stored(
  mapped: Extract<Mapped, { readonly outcome: 'stored' }>,
  installationId: string,
  exclusions: Exclusions,
  judgeSentiment: boolean,
): Partial<PreparedRecord> & Pick<PreparedRecord, 'outcome' | 'contentDigest'> {
  const url = mapped.url ?? null;
  const tags = [...(mapped.tags ?? [])].slice(0, 100).sort();
  const facts = (mapped.entities ?? []).map((fact) => exclusions.entity(fact));
  const entities = facts.flatMap(({ fact }) => fact ?? []);
  const rules = mapped.events.map((draft) =>
    exclusions.of({
      installationId,
      participants: draft.participants,
      subject: draft.subject,
      tags,
      title: mapped.title,
    }),
  );
  const left = mapped.events.filter((_, at) => rules[at] === undefined);
  const drafts = judgeSentiment ? withTone(left, mapped.title) : left;
  const rule = [...rules, ...facts.map((one) => one.rule)].find((one) => one !== undefined);
  if (rule && drafts.length === 0 && entities.length === 0) return excludedAs(rule);
  return {
    outcome: 'stored',
    drafts,
    entities,
    url,
    tags,
    excludedBy: rule?.exclusionId ?? null,
    contentDigest: digest(JSON.stringify([drafts, entities, url, ...(tags.length > 0 ? [tags] : [])])),
    occurredAt: drafts.reduce<number | null>((least, draft) => Math.min(least ?? Infinity, draft.occurredAt), null),
  };
}

/** A record that an exclusion takes away: it is counted, and nothing of it is kept. */
export function excludedAs(
  rule: Pick<ExclusionRule, 'exclusionId' | 'kind'>,
): Pick<PreparedRecord, 'outcome' | 'reason' | 'excludedBy' | 'contentDigest'> {
  const reason = `excluded_${rule.kind}`;
  return {
    outcome: 'ignored',
    reason,
    excludedBy: rule.exclusionId,
    contentDigest: digest(JSON.stringify(['ignored', reason])),
  };
}

const issuesOf = (
  error: { readonly issues: readonly { path: readonly PropertyKey[]; message: string }[] } | undefined,
) =>
  (error?.issues ?? [])
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`)
    .join('; ');

/** What is kept of a record that could not be read. Whatever it holds, it is kept or said to be beyond keeping. */
function rawForm(stream: Stream<unknown, unknown, unknown>, raw: unknown): string {
  try {
    return JSON.stringify(stream.withoutBody ? stream.withoutBody(raw) : raw) ?? 'null';
  } catch (error) {
    return JSON.stringify({ unreadable: error instanceof Error ? error.name : 'unknown' });
  }
}

/**
 * The same value as PostgreSQL can hold it: its text takes neither U+0000 nor half of a surrogate pair, and one of them in one header
 * must not stop a mailbox.
 */
function storable<T>(value: T): T;
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('\u0000') || !value.isWellFormed() ? clean(value) : value;
  const text = JSON.stringify(value);
  if (text === undefined || !/\\u0000|\\ud[89a-f]/i.test(text)) return value;
  return JSON.parse(text, (_key, inner: unknown) => {
    if (typeof inner === 'string') return clean(inner);
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, each]) => [clean(name), each]));
  });
}

const clean = (text: string): string => text.replaceAll('\u0000', '').toWellFormed();

const wholeNumber = /^\d+$/;
const instant = /^\d{4}-\d\d-\d\d(T|$)/;

/** Whether a version is older than another: as numbers or instants where both are, else as text. */
export function isOlder(version: string, known: string): boolean {
  if (wholeNumber.test(version) && wholeNumber.test(known)) return BigInt(version) < BigInt(known);
  const [a, b] = [Number(version), Number(known)];
  if (Number.isFinite(a) && Number.isFinite(b) && version.trim() !== '' && known.trim() !== '') return a < b;
  if (instant.test(version) && instant.test(known)) {
    const [c, d] = [Date.parse(version), Date.parse(known)];
    if (Number.isFinite(c) && Number.isFinite(d) && c !== d) return c < d;
  }
  return version < known;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Longest thread root that goes into the index as it is, in bytes: PostgreSQL's B-tree takes 2,700. */
const longestRoot = 1_000;

/** The Message-ID at the root of a mail's thread by its References; undefined for all else. */
export function threadRoot(draft: EventDraft): string | null {
  if (draft.touchpoint !== 'email') return null;
  const references = 'references' in draft.attributes ? draft.attributes.references : undefined;
  const first = Array.isArray(references) && typeof references[0] === 'string' ? references[0] : undefined;
  const own = draft.identity.startsWith('mail:') ? draft.identity.slice(5, draft.identity.lastIndexOf('|')) : null;
  const root = first || own;
  return root !== null && Buffer.byteLength(root) > longestRoot ? contentUuid('thread', root) : root;
}
