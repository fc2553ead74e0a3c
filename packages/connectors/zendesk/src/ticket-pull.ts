import type { Gone, Page, PullContext, RawRecord } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { ZendeskClient } from './client.ts';
import { exportCursorSpec, type ExportCursor } from './cursor.ts';
import { exportStart, readExport, type ExportSpec } from './export-pull.ts';
import { expectedRows } from './search-count.ts';
import { readHistory, type History } from './ticket-history.ts';
import { identified, keptRow, type HistoryEntry, type Identified } from './ticket-record.ts';
import { parseTime } from './time.ts';

type TicketPage = Page<ExportCursor>;

/** Small pages: each ticket takes a call for its audits, and what was read is safe with the page. */
const tickets: ExportSpec = { path: paths.ticketExport, list: 'tickets', pageSize: 100 };
const AT_ONCE = 100;
/** Audits are read side by side, within the bucket's own concurrency. */
const SIDE_BY_SIDE = 4;
/** With tickets asked for by name the rest is looked over only this often. */
const EXPORT_BESIDE_IDS_MS = 60_000;

const ticketsAnswer = z.looseObject({ tickets: z.array(identified) });
const refusedCursor = exportCursorSpec.schema;

/**
 * Reads tickets that were made or changed, each with its history. A hint's tickets come first, at once and around the export, which is
 * a minute behind; they leave the cursor where it is.
 */
export async function* pullTickets(
  client: ZendeskClient,
  from: ExportCursor | null,
  context: PullContext,
): AsyncGenerator<TicketPage> {
  const now = client.session.now();
  const refused = refusedCursor.safeParse(context.expired).data;
  const start = exportStart(from, context, now, refused);
  if (from !== null && context.ids !== undefined && context.ids.length > 0) {
    const done = context.mode !== 'resync' && now - from.goodAt < EXPORT_BESIDE_IDS_MS;
    for (let at = 0; at < context.ids.length; at += AT_ONCE) {
      const ids = context.ids.slice(at, at + AT_ONCE);
      const rows = await readTickets(client, ids);
      yield {
        ...(await toPage(client, rows, from.since)),
        cursor: from,
        done: done && at + AT_ONCE >= context.ids.length,
      };
    }
    if (done) return;
  }
  const expected = from === null ? await expectedRows(client, 'ticket', start.from) : {};
  for await (const page of readExport(client, tickets, start, refused)) {
    yield { ...(await toPage(client, page.rows, start.since)), cursor: page.cursor, done: page.done, ...expected };
  }
}

/** Tickets by id. One that is missing may be deleted or hidden from the signed-in person: the export tells. */
async function readTickets(client: ZendeskClient, ids: readonly string[]): Promise<readonly Identified[]> {
  const wanted = ids.filter((id) => /^\d{1,19}$/.test(id));
  if (wanted.length === 0) return [];
  const answer = await client.json({
    bucket: 'account',
    method: 'GET',
    path: paths.tickets,
    query: { ids: wanted.join(',') },
    idempotent: true,
    doc: docs.tickets,
    answer: ticketsAnswer,
  });
  return answer.tickets;
}

async function toPage(
  client: ZendeskClient,
  found: readonly Identified[],
  since: number,
): Promise<{ records: readonly RawRecord[]; gone: readonly Gone[] }> {
  // A row may be in one page twice; the later one is the newer.
  const rows = [...new Map(found.map((row) => [row.id, row])).values()];
  const gone: Gone[] = rows.filter(isDeleted).map((row) => {
    const at = parseTime(row['updated_at']);
    return { id: String(row.id), certain: true, ...(at === undefined ? {} : { at }) };
  });
  const standing = rows.filter((row) => !isDeleted(row));
  const histories = await readHistories(
    client,
    standing.filter((row) => !isTooOld(row, since)),
  );
  const present = standing.filter((row) => isTooOld(row, since) || histories.has(row.id));
  const people = await client.people.find(present.flatMap((row) => namedIn(row, histories.get(row.id)?.entries ?? [])));
  const statuses = Object.fromEntries(await client.people.statuses());
  const records = present.map((row): RawRecord => {
    const { entries: history, unreadable } = histories.get(row.id) ?? { entries: [], unreadable: 0 };
    const named = namedIn(row, history).flatMap((id) => people.get(id) ?? []);
    return {
      id: String(row.id),
      version: String(parseTime(row['updated_at']) ?? 0),
      raw: {
        ticket: keptRow(row),
        gathered: {
          ...urlOf(row),
          history: unreadable === 0 ? history : [...history, { unreadable }],
          people: Object.fromEntries(named.map((person) => [person.id, person])),
          statuses: Object.fromEntries(Object.entries(statuses).filter(([id]) => usesStatus(row, history, id))),
          tooOld: isTooOld(row, since),
        },
      },
    };
  });
  // A ticket that vanished between the two calls is only said to be missing: the next export tells whether it was deleted.
  const missing = standing.filter((row) => !isTooOld(row, since) && !histories.has(row.id));
  gone.push(...missing.map((row) => ({ id: String(row.id), certain: false })));
  return { records, gone };
}

async function readHistories(
  client: ZendeskClient,
  rows: readonly Identified[],
): Promise<ReadonlyMap<number, History>> {
  const found = new Map<number, History>();
  for (let start = 0; start < rows.length; start += SIDE_BY_SIDE) {
    await Promise.all(
      rows.slice(start, start + SIDE_BY_SIDE).map(async (row) => {
        const history = await readHistory(client, String(row.id));
        if (history !== undefined) found.set(row.id, history);
      }),
    );
  }
  return found;
}

/** Deleted tickets stay in the export, scrubbed. https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api#excluding-deleted-tickets */
function isDeleted(row: Identified): boolean {
  return row['status'] === 'deleted';
}

function isTooOld(row: Identified, since: number): boolean {
  const at = parseTime(row['updated_at']);
  return at !== undefined && at < since;
}

/** The people whose side or address matters, the requester first. */
function namedIn(row: Identified, history: readonly HistoryEntry[]): string[] {
  const named = [row['requester_id'], row['submitter_id'], row['assignee_id']].flatMap((id) =>
    typeof id === 'number' ? [String(id)] : [],
  );
  const authors = history.flatMap((entry) => entry.comments.map((each) => each.author));
  return [...new Set([...named, ...authors])].filter((id) => /^\d{1,19}$/.test(id));
}

function usesStatus(row: Identified, history: readonly HistoryEntry[], id: string): boolean {
  if (String(row['custom_status_id']) === id) return true;
  return history.some((entry) =>
    entry.changes.some(
      (change) => change.field === 'custom_status_id' && (change.value === id || change.previous === id),
    ),
  );
}

/** `https://acme.zendesk.com/api/v2/tickets/35436.json` is `https://acme.zendesk.com/agent/tickets/35436` to a person. */
function urlOf(row: Identified): { url?: string } {
  const url = URL.parse(typeof row['url'] === 'string' ? row['url'] : '');
  return url === null || url.protocol !== 'https:' ? {} : { url: `${url.origin}/agent/tickets/${row.id}` };
}
