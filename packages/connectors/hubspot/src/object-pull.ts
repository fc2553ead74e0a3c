import type { Gone, Page, PullContext, RawRecord } from '@waymark/connector-kit';
import type { HubSpotClient } from './client.ts';
import { objectCursorSpec, type ObjectCursor } from './cursor.ts';
import { gather, type Gathering } from './gathering.ts';
import {
  listObjects,
  readObjects,
  searchChanged,
  type Found,
  type ObjectType,
  type Selection,
} from './object-reader.ts';
import { crmObject, mergedIds, type Identified } from './record.ts';
import type { Declaration } from './settings.ts';
import { parseTime } from './time.ts';

/** What differs between the objects, as far as reading them goes. */
export interface ObjectSpec {
  readonly type: ObjectType;
  /** Contacts have a name of their own for the time of the last change (failure D5). */
  readonly modified: 'hs_lastmodifieddate' | 'lastmodifieddate';
  readonly created: 'createdate' | 'hs_createdate';
  readonly select: (declaration: Declaration) => Selection;
  readonly gathering: Gathering;
  /** Whether the nightly reread lists all of them: it sees what changes no modification time, such as another company of a deal. */
  readonly rereadAll: boolean;
}

type ObjectPage = Page<ObjectCursor>;
type SweepCursor = ObjectCursor & { phase: 'sweep' };

/** How often the list of deleted objects is read: search never shows them, webhooks tell most of them sooner. */
const ARCHIVED_EVERY_MS = 10 * 60_000;

/** With records asked for by name the rest is looked over only this often. */
const SWEEP_BESIDE_IDS_MS = 60_000;

/**
 * Reads a kind of CRM object: first the list of all of them, which is a complete enumeration, then what changed, by search. Search
 * gives neither history nor associations, so both ways end in the same reading of whole records and in the same mapper
 * (failure N4). Records asked for by `ids` come first, at once, and leave the cursor where it is.
 */
export async function* pullObjects(
  client: HubSpotClient,
  spec: ObjectSpec,
  from: ObjectCursor | null,
  context: PullContext,
): AsyncGenerator<ObjectPage> {
  await client.details();
  const now = client.session.now();
  const since = keptSince(from, context);
  const reread = context.mode === 'resync';
  if (from === null || from.phase === 'enumerate' || (reread && spec.rereadAll)) {
    const begin = { phase: 'enumerate' as const, startedAt: now, after: '' };
    yield* enumerate(client, spec, { ...(from?.phase === 'enumerate' ? from : begin), since });
    return;
  }
  if (context.ids !== undefined && context.ids.length > 0) {
    const found = await readObjects(client, spec.type, spec.select(client.declaration), context.ids);
    const sweptAt = from.phase === 'live' ? from.from + objectCursorSpec.overlapMs : Number.NEGATIVE_INFINITY;
    const done = !reread && now - sweptAt < SWEEP_BESIDE_IDS_MS;
    yield { ...(await toPage(client, spec, found, since)), cursor: from, done };
    if (done) return;
  }
  if (from.phase === 'archived') {
    yield* readArchived(client, spec, { ...from, since });
    return;
  }
  const back = reread ? Math.min(context.since, from.from) : from.from;
  const start: SweepCursor =
    from.phase === 'sweep'
      ? { ...from, since }
      : { phase: 'sweep', from: back, to: now, afterId: '0', archivedFrom: from.archivedFrom, since };
  yield* sweep(client, spec, start, reread);
}

/** How far back activities are kept: what the backfill was told, or further where more is wanted now. A reread names its own span. */
function keptSince(from: ObjectCursor | null, context: PullContext): number {
  if (from === null) return context.mode === 'resync' ? 0 : context.since;
  return context.mode === 'resync' ? from.since : Math.min(from.since, context.since);
}

async function* enumerate(
  client: HubSpotClient,
  spec: ObjectSpec,
  start: ObjectCursor & { phase: 'enumerate' },
): AsyncGenerator<ObjectPage> {
  const { startedAt, since } = start;
  const enumeration = { id: `${spec.type}-${startedAt}` };
  const expected = start.after === '' ? (await countObjects(client, spec)).total : undefined;
  let after: string | undefined = start.after === '' ? undefined : start.after;
  do {
    const listed = await listObjects(client, spec.type, spec.select(client.declaration), { after });
    after = listed.next;
    const page = await toPage(client, spec, { records: listed.records, gone: [] }, since);
    const cursor: ObjectCursor =
      after === undefined
        ? { phase: 'live', from: startedAt - objectCursorSpec.overlapMs, archivedFrom: startedAt, since }
        : { ...start, after };
    yield { ...page, cursor, done: after === undefined, enumeration, ...(expected === undefined ? {} : { expected }) };
  } while (after !== undefined);
}

