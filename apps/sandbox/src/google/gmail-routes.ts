import type { OAuthServer } from '../front/oauth.ts';
import { forbidden, invalidArgument, json } from './errors.ts';
import { positionAfter, type MailStore, type MessageSummary } from './mail-store.ts';
import { parseMailQuery } from './mail-query.ts';
import { fullPayload, metadataPayload, snippetOf } from './payload.ts';
import { gmailUnits } from './quota.ts';
import { assertOwnUser, guarded, openToken, pageSize, sealToken, type App, type Call } from './route.ts';
import { googleScopes, routeScopes } from './scopes.ts';
import type { HistoryRecord, HistoryType, StoredMessage } from './state.ts';

export interface GmailRoutes {
  readonly app: App;
  readonly oauth: OAuthServer;
  readonly mail: MailStore;
  readonly now: () => number;
  /** Charges units to the call's user and project; throws when over the limit. */
  readonly charge: (call: Call, units: number) => void;
}

const systemLabels = ['INBOX', 'SENT', 'DRAFT', 'SPAM', 'TRASH', 'UNREAD', 'STARRED', 'IMPORTANT', 'CATEGORY_PERSONAL'];
const historyTypes: readonly HistoryType[] = ['messageAdded', 'messageDeleted', 'labelAdded', 'labelRemoved'];

/** The reading part of Gmail's API (https://developers.google.com/workspace/gmail/api/reference/rest). */
export const mountGmail = ({ app, oauth, mail, now, charge }: GmailRoutes): void => {
  const route = (
    path: string,
    scopes: readonly string[],
    units: number,
    handle: (call: Call) => Response | Promise<Response>,
  ): void => {
    app.get(
      `/gmail/v1/users/:userId${path}`,
      guarded({ oauth, scopes, charge: (call) => charge(call, units) }, (call) => {
        assertOwnUser(call, call.param('userId'));
        return handle(call);
      }),
    );
  };

  route('/profile', routeScopes.profile, gmailUnits.getProfile, ({ user }) => {
    const { messages, historyId } = mail.mailbox(user);
    const all = Object.values(messages);
    return json({
      emailAddress: user,
      messagesTotal: all.length,
      threadsTotal: new Set(all.map((message) => message.threadId)).size,
      historyId: String(historyId),
    });
  });
  route('/messages', routeScopes.messages, gmailUnits.messagesList, (call) => json(listMessages(mail, now(), call)));
  route('/messages/:id', routeScopes.messages, gmailUnits.messagesGet, async (call) =>
    json(await showMessage(mail.get(call.user, call.param('id')), call)),
  );
  route('/history', routeScopes.history, gmailUnits.historyList, (call) => json(listHistory(mail, call)));
  route('/labels', routeScopes.labels, gmailUnits.labelsList, () => json({ labels: systemLabels.map(labelOf) }));
  route('/labels/:id', routeScopes.labels, gmailUnits.labelsGet, (call) => {
    const id = call.param('id');
    if (!systemLabels.includes(id)) throw invalidArgument('Invalid label id');
    const count = mail.sorted(call.user).filter(({ message }) => message.labelIds.includes(id)).length;
    return json({ ...labelOf(id), messagesTotal: count });
  });
};

const labelOf = (id: string) => ({ id, name: id, type: 'system' });

/** A grant with gmail.metadata is held to headers even when it also has gmail.readonly. */
const isMetadataOnly = (call: Call): boolean => call.grant.scopes.includes(googleScopes.gmailMetadata);

/** https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/list */
const listMessages = (mail: MailStore, now: number, call: Call): object => {
  const { query, user } = call;
  const q = query.get('q') ?? '';
  if (q !== '' && isMetadataOnly(call)) throw forbidden("Metadata scope does not support 'q' parameter");
  const wanted = parseMailQuery(q, now);
  const labelIds = query.getAll('labelIds');
  const hidden =
    query.get('includeSpamTrash') === 'true' || wanted.anywhere
      ? []
      : ['SPAM', 'TRASH'].filter((label) => !labelIds.includes(label));
  const accepts = (summary: MessageSummary): boolean =>
    labelIds.every((label) => summary.message.labelIds.includes(label)) &&
    !hidden.some((label) => summary.message.labelIds.includes(label)) &&
    wanted.matches(summary);

  const size = pageSize(query.get('maxResults'), 100, 500);
  const sorted = mail.sorted(user);
  const found: MessageSummary[] = [];
  let position = startPosition(sorted, query.get('pageToken'), wanted.before);
  const oldest = wanted.after ?? Number.NEGATIVE_INFINITY;
  for (; position >= 0 && found.length <= size; position -= 1) {
    const summary = sorted[position];
    if (!summary || summary.message.internalDate < oldest) break;
    if (accepts(summary)) found.push(summary);
  }
  const page = found.slice(0, size);
  const last = page.at(-1);
  const isMore = found.length > size && last !== undefined;
  return {
    // Gmail leaves the key out when nothing matches.
    ...(page.length > 0 ? { messages: page.map(({ message: { id, threadId } }) => ({ id, threadId })) } : {}),
    ...(isMore ? { nextPageToken: sealToken({ at: last.message.internalDate, id: last.message.id }) } : {}),
    resultSizeEstimate: isMore ? size + 1 : page.length,
  };
};

