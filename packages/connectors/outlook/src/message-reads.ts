import { ConnectorFault } from '@waymark/connector-kit';
import { z } from 'zod';
import type { GraphClient, GraphPage } from './client.ts';
import { messageFields, withoutText } from './raw-message.ts';

/** A row of a listing or of changes, stripped of bodies and otherwise as it came; a bad one must not spoil its page (I9). */
export interface MessageRow {
  readonly id: string;
  readonly removed: boolean;
  /** Whether it has more than the few fields of a change of marks. */
  readonly isWhole: boolean;
  readonly version: string;
  readonly receivedAt: number | undefined;
  readonly folderId: string | undefined;
  readonly message: unknown;
}

const timestamp = (value: unknown): number | undefined => {
  const at = typeof value === 'string' ? Date.parse(value.slice(0, 40)) : Number.NaN;
  return Number.isFinite(at) ? at : undefined;
};

const messageRow: z.ZodType<MessageRow> = z.looseObject({ id: z.string().min(1) }).transform((row) => ({
  id: row.id,
  removed: row['@removed'] !== undefined,
  isWhole: row['receivedDateTime'] !== undefined || row['from'] !== undefined || row['sender'] !== undefined,
  // Text of one form, to the second: a change within the same second replaces as well.
  version: String(timestamp(row['lastModifiedDateTime']) ?? 0),
  receivedAt: timestamp(row['receivedDateTime']),
  folderId: typeof row['parentFolderId'] === 'string' ? row['parentFolderId'] : undefined,
  message: withoutText(row),
}));

const pageSize = 100;
/** A filtered round was seen to end after 5,000 messages; a folder with more is read whole. */
const mostFiltered = 4_500;

const folderPath = (client: GraphClient, folderId: string): string =>
  `${client.root}/mailFolders/${encodeURIComponent(folderId)}/messages`;

const receivedSince = (since: number): string =>
  `$filter=${encodeURIComponent(`receivedDateTime ge ${seconds(Math.max(0, since))}`)}`;

/** Graph's filters take whole seconds. */
function seconds(at: number): string {
  return `${new Date(Math.floor(at / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** The first link of a first round. Parameters go with it alone: Graph keeps them in the links that follow. */
export function firstLink(client: GraphClient, folderId: string, since: number, expected: number): string {
  const filter = expected > mostFiltered ? '' : `&${receivedSince(since)}`;
  return `${folderPath(client, folderId)}/delta?$select=${messageFields}${filter}`;
}

/** The first page of what arrived since a moment, as a listing without a place in the changes. */
export function rereadLink(client: GraphClient, folderId: string, since: number): string {
  return `${folderPath(client, folderId)}?$select=${messageFields}&$top=${pageSize}&${receivedSince(since)}`;
}

/** A page of messages or of changes, by a link of ours or one of Graph's. */
export function pageOfMessages(client: GraphClient, link: string): Promise<GraphPage<MessageRow>> {
  return client.page({ path: link, row: messageRow, doc: 'message-delta', pageSize });
}

/** One message in full; undefined where it is gone. */
export async function readMessage(client: GraphClient, id: string): Promise<MessageRow | undefined> {
  try {
    return await client.read({
      path: `${client.root}/messages/${encodeURIComponent(id)}?$select=${messageFields}`,
      answer: messageRow,
      doc: 'message-get',
    });
  } catch (error) {
    if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return undefined;
    throw error;
  }
}

/** How many messages of a folder arrived since a moment. */
export async function countSince(client: GraphClient, folderId: string, since: number): Promise<number> {
  const page = await client.page({
    path: `${folderPath(client, folderId)}?$select=id&$top=1&$count=true&${receivedSince(since)}`,
    row: z.unknown(),
    doc: 'user-list-messages',
  });
  // Without a count nothing is known, and a whole reading is the safe one.
  return page.count ?? mostFiltered + 1;
}

/** The ids of a folder's messages that arrived in a window, epoch milliseconds: what `doctor` compares (failure A11). */
export async function messageIds(
  client: GraphClient,
  folderId: string,
  window: { readonly from: number; readonly to: number },
): Promise<readonly string[]> {
  const filter = `receivedDateTime ge ${seconds(window.from)} and receivedDateTime lt ${seconds(window.to)}`;
  const ids = new Set<string>();
  let link: string | undefined =
    `${folderPath(client, folderId)}?$select=id&$top=500&$filter=${encodeURIComponent(filter)}`;
  while (link !== undefined) {
    const page: GraphPage<{ id: string }> = await client.page({
      path: link,
      row: z.object({ id: z.string().min(1) }),
      doc: 'user-list-messages',
    });
    for (const { id } of page.rows) ids.add(id);
    link = page.next;
  }
  return [...ids];
}
