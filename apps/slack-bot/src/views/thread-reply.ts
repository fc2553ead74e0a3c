import type { FlagChange, NoticeContent, ReplyContent } from '@waymark/alerts';
import type { Rendered } from './account-message.ts';
import { context, section } from './elements.ts';
import { escapeText, fitLines } from './mrkdwn.ts';

const words: Readonly<Record<FlagChange['change'], string>> = {
  opened: ':red_circle: New:',
  worse: ':red_circle: Worse:',
  cleared: ':large_green_circle: Cleared:',
  corrected: ':large_green_circle: Taken back:',
  snooze_over: ':large_orange_circle: The snooze is over:',
};

/** What the thread is told of a change. */
export function replyMessage(content: ReplyContent): Rendered {
  const lines = content.changes.map(({ change, title, text }) => {
    const told = text ?? (change === 'corrected' ? 'by what is known now, it was not so' : null);
    return `${words[change]} *${escapeText(title)}*${told === null ? '' : `  ${escapeText(told)}`}`;
  });
  const all = content.resolved ? [...lines, 'Nothing is open any more.'] : lines;
  return { text: fitLines(all, 2900), blocks: [section(all)] };
}

/** What the admin is told. */
export function noticeMessage(content: NoticeContent): Rendered {
  const lines = [`*${escapeText(content.title)}*`, ...content.lines.map(escapeText)];
  return {
    text: fitLines(lines, 2900),
    blocks: [section(lines), context(['Sent to you because you installed Waymark.'])],
  };
}
