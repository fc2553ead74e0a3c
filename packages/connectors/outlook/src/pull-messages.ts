import { ConnectorFault } from '@waymark/connector-kit';
import type { Gone, Page, PullContext, RawRecord } from '@waymark/connector-kit';
import type { GraphPage } from './client.ts';
import type { Folder } from './folders.ts';
import { expiredLink } from './mail-cursor.ts';
import type { MailCursor, Reread, Round } from './mail-cursor.ts';
import { countSince, firstLink, pageOfMessages, readMessage, rereadLink } from './message-reads.ts';
import type { MessageRow } from './message-reads.ts';
import type { OutlookClient } from './outlook-client.ts';

/** Arrival may follow the written date by this much, so that a mail dated inside the span is always asked for. */
const marginMs = 300_000;

/**
 * Pages of one folder: from null all that arrived since the span's start, then what has changed since. Goes on from any cursor that
 * it yielded. Throws ConnectorFault; a dead link ends as `cursor-expired` only where nothing older is left to go on from (A1, A7).
 */
export async function* pullMessages(
  client: OutlookClient,
  from: MailCursor | null,
  folderId: string,
  context: PullContext,
): AsyncIterable<Page<MailCursor>> {
  const start = await firstRound(client, from, folderId, context);
  let cursor: Round | Reread = start.cursor;
  while (cursor.phase === 'reread') {
    const page = await pageOfMessages(client, cursor.next);
    const records = await recordsOf(client, folderId, page, cursor.since);
    cursor =
      page.next === undefined
        ? { phase: 'round', committed: cursor.committed, next: cursor.committed, since: start.since }
        : { ...cursor, next: page.next };
    yield { ...records, cursor, done: false };
  }
  yield* rounds(client, cursor, folderId, context, start.expected);
}

interface Start {
  readonly cursor: Round | Reread;
  readonly since: number;
  readonly expected?: number;
}

async function firstRound(
  client: OutlookClient,
  from: MailCursor | null,
  folderId: string,
  context: PullContext,
): Promise<Start> {
  if (from?.phase === 'round' || from?.phase === 'reread') return { cursor: from, since: from.since };
  if (from !== null) {
    const { committed, since } = from;
    if (context.mode !== 'resync') return { cursor: { phase: 'round', committed, next: committed, since }, since };
    // A reread keeps the old place: a newer one would skip the changes in between.
    const next = rereadLink(client, folderId, context.since - marginMs);
    return { cursor: { phase: 'reread', committed, next, since }, since };
  }
  const { since, until } = context;
  const expected = await countSince(client, folderId, since - marginMs);
  return {
    cursor: {
      phase: 'round',
      committed: null,
      next: firstLink(client, folderId, since - marginMs, expected),
      since,
      enumeration: { id: String(until), from: since, to: until },
    },
    since,
    expected,
  };
}

async function* rounds(
  client: OutlookClient,
  start: Round,
  folderId: string,
  context: PullContext,
  expected: number | undefined,
): AsyncIterable<Page<MailCursor>> {
  const refused = expiredLink(context);
  let cursor = start;
  let mayRestart = true;
  for (;;) {
    const page = await pageOrUndefined(client, cursor, mayRestart);
    if (page === undefined) {
      mayRestart = false;
      cursor = { ...cursor, next: cursor.committed ?? cursor.next };
      continue;
    }
    const records = await recordsOf(client, folderId, page, cursor.since - marginMs);
    const enumerated = cursor.enumeration === undefined ? {} : { enumeration: cursor.enumeration };
    const told = expected === undefined ? {} : { expected };
    if (page.delta !== undefined) {
      if (page.delta === refused) throw stuck('gave the delta link again that it refused', 3_600_000);
      const ended = { phase: 'live' as const, committed: page.delta, since: cursor.since };
      yield { ...records, cursor: ended, done: true, ...enumerated, ...told };
      return;
    }
    if (page.next === undefined || page.next === cursor.next) throw stuck('ended a page without a link to go on from');
    cursor = { ...cursor, next: page.next };
    yield { ...records, cursor, done: false, ...enumerated, ...told };
  }
}

/** Undefined where the link died in the middle of a round that can begin again from the last whole one (failure A7). */
async function pageOrUndefined(
  client: OutlookClient,
  cursor: Round,
  mayRestart: boolean,
): Promise<GraphPage<MessageRow> | undefined> {
  try {
    return await pageOfMessages(client, cursor.next);
  } catch (error) {
    const dead = error instanceof ConnectorFault && error.fault.kind === 'cursor-expired';
    if (dead && mayRestart && cursor.committed !== null && cursor.next !== cursor.committed) return undefined;
    throw error;
  }
}

async function recordsOf(
  client: OutlookClient,
  folderId: string,
  page: GraphPage<MessageRow>,
  since: number,
): Promise<{ readonly records: readonly RawRecord[]; readonly gone: readonly Gone[] }> {
  // A page may tell of one message twice; its last word counts.
  const latest = new Map(page.rows.map((row) => [row.id, row]));
  const parts = await Promise.all([...latest.values()].map((row) => partOf(client, folderId, row, since)));
  return {
    records: parts.flatMap((part) => (part !== undefined && 'raw' in part ? [part] : [])),
    gone: parts.flatMap((part) => (part !== undefined && 'certain' in part ? [part] : [])),
  };
}

async function partOf(
  client: OutlookClient,
  folderId: string,
  row: MessageRow,
  since: number,
): Promise<RawRecord | Gone | undefined> {
  if (row.removed) return whereNow(client, folderId, row.id);
  // A change of the read mark alone comes as a row of two fields, which would wipe out what the mail said.
  const whole = row.isWhole ? row : await readMessage(client, row.id);
  if (whole === undefined) return { id: row.id, certain: false };
  if (whole.receivedAt !== undefined && whole.receivedAt < since) return undefined;
  return recordOf(whole, await folderOf(client, whole.folderId ?? folderId));
}

/**
 * What became of a message that left its folder: deleted for good, moved to a folder that is left out, or moved to another one, whose
 * own changes tell of it (failure B2). Only the first is a certain claim.
 */
async function whereNow(client: OutlookClient, folderId: string, id: string): Promise<RawRecord | Gone> {
  const message = await readMessage(client, id);
  if (message === undefined) return { id, certain: true };
  const folder = await folderOf(client, message.folderId);
  if (message.folderId === folderId) return recordOf(message, folder);
  return folder?.leftOut === undefined ? { id, certain: false } : recordOf(message, folder);
}

async function folderOf(client: OutlookClient, id: string | undefined): Promise<Folder | undefined> {
  return (await client.folders()).get(id ?? '');
}

function recordOf(row: MessageRow, folder: Folder | undefined): RawRecord {
  const { path, leftOut } = folder ?? {};
  return {
    id: row.id,
    version: row.version,
    raw: {
      message: row.message,
      ...(path ? { folder: path } : {}),
      ...(leftOut === undefined ? {} : { leftOut }),
    },
  };
}

function stuck(what: string, retryAfterMs?: number): ConnectorFault {
  return new ConnectorFault({
    kind: 'transient',
    message: `Graph ${what}; the folder is read again later`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
