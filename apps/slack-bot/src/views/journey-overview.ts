import type { FlagContent } from '@waymark/alerts';
import type { KnownBlock } from '@slack/types';
import type { Rendered } from './account-message.ts';
import { blockLimits, firstThatFits } from './block-limits.ts';
import { context, header, section } from './elements.ts';
import { flagLine, type Moment } from './flag-card.ts';
import { escapeText, fitLines, link } from './mrkdwn.ts';

export interface OverviewAccount {
  readonly name: string;
  readonly url: string;
  readonly stage: string | null;
  readonly mine: boolean;
  readonly flags: readonly FlagContent[];
}

/** `/journey`: how many accounts stand where, and those that need a look, one's own first. */
export function journeyOverview(
  input: {
    readonly stages: readonly { readonly title: string; readonly accounts: number }[];
    readonly accounts: readonly OverviewAccount[];
    readonly sampleData: boolean;
  },
  at: Moment,
): Rendered {
  const mine = input.accounts.filter((one) => one.mine);
  const others = input.accounts.filter((one) => !one.mine);
  const stages = input.stages.map((stage) => `${escapeText(stage.title)} *${stage.accounts}*`).join('  ·  ');
  const list = (title: string, accounts: readonly OverviewAccount[], most: number): KnownBlock[] =>
    accounts.length === 0
      ? []
      : [
          section([
            `*${title}* (${accounts.length})`,
            ...accounts.slice(0, most).map((one) => accountLine(one, at)),
            ...more(accounts, most),
          ]),
        ];
  const forms = [12, 8, 5, 2].map((most) => () => [
    header('Where your accounts stand'),
    section([stages === '' ? 'No account has a stage yet.' : stages]),
    ...list('Yours that need a look', mine, most),
    ...list(mine.length > 0 ? 'Others' : 'Need a look', others, most),
    ...(input.accounts.length === 0 ? [section(['No flag is open.'])] : []),
    context([
      '`/journey <account>` shows one account, `/journey why <account>` its proof',
      ...(input.sampleData ? ['Sample data'] : []),
    ]),
  ]);
  return {
    text: fitLines([`${input.accounts.length} accounts need a look`], blockLimits.fallbackText),
    blocks: firstThatFits(forms),
  };
}

function accountLine(one: OverviewAccount, at: Moment): string {
  const [worst, ...rest] = one.flags;
  const flag = worst ? flagLine(worst, at) : '';
  return `${flag}${rest.length > 0 ? ` and ${rest.length} more` : ''}  ·  ${link(one.url, one.name)}${one.stage === null ? '' : `, ${escapeText(one.stage)}`}`;
}

const more = (accounts: readonly OverviewAccount[], most: number): string[] =>
  accounts.length > most ? [`_and ${accounts.length - most} more_`] : [];
