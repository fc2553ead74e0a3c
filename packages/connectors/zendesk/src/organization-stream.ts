import type { Page, PullContext, RawRecord, Stream } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { ZendeskClient } from './client.ts';
import { organizationCursorSpec, type OrganizationCursor } from './cursor.ts';
import { READ } from './manifest.ts';
import { keptOrganization, mapOrganization, organizationRow, type OrganizationRow } from './map-organization.ts';
import { countBySearch } from './search-count.ts';
import { identified, type Identified } from './ticket-record.ts';
import { parseTime, toSeconds } from './time.ts';
import { withoutBody } from './without-body.ts';

type OrganizationPage = Page<OrganizationCursor>;

/** The export gives a page that is full even where all of it has one time; its documented size. */
const FULL_PAGE = 1000;

const listAnswer = z.looseObject({
  organizations: z.array(identified),
  meta: z.looseObject({ has_more: z.boolean(), after_cursor: z.string().nullish() }),
});

const exportAnswer = z.looseObject({
  organizations: z.array(identified),
  end_time: z.number().nullish(),
  count: z.number().nullish(),
  end_of_stream: z.boolean().nullish(),
});

/** All organizations first, which is a complete enumeration and so proves absence; then what changed, by time. */
async function* pullOrganizations(
  client: ZendeskClient,
  from: OrganizationCursor | null,
  context: PullContext,
): AsyncGenerator<OrganizationPage> {
  const now = client.session.now();
  if (from === null || from.phase === 'enumerate') {
    yield* enumerate(client, from ?? { phase: 'enumerate', startedAt: now, after: '' });
    return;
  }
  if (context.mode === 'resync') {
    yield* enumerate(client, { phase: 'enumerate', startedAt: now, after: '' });
    return;
  }
  yield* exportChanges(client, from.from, now);
}

async function* enumerate(
  client: ZendeskClient,
  start: OrganizationCursor & { phase: 'enumerate' },
): AsyncGenerator<OrganizationPage> {
  const enumeration = { id: `organizations-${start.startedAt}` };
  let { after } = start;
  for (;;) {
    const answer = await client.json({
      bucket: 'account',
      method: 'GET',
      path: paths.organizations,
      query: { 'page[size]': 100, 'page[after]': after === '' ? undefined : after },
      idempotent: true,
      doc: docs.organizations,
      answer: listAnswer,
      withCursor: after !== '',
    });
    const next = answer.meta.has_more ? (answer.meta.after_cursor ?? undefined) : undefined;
    const done = next === undefined || next === after;
    const cursor: OrganizationCursor = done
      ? { phase: 'live', from: start.startedAt - organizationCursorSpec.overlapMs }
      : { ...start, after: next };
    yield { records: answer.organizations.map(toRecord), gone: [], cursor, done, enumeration };
    if (done) return;
    after = next;
  }
}

/**
 * The export by time. It ends where Zendesk says so, where a page is not full, or where its end does not move; in the last case more
 * organizations share one second than a page holds, no time leads past them, and all are listed instead (failure D14).
 */
async function* exportChanges(client: ZendeskClient, from: number, now: number): AsyncGenerator<OrganizationPage> {
  let start = toSeconds(Math.min(from, now - 2 * organizationCursorSpec.settleMs));
  for (;;) {
    const answer = await client.json({
      bucket: 'export',
      method: 'GET',
      path: paths.organizationExport,
      query: { start_time: start },
      idempotent: true,
      doc: docs.export,
      answer: exportAnswer,
    });
    const full = answer.organizations.length >= FULL_PAGE && answer.end_of_stream !== true;
    const end = answer.end_time ?? start;
    if (full && end <= start) {
      yield* enumerate(client, { phase: 'enumerate', startedAt: now, after: '' });
      return;
    }
    const standing = answer.organizations.filter((row) => !isDeleted(row));
    const gone = answer.organizations
      .filter(isDeleted)
      .map((row) => ({ id: String(row.id), certain: true, ...atOf(row['deleted_at']) }));
    const rest = full ? end * 1000 : now - organizationCursorSpec.overlapMs;
    yield { records: standing.map(toRecord), gone, cursor: { phase: 'live', from: rest }, done: !full };
    if (!full) return;
    start = end;
  }
}

function toRecord(row: Identified): RawRecord {
  return {
    id: String(row.id),
    version: String(parseTime(row['updated_at']) ?? 0),
    raw: keptOrganization(row),
  };
}

function isDeleted(row: Identified): boolean {
  return typeof row['deleted_at'] === 'string';
}

function atOf(text: unknown): { at?: number } {
  const at = parseTime(text);
  return at === undefined ? {} : { at };
}

export const organizationStream: Stream<ZendeskClient, OrganizationCursor, OrganizationRow> = {
  name: 'organizations',
  object: 'organizations',
  scopes: [READ],
  order: 20,
  cursor: organizationCursorSpec,
  raw: organizationRow,
  pull: (client, from, _partition, context) => pullOrganizations(client, from, context),
  map: mapOrganization,
  withoutBody: (raw) => withoutBody(raw),
  count: (client, _partition, window) => countBySearch(client, 'organization', window),
};
