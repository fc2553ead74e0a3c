import type { GmailClient } from './client.ts';
import { spanQuery } from './cursor.ts';

/** How many messages the mailbox lists in a window, epoch milliseconds, and which: what `doctor` compares (failure A11). */
export async function countMessages(
  client: GmailClient,
  window: { readonly from: number; readonly to: number },
): Promise<{ total: number; ids: readonly string[] }> {
  const ids = new Set<string>();
  let pageToken: string | undefined;
  do {
    const page = await client.list(spanQuery(window.from, window.to), pageToken);
    for (const { id } of page.messages) ids.add(id);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return { total: ids.size, ids: [...ids] };
}
