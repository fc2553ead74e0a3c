import type { ContextBlock, KnownBlock, ModalView } from '@slack/types';
import type { Flag } from '@waymark/lifecycle';
import type { FlagWords } from '../dependencies.ts';
import { context, plain, section } from './elements.ts';
import { day, escapeText, link } from './mrkdwn.ts';
import type { Moment } from './flag-card.ts';
import { waitingModal } from './waiting-modal.ts';

export const whyWaiting = (): ModalView => waitingModal('why', 'Why?');

/** The whole proof of a flag: the rule, the values compared, every event, and what deriving it again from the log says. */
export function whyModal(
  flag: Flag,
  about: {
    readonly accountName: string;
    readonly explanation: string;
    readonly words: FlagWords;
    readonly linkOf: (eventId: string) => string;
  },
  at: Moment,
): ModalView {
  const { proof } = flag;
  const evidence = proof.evidence.map(
    (one) => `•  ${day(one.at, at.timezone, at.now)}  ${link(about.linkOf(one.eventId), one.note)}`,
  );
  const blocks: KnownBlock[] = [
    section([
      `*${escapeText(about.accountName)}: ${escapeText(flag.title)}*`,
      escapeText(flag.reasonNow ?? flag.reason),
    ]),
    ...(proof.comparisons.length > 0
      ? [
          section([
            `*What was compared when it opened, on ${day(flag.openedAt, at.timezone, at.now)}*`,
            ...proof.comparisons.map((one, index) =>
              comparisonLine(one.holds, about.words.compared[index] ?? one.label),
            ),
          ]),
        ]
      : []),
    ...chunks(evidence, 6).map((lines, index) => section([...(index === 0 ? ['*What it rests on*'] : []), ...lines])),
    section([`*Clears when*  ${escapeText(proof.clears)}`, `*Next step*  ${escapeText(flag.nextStep)}`]),
    ...(about.words.playbook.length > 0 ? [section(about.words.playbook.map(escapeText))] : []),
    ...explanationBlocks(about.explanation),
    ruleLine(flag),
  ];
  return {
    type: 'modal',
    callback_id: 'why',
    title: plain('Why?', 24),
    close: plain('Close', 24),
    blocks: blocks.slice(0, 100),
  };
}

const comparisonLine = (holds: boolean, words: string) =>
  `${holds ? ':white_check_mark:' : ':heavy_minus_sign:'}  ${escapeText(words)}`;

function explanationBlocks(explanation: string): KnownBlock[] {
  const lines = explanation.split('\n').filter((line) => line.trim() !== '');
  return chunks(lines.map(escapeText), 12)
    .slice(0, 8)
    .map((some, index) => section([...(index === 0 ? ['*Derived again just now*'] : []), ...some]));
}

function ruleLine(flag: Flag): ContextBlock {
  return context([
    `Rule \`${escapeText(flag.rule)}\`, version ${flag.ruleVersion}, of \`${escapeText(flag.proof.definition)}\`  ·  proof \`${escapeText(flag.proof.digest.slice(0, 12))}\``,
  ]);
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
