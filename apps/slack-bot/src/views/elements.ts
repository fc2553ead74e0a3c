import type { ActionsBlock, Button, ContextBlock, HeaderBlock, SectionBlock } from '@slack/types';
import { blockLimits } from './block-limits.ts';
import { fitLines } from './mrkdwn.ts';

export function section(lines: readonly string[]): SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: fitLines(lines, blockLimits.sectionText) } };
}

export function context(lines: readonly string[]): ContextBlock {
  return {
    type: 'context',
    elements: [{ type: 'mrkdwn', text: fitLines(lines, blockLimits.contextText) }],
  };
}

/** A headline. Plain text: nothing in it is read as markup but emoji names. */
export function header(text: string): HeaderBlock {
  return { type: 'header', text: { type: 'plain_text', text: cut(text, blockLimits.headerText), emoji: true } };
}

export function actions(blockId: string, elements: readonly Button[]): ActionsBlock {
  return { type: 'actions', block_id: blockId.slice(0, blockLimits.id), elements: [...elements] };
}

export function button(actionId: string, label: string, value: string, style?: 'primary' | 'danger'): Button {
  return {
    type: 'button',
    action_id: actionId,
    text: { type: 'plain_text', text: cut(label, blockLimits.buttonText), emoji: true },
    value: value.slice(0, blockLimits.buttonValue),
    ...(style && { style }),
  };
}

export const plain = (text: string, max: number) => ({
  type: 'plain_text' as const,
  text: cut(text, max),
  emoji: true,
});

/** Cuts on whole code points; never empty, which Slack refuses. Slack counts UTF-16 units, so do we. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text || '–';
  let kept = '';
  for (const point of text) {
    if (kept.length + point.length > max - 1) break;
    kept += point;
  }
  return `${kept.trimEnd()}…`;
}
