import { syncStateNotFound, badRequest, json } from './graph-error.ts';
import type { MailStore } from './mail-store.ts';
import { defaultIdOf } from './mail-store.ts';
import { messageProperties, showMessage } from './message-json.ts';
import {
  checkOptions,
  momentOf,
  openToken,
  pageOf,
  parseFilter,
  passes,
  project,
  refuseInDelta,
  sealToken,
  selected,
  type FilterTerm,
} from './odata.ts';
import { guarded, mailboxRoots, type App, type Call, type Guard } from './route.ts';
import { routeScopes } from './scopes.ts';
import type { StoredMessage } from './state.ts';

/** A round with a filter on the time tells of no more messages than this (https://learn.microsoft.com/en-us/graph/api/message-delta). */
const mostFiltered = 5000;
const listOptions = ['$select', '$filter', '$top', '$skip', '$orderby', '$count', '$expand', '$search'];

interface Round {
  /** The version that an incremental round starts after; undefined in a first one. */
  readonly since: number | undefined;
  /** The mailbox's version when the round began: what its delta token will stand for. */
  readonly version: number;
  /** The last place of the page before. */
  readonly after: string;
  readonly select: string | null;
  readonly filter: string | null;
  readonly size: number;
}

/** Mail as Graph serves it (https://learn.microsoft.com/en-us/graph/api/resources/mail-api-overview). */
export const mountMail = (app: App, guard: Guard, mail: MailStore): void => {
  const show = async (call: Call, message: StoredMessage, query: URLSearchParams): Promise<Record<string, unknown>> => {
    const names = selected(query, 'message', messageProperties);
    const canReadBodies = ['Mail.Read', 'Mail.ReadWrite'].some((scope) => call.grant.scopes.includes(scope));
    const view = { isImmutable: call.prefer.isImmutable, names, canReadBodies };
    return project(await showMessage(message, mail.facts(message), view), names);
  };

  const list = (folderOf: (call: Call) => string | undefined) => async (call: Call) => {
    checkOptions(call.query, listOptions);
    const found = matching(mail, call, folderOf(call));
    const { top, skip } = pageOf(call.query, 10, 1000);
    const value = await Promise.all(found.slice(skip, skip + top).map((message) => show(call, message, call.query)));
    const next = new URL(call.request.url);
    next.searchParams.set('$skip', String(skip + top));
    return json({
      '@odata.context': context(call, 'messages'),
      ...(call.query.get('$count') === 'true' ? { '@odata.count': found.length } : {}),
      value,
      ...(skip + top < found.length
        ? { '@odata.nextLink': call.root + next.pathname.replace(/^\/v1\.0\/(?:me|users\/[^/]+)/u, '') + next.search }
        : {}),
    });
  };
  const count = (folderOf: (call: Call) => string | undefined) => (call: Call) => {
    checkOptions(call.query, ['$filter', '$search']);
    return new Response(String(matching(mail, call, folderOf(call)).length), {
      headers: { 'content-type': 'text/plain' },
    });
  };

  const delta = async (call: Call): Promise<Response> => {
    const folder = mail.folder(call.user.upn, call.param('folder'));
    const mailbox = mail.mailbox(call.user.upn);
    const round = roundOf(call, mailbox.version);
    if (round.since !== undefined && round.since < mailbox.oldestVersion) throw syncStateNotFound();
    if (round.since === undefined && round.version < mailbox.oldestVersion) throw syncStateNotFound();
    const query = new URLSearchParams(round.select === null ? {} : { $select: round.select });
    const rows =
      round.since === undefined ? firstRows(mail, call, folder.id, round) : changedRows(mail, call, folder.id, round);
    const repeated = repeats(mailbox, folder.id, round);
    const due = rows.filter((row) => row.place > round.after);
    const page = due.slice(0, round.size);
    const last = page.at(-1);
    const link = `${call.root}/mailFolders/${encodeURIComponent(folder.id)}/messages/delta`;
    const value = await Promise.all(
      [...repeated, ...page].map((row) =>
        row.message
          ? isOnlyRead(row.message, round.since)
            ? readMark(call, row.message)
            : show(call, row.message, query)
          : { '@odata.type': '#microsoft.graph.message', id: row.id, '@removed': { reason: 'deleted' } },
      ),
    );
    const { since, version, select, filter } = round;
    return json({
      '@odata.context': context(call, `mailFolders('${folder.id}')/messages`),
      value,
      ...(due.length > page.length && last
        ? {
            '@odata.nextLink': `${link}?$skiptoken=${sealToken({ since, version, after: last.place, select, filter })}`,
          }
        : { '@odata.deltaLink': `${link}?$deltatoken=${sealToken({ since: version, version, select, filter })}` }),
    });
  };

  const folderParam = (call: Call): string => mail.folder(call.user.upn, call.param('folder')).id;
  const read = (handle: (call: Call) => Response | Promise<Response>) => guarded(guard, routeScopes.mail, handle);
  for (const root of mailboxRoots) {
    for (const name of ['delta', 'delta()', 'microsoft.graph.delta()'])
      app.get(`${root}/mailFolders/:folder/messages/${name}`, read(delta));
    app.get(`${root}/messages/$count`, read(count(() => undefined)));
    app.get(`${root}/mailFolders/:folder/messages/$count`, read(count(folderParam)));
    app.get(`${root}/messages`, read(list(() => undefined)));
    app.get(`${root}/mailFolders/:folder/messages`, read(list(folderParam)));
    const one = async (call: Call) => {
      checkOptions(call.query, ['$select', '$expand']);
      const message = mail.message(call.user.upn, call.param('message'));
      return json({
        '@odata.context': `${context(call, 'messages')}/$entity`,
        ...(await show(call, message, call.query)),
      });
    };
    app.get(`${root}/messages/:message`, read(one));
    app.get(`${root}/mailFolders/:folder/messages/:message`, read(one));
  }
};