const startPosition = (
  sorted: readonly MessageSummary[],
  pageToken: string | null,
  before: number | undefined,
): number => {
  if (pageToken !== null) {
    const data = openToken(pageToken);
    if (typeof data?.['at'] !== 'number' || typeof data['id'] !== 'string') throw invalidArgument('Invalid pageToken');
    return positionAfter(sorted, data['at'], data['id']) - 2 + (isPresent(sorted, data['at'], data['id']) ? 0 : 1);
  }
  return before === undefined ? sorted.length - 1 : positionAfter(sorted, before, '') - 1;
};

/** Whether the page's last message is still there; it may have been deleted between two pages. */
const isPresent = (sorted: readonly MessageSummary[], at: number, id: string): boolean =>
  sorted[positionAfter(sorted, at, id) - 1]?.message.id === id;

/** https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/get */
const showMessage = async (message: StoredMessage, call: Call): Promise<object> => {
  const format = (call.query.get('format') ?? 'full').toLowerCase();
  if (!['full', 'metadata', 'minimal', 'raw'].includes(format)) throw invalidArgument('Invalid format');
  if (isMetadataOnly(call) && (format === 'full' || format === 'raw')) {
    throw forbidden(`Metadata scope doesn't allow format ${format.toUpperCase()}`);
  }
  const common = {
    id: message.id,
    threadId: message.threadId,
    labelIds: message.labelIds,
    ...(isMetadataOnly(call) ? {} : { snippet: await snippetOf(message.raw) }),
    sizeEstimate: message.raw.length,
    historyId: String(message.historyId),
    internalDate: String(message.internalDate),
  };
  if (format === 'minimal') return common;
  if (format === 'raw') return { ...common, raw: Buffer.from(message.raw, 'latin1').toString('base64url') };
  const names = call.query.getAll('metadataHeaders');
  return {
    ...common,
    payload: format === 'full' ? await fullPayload(message.raw) : metadataPayload(message.raw, names),
  };
};

/** https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list */
const listHistory = (mail: MailStore, call: Call): object => {
  const { query, user } = call;
  const start = Number(query.get('startHistoryId') ?? '');
  if (!query.get('startHistoryId') || !Number.isSafeInteger(start) || start <= 0) {
    throw invalidArgument('Missing or invalid startHistoryId');
  }
  const types = query.getAll('historyTypes');
  const unknown = types.find((type) => !historyTypes.some((known) => known === type));
  if (unknown !== undefined) throw invalidArgument(`Invalid value at 'history_types': "${unknown}"`, 'historyTypes');
  const pageToken = query.get('pageToken');
  const resumed = pageToken === null ? undefined : openToken(pageToken)?.['after'];
  if (pageToken !== null && typeof resumed !== 'number') throw invalidArgument('Invalid pageToken');

  // The start is checked on every page: history may run out between two of them.
  const since = mail.historySince(user, start);
  const labelId = query.get('labelId');
  const records = since.filter(
    (record) =>
      (typeof resumed !== 'number' || record.id > resumed) &&
      (types.length === 0 || types.includes(record.type)) &&
      (labelId === null || record.messageLabels.includes(labelId)),
  );
  const size = pageSize(query.get('maxResults'), 100, 500);
  const page = records.slice(0, size);
  const last = page.at(-1);
  return {
    // Gmail leaves the key out when nothing has happened.
    ...(page.length > 0 ? { history: page.map(showRecord) } : {}),
    ...(records.length > size && last ? { nextPageToken: sealToken({ after: last.id }) } : {}),
    historyId: String(mail.mailbox(user).historyId),
  };
};

const showRecord = (record: HistoryRecord): object => {
  const { messageId: id, threadId, labelIds, messageLabels } = record;
  const common = { id: String(record.id), messages: [{ id, threadId }] };
  const message = { id, threadId, labelIds: messageLabels };
  switch (record.type) {
    case 'messageAdded':
      return { ...common, messagesAdded: [{ message }] };
    case 'messageDeleted':
      return { ...common, messagesDeleted: [{ message }] };
    case 'labelAdded':
      return { ...common, labelsAdded: [{ message, labelIds }] };
    case 'labelRemoved':
      return { ...common, labelsRemoved: [{ message, labelIds }] };
  }
};
