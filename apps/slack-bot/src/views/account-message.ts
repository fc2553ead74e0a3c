import { flagsShownWhole, type AccountContent, type AccountHead, type SettledFlag } from '@waymark/alerts';
import type { KnownBlock } from '@slack/types';
import { blockLimits, firstThatFits } from './block-limits.ts';
import { actions, button, context, cut, header, section } from './elements.ts';
import { accountActions, dot, flagActions, flagCard, flagLine, settledLine, type Moment } from './flag-card.ts';
import { date, escapeText, link } from './mrkdwn.ts';

/** What goes to `chat.postMessage` or `chat.update`. */
export interface Rendered {
  readonly text: string;
  readonly blocks: KnownBlock[];
}

/** The message of one account. */
export function accountMessage(content: AccountContent, now: number): Rendered {
  const at: Moment = { now, timezone: content.timezone };
  if (content.resolved) return resolvedMessage(content, at);
  const { account, flags } = content;
  const forms = [flagsShownWhole, 3, 2, 1, 0].map((whole) => () => {
    const shown = flags.slice(0, whole);
    const rest = flags.slice(whole);
    const single = flags.length === 1 && shown.length === 1;
    return [
      header(`${flags[0] ? dot(flags[0]) : ''} ${account.name}: ${headline(content)}`),
      context(contextLines(content, at)),
      ...shown.flatMap((flag, index) => [
        ...(index > 0 ? [{ type: 'divider' as const }] : []),
        ...flagCard(flag, at, single),
        flagActions(flag, single ? 'all' : 'of-its-own'),
      ]),
      ...(rest.length > 0 ? [section([`*Also open*`, ...rest.map((flag) => flagLine(flag, at))])] : []),
      ...(single ? [] : [{ type: 'divider' as const }, accountActions(account.accountId, flags)]),
      ...settledBlocks(content.settled, at),
    ];
  });
  return { text: fallback(content), blocks: firstThatFits(forms) };
}

function headline(content: AccountContent): string {
  const [worst, ...others] = content.flags;
  if (!worst) return 'resolved';
  const title = worst.title.charAt(0).toLowerCase() + worst.title.slice(1);
  return others.length === 0 ? title : `${title} and ${others.length} more`;
}

function contextLines(content: AccountContent, at: Moment): string[] {
  return [
    [...headParts(content.account, at), link(content.account.url, 'Open account')].join('  ·  '),
    ...(content.routeNote === null ? [] : [escapeText(content.routeNote)]),
    ...(content.sampleData ? ['Sample data'] : []),
  ];
}

/** Stage, health, renewal and CSM, as far as they are known. */
export function headParts(account: AccountHead, at: Moment): string[] {
  const { renewalAt } = account;
  return [
    ...(account.stage === null ? [] : [`*${escapeText(account.stage)}*`]),
    ...(account.health === null ? [] : [`health ${Math.round(account.health)}`]),
    ...(renewalAt !== null && renewalAt > at.now ? [`renews ${date(renewalAt, at.timezone, at.now)}`] : []),
    ...(account.owner === null ? [] : [`CSM ${escapeText(account.owner.name ?? account.owner.email)}`]),
  ];
}

function settledBlocks(settled: readonly SettledFlag[], at: Moment): KnownBlock[] {
  return settled.length === 0 ? [] : [context(settled.slice(0, 3).map((flag) => settledLine(flag, at)))];
}

function resolvedMessage(content: AccountContent, at: Moment): Rendered {
  const dismissed = content.settled.filter((flag) => flag.how === 'not_a_risk');
  const [last] = dismissed;
  return {
    text: cut(`${escapeText(content.account.name)}: resolved`, blockLimits.fallbackText),
    blocks: [
      header(`:large_green_circle: ${content.account.name}: resolved`),
      context(contextLines(content, at)),
      ...(content.settled.length > 0 ? [section(content.settled.map((flag) => settledLine(flag, at)))] : []),
      ...(last ? [actions(`flag:${last.flagId}`, [button('reopen', 'Undo', `flag:${last.flagId}`)])] : []),
    ],
  };
}

/** What a notification reads out. */
function fallback(content: AccountContent): string {
  const [worst] = content.flags;
  const sample = content.sampleData ? ' (sample data)' : '';
  const text = `${escapeText(content.account.name)}: ${escapeText(headline(content))}. ${escapeText(worst?.reason ?? '')}${sample}`;
  return cutEscaped(text, blockLimits.fallbackText);
}

/** Cuts escaped text without leaving half an entity. */
export function cutEscaped(text: string, max: number): string {
  return text.length <= max ? text || '–' : cut(text, max).replace(/&[a-z]*…$/, '…');
}
