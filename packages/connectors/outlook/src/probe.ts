import type { Finding } from '@waymark/connector-kit';
import { z } from 'zod';
import type { GraphClient } from './client.ts';

const headed = z.object({ internetMessageHeaders: z.array(z.unknown()).nullish() });

/** Fewer mails than this say nothing. */
const enough = 5;

/**
 * Whether received mails come with their headers. Without them machines cannot be told from people (failure C4), and nothing else
 * would show it. https://learn.microsoft.com/en-us/graph/api/resources/message
 */
export async function probe(client: GraphClient): Promise<readonly Finding[]> {
  const { rows } = await client.page({
    path: `${client.root}/mailFolders/inbox/messages?$select=internetMessageHeaders&$top=10`,
    row: headed,
    doc: 'user-list-messages',
  });
  const bare = rows.filter(({ internetMessageHeaders }) => (internetMessageHeaders ?? []).length === 0);
  if (rows.length < enough || bare.length < rows.length) return [];
  return [
    {
      severity: 'warning',
      code: 'outlook_no_headers',
      message: `None of the newest ${rows.length} mails in the inbox comes with its headers: newsletters and automatic answers count as people.`,
      fix: 'In Entra, grant Mail.Read beside Mail.ReadBasic with admin consent, then connect the mailbox again.',
    },
  ];
}
