import { mailHeaders, mapMail, normalizeAddress } from '@waymark/connector-kit';
import type { MailHeaders, MapContext, Mapped } from '@waymark/connector-kit';
import { calendarMethod } from './event-message.ts';
import type { GraphMessage, RawMessage, Recipient } from './raw-message.ts';

/** One message as one mail event, or left out by its folder. Pure. */
export function mapMessage({ message, folder, leftOut }: RawMessage, context: MapContext): Mapped {
  if (leftOut !== undefined) return { outcome: 'ignored', reason: leftOut };
  if (message.isDraft === true) return { outcome: 'ignored', reason: 'draft' };
  const received = Date.parse((message.receivedDateTime ?? '').slice(0, 40));
  return mapMail(
    {
      headers: headersOf(message),
      arrivedAt: Number.isFinite(received) ? received : undefined,
      threadId: message.conversationId ?? undefined,
      copyId: message.id ?? '',
      tags: [...(folder ? [folder] : []), ...(message.categories ?? []).slice(0, 50).map((name) => name.slice(0, 255))],
      ...(message.webLink ? { url: message.webLink.slice(0, 2_000) } : {}),
    },
    context,
  );
}

/**
 * The mail's headers as other mailboxes have them. What Graph gives as properties comes first: the copies in Sent Items have no
 * headers at all, and of those that arrived Graph lists neither all senders nor blind copies.
 */
function headersOf(message: GraphMessage): MailHeaders {
  const method = calendarMethod(message);
  const sent = Date.parse((message.sentDateTime ?? '').slice(0, 40));
  const written = message.internetMessageHeaders ?? [];
  const dated = written.some(({ name, value }) => name?.trim().toLowerCase() === 'date' && Boolean(value));
  return mailHeaders([
    ...addressHeader('From', [message.from]),
    ...addressHeader('Sender', [message.sender]),
    ...addressHeader('To', message.toRecipients),
    ...addressHeader('Cc', message.ccRecipients),
    ...addressHeader('Bcc', message.bccRecipients),
    { name: 'Subject', value: message.subject },
    { name: 'Message-ID', value: message.internetMessageId },
    ...(method === undefined ? [] : [{ name: 'Content-Type', value: `text/calendar; method=${method}` }]),
    // The date that the sender wrote is the one that all copies share; sentDateTime is Exchange's reading of it.
    ...(dated || !Number.isFinite(sent) ? [] : [{ name: 'Date', value: new Date(sent).toUTCString() }]),
    ...written,
  ]);
}

/** One address header; empty where no recipient has an address, so that the written header speaks (Exchange's own X.500 names). */
function addressHeader(
  name: string,
  list: readonly (Recipient | null | undefined)[] | null | undefined,
): readonly { readonly name: string; readonly value: string }[] {
  const mailboxes = (list ?? []).flatMap((one) => {
    const address = normalizeAddress(one?.emailAddress?.address);
    if (address === undefined) return [];
    const label = (one?.emailAddress?.name ?? '')
      .slice(0, 200)
      .replace(/[\u0000-\u001f"\\<>]/g, ' ')
      .trim();
    return [label === '' ? `<${address}>` : `"${label}" <${address}>`];
  });
  return mailboxes.length === 0 ? [] : [{ name, value: mailboxes.join(', ') }];
}
