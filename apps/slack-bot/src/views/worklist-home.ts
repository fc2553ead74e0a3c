import type { WorklistAccount, WorklistContent } from '@waymark/alerts';
import type { HomeView, KnownBlock } from '@slack/types';
import { headParts } from './account-message.ts';
import { blockLimits } from './block-limits.ts';
import { context, header, section } from './elements.ts';
import { accountActions, flagActions, flagBrief, flagLine, type Moment } from './flag-card.ts';
import { escapeText, link } from './mrkdwn.ts';

/** Flags of one account that are told whole; the rest is a line each. */
const flagsWhole = 1;
/** Lines of accounts that have no room of their own. */
const mostLines = 40;

/** The App Home: what is to be done, most urgent first, with the buttons of an alert; beyond its room one line each. */
export function worklistHome(content: WorklistContent, now: number): HomeView {
  const at: Moment = { now, timezone: content.timezone };
  const counts = [content.open.length, 20, 15, 10, 5, 0].filter((count) => count <= content.open.length);
  for (const whole of counts) {
    const blocks = blocksOf(content, at, whole);
    if (blocks.length <= blockLimits.homeBlocks && JSON.stringify(blocks).length <= blockLimits.homeJson)
      return { type: 'home', blocks };
  }
  return { type: 'home', blocks: blocksOf({ ...content, open: content.open.slice(0, 5), snoozed: [] }, at, 0) };
}

function blocksOf(content: WorklistContent, at: Moment, whole: number): KnownBlock[] {
  const { open, snoozed } = content;
  const rest = open.slice(whole);
  return [
    header(headline(content)),
    context([
      `${content.whose === 'own' ? 'You have' : 'You are named as CSM of no account. The team has'} ${content.accounts === 1 ? 'one account' : `${content.accounts} accounts`}`,
      'As of the moment this was opened; `/journey <account>` shows one',
      ...(content.sampleData ? ['Sample data'] : []),
    ]),
    ...open.slice(0, whole).flatMap((one) => accountBlocks(one, at)),
    ...(rest.length > 0 ? [{ type: 'divider' as const }, section(['*And also*', ...lines(rest, at)])] : []),
    ...(snoozed.length > 0
      ? [{ type: 'divider' as const }, section([`*Snoozed* (${snoozed.length})`, ...lines(snoozed, at)])]
      : []),
  ];
}

function headline({ whose, open }: WorklistContent): string {
  const accounts = whose === 'own' ? 'of your accounts' : 'of the team’s accounts';
  if (open.length === 0) return whose === 'own' ? 'None of your accounts needs a look' : 'No account needs a look';
  return `${open.length} ${accounts} ${open.length === 1 ? 'needs' : 'need'} a look`;
}

function accountBlocks({ account, flags }: WorklistAccount, at: Moment): KnownBlock[] {
  const head = [`*${link(account.url, account.name)}*`, ...headParts(account, at).slice(0, 3)].join('  ·  ');
  const [worst] = flags;
  const rest = flags.slice(flagsWhole);
  return [
    { type: 'divider' },
    section([head, ...flags.slice(0, flagsWhole).flatMap((flag) => flagBrief(flag, at, 1))]),
    ...(rest.length > 0 ? [context(rest.slice(0, 5).map((flag) => flagLine(flag, at)))] : []),
    ...(worst && rest.length === 0 ? [flagActions(worst, 'all')] : []),
    ...(worst && rest.length > 0 ? [flagActions(worst, 'of-its-own'), accountActions(account.accountId, flags)] : []),
  ];
}

function lines(accounts: readonly WorklistAccount[], at: Moment): string[] {
  const shown = accounts.slice(0, mostLines).map(({ account, flags: [worst] }) => {
    const stage = account.stage === null ? '' : `, ${escapeText(account.stage)}`;
    return `${worst ? flagLine(worst, at) : ''}  ·  ${link(account.url, account.name)}${stage}`;
  });
  return accounts.length > mostLines ? [...shown, `_and ${accounts.length - mostLines} more_`] : shown;
}
