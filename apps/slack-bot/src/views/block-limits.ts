import type { KnownBlock } from '@slack/types';

/**
 * Slack's limits for what the bot sends, in characters or items.
 * https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/block-kit/block-elements
 */
export const blockLimits = {
  blocks: 50,
  sectionText: 3000,
  headerText: 150,
  contextElements: 10,
  contextText: 3000,
  actionsElements: 25,
  buttonText: 75,
  buttonValue: 2000,
  id: 255,
  optionText: 75,
  optionDescription: 75,
  options: 100,
  viewTitle: 24,
  privateMetadata: 3000,
  /** All blocks as JSON: undocumented, refused as msg_blocks_too_long at about 13,200 (https://github.com/slackapi/bolt-js/issues/2509). */
  messageJson: 12_500,
  /** A home or a modal: https://docs.slack.dev/reference/views/home-tab-views */
  homeBlocks: 100,
  /** Undocumented; well within what views take. */
  homeJson: 60_000,
  /** Slack cuts a text at 40,000; a fallback is read in a notification. */
  fallbackText: 300,
} as const;

/** Whether Slack takes these blocks as one message. */
function fits(blocks: readonly KnownBlock[]): boolean {
  return blocks.length <= blockLimits.blocks && JSON.stringify(blocks).length <= blockLimits.messageJson;
}

/** The first of several forms of a message, fullest first, that Slack takes; the last one must always fit (failure G7). */
export function firstThatFits(forms: readonly (() => KnownBlock[])[]): KnownBlock[] {
  for (const form of forms) {
    const blocks = form();
    if (fits(blocks)) return blocks;
  }
  return forms.at(-1)?.().slice(0, 3) ?? [];
}
