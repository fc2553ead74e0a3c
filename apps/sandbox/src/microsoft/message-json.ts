import PostalMime from 'postal-mime';
import { headerValue, type MimeHeader } from '../google/mime-headers.ts';
import { defaultIdOf, opaque, type MessageFacts } from './mail-store.ts';
import type { StoredMessage } from './state.ts';

/** Every property of a message that a caller may select. */
export const messageProperties: readonly string[] = [
  'id',
  'createdDateTime',
  'lastModifiedDateTime',
  'changeKey',
  'categories',
  'receivedDateTime',
  'sentDateTime',
  'hasAttachments',
  'internetMessageId',
  'internetMessageHeaders',
  'subject',
  'bodyPreview',
  'importance',
  'parentFolderId',
  'conversationId',
  'conversationIndex',
  'isDeliveryReceiptRequested',
  'isReadReceiptRequested',
  'isRead',
  'isDraft',
  'webLink',
  'inferenceClassification',
  'body',
  'uniqueBody',
  'sender',
  'from',
  'toRecipients',
  'ccRecipients',
  'bccRecipients',
  'replyTo',
  'flag',
];

const iso = (at: number): string => `${new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;

interface Party {
  readonly emailAddress: { readonly name: string; readonly address: string };
}

/**
 * A message as Graph shows it (https://learn.microsoft.com/en-us/graph/api/resources/message). Internet headers come only when they
 * are selected, and never for what was sent from here: Exchange keeps none with it
 * (https://github.com/microsoftgraph/microsoft-graph-docs/issues/2716).
 */
export const showMessage = async (
  message: StoredMessage,
  facts: MessageFacts,
  view: {
    readonly isImmutable: boolean;
    readonly names: ReadonlySet<string> | undefined;
    /** False with Mail.ReadBasic: everything but bodies (https://learn.microsoft.com/en-us/graph/permissions-reference#mailreadbasic). */
    readonly canReadBodies: boolean;
  },
): Promise<Record<string, unknown>> => {
  const { headers } = facts;
  const id = view.isImmutable ? message.id : defaultIdOf(message);
  const [from] = parties(headerValue(headers, 'from'));
  const [sender = from] = parties(headerValue(headers, 'sender'));
  const isWanted =
    view.names === undefined || ['body', 'bodyPreview', 'uniqueBody'].some((name) => view.names?.has(name));
  const body = isWanted && view.canReadBodies ? await bodyOf(message.raw) : '';
  const changeKey = opaque('CQAAABYAAA', `${message.id}:${message.version}`, 40);
  const withHeaders = view.names?.has('internetMessageHeaders') === true && !message.isSent;
  return {
    ...odataType(headers),
    '@odata.etag': `W/"${changeKey}"`,
    id,
    createdDateTime: iso(message.receivedAt),
    lastModifiedDateTime: iso(message.modifiedAt),
    changeKey,
    categories: [],
    receivedDateTime: iso(message.receivedAt),
    sentDateTime: iso(sentAt(headers, message.receivedAt)),
    hasAttachments: /multipart\/mixed/iu.test(headerValue(headers, 'content-type') ?? ''),
    internetMessageId: `<${facts.messageId ?? `${opaque('', message.id, 40).replace('=', '')}@prod.outlook.com`}>`,
    ...(withHeaders ? { internetMessageHeaders: headers.map(({ name, value }) => ({ name, value })) } : {}),
    subject: headerValue(headers, 'subject') ?? '',
    ...(view.canReadBodies ? { bodyPreview: body.slice(0, 255), body: { contentType: 'text', content: body } } : {}),
    importance: importanceOf(headers),
    parentFolderId: message.folderId,
    conversationId: message.conversationId,
    conversationIndex: Buffer.from(message.conversationId.slice(-22)).toString('base64'),
    isDeliveryReceiptRequested: false,
    isReadReceiptRequested: false,
    isRead: message.isRead,
    isDraft: message.isDraft,
    webLink: `https://outlook.office365.com/owa/?ItemID=${encodeURIComponent(id)}&exvsurl=1&viewmodel=ReadMessageItem`,
    inferenceClassification: 'focused',
    ...(view.canReadBodies && view.names?.has('uniqueBody') === true
      ? { uniqueBody: { contentType: 'text', content: body } }
      : {}),
    ...(sender === undefined ? {} : { sender }),
    ...(from === undefined ? {} : { from }),
    toRecipients: parties(headerValue(headers, 'to')),
    ccRecipients: parties(headerValue(headers, 'cc')),
    bccRecipients: parties(headerValue(headers, 'bcc')),
    replyTo: parties(headerValue(headers, 'reply-to')),
    flag: { flagStatus: 'notFlagged' },
  };
};

/** Invitations and the answers to them are messages of a type of their own. */
const odataType = (headers: readonly MimeHeader[]): Record<string, string> => {
  const type = headerValue(headers, 'content-type') ?? '';
  if (!/text\/calendar/iu.test(type)) return {};
  return /method="?reply/iu.test(type)
    ? { '@odata.type': '#microsoft.graph.eventMessageResponse' }
    : { '@odata.type': '#microsoft.graph.eventMessage' };
};

const sentAt = (headers: readonly MimeHeader[], fallback: number): number => {
  const at = Date.parse(headerValue(headers, 'date') ?? '');
  return at > 0 ? at : fallback;
};

const importanceOf = (headers: readonly MimeHeader[]): string => {
  const value = (headerValue(headers, 'importance') ?? 'normal').toLowerCase();
  return ['low', 'high'].includes(value) ? value : 'normal';
};

/** Addresses of a header; commas in quoted names do not part them. */
const parties = (value: string | undefined): Party[] =>
  (value ?? '').split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/u).flatMap((part): Party[] => {
    const match = /^\s*(?:"?([^"<]*?)"?\s*)?<([^<>\s]+)>\s*$/u.exec(part);
    const address = match?.[2] ?? part.trim();
    if (!address.includes('@')) return [];
    return [{ emailAddress: { name: match?.[1]?.trim() || address, address } }];
  });

const bodyOf = async (raw: string): Promise<string> => {
  try {
    const parsed = await PostalMime.parse(Buffer.from(raw, 'latin1'), { maxHeadersSize: 4_000_000 });
    return (parsed.text ?? parsed.html?.replace(/<[^>]*>/gu, ' ') ?? '').trim();
  } catch {
    return '';
  }
};