async function* sweep(
  client: HubSpotClient,
  spec: ObjectSpec,
  start: SweepCursor,
  reread: boolean,
): AsyncGenerator<ObjectPage> {
  let { afterId } = start;
  const { archivedFrom, since } = start;
  const rest = start.to - objectCursorSpec.overlapMs;
  const due = reread || start.to - archivedFrom >= ARCHIVED_EVERY_MS;
  for (;;) {
    const changed = await searchChanged(client, spec.type, {
      property: spec.modified,
      from: start.from,
      to: start.to,
      afterId,
    });
    const found = await readObjects(client, spec.type, spec.select(client.declaration), changed.ids);
    const page = await toPage(client, spec, found, since);
    afterId = changed.ids.at(-1) ?? afterId;
    if (changed.more) {
      yield { ...page, cursor: { ...start, afterId }, done: false };
      continue;
    }
    if (!due) {
      yield { ...page, cursor: { phase: 'live', from: rest, archivedFrom, since }, done: true };
      return;
    }
    const next = { phase: 'archived' as const, from: rest, startedAt: start.to, archivedFrom, since };
    yield { ...page, cursor: next, done: false };
    yield* readArchived(client, spec, next);
    return;
  }
}

/** Deleted objects stay in a list of their own for 90 days, in the order of ids. */
async function* readArchived(
  client: HubSpotClient,
  spec: ObjectSpec,
  start: ObjectCursor & { phase: 'archived' },
): AsyncGenerator<ObjectPage> {
  const oldest = start.archivedFrom - objectCursorSpec.overlapMs;
  let after = start.after;
  do {
    const page = await listObjects(
      client,
      spec.type,
      { properties: ['hs_object_id'], withHistory: [] },
      { after, archived: true },
    );
    after = page.next;
    const gone = page.records.map(toGone).filter((claim) => claim.at === undefined || claim.at >= oldest);
    const cursor: ObjectCursor =
      after === undefined
        ? { phase: 'live', from: start.from, archivedFrom: start.startedAt, since: start.since }
        : { ...start, after };
    yield { records: [], gone, cursor, done: after === undefined };
  } while (after !== undefined);
}

/** Gathers what the mappers need and names what the records say is gone: ids that were merged into them (failure B6). */
async function toPage(
  client: HubSpotClient,
  spec: ObjectSpec,
  found: Found,
  since: number,
): Promise<{ records: readonly RawRecord[]; gone: readonly Gone[] }> {
  const records = await gather(client, spec.type, spec.gathering, found.records, since);
  const merged = found.records.flatMap((record) => {
    const parsed = crmObject.safeParse(record);
    return parsed.success ? mergedIds(parsed.data) : [];
  });
  const present = new Set(found.records.map((record) => record.id));
  const gone = [...new Set([...found.gone, ...merged])].filter((id) => !present.has(id));
  return { records, gone: gone.map((id) => ({ id, certain: true })) };
}

function toGone(record: Identified): Gone {
  const archivedAt = record['archivedAt'];
  const at = parseTime(typeof archivedAt === 'string' ? archivedAt : undefined);
  return at === undefined ? { id: record.id, certain: true } : { id: record.id, certain: true, at };
}

/** Pages of ids that a count reads: doctor's question is of two weeks, and the search budget is shared by all apps of the account. */
const COUNTED_PAGES = 20;

/** How many objects HubSpot counts that were made in a window, and their ids where a window is given and they are at most 4,000. */
export async function countObjects(
  client: HubSpotClient,
  spec: ObjectSpec,
  window?: { readonly from: number; readonly to: number },
): Promise<{ total: number; ids?: readonly string[] }> {
  const within = { property: spec.created, from: window?.from ?? 0, to: window?.to ?? client.session.now() };
  let counted = await searchChanged(client, spec.type, { ...within, afterId: '0' });
  const { total } = counted;
  const ids = [...counted.ids];
  for (let page = 1; counted.more && window !== undefined && page < COUNTED_PAGES; page += 1) {
    counted = await searchChanged(client, spec.type, { ...within, afterId: ids.at(-1) ?? '0' });
    ids.push(...counted.ids);
  }
  return counted.more ? { total } : { total, ids };
}
