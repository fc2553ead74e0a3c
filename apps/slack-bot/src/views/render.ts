import type { MessageContent } from '@waymark/alerts';
import { accountMessage, type Rendered } from './account-message.ts';
import { digestMessage } from './digest-message.ts';
import { noticeMessage, replyMessage } from './thread-reply.ts';

/** A message's content as Slack shows it, written for now. */
export function render(content: MessageContent, now: number): Rendered {
  if (content.kind === 'account') return accountMessage(content, now);
  if (content.kind === 'digest') return digestMessage(content, now);
  return content.kind === 'reply' ? replyMessage(content) : noticeMessage(content);
}
