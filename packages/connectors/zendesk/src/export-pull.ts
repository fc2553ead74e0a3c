import type { PullContext } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs } from './api.ts';
import type { ZendeskClient } from './client.ts';
import { BEFORE_LAST_GOOD_MS, EXPORT_SETTLE_MS, type ExportCursor } from './cursor.ts';
import { ZendeskAnswerError } from './http-error.ts';
import { identified, type Identified } from './ticket-record.ts';
import { toSeconds } from './time.ts';

/** An export by cursor: tickets and users have one, organizations have none. */
export interface ExportSpec {
  readonly path: string;
  /** The list's name in the answer. */
  readonly list: 'tickets' | 'users';
  /** Rows of one page, at most 1,000. */
  readonly pageSize: number;
  readonly include?: string;
}

/** One page of rows with the cursor that is safe once they are stored. */
export interface ExportPage {
  readonly rows: readonly Identified[];
  readonly cursor: ExportCursor;
  readonly done: boolean;
}

const HOUR = 3_600_000;
/** How far the nightly reading goes back: exports miss nothing, and each ticket read again costs a call for its audits. */
const REREAD_MS = 24 * HOUR;

/** Where a run begins. Throws nothing; a cursor that Zendesk refused is replaced by a time an hour before the last good reading. */
export function exportStart(
  from: ExportCursor | null,
  context: PullContext,
  now: number,
  refused: ExportCursor | undefined,
): ExportCursor {
  const latest = now - 2 * EXPORT_SETTLE_MS;
  if (from === null) {
    const since = refused?.since ?? context.since;
    const begin = refused === undefined ? since : Math.max(since, refused.goodAt - BEFORE_LAST_GOOD_MS);
    return { after: null, from: Math.max(0, Math.min(begin, latest)), goodAt: now, since };
  }
  const since = Math.min(from.since, context.mode === 'resync' ? from.since : context.since);
  // More of the past is wanted than was read: the export begins again there.
  if (since < from.since) return { after: null, from: since, goodAt: from.goodAt, since };
  if (context.mode === 'resync') {
    return {
      after: null,
      from: Math.max(since, Math.min(from.goodAt - REREAD_MS, latest)),
      goodAt: from.goodAt,
      since,
    };
  }
  return from;
}

/**
 * Reads an export to its end. It ends where Zendesk says so or where the cursor no longer moves: a page that names itself as the next
 * one would be read for ever (failure D14).
 * https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-ticket-export-cursor-based
 */
export async function* readExport(
  client: ZendeskClient,
  spec: ExportSpec,
  start: ExportCursor,
  refused: ExportCursor | undefined,
): AsyncGenerator<ExportPage> {
  const startedAt = client.session.now();
  let { after } = start;
  for (;;) {
    const answer = await readPage(client, spec, after, start.from);
    const next = answer.after_cursor ?? after;
    if (next === null && !answer.end_of_stream) {
      throw new ZendeskAnswerError(`Zendesk answered a page of ${spec.list} that has no end and no cursor`);
    }
    const done = answer.end_of_stream || next === after;
    // A cursor that was refused is not kept again (failure A2): the next run goes by time instead.
    const kept = next !== null && next === refused?.after ? null : next;
    const cursor: ExportCursor = done
      ? { after: kept, from: Math.max(start.from, startedAt - HOUR), goodAt: startedAt, since: start.since }
      : { ...start, after: kept };
    yield { rows: answer.rows, cursor, done };
    if (done) return;
    after = next;
  }
}

async function readPage(client: ZendeskClient, spec: ExportSpec, after: string | null, from: number) {
  const answer = await client.json({
    bucket: 'export',
    method: 'GET',
    path: spec.path,
    query: {
      ...(after === null ? { start_time: toSeconds(from) } : { cursor: after }),
      per_page: spec.pageSize,
      include: spec.include,
    },
    idempotent: true,
    doc: docs.export,
    answer: pageOf(spec.list),
    withCursor: after !== null,
  });
  return { rows: answer[spec.list] ?? [], after_cursor: answer.after_cursor, end_of_stream: answer.end_of_stream };
}

function pageOf(list: ExportSpec['list']) {
  return exportAnswer.refine((answer) => answer[list] !== undefined, { path: [list] });
}

const exportAnswer = z.looseObject({
  tickets: z.array(identified).optional(),
  users: z.array(identified).optional(),
  after_cursor: z.string().nullish(),
  end_of_stream: z.boolean(),
});
