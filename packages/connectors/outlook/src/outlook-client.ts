import type { ExternalAccount, Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { connectGraph } from './client.ts';
import type { GraphClient } from './client.ts';
import { listFolders } from './folders.ts';
import type { Folders } from './folders.ts';

/** Graph, with what a run asks for more than once. */
export interface OutlookClient extends GraphClient {
  /** The mailbox's folders, read once a connection. */
  folders(): Promise<Folders>;
}

/** Loads the SDK and binds it to a session. */
export async function connectOutlook(session: Session): Promise<OutlookClient> {
  const graph = await connectGraph(session);
  let known: Promise<Folders> | undefined;
  return {
    ...graph,
    folders: () => {
      known ??= listFolders(graph).catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      return known;
    },
  };
}

const user = z.object({
  id: z.string().min(1),
  displayName: z.string().nullish(),
  mail: z.string().nullish(),
  userPrincipalName: z.string().nullish(),
});

/**
 * The mailbox behind the grant. Its id stays when a person's name and address change. One of an organization's grant goes by the
 * address that was chosen: reading its inbox proves it, and spares a permission for the directory of all people.
 */
export async function identify(client: GraphClient): Promise<ExternalAccount> {
  if (client.subject !== undefined) {
    const address = client.subject.toLowerCase();
    await client.read({
      path: `${client.root}/mailFolders/inbox?$select=id`,
      answer: z.object({ id: z.string() }),
      doc: 'mailfolder-get',
    });
    return { externalAccountId: address, label: address, address };
  }
  const account = await client.read({
    path: `${client.root}?$select=id,displayName,mail,userPrincipalName`,
    answer: user,
    doc: 'user-get',
  });
  const address = (account.mail || account.userPrincipalName || '').toLowerCase();
  return {
    externalAccountId: account.id,
    label: account.displayName || address || account.id,
    ...(address === '' ? {} : { address }),
  };
}
