import { expect, test } from 'vitest';
import { connectTest, folders, graphServer, Refusal } from '../fixtures/graph-server.ts';
import { outlook } from './index.ts';
import { listFolders } from './folders.ts';

test('folders of any depth are read, the inbox and sent mail first; what is left out is left out with all below it', async () => {
  graphServer(({ path }) => folders(path));
  const client = await connectTest();
  const mail = outlook.streams.find(({ name }) => name === 'mail') ?? expect.fail('no stream');
  expect(await mail.partitions?.(client)).toEqual([
    { id: 'inbox-id', label: 'Bandeja de entrada' },
    { id: 'sent-id', label: 'Enviados' },
    { id: 'project-id', label: 'Proyectos' },
    { id: 'deep-id', label: 'Cliente' },
  ]);
  const leftOut = [...(await listFolders(client)).values()].flatMap((folder) => folder.leftOut ?? []);
  expect(leftOut.toSorted()).toEqual(['draft', 'hidden_folder', 'search_folder', 'spam', 'trash', 'trash', 'unsent']);
});

test('folders that turn in a circle come to an end', async () => {
  graphServer(({ path }) =>
    path.endsWith('/mailFolders/delta')
      ? {
          value: [
            { id: 'a', displayName: 'A', parentFolderId: 'b' },
            { id: 'b', displayName: 'B', parentFolderId: 'a' },
          ],
        }
      : new Refusal(404, 'ErrorItemNotFound'),
  );
  expect([...(await listFolders(await connectTest())).keys()]).toEqual(['a', 'b']);
});

test('a mailbox that may not be read is a fault, not a mailbox without folders', async () => {
  graphServer(() => new Refusal(403, 'ErrorAccessDenied'));
  await expect(listFolders(await connectTest())).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
});
