import { json, syncStateNotFound } from './graph-error.ts';
import type { MailStore } from './mail-store.ts';
import { checkOptions, openToken, pageOf, project, refuseInDelta, sealToken, selected } from './odata.ts';
import { guarded, mailboxRoots, type App, type Call, type Guard } from './route.ts';
import { routeScopes } from './scopes.ts';
import type { MailFolder } from './state.ts';

const folderProperties = [
  'id',
  'displayName',
  'parentFolderId',
  'childFolderCount',
  'unreadItemCount',
  'totalItemCount',
  'sizeInBytes',
  'isHidden',
  'wellKnownName',
];

/** Folders as Graph lists them: one level at a time, hidden ones only on demand (https://learn.microsoft.com/en-us/graph/api/user-list-mailfolders). */
export const mountFolders = (app: App, guard: Guard, mail: MailStore): void => {
  const show = (call: Call, folder: MailFolder): Record<string, unknown> => {
    const { folders, messages } = mail.mailbox(call.user.upn);
    const held = Object.values(messages).filter((message) => message.folderId === folder.id);
    return {
      id: folder.id,
      displayName: folder.displayName,
      parentFolderId: folder.parentId ?? folder.id,
      childFolderCount: Object.values(folders).filter((each) => each.parentId === folder.id && !each.isHidden).length,
      unreadItemCount: held.filter((message) => !message.isRead).length,
      totalItemCount: held.length,
      sizeInBytes: held.reduce((sum, message) => sum + message.raw.length, 0),
      isHidden: folder.isHidden,
    };
  };
  const wantsHidden = (call: Call): boolean =>
    [...call.query].some(([name, value]) => name.toLowerCase() === 'includehiddenfolders' && value === 'true');

  const children = (parentOf: (call: Call) => string) => (call: Call) => {
    checkOptions(call.query, ['$select', '$top', '$skip', '$count', '$filter', '$expand', '$orderby']);
    const parent = mail.folder(call.user.upn, parentOf(call)).id;
    const names = selected(call.query, 'mailFolder', folderProperties);
    const all = Object.values(mail.mailbox(call.user.upn).folders).filter(
      (folder) => folder.parentId === parent && (wantsHidden(call) || !folder.isHidden),
    );
    const { top, skip } = pageOf(call.query, 10, 1000);
    const next = new URLSearchParams(call.query);
    next.set('$skip', String(skip + top));
    const path = new URL(call.request.url).pathname.replace(/^\/v1\.0\/(?:me|users\/[^/]+)/u, '');
    return json({
      '@odata.context': `https://graph.microsoft.com/v1.0/$metadata#users('${call.user.id}')/mailFolders`,
      ...(call.query.get('$count') === 'true' ? { '@odata.count': all.length } : {}),
      value: all.slice(skip, skip + top).map((folder) => project(show(call, folder), names)),
      ...(skip + top < all.length ? { '@odata.nextLink': `${call.root}${path}?${next.toString()}` } : {}),
    });
  };

  const delta = (call: Call): Response => {
    const mailbox = mail.mailbox(call.user.upn);
    refuseInDelta(call.query, 'Folders', ['$orderby', '$filter', '$search', '$top']);
    checkOptions(call.query, ['$select', '$deltatoken', '$skiptoken', '$expand']);
    const token = call.query.get('$deltatoken') ?? call.query.get('$skiptoken');
    const opened = token === null ? {} : openToken(token);
    const since = typeof opened['since'] === 'number' ? opened['since'] : undefined;
    const begun = typeof opened['begun'] === 'number' ? opened['begun'] : mailbox.version;
    const start = typeof opened['start'] === 'number' ? opened['start'] : 0;
    if ((since ?? begun) < mailbox.oldestVersion) throw syncStateNotFound();
    const select = call.query.get('$select') ?? (typeof opened['select'] === 'string' ? opened['select'] : null);
    const names = selected(
      new URLSearchParams(select === null ? {} : { $select: select }),
      'mailFolder',
      folderProperties,
    );
    const rows = [
      ...Object.values(mailbox.folders)
        .filter((folder) => folder.parentId !== null && !folder.isHidden && folder.version > (since ?? -1))
        .map((folder) => project(show(call, folder), names)),
      ...mailbox.removedFolders
        .filter((gone) => since !== undefined && gone.version > since)
        .map((gone) => ({
          '@odata.type': '#microsoft.graph.mailFolder',
          id: gone.id,
          '@removed': { reason: 'deleted' },
        })),
    ];
    const size = call.prefer.pageSize ?? 100;
    const link = `${call.root}/mailFolders/delta`;
    const kept = select === null ? {} : { select };
    return json({
      '@odata.context': `https://graph.microsoft.com/v1.0/$metadata#users('${call.user.id}')/mailFolders`,
      value: rows.slice(start, start + size),
      ...(start + size < rows.length
        ? { '@odata.nextLink': `${link}?$skiptoken=${sealToken({ since, begun, start: start + size, ...kept })}` }
        : { '@odata.deltaLink': `${link}?$deltatoken=${sealToken({ since: begun, ...kept })}` }),
    });
  };

  const read = (handle: (call: Call) => Response) => guarded(guard, routeScopes.mail, handle);
  for (const root of mailboxRoots) {
    for (const name of ['delta', 'delta()', 'microsoft.graph.delta()'])
      app.get(`${root}/mailFolders/${name}`, read(delta));
    app.get(`${root}/mailFolders`, read(children(() => 'msgfolderroot')));
    app.get(`${root}/mailFolders/:folder/childFolders`, read(children((call) => call.param('folder'))));
    app.get(
      `${root}/mailFolders/:folder`,
      read((call) => {
        checkOptions(call.query, ['$select', '$expand']);
        const names = selected(call.query, 'mailFolder', folderProperties);
        return json(project(show(call, mail.folder(call.user.upn, call.param('folder'))), names));
      }),
    );
  }
};
