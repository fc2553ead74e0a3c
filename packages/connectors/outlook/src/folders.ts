import { ConnectorFault } from '@waymark/connector-kit';
import { z } from 'zod';
import type { GraphClient } from './client.ts';

/** A folder of the mailbox, with the reason where its mails are none of the journey's. */
export interface Folder {
  readonly id: string;
  readonly name: string;
  /** Its name after those of the folders that it lies in, nested by `/`. */
  readonly path: string;
  readonly leftOut?: string;
}

/** A mailbox's folders, by id. */
export type Folders = ReadonlyMap<string, Folder>;

/**
 * Well-known folders and what their mails count as; undefined for those that are read. The names work as ids, in any language of
 * the mailbox. https://learn.microsoft.com/en-us/graph/api/resources/mailfolder
 */
const wellKnown: ReadonlyMap<string, string | undefined> = new Map([
  ['inbox', undefined],
  ['sentitems', undefined],
  ['deleteditems', 'trash'],
  ['recoverableitemsdeletions', 'trash'],
  ['junkemail', 'spam'],
  ['drafts', 'draft'],
  ['outbox', 'unsent'],
  ['scheduled', 'unsent'],
  ['conversationhistory', 'chat'],
  ['syncissues', 'sync_issue'],
]);

const folderRow = z.looseObject({
  id: z.string().min(1),
  displayName: z.string().nullish(),
  parentFolderId: z.string().nullish(),
  isHidden: z.boolean().nullish(),
  '@odata.type': z.string().nullish(),
  '@removed': z.unknown().optional(),
});
type FolderRow = z.infer<typeof folderRow>;

/**
 * All folders of the mailbox, the inbox and sent mail first. Left out are what was deleted, junk, what was not sent, hidden folders
 * (programs keep their things there), search folders (their mails lie elsewhere), and all that lies below any of them.
 */
export async function listFolders(client: GraphClient): Promise<Folders> {
  const [rows, named] = await Promise.all([allFolders(client), namedFolders(client)]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const order = (id: string): number => (named.get(id) === 'inbox' ? 0 : named.get(id) === 'sentitems' ? 1 : 2);
  // A folder that the listing does not show is still known by its name, so that what was moved into it can be told.
  const unlisted = [...named.keys()].filter((id) => !byId.has(id)).map((id) => ({ id }));
  return new Map(
    [...rows, ...unlisted]
      .toSorted((a, b) => order(a.id) - order(b.id))
      .map((row) => {
        const reason = reasonOf(row.id, byId, named);
        const name = byId.get(row.id)?.displayName ?? named.get(row.id) ?? row.id;
        const path = pathOf(row.id, byId) || name;
        return [row.id, { id: row.id, name, path, ...(reason === undefined ? {} : { leftOut: reason }) }];
      }),
  );
}

/** The root, in which all folders lie, is not among those that are listed. */
function pathOf(id: string, byId: ReadonlyMap<string, FolderRow>): string {
  const names: string[] = [];
  const seen = new Set<string>();
  for (let row = byId.get(id); row !== undefined && !seen.has(row.id);) {
    seen.add(row.id);
    names.unshift(row.displayName ?? '');
    row = byId.get(row.parentFolderId ?? '');
  }
  return names.join('/').slice(0, 500);
}

/** Why a folder is left out, by itself or by one that it lies in. */
function reasonOf(
  id: string,
  byId: ReadonlyMap<string, FolderRow>,
  named: ReadonlyMap<string, string>,
): string | undefined {
  const seen = new Set<string>();
  for (let at: string | undefined = id; at !== undefined && !seen.has(at);) {
    seen.add(at);
    const reason = wellKnown.get(named.get(at) ?? '');
    if (reason !== undefined) return reason;
    const row = byId.get(at);
    if (row?.isHidden === true) return 'hidden_folder';
    if (row?.['@odata.type']?.toLowerCase().endsWith('mailsearchfolder') === true) return 'search_folder';
    at = row?.parentFolderId ?? undefined;
  }
  return undefined;
}

/** The listing by delta is flat: one request a page for folders of any depth. */
async function allFolders(client: GraphClient): Promise<readonly FolderRow[]> {
  const rows: FolderRow[] = [];
  const seen = new Set<string>();
  let link: string | undefined = `${client.root}/mailFolders/delta?$select=displayName,parentFolderId,isHidden`;
  while (link !== undefined && !seen.has(link)) {
    seen.add(link);
    const page: Awaited<ReturnType<typeof client.page<FolderRow>>> = await client.page({
      path: link,
      row: folderRow,
      doc: 'mailfolder-delta',
      pageSize: 100,
    });
    rows.push(...page.rows.filter((row) => row['@removed'] === undefined));
    link = page.next;
  }
  return rows;
}

/** The ids behind the well-known names; not every mailbox has every one. */
async function namedFolders(client: GraphClient): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    [...wellKnown.keys()].map(async (name): Promise<[string, string][]> => {
      try {
        const { id } = await client.read({
          path: `${client.root}/mailFolders/${name}?$select=id`,
          answer: z.object({ id: z.string().min(1) }),
          doc: 'mailfolder-get',
        });
        return [[id, name]];
      } catch (error) {
        if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return [];
        throw error;
      }
    }),
  );
  return new Map(found.flat());
}
