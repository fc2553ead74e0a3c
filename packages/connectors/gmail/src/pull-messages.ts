import { ConnectorFault } from '@waymark/connector-kit';
import type { Gone, Page, PullContext, RawRecord } from '@waymark/connector-kit';
import type { GmailClient, HistoryAnswer } from './client.ts';
import { afterPage, enumerationOf, laterHistory, startListing, windowQuery } from './cursor.ts';
import type { GmailCursor, Listing, Live } from './cursor.ts';
import { leftOutReason, matters } from './raw-message.ts';

const pageSize = 100;

/**
 * Pages of a mailbox: all messages of the span by windows, then the history up to now. Goes on from any cursor it yielded.
 * Throws ConnectorFault; an expired history id ends as `cursor-expired`, never as an empty page (failures A1, A4).
 */
export async function* pullMessages(
  client: GmailClient,
  from: GmailCursor | null,
  context: PullContext,
): AsyncIterable<Page<GmailCursor>> {
  let cursor = await firstCursor(client, from, context);
  while (cursor.phase === 'listing') {
    const page = await listedPage(client, cursor, cursor === from);
    yield page;
    cursor = page.cursor;
  }
  for (let done = false; !done;) {
    const answer = await client.history(cursor.historyId);
    for await (const page of historyPages(client, cursor, answer)) {
      yield page;
      cursor = page.cursor;
      done = page.done;
    }
  }
}

async function firstCursor(client: GmailClient, from: GmailCursor | null, context: PullContext): Promise<GmailCursor> {
  if (from?.phase === 'listing') return from;
  // A reread keeps the old place in the history: a newer one would skip the changes in between.
  if (from !== null) return context.mode === 'resync' ? startListing(from.historyId, context) : from;
  const { historyId } = await client.profile();
  if (historyId === expiredHistoryId(context.expired)) await requireKnown(client, historyId);
  return startListing(historyId, context);
}

/**
 * A mailbox in which nothing happens names the very id that it has just refused. Asked once more it either knows it, so that the
 * refusal was a passing one, or the run ends, so that it does not turn in circles (failure A2).
 */
async function requireKnown(client: GmailClient, historyId: string): Promise<void> {
  try {
    await client.history(historyId);
  } catch (error) {
    if (!(error instanceof ConnectorFault && error.fault.kind === 'cursor-expired')) throw error;
    throw new ConnectorFault({
      kind: 'transient',
      message: `Gmail still names the history id ${historyId} that it refused; the mailbox is read again later`,
      retryAfterMs: 3_600_000,
    });
  }
}

/** One page of the window in hand. A page token of an earlier run may have died: then the window starts anew. */
async function listedPage(client: GmailClient, cursor: Listing, resumed: boolean): Promise<Page<GmailCursor>> {
  const query = windowQuery(cursor);
  const answer = await client.list(query, cursor.pageToken).catch((error: unknown) => {
    const refused = error instanceof ConnectorFault && error.fault.kind === 'rejected';
    if (!refused || !resumed || cursor.pageToken === undefined) throw error;
    return client.list(query, undefined);
  });
  const read = await readMessages(
    client,
    answer.messages.map(({ id }) => id),
  );
  return {
    ...read,
    cursor: afterPage(cursor, answer.nextPageToken),
    done: false,
    enumeration: enumerationOf(cursor),
  };
}

/** The pages of one answer of the history. Only the last one moves the cursor: the ones before it prove less than the answer. */
async function* historyPages(client: GmailClient, from: Live, answer: HistoryAnswer): AsyncIterable<Page<Live>> {
  const { changed, known, deleted } = changesOf(answer);
  const more = answer.nextPageToken !== undefined;
  const reached = more ? (answer.history.at(-1)?.id ?? from.historyId) : answer.historyId;
  if (more && reached === from.historyId) {
    throw new ConnectorFault({
      kind: 'transient',
      message: `Gmail's history does not move past ${reached}; it is read again later`,
    });
  }
  const enumerated = from.enumeration === undefined ? {} : { enumeration: from.enumeration };
  for (let at = 0; at + pageSize < changed.length; at += pageSize) {
    const read = await readMessages(client, changed.slice(at, at + pageSize));
    yield { ...read, cursor: from, done: false, ...enumerated };
  }
  const rest = changed.length === 0 ? 0 : Math.floor((changed.length - 1) / pageSize) * pageSize;
  const read = await readMessages(client, changed.slice(rest));
  const historyId = laterHistory(from.historyId, reached);
  yield {
    records: [...known, ...read.records],
    gone: [...deleted, ...read.gone],
    cursor: { phase: 'live', historyId, ...(more ? enumerated : {}) },
    done: !more,
    ...enumerated,
  };
}

/** What an answer of the history says: ids to read, messages that their labels settle, and deletions for good. */
function changesOf(answer: HistoryAnswer): {
  readonly changed: readonly string[];
  readonly known: readonly RawRecord[];
  readonly deleted: readonly Gone[];
} {
  const latest = new Map<string, 'read' | 'deleted' | RawRecord>();
  for (const record of answer.history) {
    const relabelled = [...(record.labelsAdded ?? []), ...(record.labelsRemoved ?? [])].filter(({ labelIds }) =>
      matters(labelIds),
    );
    for (const { message } of [...(record.messagesAdded ?? []), ...relabelled]) {
      const settled = leftOutReason(message.labelIds) !== undefined;
      latest.set(message.id, settled ? { id: message.id, version: record.id, raw: message } : 'read');
    }
    for (const { message } of record.messagesDeleted ?? []) latest.set(message.id, 'deleted');
  }
  const entries = [...latest];
  return {
    changed: entries.filter(([, what]) => what === 'read').map(([id]) => id),
    known: entries.map(([, what]) => what).filter((what) => typeof what === 'object'),
    deleted: entries.filter(([, what]) => what === 'deleted').map(([id]) => ({ id, certain: true })),
  };
}

async function readMessages(
  client: GmailClient,
  ids: readonly string[],
): Promise<{ readonly records: readonly RawRecord[]; readonly gone: readonly Gone[] }> {
  const read = await Promise.all(ids.map((id) => readMessage(client, id)));
  return {
    records: read.filter((one) => 'raw' in one),
    gone: read.filter((one) => 'certain' in one),
  };
}

/** A message that went away between list and get ends for itself alone (failure A12); its deletion comes with the history. */
async function readMessage(client: GmailClient, id: string): Promise<RawRecord | Gone> {
  try {
    const message = await client.message(id);
    return { id, version: message.historyId, raw: message.raw };
  } catch (error) {
    if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return { id, certain: false };
    throw error;
  }
}

function expiredHistoryId(expired: unknown): string | undefined {
  return typeof expired === 'object' &&
    expired !== null &&
    'historyId' in expired &&
    typeof expired.historyId === 'string'
    ? expired.historyId
    : undefined;
}