/** Being read or unread comes as a row of two fields, whatever was selected (https://github.com/microsoftgraph/microsoft-graph-docs/issues/7776). */
const isOnlyRead = (message: StoredMessage, since: number | undefined): boolean =>
  since !== undefined && message.version > since && message.contentVersion <= since;

const readMark = (call: Call, message: StoredMessage): Record<string, unknown> => ({
  '@odata.type': '#microsoft.graph.message',
  id: call.prefer.isImmutable ? message.id : defaultIdOf(message),
  isRead: message.isRead,
});

const context = (call: Call, what: string): string =>
  `https://graph.microsoft.com/v1.0/$metadata#users('${encodeURIComponent(call.user.id)}')/${what}`;

/** The messages that a listing's filter lets through, newest first. Hidden folders are left out of a mailbox's whole list. */
const matching = (mail: MailStore, call: Call, folderId: string | undefined): readonly StoredMessage[] => {
  const mailbox = mail.mailbox(call.user.upn);
  const terms = parseFilter(call.query.get('$filter'));
  const oldestFirst = /receivedDateTime(?:\s+asc)?\s*$/iu.test(call.query.get('$orderby') ?? '');
  return Object.values(mailbox.messages)
    .filter(
      (message) =>
        (folderId === undefined
          ? mailbox.folders[message.folderId]?.isHidden !== true
          : message.folderId === folderId) && terms.every((term) => passes(term, propertyOf(mail, message, term))),
    )
    .toSorted(
      (a, b) => (oldestFirst ? a.receivedAt - b.receivedAt : b.receivedAt - a.receivedAt) || (a.id < b.id ? -1 : 1),
    );
};

const propertyOf = (mail: MailStore, message: StoredMessage, term: FilterTerm): string | number | boolean => {
  const facts = mail.facts(message);
  const header = (name: string): string => facts.headers.find((each) => each.name.toLowerCase() === name)?.value ?? '';
  switch (term.property) {
    // Shown to the second, and so compared.
    case 'receivedDateTime':
      return Math.floor(message.receivedAt / 1000) * 1000;
    case 'sentDateTime':
      return Math.floor((Date.parse(header('date')) || message.receivedAt) / 1000) * 1000;
    case 'lastModifiedDateTime':
      return Math.floor(message.modifiedAt / 1000) * 1000;
    case 'internetMessageId':
      return `<${facts.messageId ?? ''}>`;
    case 'isRead':
      return message.isRead;
    case 'isDraft':
      return message.isDraft;
    case 'conversationId':
      return message.conversationId;
    case 'parentFolderId':
      return message.folderId;
    case 'subject':
      return header('subject');
    case 'from/emailAddress/address':
      return /<?([^<>\s]+@[^<>\s]+)>?\s*$/u.exec(header('from'))?.[1] ?? '';
    default:
      throw badRequest(`Could not find a property named '${term.property}' on type 'microsoft.graph.message'.`);
  }
};

