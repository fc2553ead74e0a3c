import { mailHeaders, mapMail } from '@waymark/connector-kit';
import type { MapContext, Mapped } from '@waymark/connector-kit';
import { leftOutReason } from './raw-message.ts';
import type { RawMessage } from './raw-message.ts';

/** One message as one mail event, or left out by its labels. Pure. */
export function mapMessage(raw: RawMessage, context: MapContext): Mapped {
  const reason = leftOutReason(raw.labelIds);
  if (reason !== undefined) return { outcome: 'ignored', reason };
  return mapMail(
    {
      headers: mailHeaders(raw.payload?.headers ?? []),
      arrivedAt: raw.internalDate === undefined ? undefined : Number(raw.internalDate),
      threadId: raw.threadId,
      copyId: raw.id,
      ...(raw.labelNames === undefined ? {} : { tags: raw.labelNames }),
      ...(raw.threadId === undefined ? {} : { url: threadUrl(raw.threadId, context.account.address) }),
    },
    context,
  );
}

function threadUrl(threadId: string, mailbox: string | undefined): string {
  const user = mailbox === undefined ? '' : `?authuser=${encodeURIComponent(mailbox)}`;
  return `https://mail.google.com/mail/u/${user}#all/${encodeURIComponent(threadId)}`;
}