interface Row {
  /** Sorts the rows of a round; a page goes on after the last one. */
  readonly place: string;
  readonly id: string;
  readonly message?: StoredMessage;
}

const place = (version: number): string => String(version).padStart(12, '0');

const firstRows = (mail: MailStore, call: Call, folderId: string, round: Round): readonly Row[] => {
  const terms = parseFilter(round.filter);
  const rows = Object.values(mail.mailbox(call.user.upn).messages)
    .filter((message) => message.folderId === folderId && terms.every((term) => passes(term, message.receivedAt)))
    .map((message) => ({ place: message.id, id: message.id, message }))
    .toSorted((a, b) => (a.place < b.place ? -1 : 1));
  return terms.length === 0 ? rows : rows.slice(0, mostFiltered);
};

const changedRows = (mail: MailStore, call: Call, folderId: string, round: Round): readonly Row[] => {
  const { messages, removed } = mail.mailbox(call.user.upn);
  const since = round.since ?? 0;
  const terms = parseFilter(round.filter);
  const rows: Row[] = Object.values(messages)
    .filter(
      (message) =>
        message.folderId === folderId &&
        message.version > since &&
        terms.every((term) => passes(term, message.receivedAt)),
    )
    .map((message) => ({ place: place(message.version), id: message.id, message }));
  for (const tombstone of removed[folderId] ?? []) {
    // What came back is here again.
    if (tombstone.version <= since || messages[tombstone.id]?.folderId === folderId) continue;
    const id = call.prefer.isImmutable ? tombstone.id : tombstone.defaultId;
    rows.push({ place: place(tombstone.version), id });
  }
  return rows.toSorted((a, b) => (a.place < b.place ? -1 : 1));
};

/** Items told of again though nothing has changed (https://learn.microsoft.com/en-us/graph/delta-query-overview#replays). */
const repeats = (mailbox: ReturnType<MailStore['mailbox']>, folderId: string, round: Round): readonly Row[] => {
  if (mailbox.replays === 0 || round.since === undefined || round.after !== '') return [];
  return Object.values(mailbox.messages)
    .filter((message) => message.folderId === folderId && message.version <= (round.since ?? 0))
    .slice(0, mailbox.replays)
    .map((message) => ({ place: '', id: defaultIdOf(message), message }));
};

const roundOf = (call: Call, version: number): Round => {
  const { query, prefer } = call;
  const token = query.get('$deltatoken') ?? query.get('$skiptoken');
  const size = Math.min(prefer.pageSize ?? (Number(query.get('$top') ?? '') || 10), 1000);
  if (token !== null) {
    const { since, version: begun, after, select, filter } = openToken(token);
    if (typeof begun !== 'number') throw badRequest('The sync state is malformed.', 'SyncStateInvalid');
    return {
      since: typeof since === 'number' ? since : undefined,
      version: query.has('$deltatoken') ? version : begun,
      after: typeof after === 'string' ? after : '',
      select: typeof select === 'string' ? select : null,
      filter: typeof filter === 'string' ? filter : null,
      size,
    };
  }
  checkOptions(
    query,
    listOptions.filter((name) => name !== '$skip' && name !== '$count'),
  );
  refuseInDelta(query, 'Messages', ['$search']);
  const filter = query.get('$filter');
  for (const term of parseFilter(filter)) {
    momentOf(term.value);
    if (term.property !== 'receivedDateTime' || !['ge', 'gt'].includes(term.operator))
      throw badRequest(
        'Only receivedDateTime ge and gt are supported in a filter over changes.',
        'ErrorInvalidUrlQueryFilter',
      );
  }
  return { since: undefined, version, after: '', select: query.get('$select'), filter, size };
};
